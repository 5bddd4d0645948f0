// A rate with a burst: `rate` tokens a second, at most `burst` saved up.
//
// Not thread-safe; time is handed in, so that tests own it.
#pragma once

#include <algorithm>
#include <chrono>

namespace chat {

struct RateLimit {
  double rate = 0;   // tokens a second; 0 = no limit
  double burst = 0;  // tokens
};

class TokenBucket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Takes `n` tokens if they are there.
  bool take(const RateLimit& limit, TimePoint now, double n = 1) {
    if (limit.rate <= 0) return true;
    refill(limit, now);
    if (tokens_ < n) return false;
    tokens_ -= n;
    return true;
  }

  // How long until `n` tokens will be there; zero when they are.
  std::chrono::milliseconds wait(const RateLimit& limit, TimePoint now, double n = 1) {
    if (limit.rate <= 0) return std::chrono::milliseconds(0);
    refill(limit, now);
    if (tokens_ >= n) return std::chrono::milliseconds(0);
    return std::chrono::milliseconds(1 + static_cast<long>((n - tokens_) / limit.rate * 1000.0));
  }

  double tokens(const RateLimit& limit, TimePoint now) {
    refill(limit, now);
    return tokens_;
  }

 private:
  void refill(const RateLimit& limit, TimePoint now) {
    if (!started_) {
      started_ = true;
      tokens_ = limit.burst;
      last_ = now;
      return;
    }
    if (now <= last_) return;
    tokens_ = std::min(limit.burst, tokens_ + std::chrono::duration<double>(now - last_).count() * limit.rate);
    last_ = now;
  }

  TimePoint last_{};
  double tokens_ = 0;
  bool started_ = false;
};

}  // namespace chat
