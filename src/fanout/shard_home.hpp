// A feed on its home shard, with a number of its own: an answer from the store may come after the feed has gone and
// another one of the same key has taken its place.
#pragma once

#include "fanout/home_feed.hpp"
#include "fanout/shard.hpp"

#include <cstdint>

namespace chat::fanout {

struct Shard::Home {
  Home(HomeFeed::Host& host, const FanOutOptions& options, const FeedKey& key, std::uint64_t id)
      : feed(host, options, key), number(id) {}

  HomeFeed feed;
  const std::uint64_t number;
};

}  // namespace chat::fanout
