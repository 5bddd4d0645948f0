// The rules on fake stores, with hashes that cost next to nothing.
#pragma once

#include "chat/accounts.hpp"
#include "chat/hashing.hpp"
#include "chat/rooms.hpp"
#include "chat/sessions.hpp"
#include "support/fake_stores.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

#include <string>

namespace chat::testing {

inline constexpr PasswordCost kCheap{16, 1, 1};
inline const std::string kSecret = "a secret of at least thirty-two bytes";

inline JwtKeys keys_of(const std::string& secret = kSecret) { return *make_jwt_keys(JwtAlgorithm::hs256, secret); }

struct World {
  struct Options {
    SessionOptions sessions{};
    LoginGuardOptions guard{};
    HashingOptions hashing{};
    AccountsOptions accounts{.password_cost = kCheap};
    RoomsOptions rooms{};
  };

  ManualClock clock;
  FakeUsers users;
  FakeRooms rooms_store;
  BlockingPool read_pool{{.name = "read"}};
  BlockingPool write_pool{{.name = "write"}};
  Sessions sessions;
  LoginGuard guard;
  HashingQueue hashing;
  Accounts accounts;
  Rooms rooms;

  World() : World(Options()) {}
  explicit World(Options o)
      : sessions(users, read_pool, keys_of(), clock, o.sessions),
        guard(o.guard),
        hashing(o.hashing),
        accounts(users, sessions, guard, hashing, read_pool, write_pool, clock, o.accounts),
        rooms(rooms_store, rooms_store, read_pool, write_pool, clock, o.rooms) {}

  // Queued work refers to what is destroyed with this.
  ~World() {
    hashing.stop();
    read_pool.stop();
    write_pool.stop();
  }

  Result<User> sign_up(std::string username, std::string password = "correct horse", std::string address = "1.2.3.4") {
    return run(accounts.sign_up({"Ada", std::move(username), std::move(password), std::move(address)}));
  }
  Result<IssuedToken> log_in(std::string username, std::string password = "correct horse",
                             std::string address = "1.2.3.4") {
    return run(accounts.log_in({std::move(username), std::move(password), std::move(address)}));
  }
  User a_user(std::string username = "ada@example.com") {
    auto made = sign_up(std::move(username));
    if (!made) throw std::runtime_error(made.error().message);
    return *made;
  }
};

}  // namespace chat::testing
