#include "chat/user_cache.hpp"

#include <algorithm>
#include <bit>

namespace chat {

UserCache::UserCache(std::size_t entries, std::chrono::milliseconds max_age)
    : max_age_(max_age), sets_(std::bit_ceil(std::max<std::size_t>(entries, kWays) / kWays)) {}

std::optional<KnownUser> UserCache::find(UserId id, TimePoint now) const {
  const auto index = index_of(id);
  std::lock_guard lock(locks_[index % kLocks]);
  for (const auto& slot : sets_[index].slots) {
    if (!slot.used || slot.user.id != id) continue;
    if (now - slot.read_at >= max_age_) return std::nullopt;
    return slot.user;
  }
  return std::nullopt;
}

void UserCache::put(KnownUser user, TimePoint read_at) {
  const auto index = index_of(user.id);
  std::lock_guard lock(locks_[index % kLocks]);
  auto& slots = sets_[index].slots;
  auto place = std::ranges::find_if(slots, [&](const Slot& s) { return s.used && s.user.id == user.id; });
  if (place != slots.end()) {
    if (place->read_at > read_at) return;
  } else {
    place = std::ranges::min_element(slots, {}, [](const Slot& s) { return s.used ? s.read_at : TimePoint::min(); });
  }
  place->user = std::move(user);
  place->read_at = read_at;
  place->used = true;
}

}  // namespace chat
