// A feed on its home shard, with a number of its own: an answer from the store may come after the feed has gone and
// another one of the same room has taken its place.
#pragma once

#include "fanout/room_feed.hpp"
#include "fanout/shard.hpp"

#include <cstdint>

namespace chat::fanout {

struct Shard::Feed {
  Feed(RoomFeed::Host& host, const FanOutOptions& options, RoomId room, std::size_t shards, std::uint64_t id)
      : feed(host, options, room, shards), number(id) {}

  RoomFeed feed;
  const std::uint64_t number;
};

}  // namespace chat::fanout
