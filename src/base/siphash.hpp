// SipHash-2-4: a hash whose collisions nobody outside can make, for tables keyed by what clients send.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace chat {

struct SipKey {
  std::uint64_t k0 = 0, k1 = 0;
  static SipKey random();  // from the kernel
};

std::uint64_t siphash(const SipKey& key, std::string_view bytes) noexcept;

}  // namespace chat
