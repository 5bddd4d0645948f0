// Room sockets: who may open one, and what all of them share.
//
// Home: made by app; everything here is thread-safe. Outlives every socket.
#pragma once

#include "api/room_socket/options.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chat/live_sessions.hpp"
#include "chat/messages.hpp"
#include "chat/rooms.hpp"
#include "chat/sessions.hpp"
#include "fanout/fanout.hpp"
#include "ports/journal.hpp"
#include "schema/schema.hpp"
#include "transport/http_handler.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace chat::api {

class RoomSockets {
 public:
  // All referenced objects outlive this one.
  RoomSockets(fanout::FanOut& fan_out, Sessions& sessions, LiveSessions& live, Rooms& rooms, Messages& messages,
              Journal& journal, const Clock& clock, RoomSocketOptions options);

  // The path to hand to HttpApi::add_upgrade.
  static constexpr std::string_view kPath = "/api/v1/chat/{room_id}";

  // Judges a handshake, in this order: token (403), id and query (404, 422), the user's number of sockets (429). A room
  // that does not exist or may not be entered opens, is told so in one frame, and is closed with 1008.
  boost::asio::awaitable<transport::UpgradeAnswer> upgrade(transport::HttpRequest request, schema::Pairs path);

 private:
  friend class RoomSocket;

  fanout::FanOut& fan_out_;
  Sessions& sessions_;
  LiveSessions& live_;
  Rooms& rooms_;
  Messages& messages_;
  Journal& journal_;
  const Clock& clock_;
  const RoomSocketOptions options_;
};

// The one token that a handshake offers: `?token=` (with or without "Bearer "), `Authorization: Bearer`, or the
// subprotocols `bearer, <jwt>`. None when there is no token, an empty one, a repeated `token`, or two that differ.
// Pure.
std::optional<std::string> offered_token(const transport::HttpRequest& request);
// Does the client offer the subprotocol `bearer`?
bool offers_bearer(const transport::HttpRequest& request);

}  // namespace chat::api
