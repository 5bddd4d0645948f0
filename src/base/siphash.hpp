// SipHash-2-4: a hash whose collisions nobody outside can make, for tables keyed by what clients send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chat {

struct SipKey {
  std::uint64_t k0 = 0, k1 = 0;
  static SipKey random();  // from the kernel
};

std::uint64_t siphash(const SipKey& key, std::string_view bytes) noexcept;

// With a key of the process's own, for tables of keys that a client chose: std::hash has collisions that anybody can
// make, by the thousand. Terminates when the kernel has no random numbers to give for that key.
struct SecretHash {
  std::size_t operator()(std::string_view bytes) const noexcept;
};

}  // namespace chat
