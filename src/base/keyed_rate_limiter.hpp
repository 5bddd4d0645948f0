// Token buckets by key (an address, a user) in a table of fixed size.
//
// Thread-safe; time is handed in. Keys are hashed with a secret salt. A key that is not in the table has a full bucket.
// When a key needs room, one that is full again leaves first (nothing is lost), else the fullest of a few: memory stays
// as it is however many keys are tried.
#pragma once

#include "base/siphash.hpp"
#include "base/token_bucket.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace chat {

// What 429 answers and RateLimit-* headers are made of.
struct RateDecision {
  bool allowed = true;
  std::chrono::milliseconds retry_after{0};  // until as much will be there; zero when allowed
  std::chrono::milliseconds reset{0};        // until the bucket is full again
  std::int64_t limit = 0;                    // tokens of a full bucket; 0 = no limit
  std::int64_t remaining = 0;                // whole tokens left

  // For Retry-After: whole seconds, 1 to 60.
  int retry_after_seconds() const noexcept;
};

class KeyedRateLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `slots` keys are remembered (32 bytes each); a rate of 0 lifts the limit and makes no table.
  explicit KeyedRateLimiter(RateLimit limit, std::size_t slots = 65536);
  KeyedRateLimiter(const KeyedRateLimiter&) = delete;
  KeyedRateLimiter& operator=(const KeyedRateLimiter&) = delete;

  RateDecision take(std::string_view key, TimePoint now, double tokens = 1);
  // As take would answer, taking nothing: for what is charged only when it succeeds.
  RateDecision peek(std::string_view key, TimePoint now, double tokens = 1) const;
  // Gives back what was taken for something that then did not happen.
  void refund(std::string_view key, TimePoint now, double tokens = 1);

 private:
  static constexpr std::size_t kLocks = 16, kWays = 8;
  struct Slot {
    std::uint64_t hash = 0;  // 0 = empty
    double tokens = 0;
    std::int64_t at_ns = 0;  // when `tokens` was right
  };
  struct Set {
    std::array<Slot, kWays> slots;
  };

  std::uint64_t hash_of(std::string_view key) const noexcept;
  double filled(const Slot& slot, TimePoint now) const noexcept;
  RateDecision decide(double available, double tokens, bool taking) const noexcept;

  RateLimit limit_;
  SipKey salt_;
  std::vector<Set> sets_;
  mutable std::array<std::mutex, kLocks> locks_;  // lock i guards the sets with index % kLocks == i
};

}  // namespace chat
