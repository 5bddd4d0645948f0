// A feed as one shard's connections see it: its streams, and what they have to know of the room's members.
//
// Home: the shard. There as long as it has a stream.
#pragma once

#include "fanout/feed_stream.hpp"
#include "fanout/queue.hpp"
#include "model/feed.hpp"

#include <cstddef>
#include <forward_list>
#include <optional>

namespace chat::fanout {

class Shard;

struct LocalFeed {
  struct Removal {
    Seq seq;
    UserId user;
  };

  LocalFeed(Shard& owner, const FeedKey& feed) : shard(owner), key(feed) {}

  FeedStream* find(WireFormat format, Audience audience) noexcept {
    for (FeedStream& stream : streams) {
      if (stream.format() == format && stream.audience() == audience) return &stream;
    }
    return nullptr;
  }

  Shard& shard;
  const FeedKey key;
  std::forward_list<FeedStream> streams;
  // Who was removed after `removals_after`, as far as this shard heard: at the most recent kRemovals.
  static constexpr std::size_t kRemovals = 64;
  Queue<Removal> removals;
  Seq removals_after{-1};  // -1: no stream is live
};

}  // namespace chat::fanout
