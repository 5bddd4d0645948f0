#include "transport/frame_codec.hpp"

#include <cstring>

namespace chat::transport {

namespace {

// How many continuation bytes follow a lead byte, and the range of the first of them (Unicode 15, table 3-7).
struct Lead {
  std::uint8_t need, low, high;
};

constexpr Lead lead_of(std::uint8_t b) noexcept {
  if (b >= 0xC2 && b <= 0xDF) return {1, 0x80, 0xBF};
  if (b == 0xE0) return {2, 0xA0, 0xBF};
  if (b == 0xED) return {2, 0x80, 0x9F};  // no surrogates
  if (b >= 0xE1 && b <= 0xEF) return {2, 0x80, 0xBF};
  if (b == 0xF0) return {3, 0x90, 0xBF};
  if (b >= 0xF1 && b <= 0xF3) return {3, 0x80, 0xBF};
  if (b == 0xF4) return {3, 0x80, 0x8F};  // nothing above U+10FFFF
  return {0, 0, 0};
}

}  // namespace

bool Utf8Validator::feed(std::string_view bytes) noexcept {
  if (failed_) return false;
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  while (p != end) {
    if (need_ == 0) {
      for (std::uint64_t eight; end - p >= 8; p += 8) {
        std::memcpy(&eight, p, 8);
        if (eight & 0x8080808080808080ull) break;
      }
      while (p != end && static_cast<std::uint8_t>(*p) < 0x80) ++p;
      if (p == end) return true;
      const Lead lead = lead_of(static_cast<std::uint8_t>(*p++));
      if (lead.need == 0) return !(failed_ = true);
      need_ = lead.need, low_ = lead.low, high_ = lead.high;
    } else {
      const auto b = static_cast<std::uint8_t>(*p++);
      if (b < low_ || b > high_) return !(failed_ = true);
      --need_, low_ = 0x80, high_ = 0xBF;
    }
  }
  return true;
}

bool valid_utf8(std::string_view text) noexcept {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

}  // namespace chat::transport
