#include "base/keyed_rate_limiter.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace chat {
namespace {

std::int64_t nanoseconds(KeyedRateLimiter::TimePoint t) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
}

std::chrono::milliseconds time_for(double tokens, double rate) {
  return std::chrono::milliseconds(tokens <= 0 ? 0 : 1 + static_cast<std::int64_t>(tokens / rate * 1000.0));
}

}  // namespace

int RateDecision::retry_after_seconds() const noexcept {
  return static_cast<int>(std::clamp<std::int64_t>((retry_after.count() + 999) / 1000, 1, 60));
}

KeyedRateLimiter::KeyedRateLimiter(RateLimit limit, std::size_t slots)
    : limit_{limit.rate, std::max(limit.burst, 1.0)}, salt_(SipKey::random()) {
  if (limit.rate > 0) sets_.resize(std::bit_ceil(std::max<std::size_t>(1, slots / kWays)));
}

std::uint64_t KeyedRateLimiter::hash_of(std::string_view key) const noexcept {
  const auto hash = siphash(salt_, key);
  return hash == 0 ? 1 : hash;
}

double KeyedRateLimiter::filled(const Slot& slot, TimePoint now) const noexcept {
  const double seconds = static_cast<double>(std::max<std::int64_t>(0, nanoseconds(now) - slot.at_ns)) / 1e9;
  return std::min(limit_.burst, slot.tokens + seconds * limit_.rate);
}

RateDecision KeyedRateLimiter::decide(double available, double tokens, bool taking) const noexcept {
  RateDecision d;
  d.allowed = available >= tokens;
  const double left = d.allowed && taking ? available - tokens : available;
  d.limit = static_cast<std::int64_t>(limit_.burst);
  d.remaining = static_cast<std::int64_t>(std::floor(left));
  d.reset = time_for(limit_.burst - left, limit_.rate);
  // More than the bucket can ever hold: there is no right time; the longest that is sensible to name.
  if (!d.allowed) d.retry_after = time_for(std::min(tokens, limit_.burst) - available, limit_.rate);
  return d;
}

RateDecision KeyedRateLimiter::take(std::string_view key, TimePoint now, double tokens) {
  if (sets_.empty()) return {};
  const auto hash = hash_of(key);
  const auto index = hash & (sets_.size() - 1);
  const std::lock_guard lock(locks_[index % kLocks]);
  auto& slots = sets_[index].slots;
  auto slot = std::find_if(slots.begin(), slots.end(), [&](const Slot& s) { return s.hash == hash; });
  if (slot == slots.end()) {
    // The fullest bucket carries the least: an empty slot is a full one, and forgetting a full one changes nothing.
    slot = std::max_element(slots.begin(), slots.end(), [&](const Slot& a, const Slot& b) {
      return (a.hash ? filled(a, now) : limit_.burst + 1) < (b.hash ? filled(b, now) : limit_.burst + 1);
    });
    *slot = Slot{hash, limit_.burst, nanoseconds(now)};
  }
  const double available = filled(*slot, now);
  const auto decision = decide(available, tokens, true);
  slot->tokens = decision.allowed ? available - tokens : available;
  slot->at_ns = std::max(slot->at_ns, nanoseconds(now));
  return decision;
}

RateDecision KeyedRateLimiter::peek(std::string_view key, TimePoint now, double tokens) const {
  if (sets_.empty()) return {};
  const auto hash = hash_of(key);
  const auto index = hash & (sets_.size() - 1);
  const std::lock_guard lock(locks_[index % kLocks]);
  const auto& slots = sets_[index].slots;
  const auto slot = std::find_if(slots.begin(), slots.end(), [&](const Slot& s) { return s.hash == hash; });
  return decide(slot == slots.end() ? limit_.burst : filled(*slot, now), tokens, false);
}

void KeyedRateLimiter::refund(std::string_view key, TimePoint now, double tokens) {
  if (sets_.empty()) return;
  const auto hash = hash_of(key);
  const auto index = hash & (sets_.size() - 1);
  const std::lock_guard lock(locks_[index % kLocks]);
  for (auto& slot : sets_[index].slots) {
    if (slot.hash != hash) continue;
    slot.tokens = std::min(limit_.burst, filled(slot, now) + tokens);
    slot.at_ns = std::max(slot.at_ns, nanoseconds(now));
  }
}

}  // namespace chat
