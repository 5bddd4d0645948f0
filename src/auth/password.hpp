// Passwords as argon2id PHC strings: "$argon2id$v=19$m=65536,t=3,p=4$<salt>$<hash>". Pure; a hash costs about 180 ms of
// CPU and `memory_kib` of memory, so call these on the hashing pool only.
//
// The lanes of a string decide the result, threads do not: everything is computed by the calling thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat {

// For new passwords; older and shorter ones still log in. Longer ones are refused unhashed.
inline constexpr std::size_t kMinPasswordBytes = 8;
inline constexpr std::size_t kMaxPasswordBytes = 1024;

// The original's parameters, so that its users need no rehash.
struct PasswordCost {
  std::uint32_t memory_kib = 65536;
  std::uint32_t passes = 3;
  std::uint32_t lanes = 4;
  bool operator==(const PasswordCost&) const = default;
};

inline constexpr std::uint32_t kMaxPasswordMemoryKib = 256 * 1024;
inline constexpr std::uint32_t kMaxPasswordPasses = 10;
inline constexpr std::uint32_t kMaxPasswordLanes = 64;

// A sentence why these parameters cannot be used, or nothing.
Result<void> check_password_cost(const PasswordCost& cost);

// Errc::invalid for a cost out of range or a password over kMaxPasswordBytes, Errc::overloaded when the memory is not
// there.
Result<std::string> hash_password(std::string_view password, const PasswordCost& cost);

struct PasswordVerdict {
  bool ok = false;
  bool needs_rehash = false;  // ok, but the string's cost is not `wanted`: hash again while the password is at hand
};

// A string that is malformed, or costs more than 256 MiB or 10 passes, verifies nothing and is not computed: ok =
// false. Errc::overloaded when the memory is not there: that says nothing about the password.
Result<PasswordVerdict> verify_password(std::string_view password, std::string_view phc, const PasswordCost& wanted);

// Takes the time of verify_password at `cost`, for users that do not exist or have no password. The work is not
// optimised away.
void dummy_verify(std::string_view password, const PasswordCost& cost);

// Overwrites with zeros, in a way that the compiler keeps, and empties.
void wipe(std::string& secret) noexcept;

}  // namespace chat
