// Who is asking: access tokens made and judged, against users as they are now.
//
// Thread-safe; made once by app. A token is good when its signature and claims are, its user exists and is not
// disabled, and the user's token_version has not been raised above the token's. What is known of a user is at most
// `SessionOptions::user_cache_age` old, so a disabled user's tokens die within that time.
#pragma once

#include "auth/jwt.hpp"
#include "base/blocking_pool.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/user.hpp"
#include "ports/stores.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

class UserCache;

// A good token's bearer.
struct Session {
  Principal principal;  // the name is the user's present one
  std::string username;
  std::int64_t token_version = 0;
  Timestamp expires_at{};          // of the token
  Timestamp session_started_at{};  // of the login that the token descends from
  std::string session_id;          // the same through all refreshes of one login; empty in tokens of the original
};

struct SessionOptions {
  std::chrono::minutes token_lifetime{60};         // ACCESS_TOKEN_EXPIRE_MINUTES
  std::chrono::hours session_max{24 * 30};         // SESSION_MAX_DAYS: no refresh of a login older than this
  std::chrono::milliseconds user_cache_age{1000};  // how old what is known of a user may be
  std::size_t user_cache_entries = 16384;          // users remembered; rounded up to a power of two
};

// An access token and whom it is for: what log-in and refresh answer.
struct IssuedToken {
  User user;
  std::string access_token;
};

class Sessions {
 public:
  // All referenced objects outlive this one.
  Sessions(UserStore& users, BlockingPool& read_pool, JwtKeys keys, const Clock& clock, SessionOptions options);
  ~Sessions();

  // A token for a new login of `user`. Never blocks. Errc::too_large for a name that makes no token of 8 KiB.
  Result<std::string> mint(const User& user) const;

  // Judges a bare token (without "Bearer "). Errors: unauthenticated (whatever is wrong with it), unavailable,
  // overloaded. One hop to the read pool unless the user was looked up within `user_cache_age`.
  boost::asio::awaitable<Result<Session>> authenticate(std::string token);

  // The same without a hop; none: the user has to be looked up, call `authenticate`. Never blocks.
  std::optional<Result<Session>> try_authenticate(std::string_view token) const;

  // Is the token ours and refused only because its time is over? Its bearer is to fetch a new one. Never blocks.
  bool is_expired(std::string_view token) const { return keys_.verifier.is_expired(token, clock_.now()); }

  // A new token of the same session, which must have been authenticated just now. Never blocks. Errc::unauthenticated
  // once the login is older than `session_max`.
  Result<IssuedToken> refresh(const Session& session) const;

 private:
  Result<std::string> sign(const User& user, Timestamp session_started_at, std::string session_id) const;

  UserStore& users_;
  BlockingPool& read_pool_;
  const JwtKeys keys_;
  const Clock& clock_;
  const SessionOptions options_;
  std::unique_ptr<UserCache> cache_;
};

}  // namespace chat
