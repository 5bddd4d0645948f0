// WebSocket as a client of the generator needs it (RFC 6455): the upgrade, frames out, frames in. No allocation per
// frame.
#pragma once

#include "load/dialect.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace load {

// Appends the upgrade request; `headers` are more header lines, each with its CRLF.
inline void append_upgrade(std::string& out, std::string_view target, std::string_view headers = {}) {
  out.append("GET ").append(target).append(
      " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  out.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n")
      .append(headers)
      .append("\r\n");
}

enum class Upgrade : std::uint8_t { unfinished, accepted, refused };

// Looks for a whole answer at the head of `in`; `used` is its length once there is one.
inline Upgrade read_upgrade(std::string_view in, std::size_t& used) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return Upgrade::unfinished;
  used = end + 4;
  return in.starts_with("HTTP/1.1 101") ? Upgrade::accepted : Upgrade::refused;
}

// A dialect's first step. True: the upgrade was answered well, and reported. False: not yet (`used` is 0), or refused.
inline bool take_upgrade(std::string_view in, std::size_t& used, std::vector<Event>& events) {
  const Upgrade answer = read_upgrade(in, used);
  if (answer == Upgrade::unfinished) return false;
  if (answer == Upgrade::accepted) {
    events.push_back({.kind = Event::Kind::open});
  } else {
    events.push_back({.kind = Event::Kind::error, .text = in.substr(0, used)});
  }
  return answer == Upgrade::accepted;
}

// The server's goodbye: its reason behind the code.
inline Event closed_with(std::string_view frame) {
  return {.kind = Event::Kind::error, .text = frame.substr(std::min<std::size_t>(2, frame.size()))};
}

// Appends a client's frame. Its mask is zero, which is a mask (RFC 6455, 5.3) and costs this side nothing.
inline void append_frame(std::string& out, std::string_view payload, std::uint8_t opcode = 1) {
  out += static_cast<char>(0x80 | opcode);
  const std::size_t n = payload.size();
  if (n < 126) {
    out += static_cast<char>(0x80 | n);
  } else if (n < 65536) {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(n >> 8);
    out += static_cast<char>(n & 255);
  } else {
    out += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(static_cast<std::uint64_t>(n) >> shift & 255);
  }
  out.append(4, '\0');
  out.append(payload);
}

inline constexpr std::uint8_t kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;

// Hands every whole frame to `on_frame(opcode, payload)`; returns the bytes used. A server's frames are unmasked; one
// that is fragmented is handed on in its parts (none of the measured servers fragments).
template <class F>
std::size_t read_frames(std::string_view in, F&& on_frame) {
  std::size_t at = 0;
  while (in.size() - at >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(in[at + i]); };
    std::size_t n = byte(1) & 0x7F, head = 2;
    if (n == 126) {
      if (in.size() - at < 4) break;
      n = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
      head = 4;
    } else if (n == 127) {
      if (in.size() - at < 10) break;
      n = 0;
      for (std::size_t i = 2; i < 10; ++i) n = n << 8 | byte(i);
      head = 10;
    }
    if (in.size() - at < head || in.size() - at - head < n) break;
    on_frame(static_cast<std::uint8_t>(byte(0) & 0x0F), in.substr(at + head, n));
    at += head + n;
  }
  return at;
}

}  // namespace load
