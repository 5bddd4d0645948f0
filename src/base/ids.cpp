#include "base/ids.hpp"

#include <sys/random.h>

#include <chrono>
#include <stdexcept>

namespace chat {
namespace {

constexpr char kHex[] = "0123456789abcdef";

int nibble(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void random_bytes(void* out, std::size_t n) {
  if (getrandom(out, n, 0) != static_cast<ssize_t>(n)) throw std::runtime_error("getrandom failed");
}

}  // namespace

std::string Uuid::hex() const {
  std::string out(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    out[2 * i] = kHex[bytes[i] >> 4];
    out[2 * i + 1] = kHex[bytes[i] & 15];
  }
  return out;
}

std::string Uuid::str() const {
  std::string out(36, '-');
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
    out[at++] = kHex[bytes[i] >> 4];
    out[at++] = kHex[bytes[i] & 15];
  }
  return out;
}

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
  if (text.starts_with("urn:uuid:")) text.remove_prefix(9);
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
  const bool dashed = text.size() == 36;
  if (!dashed && text.size() != 32) return std::nullopt;
  Uuid out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (dashed && (i == 4 || i == 6 || i == 8 || i == 10)) {
      if (text[at++] != '-') return std::nullopt;
    }
    const int hi = nibble(text[at]), lo = nibble(text[at + 1]);
    if (hi < 0 || lo < 0) return std::nullopt;
    out.bytes[i] = static_cast<std::uint8_t>(hi << 4 | lo);
    at += 2;
  }
  return out;
}

Uuid Uuid::v7() {
  // 62 bits of random tail, refilled in blocks; 12 bits of counter inside a millisecond (RFC 9562, 6.2 method 1).
  thread_local std::uint64_t last_ms = 0;
  thread_local std::uint32_t counter = 0;
  thread_local std::array<std::uint8_t, 512> pool;
  thread_local std::size_t used = pool.size();

  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::uint64_t ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  if (used + 8 > pool.size()) {
    random_bytes(pool.data(), pool.size());
    used = 0;
  }
  if (ms > last_ms) {
    counter = pool[used];  // a small random start leaves room to count
  } else {
    ms = last_ms;
    if (++counter > 0xFFF) {
      ++ms;
      counter = 0;
    }
  }
  last_ms = ms;
  Uuid out;
  for (int i = 0; i < 6; ++i) out.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  out.bytes[6] = static_cast<std::uint8_t>(0x70 | (counter >> 8));
  out.bytes[7] = static_cast<std::uint8_t>(counter);
  std::memcpy(out.bytes.data() + 8, pool.data() + used, 8);
  used += 8;
  out.bytes[8] = static_cast<std::uint8_t>((out.bytes[8] & 0x3F) | 0x80);
  return out;
}

Uuid Uuid::v4() {
  Uuid out;
  random_bytes(out.bytes.data(), 16);
  out.bytes[6] = static_cast<std::uint8_t>((out.bytes[6] & 0x0F) | 0x40);
  out.bytes[8] = static_cast<std::uint8_t>((out.bytes[8] & 0x3F) | 0x80);
  return out;
}

}  // namespace chat
