#include "conformance/profile.hpp"

#include "api/http/responses.hpp"
#include "api/realtime/handshake.hpp"
#include "conformance/server_api.hpp"

#include <memory>
#include <utility>

namespace chat::conformance {
namespace {

using boost::asio::awaitable;
using transport::HttpRequest;
using transport::HttpResponse;
using transport::Method;

HttpResponse plain(int status, std::string_view text) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::string(text) + "\n";
  return response;
}

using ApiCall = Result<std::string> (*)(Channels&, std::string_view);

HttpResponse answer_api(ApiCall call, Channels& channels, const HttpRequest& request) {
  if (request.headers.find("x-api-key") != Profile::kApiKey) return plain(401, "X-API-Key is missing or wrong");
  const auto answer = call(channels, request.body);
  if (!answer) return plain(400, answer.error().message);
  HttpResponse response;
  response.content_type = "application/json";
  response.body = *answer;
  return response;
}

void add(api::Operations& routes, Method method, std::string_view path,
         std::function<HttpResponse(const api::Exchange&)> handle) {
  routes.add(api::make_plain_route({.method = method, .path = path, .documented = false}, {}, std::move(handle)));
}

}  // namespace

Profile::Profile(const Clock& clock, std::string epoch, const ProfileOptions& options)
    : options_(options),
      quiet_(api::socket_options(options_.realtime, /*frame_pings=*/false)),
      pinging_(api::socket_options(options_.realtime, /*frame_pings=*/true)),
      channels_(std::move(epoch)),
      common_{channels_, tokens_, clock, options_.realtime, options_.always_join_leave} {
  api::add_emulation_routes(routes_, emulated_, options_.realtime,
                            [this](const api::RealtimeSession::Wire& wire, const HttpRequest&) {
                              return std::make_shared<MemorySession>(common_, wire);
                            });
  for (const auto& [path, call] : {std::pair("/api/publish", &api_publish), std::pair("/api/history", &api_history)}) {
    add(routes_, Method::post, path,
        [this, call = call](const api::Exchange& exchange) { return answer_api(call, channels_, exchange.request); });
  }
  add(routes_, Method::get, "/healthz", [](const api::Exchange&) { return plain(200, "ok"); });
}

awaitable<transport::UpgradeAnswer> Profile::upgrade(HttpRequest request) {
  if (request.raw_path() != "/connection/websocket") co_return plain(404, "Not Found");
  auto asked = api::read_handshake(request);
  transport::WebSocketAccept accept;
  accept.subprotocol = std::move(asked.subprotocol);
  accept.options = asked.wire.frame_pings ? &pinging_ : &quiet_;
  accept.handler = std::make_shared<MemorySession>(common_, asked.wire);
  co_return accept;
}

awaitable<HttpResponse> Profile::serve(HttpRequest request) {
  api::Exchange exchange{std::move(request), {}, {}, {}};
  HttpResponse response = co_await answer(exchange);
  cors_.decorate(exchange.request, response);
  co_return response;
}

awaitable<HttpResponse> Profile::answer(api::Exchange& exchange) const {
  const HttpRequest& request = exchange.request;
  const auto match = routes_.router().find(request.method, request.path);
  if (match.allow.empty()) co_return plain(404, "Not Found");
  if (request.method == Method::options) {
    HttpResponse response;
    response.status = 204;
    response.header("Allow", match.allow);
    cors_.answer_preflight(request, match.allow, response);
    co_return response;
  }
  if (!match.operation) co_return plain(405, "Method Not Allowed").header("Allow", match.allow);
  co_return co_await match.operation->handle(exchange);
}

HttpResponse Profile::error_response(int status, std::string_view reason) { return plain(status, reason); }

std::size_t Profile::body_limit(const HttpRequest&) { return options_.realtime.message_bytes; }

}  // namespace chat::conformance
