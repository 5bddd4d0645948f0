// What a WebSocket handshake for the realtime protocol asks for: nothing is refused here, the token comes in the first
// command. Pure; any thread.
#pragma once

#include "api/realtime/options.hpp"
#include "api/realtime/session.hpp"
#include "transport/http_types.hpp"

#include <string>

namespace chat::api {

// The encoding is that of the first subprotocol offered that is ours, else of ?cf_protocol=protobuf or
// ?format=protobuf, else JSON. ?cf_ws_frame_ping_pong=true asks for WebSocket's pings instead of the protocol's.
struct RealtimeHandshake {
  RealtimeSession::Wire wire;
  std::string subprotocol;  // for the answer; "" = none
};
RealtimeHandshake read_handshake(const transport::HttpRequest& request);

// Settings of the sockets of sessions, of those with WebSocket's pings or of the others.
transport::WebSocketOptions socket_options(const RealtimeOptions& options, bool frame_pings);

}  // namespace chat::api
