// The header of a server's WebSocket frame (RFC 6455, 5.2): final, unmasked. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace chat::protocol {

enum class WebSocketPayload : std::uint8_t { text = 1, binary = 2 };  // the opcode

inline constexpr std::size_t kMaxWebSocketHeader = 10;

void append_websocket_header(std::string& out, WebSocketPayload kind, std::size_t payload_bytes);

}  // namespace chat::protocol
