// Pages for browsers, and the document that describes the API.
#include "api/http/negotiation.hpp"
#include "api/http/web_assets.hpp"
#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"

#include <utility>

namespace chat::api {
namespace {

const std::vector<std::pair<std::string, std::string>> kHtml = {{"text/html", R"({"type":"string"})"}};

HttpResponse asset_response(const WebAsset& asset, const HttpRequest& request) {
  const bool zipped = !asset.gzip.empty() && accepts_encoding(request.headers, "gzip");
  // A strong tag names one sequence of bytes (RFC 9110, 8.8.3.3): the gzipped form has its own.
  std::string etag(asset.etag);
  if (zipped) etag.insert(etag.size() - 1, "-gzip");
  HttpResponse response;
  response.header("ETag", etag).header("Cache-Control", "no-cache").header("Vary", "Accept-Encoding");
  if (asset.content_type.starts_with("text/html"))
    response.header("Content-Security-Policy", kDocsContentSecurityPolicy).header("Referrer-Policy", "no-referrer");
  if (etag_matches(request.headers, etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = asset.content_type;
  response.static_body = zipped ? asset.gzip : asset.bytes;
  if (zipped) response.header("Content-Encoding", "gzip");
  return response;
}

HttpResponse root(const HttpRequest& request) {
  const auto* page = find_web_asset("/index.html");
  auto response = page && prefers_html(request.headers) ? asset_response(*page, request) : json_of(200, RootOut{});
  response.header("Vary", "Accept");
  return response;
}

}  // namespace

void add_page_routes(Operations& operations, std::shared_ptr<const std::string> document) {
  auto root_route = make_plain_route({.path = "/",
                                      .operation_id = "root",
                                      .tag = "pages",
                                      .summary = "The start",
                                      .description = "JSON; a browser (`Accept: text/html`) gets a page."},
                                     kHtml, [](const Exchange& exchange) { return root(exchange.request); });
  root_route->types = [](schema::SchemaSet& set) {
    OperationTypes out;
    out.answers.emplace_back(kJson, schema::schema_of<RootOut>(set));
    out.answers.push_back(kHtml.front());
    return out;
  };
  operations.add(std::move(root_route));
  operations.add(make_plain_route({.path = "/openapi.json",
                                   .operation_id = "openapi",
                                   .tag = "pages",
                                   .summary = "This document",
                                   .answer = "OpenAPI 3.1"},
                                  {{std::string(kJson), R"({"type":"object"})"}}, [document](const Exchange&) {
                                    auto response = json_response(200, {});
                                    response.static_body = *document;
                                    return response.header("Cache-Control", "no-cache"), response;
                                  }));
  for (const auto& asset : web_assets()) {
    const bool is_docs = asset.path == "/docs";
    OperationSpec spec{.path = asset.path,
                       .operation_id = is_docs ? "docs" : "",
                       .tag = "pages",
                       .summary = "This API in Swagger UI",
                       .answer = "A page",
                       .documented = is_docs};
    operations.add(make_plain_route(std::move(spec), kHtml, [&asset](const Exchange& exchange) {
      return asset_response(asset, exchange.request);
    }));
  }
}

}  // namespace chat::api
