#include "transport/frame_codec.hpp"

#include <algorithm>

namespace chat::transport {

void append_frame_header(std::string& out, Opcode opcode, std::size_t size) {
  out.push_back(static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode)));
  if (size < 126) {
    out.push_back(static_cast<char>(size));
    return;
  }
  const int bytes = size < 65536 ? 2 : 8;
  out.push_back(static_cast<char>(bytes == 2 ? 126 : 127));
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(size) >> shift & 0xFF));
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
  append_frame_header(out, opcode, payload.size());
  out.append(payload);
}

namespace {

std::string frame(Opcode opcode, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 10);
  append_frame(out, opcode, payload);
  return out;
}

}  // namespace

std::string text_frame(std::string_view payload) { return frame(Opcode::text, payload); }
std::string binary_frame(std::string_view payload) { return frame(Opcode::binary, payload); }

std::string close_frame(std::uint16_t code, std::string_view reason) {
  if (code == 0 || code == close_code::no_status) return frame(Opcode::close, {});
  constexpr std::size_t kMaxReason = 123;
  if (reason.size() > kMaxReason) {
    std::size_t cut = kMaxReason;
    while (cut > 0 && (static_cast<std::uint8_t>(reason[cut]) & 0xC0) == 0x80) --cut;
    reason = reason.substr(0, cut);
  }
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  payload.append(reason);
  return frame(Opcode::close, payload);
}

void FrameTracker::feed(std::string_view sent) noexcept {
  while (!sent.empty()) {
    if (header_ == Header::none && left_ != 0) {
      const auto part = std::min<std::uint64_t>(left_, sent.size());
      left_ -= part;
      sent.remove_prefix(static_cast<std::size_t>(part));
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(sent.front());
    sent.remove_prefix(1);
    switch (header_) {
      case Header::none:
        header_ = Header::length;
        break;
      case Header::length:
        extended_left_ = byte == 126 ? 2 : byte == 127 ? 8 : 0;
        left_ = extended_left_ ? 0 : byte;
        header_ = extended_left_ ? Header::extended : Header::none;
        break;
      case Header::extended:
        left_ = left_ << 8 | byte;
        if (--extended_left_ == 0) header_ = Header::none;
        break;
    }
  }
}

}  // namespace chat::transport
