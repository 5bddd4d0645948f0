// A turn's news of one room, encoded once on its home shard and read by every shard. Immutable when posted.
#pragma once

#include "base/time.hpp"
#include "model/event.hpp"
#include "ports/journal.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chat::fanout {

struct FrameBatch {
  struct Entry {
    Seq seq;  // 0: a notice, which has no number and is never replayed
    EventKind kind = EventKind::message_created;
    bool fetched = false;  // read from the store: whose it is, is not known; `author` says who wrote it
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    Uuid id;
    UserId author;
    Timestamp at{};
    Seq rewrites;  // the message whose creation is from now on replayed differently (edited, deleted); 0 = none
    Origin origin;
  };

  RoomId room;
  std::string bytes;
  std::vector<Entry> entries;  // numbered ones in seq order, without a hole

  std::string_view frame(const Entry& entry) const {
    return std::string_view(bytes).substr(entry.offset, entry.length);
  }
};

}  // namespace chat::fanout
