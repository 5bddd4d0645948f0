#include "conformance/profile.hpp"

#include "api/realtime/handshake.hpp"
#include "conformance/server_api.hpp"

#include <memory>
#include <utility>

namespace chat::conformance {
namespace {

using transport::HttpRequest;
using transport::HttpResponse;

HttpResponse plain(int status, std::string_view reason) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::string(reason) + "\n";
  return response;
}

}  // namespace

Profile::Profile(const Clock& clock, std::string epoch, ProfileOptions options)
    : options_(std::move(options)),
      quiet_(api::socket_options(options_.realtime, /*frame_pings=*/false)),
      pinging_(api::socket_options(options_.realtime, /*frame_pings=*/true)),
      channels_(std::move(epoch)),
      common_{channels_, tokens_, clock, options_.realtime, options_.always_join_leave} {}

boost::asio::awaitable<transport::UpgradeAnswer> Profile::upgrade(HttpRequest request) {
  if (request.raw_path() != "/connection/websocket") co_return plain(404, "Not Found");
  auto asked = api::read_handshake(request);
  transport::WebSocketAccept accept;
  accept.subprotocol = std::move(asked.subprotocol);
  accept.options = asked.wire.frame_pings ? &pinging_ : &quiet_;
  accept.handler = std::make_shared<MemorySession>(common_, asked.wire);
  co_return accept;
}

boost::asio::awaitable<HttpResponse> Profile::serve(HttpRequest request) {
  const bool publish = request.raw_path() == "/api/publish";
  if (!publish && request.raw_path() != "/api/history") co_return plain(404, "Not Found");
  if (request.method != transport::Method::post) co_return plain(405, "Method Not Allowed").header("Allow", "POST");
  if (request.headers.find("x-api-key") != kApiKey) co_return plain(401, "Unauthorized");
  const auto answer = publish ? api_publish(channels_, request.body) : api_history(channels_, request.body);
  if (!answer) co_return plain(400, answer.error().message);
  HttpResponse response;
  response.content_type = "application/json";
  response.body = *answer;
  co_return response;
}

HttpResponse Profile::error_response(int status, std::string_view reason) { return plain(status, reason); }

std::size_t Profile::body_limit(const HttpRequest&) { return options_.realtime.message_bytes; }

}  // namespace chat::conformance
