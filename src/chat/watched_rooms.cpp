#include "chat/watched_rooms.hpp"

#include <utility>

namespace chat {

void WatchedRooms::add(RoomId room, UserId member) {
  Stripe& stripe = stripe_of(room);
  const std::lock_guard lock(stripe.mutex);
  const auto [found, made] = stripe.rooms.try_emplace(room);
  if (made) {
    found->second.id = room;
    rooms_.fetch_add(1, std::memory_order_relaxed);
  }
  found->second.members.insert(member);
}

void WatchedRooms::remove(RoomId room, UserId member) {
  Stripe& stripe = stripe_of(room);
  const std::lock_guard lock(stripe.mutex);
  const auto found = stripe.rooms.find(room);
  if (found == stripe.rooms.end()) return;
  found->second.members.erase(member);
  forget_if_idle(stripe, found->second);
}

// A changed room is in the list of changed ones: it goes when that is taken.
void WatchedRooms::forget_if_idle(Stripe& stripe, Room& room) {
  if (!room.members.empty() || room.changed) return;
  const RoomId id = room.id;
  stripe.rooms.erase(id);
  rooms_.fetch_sub(1, std::memory_order_relaxed);
}

bool WatchedRooms::mark(RoomId id, UserId spared) {
  // Whoever is being added meanwhile is asked about his rooms after that.
  if (rooms_.load(std::memory_order_relaxed) == 0) return false;
  Stripe& stripe = stripe_of(id);
  const std::lock_guard lock(stripe.mutex);
  const auto found = stripe.rooms.find(id);
  if (found == stripe.rooms.end()) return false;
  Room& room = found->second;
  if (room.changed) {
    if (room.spared != spared) room.spared = UserId{};
    return true;
  }
  room.changed = true;
  room.spared = spared;
  room.next_changed = std::exchange(stripe.changed, &room);
  return true;
}

std::vector<Membership> WatchedRooms::take_changed() {
  std::vector<Membership> changed;
  for (Stripe& stripe : stripes_) {
    const std::lock_guard lock(stripe.mutex);
    for (Room* room = std::exchange(stripe.changed, nullptr); room;) {
      for (const UserId& member : room->members) {
        if (member != room->spared) changed.push_back({member, room->id});
      }
      Room* next = std::exchange(room->next_changed, nullptr);
      room->changed = false;
      forget_if_idle(stripe, *room);
      room = next;
    }
  }
  return changed;
}

}  // namespace chat
