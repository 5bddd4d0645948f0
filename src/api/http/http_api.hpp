// The server's answers to HTTP: what transport calls for every request.
//
// Immutable once it serves; one instance for all loops.
#pragma once

#include "api/http/cors.hpp"
#include "api/http/router.hpp"
#include "api/operations/operations.hpp"
#include "base/ip_address.hpp"
#include "transport/http_handler.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace chat::api {

struct HttpApiOptions {
  std::vector<std::string> allowed_origins = {};  // lower case; empty: any
  std::vector<IpNetwork> trusted_proxies = {};    // whose X-Forwarded-For is believed
  std::size_t max_body_bytes = 1 << 20;           // where a route asks for nothing else
};

class HttpApi final : public transport::HttpHandler {
 public:
  // Judges one WebSocket handshake on its path; `path` are the parameters of the path, decoded. The Origin has been
  // checked.
  using Upgrade = std::function<awaitable<transport::UpgradeAnswer>(transport::HttpRequest, schema::Pairs path)>;

  // What is referred to outlives this.
  HttpApi(const Operations& operations, Sessions& sessions, HttpApiOptions options);
  ~HttpApi() override;

  // Before the first request.
  void add_upgrade(std::string_view path, Upgrade upgrade);

  awaitable<HttpResponse> serve(transport::HttpRequest request) override;
  awaitable<transport::UpgradeAnswer> upgrade(transport::HttpRequest request) override;
  HttpResponse error_response(int status, std::string_view reason) override;
  void decorate(const transport::HttpRequest& request, HttpResponse& response) override;
  std::size_t body_limit(const transport::HttpRequest& head) override;

 private:
  struct RouteMetrics;
  awaitable<HttpResponse> answer(Exchange& exchange, const Operation*& operation);
  HttpResponse options_answer(const transport::HttpRequest& request, std::string_view allow) const;
  void count(const Operation* operation, int status, std::chrono::steady_clock::duration took);

  const HttpApiOptions options_;
  Sessions& sessions_;
  const Router& router_;
  const Cors cors_;
  Router upgrade_paths_;
  std::vector<std::unique_ptr<const Operation>> upgrade_routes_;
  std::unordered_map<const Operation*, Upgrade> upgrades_;
  std::unordered_map<const Operation*, std::unique_ptr<RouteMetrics>> metrics_;  // null: requests without a route
};

// The token of `Authorization: Bearer <token>`; none when there is no such header, it is empty or of another scheme.
std::optional<std::string_view> bearer_token(const transport::HttpHeaders& headers);

}  // namespace chat::api
