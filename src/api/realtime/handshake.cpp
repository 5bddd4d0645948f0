#include "api/realtime/handshake.hpp"

#include <algorithm>

namespace chat::api {
namespace {

using centrifuge::Encoding;
using transport::HttpRequest;

constexpr std::string_view kJsonProtocol = "centrifuge-json";
constexpr std::string_view kProtobufProtocol = "centrifuge-protobuf";

bool asks_for(const HttpRequest& request, std::string_view parameter, std::string_view value) {
  const auto given = request.query_value(parameter);
  return given && *given == value;
}

}  // namespace

RealtimeHandshake read_handshake(const HttpRequest& request) {
  RealtimeHandshake asked;
  const auto offered = request.headers.tokens("sec-websocket-protocol");
  const auto chosen = std::find_if(offered.begin(), offered.end(),
                                   [](auto name) { return name == kJsonProtocol || name == kProtobufProtocol; });
  if (chosen != offered.end()) {
    asked.subprotocol = *chosen;
    if (*chosen == kProtobufProtocol) asked.wire.encoding = Encoding::protobuf;
  } else if (asks_for(request, "cf_protocol", "protobuf") || asks_for(request, "format", "protobuf")) {
    asked.wire.encoding = Encoding::protobuf;
  }
  asked.wire.frame_pings = asks_for(request, "cf_ws_frame_ping_pong", "true");
  return asked;
}

transport::WebSocketOptions socket_options(const RealtimeOptions& options, bool frame_pings) {
  auto socket = options.websocket;
  socket.ping_interval = frame_pings ? options.ping_interval : std::chrono::milliseconds(0);
  if (frame_pings) socket.pong_timeout = options.pong_timeout;
  socket.max_message_bytes = options.message_bytes;
  return socket;
}

}  // namespace chat::api
