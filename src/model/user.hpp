// Accounts and those who act.
#pragma once

#include "base/time.hpp"
#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace chat {

struct User {
  UserId id;
  std::string name;
  std::string username;                      // an e-mail address, as it was given (trimmed)
  std::optional<std::string> password_hash;  // argon2id PHC string; none: cannot log in with a password
  Timestamp created_at{};
  std::optional<Timestamp> disabled_at;
  std::int64_t token_version = 0;  // tokens of a lower version are dead
};

// Why all sessions of an account ended.
enum class SessionEnd : std::uint8_t { password_changed, disabled, revoked };
const char* to_string(SessionEnd reason) noexcept;  // "password_changed", ...: as stored

// Who does something. Services (API keys) come later; everything that acts already says which it is.
struct Principal {
  enum class Kind : std::uint8_t { user, service };
  Kind kind = Kind::user;
  UserId id;
  std::string name;  // as others see it
};

}  // namespace chat
