#include "protocol/websocket_header.hpp"

namespace chat::protocol {

void append_websocket_header(std::string& out, WebSocketPayload kind, std::size_t payload_bytes) {
  const auto byte = [&](std::size_t shift) {
    out.push_back(static_cast<char>(static_cast<unsigned char>((payload_bytes >> shift) & 0xff)));
  };
  out.push_back(static_cast<char>(0x80 | static_cast<unsigned char>(kind)));
  if (payload_bytes < 126) {
    byte(0);
  } else if (payload_bytes <= 0xffff) {
    out.push_back(126);
    byte(8);
    byte(0);
  } else {
    out.push_back(127);
    for (std::size_t shift = 64; shift > 0; shift -= 8) byte(shift - 8);
  }
}

}  // namespace chat::protocol
