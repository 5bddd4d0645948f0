// A clock that stands still until a test moves it.
#pragma once

#include "base/time.hpp"

#include <atomic>
#include <chrono>

namespace chat::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = *parse_timestamp("2026-11-23T01:02:03.000004Z")) : start_(start) {}

  Timestamp now() const override { return start_ + passed(); }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(std::chrono::hours(1)) + passed();
  }
  void advance(std::chrono::microseconds by) { passed_us_ += by.count(); }

 private:
  std::chrono::microseconds passed() const { return std::chrono::microseconds(passed_us_.load()); }

  const Timestamp start_;
  std::atomic<std::int64_t> passed_us_{0};
};

}  // namespace chat::testing
