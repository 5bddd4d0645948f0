// A page of a room's past, read from the store and encoded for one audience.
#pragma once

#include "base/result.hpp"
#include "ports/stores.hpp"
#include "protocol/room_frames.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::fanout {

struct ReplayPage {
  struct Entry {
    Seq seq;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    Uuid id;
    Timestamp at{};
  };
  std::string frames;
  std::vector<Entry> entries;
  Seq through;           // everything shown up to here has been given
  bool at_head = false;  // and that was the room's newest event
};

// Where a socket's replay begins: behind a number, or so that the newest `messages` messages are in it.
struct ReplayStart {
  enum class Kind : std::uint8_t { after, last } kind = Kind::last;
  Seq after;
  std::size_t messages = 0;
};

// Reads a page. Blocks: for a pool's thread. `through` may be below `start.after` when the room has no such number.
Result<ReplayPage> read_replay_page(HistoryStore& store, RoomId room, protocol::RoomAudience audience,
                                    const ReplayStart& start, const PageLimit& limit);

// Reads pages for the sockets of a shard. `done` is called on the shard, never inside the call.
class ReplayReader {
 public:
  using Done = std::function<void(Result<ReplayPage>)>;
  virtual void read_replay(RoomId room, protocol::RoomAudience audience, const ReplayStart& start, Done done) = 0;

 protected:
  ~ReplayReader() = default;
};

}  // namespace chat::fanout
