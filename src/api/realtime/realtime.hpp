// Realtime connections (the Centrifuge client protocol): how one is opened, and what all of them share.
//
// Home: made by app; everything here is thread-safe. Outlives every session.
#pragma once

#include "api/operations/operations.hpp"
#include "api/realtime/options.hpp"
#include "api/realtime/session.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chat/feeds.hpp"
#include "chat/live_sessions.hpp"
#include "chat/messages.hpp"
#include "chat/rooms.hpp"
#include "chat/sessions.hpp"
#include "chat/unread_board.hpp"
#include "fanout/fanout.hpp"
#include "transport/http_handler.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace chat::api {

// What the sessions work with. All of it outlives them.
struct RealtimeServices {
  fanout::FanOut& fan_out;
  Sessions& sessions;
  LiveSessions& live;
  UnreadBoard& unread;
  Rooms& rooms;
  Feeds& feeds;
  Messages& messages;
  const Operations& operations;
  const Clock& clock;
};

class Realtime {
 public:
  Realtime(const RealtimeServices& services, RealtimeOptions options);

  static constexpr std::string_view kWebSocketPath = "/connection/websocket";

  // A handshake: nothing is refused here, the token comes in the first command. The encoding is that of the
  // subprotocol, else of ?cf_protocol=protobuf or ?format=protobuf, else JSON.
  // `address` of the caller as limits count it.
  boost::asio::awaitable<transport::UpgradeAnswer> upgrade(transport::HttpRequest request, std::string address);

  // Of a client that has no WebSocket, see emulation.hpp.
  std::shared_ptr<RealtimeSession> make_session(const RealtimeSession::Wire& wire, std::string_view request_id,
                                                std::string address) const;

  const RealtimeServices& services() const noexcept { return services_; }
  const RealtimeOptions& options() const noexcept { return options_; }
  std::string epoch() const { return services_.fan_out.epoch(); }

 private:
  const RealtimeServices services_;
  const RealtimeOptions options_;
  const transport::WebSocketOptions quiet_;    // the protocol has pings of its own
  const transport::WebSocketOptions pinging_;  // for debugging tools that ask for those of WebSocket
};

}  // namespace chat::api
