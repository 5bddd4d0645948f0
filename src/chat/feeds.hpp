// Feeds as their readers ask for them: a stretch of a room's or of one's own events, and who may read it.
//
// Thread-safe.
#pragma once

#include "base/blocking_pool.hpp"
#include "base/result.hpp"
#include "model/event.hpp"
#include "model/feed.hpp"
#include "ports/stores.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace chat {

struct FeedQuery {
  std::optional<Seq> since;  // exclusive; none: from the oldest kept, or from the newest when backwards
  bool backwards = false;    // newest first
  std::size_t limit = 0;     // events; 0: nothing but the head
  std::size_t bytes = 256 * 1024;
};

struct FeedStretch {
  std::vector<Event> events;
  FeedHead head;          // of the same snapshot
  bool complete = false;  // nothing lies beyond, in the direction that was asked for
};

class Feeds {
 public:
  // All referenced objects outlive this one.
  Feeds(RoomStore& rooms, HistoryStore& history, BlockingPool& read_pool);

  // Errors: room_not_found, forbidden (another user's feed, or a room that is not public and the reader no member),
  // unavailable, overloaded. One hop to the read pool.
  boost::asio::awaitable<Result<FeedStretch>> read(FeedKey feed, UserId reader, FeedQuery query);

 private:
  RoomStore& rooms_;
  HistoryStore& history_;
  BlockingPool& read_pool_;
};

}  // namespace chat
