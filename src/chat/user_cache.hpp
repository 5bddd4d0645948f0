// What was lately read of users, for judging their tokens: bounded, and never older than it may be.
#pragma once

#include "model/user.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace chat {

struct KnownUser {
  UserId id;
  std::string name;
  std::string username;
  std::int64_t token_version = 0;
  bool disabled = false;
};

// A table of fixed size: a user has a set of `kWays` places, and the one read longest ago makes room.
// Thread-safe; time is handed in.
class UserCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Room for at least `entries` users.
  UserCache(std::size_t entries, std::chrono::milliseconds max_age);

  // None: not known, or read too long ago.
  std::optional<KnownUser> find(UserId id, TimePoint now) const;

  // `read_at`: when the read *began*; a user changed meanwhile is not held for current longer than max_age. An entry
  // that was read later is kept.
  void put(KnownUser user, TimePoint read_at);

 private:
  static constexpr std::size_t kWays = 4, kLocks = 16;
  struct Slot {
    KnownUser user;
    TimePoint read_at{};
    bool used = false;
  };
  struct Set {
    std::array<Slot, kWays> slots;
  };
  std::size_t index_of(UserId id) const noexcept { return std::hash<UserId>{}(id) & (sets_.size() - 1); }

  const std::chrono::milliseconds max_age_;
  std::vector<Set> sets_;                         // a power of two
  mutable std::array<std::mutex, kLocks> locks_;  // lock i guards the sets with index % kLocks == i
};

}  // namespace chat
