#include "api/http/cors.hpp"

#include <algorithm>

namespace chat::api {
namespace {

constexpr std::string_view kExposed =
    "Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, WWW-Authenticate, X-Request-Id";
constexpr std::string_view kUsualHeaders = "Authorization, Content-Type, X-Request-Id";
constexpr std::size_t kMaxRequestedHeaders = 1024;  // bytes of a preflight's list that is given back

bool equals_lowered(std::string_view text, std::string_view lowered) {
  return std::ranges::equal(text, lowered,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

// A list of header names and nothing else (RFC 9110, 5.6.2).
bool is_name_list(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~, ").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kMaxRequestedHeaders && std::ranges::all_of(text, good);
}

}  // namespace

bool Cors::allows_origin(std::string_view origin) const {
  return allowed_.empty() ||
         std::ranges::any_of(allowed_, [&](const std::string& one) { return equals_lowered(origin, one); });
}

bool Cors::allows(const transport::HttpRequest& request) const {
  const auto count = request.headers.count("origin");
  if (count == 0) return true;
  return count == 1 && allows_origin(*request.headers.find("origin"));
}

void Cors::decorate(const transport::HttpRequest& request, transport::HttpResponse& response) const {
  // With a list the answer depends on who asks, asked by a page or not: caches must know.
  if (!allowed_.empty()) response.header("Vary", "Origin");
  const auto origin = request.headers.find("origin");
  if (!origin || !allows(request)) return;
  response.header("Access-Control-Allow-Origin", allowed_.empty() ? std::string_view("*") : *origin)
      .header("Access-Control-Expose-Headers", kExposed);
}

void Cors::answer_preflight(const transport::HttpRequest& request, std::string_view allow,
                            transport::HttpResponse& response) const {
  if (!request.headers.contains("origin") || !request.headers.contains("access-control-request-method")) return;
  if (!allows(request)) return;
  const auto wanted = request.headers.find("access-control-request-headers");
  response.header("Access-Control-Allow-Methods", allow)
      .header("Access-Control-Allow-Headers", wanted && is_name_list(*wanted) ? *wanted : kUsualHeaders)
      .header("Access-Control-Max-Age", "600");
}

}  // namespace chat::api
