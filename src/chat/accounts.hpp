// Accounts: signing up, logging in, and what an administrator does with them.
//
// Thread-safe; made once by app. Passwords are hashed on a pool of their own with a bounded queue, of which one address
// gets a share: who floods it is answered `overloaded`, others are not.
#pragma once

#include "auth/login_guard.hpp"
#include "auth/password.hpp"
#include "base/blocking_pool.hpp"
#include "base/keyed_rate_limiter.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chat/hashing.hpp"
#include "chat/sessions.hpp"
#include "model/user.hpp"
#include "ports/stores.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace chat {

struct AccountsOptions {
  PasswordCost password_cost{};
  RateLimit sign_ups{100.0 / 3600, 100};  // accounts made, an address; rate 0 = no limit
  std::size_t rate_entries = 16384;       // addresses whose rate is remembered
};

// What a client sends. `address` is IpAddress::limit_key() of the caller.
struct SignUp {
  std::string name;      // 1..200 characters, one of them visible: checked at the edge
  std::string username;  // an e-mail address; blanks around it are dropped
  std::string password;
  std::string address;
};
struct LogIn {
  std::string username;
  std::string password;
  std::string address;
};

class Accounts {
 public:
  // All referenced objects outlive this one. SQLite has one writer: changes go through `write_pool`.
  Accounts(UserStore& users, Sessions& sessions, LoginGuard& guard, HashingQueue& hashing, BlockingPool& read_pool,
           BlockingPool& write_pool, const Clock& clock, AccountsOptions options);

  // Errors: invalid (password outside 8..1024 bytes), user_exists, rate_limited, overloaded, unavailable.
  boost::asio::awaitable<Result<User>> sign_up(SignUp request);

  // Errors: unauthenticated (wrong password, unknown or disabled user, no password: all alike, in like time),
  // rate_limited, overloaded, unavailable. Hashes again when the stored cost is not the configured one.
  boost::asio::awaitable<Result<IssuedToken>> log_in(LogIn request);

 private:
  boost::asio::awaitable<Result<User>> make_account(SignUp request);
  boost::asio::awaitable<void> keep_new_hash(User user, std::string hash);

  UserStore& users_;
  Sessions& sessions_;
  LoginGuard& guard_;
  HashingQueue& hashing_;
  BlockingPool& read_pool_;
  BlockingPool& write_pool_;
  const Clock& clock_;
  const AccountsOptions options_;
  KeyedRateLimiter sign_ups_;
};

// Without blanks around it: how addresses are stored and looked up.
std::string trim_username(std::string_view username);

}  // namespace chat
