#include "api/http/http_api.hpp"

#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace chat::api {
namespace {

using transport::HttpRequest;
using transport::UpgradeAnswer;

constexpr std::string_view kAllMethods = "GET, HEAD, POST, OPTIONS";  // of "*", the server as a whole

awaitable<HttpResponse> never(Exchange&) { co_return not_found(); }

bool is_bearer(std::string_view scheme) {
  return std::ranges::equal(scheme, std::string_view("bearer"),
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

void log_exception(const HttpRequest& request, const char* what) {
  log_error("request_failed", {{"request_id", request.request_id}, {"exception", what}});
}

}  // namespace

std::optional<std::string_view> bearer_token(const transport::HttpHeaders& headers) {
  const auto header = headers.find("authorization");
  if (!header) return std::nullopt;
  // Two that differ would leave open which one counts.
  if (headers.count("authorization") > 1) return std::string_view();
  const auto blank = std::min(header->find(' '), header->size());
  if (!is_bearer(header->substr(0, blank))) return std::nullopt;
  auto token = header->substr(blank);
  token.remove_prefix(std::min(token.size(), token.find_first_not_of(' ')));
  if (token.empty()) return std::nullopt;
  return token;
}

struct HttpApi::RouteMetrics {
  std::array<Counter*, 6> by_class{};  // 1xx..5xx at 1..5
  Histogram* seconds = nullptr;
};

HttpApi::HttpApi(const Operations& operations, Sessions& sessions, HttpApiOptions options)
    : options_(std::move(options)), sessions_(sessions), router_(operations.router()), cors_(options_.allowed_origins) {
  const auto measure = [this](const Operation* operation, std::string method, std::string path) {
    auto one = std::make_unique<RouteMetrics>();
    for (std::size_t c = 1; c < one->by_class.size(); ++c) {
      one->by_class[c] =
          &metrics().counter("chatd_http_requests_total", "Requests answered.",
                             {{"method", method}, {"route", path}, {"status", std::to_string(c) + "xx"}});
    }
    one->seconds = &metrics().histogram("chatd_http_request_seconds", "Time to make an answer.", kLatencySeconds,
                                        {{"method", method}, {"route", path}});
    metrics_.emplace(operation, std::move(one));
  };
  for (const auto& one : operations.all()) {
    if (one->handle && one->spec.documented)
      measure(one.get(), std::string(transport::to_string(one->spec.method)), std::string(one->spec.path));
  }
  measure(nullptr, "other", "other");
}

HttpApi::~HttpApi() = default;

void HttpApi::add_upgrade(std::string_view path, Upgrade upgrade) {
  auto route = make_plain_route({.path = path}, {}, never);
  upgrades_.emplace(route.get(), std::move(upgrade));
  upgrade_paths_.add(*route);
  upgrade_routes_.push_back(std::move(route));
}

awaitable<HttpResponse> HttpApi::serve(HttpRequest request) {
  const auto began = std::chrono::steady_clock::now();
  Exchange exchange{std::move(request), {}, {}, options_.trusted_proxies};
  const Operation* operation = nullptr;
  HttpResponse response;
  try {
    response = co_await answer(exchange, operation);
  } catch (const std::exception& e) {
    log_exception(exchange.request, e.what());
    response = transport_error(500, {});
  } catch (...) {
    log_exception(exchange.request, "unknown");
    response = transport_error(500, {});
  }
  cors_.decorate(exchange.request, response);
  count(operation, response.status, std::chrono::steady_clock::now() - began);
  co_return response;
}

awaitable<HttpResponse> HttpApi::answer(Exchange& exchange, const Operation*& operation) {
  const auto& request = exchange.request;
  if (request.method == Method::options && request.target == "*")  // the server as a whole (RFC 9110, 9.3.7)
    co_return options_answer(request, kAllMethods);
  auto match = router_.find(request.method, request.path);
  if (match.allow.empty()) co_return not_found();
  if (request.method == Method::options) co_return options_answer(request, match.allow);
  if (!match.operation) co_return method_not_allowed(match.allow);
  operation = match.operation;
  exchange.path = std::move(match.path);
  if (operation->spec.auth == Auth::bearer) {
    const auto token = bearer_token(request.headers);
    if (!token) co_return not_authenticated();
    auto session = sessions_.try_authenticate(*token);
    if (!session) {
      std::string owned(*token);
      session = co_await sessions_.authenticate(std::move(owned));
    }
    if (!*session) {
      if (session->error().code == Errc::unauthenticated) co_return invalid_token();
      co_return detail::failed(request.request_id, operation->spec, session->error(), {});
    }
    exchange.session = std::move(**session);
  }
  co_return co_await operation->handle(exchange);
}

HttpResponse HttpApi::options_answer(const HttpRequest& request, std::string_view allow) const {
  HttpResponse response;
  response.status = 204;
  response.header("Allow", allow);
  cors_.answer_preflight(request, allow, response);
  return response;
}

awaitable<UpgradeAnswer> HttpApi::upgrade(HttpRequest request) {
  auto match = upgrade_paths_.find(request.method, request.path);
  if (!match.operation) co_return not_found();
  if (!cors_.allows(request)) co_return domain_error(403, "Forbidden", "This origin is not allowed to connect.");
  const std::string request_id = request.request_id;
  try {
    co_return co_await upgrades_.at(match.operation)(std::move(request), std::move(match.path));
  } catch (const std::exception& e) {
    log_error("request_failed", {{"request_id", request_id}, {"exception", e.what()}});
  }
  co_return transport_error(500, {});
}

HttpResponse HttpApi::error_response(int status, std::string_view reason) { return transport_error(status, reason); }

void HttpApi::decorate(const HttpRequest& request, HttpResponse& response) { cors_.decorate(request, response); }

std::size_t HttpApi::body_limit(const HttpRequest& head) {
  const auto match = router_.find(head.method, head.path);
  return match.operation && match.operation->spec.body_limit > 0 ? match.operation->spec.body_limit
                                                                 : options_.max_body_bytes;
}

void HttpApi::count(const Operation* operation, int status, std::chrono::steady_clock::duration took) {
  auto found = metrics_.find(operation);
  if (found == metrics_.end()) found = metrics_.find(nullptr);
  const auto& one = *found->second;
  one.by_class[static_cast<std::size_t>(std::clamp(status / 100, 1, 5))]->add();
  one.seconds->observe(std::chrono::duration<double>(took).count());
}

}  // namespace chat::api
