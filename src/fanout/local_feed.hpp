// A feed as one shard's connections see it: its streams, and what they have to know of the room's members.
//
// Home: the shard. There as long as it has a stream.
#pragma once

#include "fanout/feed_stream.hpp"
#include "fanout/shard.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace chat::fanout {

struct LocalFeed {
  struct Removal {
    Seq seq;
    UserId user;
  };

  LocalFeed(Shard& owner, const FeedKey& feed) : shard(owner), key(feed) {}

  FeedStream* find(WireFormat format, Audience audience) const noexcept {
    for (const auto& stream : streams) {
      if (stream->format() == format && stream->audience() == audience) return stream.get();
    }
    return nullptr;
  }

  Shard& shard;
  const FeedKey key;
  std::vector<std::unique_ptr<FeedStream>> streams;
  // Who was removed after `removals_after`, as far as this shard heard: at the most recent kRemovals.
  static constexpr std::size_t kRemovals = 64;
  std::vector<Removal> removals;
  std::optional<Seq> removals_after;  // none: no stream is live
};

}  // namespace chat::fanout
