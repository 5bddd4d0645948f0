#include "chat/hashing.hpp"

#include <algorithm>

namespace chat {
namespace {

constexpr std::chrono::milliseconds kOneHash{200};  // about, on one core: for the hint when to come again

}  // namespace

// The pool's own bound is never met: places are counted here, by address as well.
HashingQueue::HashingQueue(HashingOptions options)
    : options_(options),
      pool_({.name = "hashing",
             .threads = std::max<std::size_t>(1, options.threads),
             .queue_limit = options.queue_limit + 1,
             .nice = options.nice}) {}

Result<HashingQueue::Place> HashingQueue::take(const std::string& address) {
  std::lock_guard lock(mutex_);
  auto found = by_address_.find(address);
  const std::size_t of_address = found == by_address_.end() ? 0 : found->second;
  if (total_ >= options_.queue_limit || of_address >= options_.limit_per_address) {
    const auto threads = std::max<std::size_t>(1, options_.threads);
    const auto wait = std::chrono::ceil<std::chrono::seconds>(kOneHash * total_ / threads);
    return Error{Errc::overloaded, "too many passwords are being checked",
                 RetryHint{std::clamp(wait, std::chrono::seconds(1), std::chrono::seconds(60)), 0}};
  }
  ++total_;
  ++by_address_[address];
  return Place(*this, address);
}

void HashingQueue::Place::release() {
  if (!queue_) return;
  auto& queue = *std::exchange(queue_, nullptr);
  std::lock_guard lock(queue.mutex_);
  --queue.total_;
  auto entry = queue.by_address_.find(address_);
  if (--entry->second == 0) queue.by_address_.erase(entry);
}

std::size_t HashingQueue::waiting() const {
  std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace chat
