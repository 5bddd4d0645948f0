#include "api/realtime/realtime.hpp"

#include "api/realtime/chat_session.hpp"
#include "api/realtime/handshake.hpp"

#include <memory>
#include <utility>

namespace chat::api {

Realtime::Realtime(const RealtimeServices& services, RealtimeOptions options)
    : services_(services),
      options_(std::move(options)),
      quiet_(socket_options(options_, false)),
      pinging_(socket_options(options_, true)) {}

boost::asio::awaitable<transport::UpgradeAnswer> Realtime::upgrade(transport::HttpRequest request,
                                                                   std::string address) {
  auto handshake = read_handshake(request);
  transport::WebSocketAccept accept;
  accept.subprotocol = std::move(handshake.subprotocol);
  accept.options = handshake.wire.frame_pings ? &pinging_ : &quiet_;
  accept.handler = make_session(handshake.wire, request.request_id, std::move(address));
  co_return accept;
}

std::shared_ptr<RealtimeSession> Realtime::make_session(const RealtimeSession::Wire& wire, std::string_view request_id,
                                                        std::string address) const {
  const Uuid id = Uuid::parse(request_id).value_or(Uuid{});  // transport's: always a UUID
  return std::make_shared<ChatSession>(*this, wire, id, std::move(address));
}

}  // namespace chat::api
