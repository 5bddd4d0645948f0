#include "api/http/route.hpp"

#include "telemetry/log.hpp"

#include <utility>

namespace chat::api {
namespace {

awaitable<HttpResponse> at_once(HttpResponse response) { co_return response; }

}  // namespace

std::string Exchange::address() const {
  std::string forwarded;
  if (!trusted_proxies.empty()) {
    for (const auto hop : request.headers.tokens("x-forwarded-for")) {
      if (!forwarded.empty()) forwarded += ", ";
      forwarded += hop;
    }
  }
  return client_address(request.peer.ip, forwarded, trusted_proxies).limit_key();
}

transport::HttpResponse detail::failed(const Exchange& exchange, const RouteSpec& spec, const Error& error,
                                       std::string_view subject) {
  // A token that was good a moment ago may be refused by the rules: still the answer of a bad token.
  if (error.code == Errc::unauthenticated && spec.auth == Auth::bearer) return invalid_token();
  if (error.code == Errc::internal || error.code == Errc::invalid) {
    log_error("request_failed", {{"request_id", exchange.request.request_id},
                                 {"route", spec.path},
                                 {"code", to_string(error.code)},
                                 {"error", error.message}});
  }
  return error_answer(error, subject);
}

std::unique_ptr<Route> make_plain_route(RouteSpec spec, std::vector<std::pair<std::string, std::string>> answers,
                                        std::function<awaitable<HttpResponse>(Exchange&)> handle) {
  auto route = std::make_unique<Route>();
  route->spec = std::move(spec);
  route->handle = std::move(handle);
  route->types = [answers = std::move(answers)](schema::SchemaSet&) {
    OperationTypes out;
    out.answers = answers;
    return out;
  };
  return route;
}

std::unique_ptr<Route> make_plain_route(RouteSpec spec, std::vector<std::pair<std::string, std::string>> answers,
                                        std::function<HttpResponse(const Exchange&)> handle) {
  std::function<awaitable<HttpResponse>(Exchange&)> later = [handle = std::move(handle)](Exchange& exchange) {
    return at_once(handle(exchange));
  };
  return make_plain_route(std::move(spec), std::move(answers), std::move(later));
}

}  // namespace chat::api
