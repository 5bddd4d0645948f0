#include "telemetry/request_id.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/random.h>

namespace chat {
namespace {

// A bijection of 64 bits (splitmix64): a counter goes in, so a thread's ids never repeat.
std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

std::uint64_t random_word() {
  std::uint64_t word = 0;
  if (getentropy(&word, sizeof word) != 0) throw std::system_error(errno, std::generic_category(), "getentropy");
  return word;
}

}  // namespace

std::string make_request_id() {
  static constexpr char kCrockford[] = "0123456789abcdefghjkmnpqrstvwxyz";
  static thread_local std::uint64_t next = random_word();
  auto value = mix(next++);
  std::string id(13, '0');
  for (auto at = id.rbegin(); at != id.rend(); ++at, value >>= 5) *at = kCrockford[value & 31];
  return id;
}

bool is_request_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxRequestIdBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

}  // namespace chat
