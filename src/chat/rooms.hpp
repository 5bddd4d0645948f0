// Rooms as the rules see them: who may make, list, enter and read them.
//
// Thread-safe. Permission to *post* is settled by the journal, under the room's lock; what is asked here is only
// whether to let somebody in.
#pragma once

#include "base/blocking_pool.hpp"
#include "base/keyed_rate_limiter.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chat/page_reads.hpp"
#include "model/room.hpp"
#include "model/user.hpp"
#include "ports/stores.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace chat {

struct RoomsOptions {
  RateLimit creations{5, 100};       // a user; rate 0 = no limit
  std::size_t rate_entries = 16384;  // users whose rate is remembered
};

struct NewRoom {
  std::string name;  // 1..200 characters, checked at the edge
  std::optional<std::string> description;
};

class Rooms {
 public:
  // Hears of every room made here, before its creator does; on any thread, must not block.
  using Created = std::function<void(const Room&)>;

  // All referenced objects outlive this one. SQLite has one writer: creations go through `write_pool`.
  Rooms(RoomStore& rooms, HistoryStore& history, BlockingPool& read_pool, BlockingPool& write_pool, const Clock& clock,
        RoomsOptions options, Created created = {});

  // A public room. Errors: room_exists, rate_limited (with `Error::retry_after`), unavailable, overloaded.
  boost::asio::awaitable<Result<Room>> create(Principal creator, NewRoom room);

  // All public rooms, oldest first.
  boost::asio::awaitable<Result<std::vector<Room>>> list();

  // Page `page` (from 1) of `size` messages, oldest first. Errors: room_not_found, forbidden (a room that is not
  // public, and the viewer no member), unavailable, overloaded.
  boost::asio::awaitable<Result<HistoryPage>> history(RoomId room, UserId viewer, std::int64_t page, std::int64_t size);

  // May this user open a socket on the room? Errors: room_not_found (no such room), forbidden (a room that is not
  // public, and the user no member), unavailable, overloaded.
  boost::asio::awaitable<Result<RoomAccess>> enter(RoomId room, UserId user);

 private:
  RoomStore& rooms_;
  PageReads pages_;
  BlockingPool& read_pool_;
  BlockingPool& write_pool_;
  const Clock& clock_;
  KeyedRateLimiter creations_;
  const Created created_;
};

}  // namespace chat
