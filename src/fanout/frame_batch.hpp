// A turn's news of one feed, encoded once on its home shard and read by every shard. Immutable when posted.
#pragma once

#include "base/time.hpp"
#include "fanout/wire_format.hpp"
#include "model/event.hpp"
#include "ports/journal.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chat::fanout {

struct FrameBatch {
  enum class What : std::uint8_t {
    event,   // numbered
    notice,  // has no number; replayed only to who came before it and still reads history
    signal,  // has no number and is never replayed
  };
  struct Entry {
    What what = What::event;
    EventKind kind = EventKind::message_created;
    bool fetched = false;  // read from the store: whose it is, is not known; `author` says who wrote it
    Seq seq;               // of an event
    Uuid id;
    UserId author;
    Timestamp at{};
    Seq rewrites;    // the message whose creation is from now on replayed differently (edited, deleted); 0 = none
    UserId removed;  // who is no member of the room from here on; nil = nobody
    Origin origin;
    Encoder::Frames frames;
  };

  FeedKey feed;
  std::string bytes;
  std::vector<Entry> entries;  // events in seq order, without a hole

  // Empty when nobody wanted the format, or it does not show such a thing.
  std::string_view frame(const Entry& entry, WireFormat format) const {
    const auto& frame = entry.frames.of[index_of(format)];
    return std::string_view(bytes).substr(frame.offset, frame.length);
  }
};

}  // namespace chat::fanout
