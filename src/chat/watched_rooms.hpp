// Of which rooms the connected users are members, and in which of these something has changed.
//
// Thread-safe. A change takes one look-up under the lock of one stripe and allocates nothing, whatever the number of
// members: who they are is asked later, by `take_changed`.
#pragma once

#include "model/ids.hpp"
#include "ports/stores.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace chat {

class WatchedRooms {
 public:
  void add(RoomId room, UserId member);     // harmless when he is there
  void remove(RoomId room, UserId member);  // harmless when he is not

  // Something changed in the room for everybody but `spared` (nil: for everybody). False: nobody watches the room.
  bool mark(RoomId room, UserId spared);

  // For whom something changed, and where, since the last call. A member is left out only when every change spared him.
  std::vector<Membership> take_changed();

 private:
  struct Room {
    std::unordered_set<UserId> members;
    RoomId id;
    UserId spared;  // by every change so far; nil: nobody
    bool changed = false;
    Room* next_changed = nullptr;
  };
  struct alignas(64) Stripe {
    std::mutex mutex;  // guards the stripe
    std::unordered_map<RoomId, Room> rooms;
    Room* changed = nullptr;
  };
  static constexpr std::size_t kStripes = 16;

  // By high bits: the maps use the low ones.
  Stripe& stripe_of(RoomId room) noexcept { return stripes_[std::hash<RoomId>{}(room) >> 60 & (kStripes - 1)]; }
  void forget_if_idle(Stripe& stripe, Room& room);

  std::array<Stripe, kStripes> stripes_;
  std::atomic<std::size_t> rooms_{0};  // in all stripes
};

}  // namespace chat
