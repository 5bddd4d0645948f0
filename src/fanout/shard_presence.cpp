// Who is in a feed: every shard counts its own, the one that asked puts it together.
#include "fanout/fanout.hpp"
#include "fanout/local_feed.hpp"
#include "fanout/shard.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace chat::fanout {

struct Shard::Counted {
  std::vector<Presence::Client> list;
  std::size_t clients = 0;
  std::unordered_set<UserId> users;
};

Shard::Counted Shard::count_present(const FeedKey& feed, std::size_t limit) const {
  Counted counted;
  const auto found = local_.find(feed);
  if (found == local_.end()) return counted;
  for (const auto& stream : found->second.streams) {
    for (const auto* all : {&stream.members(), &stream.approaching()}) {
      for (const Subscription* one : *all) {
        if (!one->announced_) continue;
        const UserId user = one->owner_.user();
        ++counted.clients;
        counted.users.insert(user);
        if (counted.list.size() < limit)
          counted.list.push_back({client_text(one->owner_.origin()), user, one->owner_.entrant().name});
      }
    }
  }
  return counted;
}

void Shard::presence(const FeedKey& feed, std::size_t limit, std::function<void(Presence)> done) {
  struct Gathering {
    Counted sum;
    std::size_t awaited;
    std::function<void(Presence)> done;
  };
  const auto gathering = std::make_shared<Gathering>(Gathering{{}, fan_out_.shards(), std::move(done)});
  const auto add = [gathering, limit](Counted& part) {
    Counted& sum = gathering->sum;
    sum.clients += part.clients;
    sum.users.merge(part.users);
    const std::size_t fits = std::min(part.list.size(), limit - sum.list.size());
    std::move(part.list.begin(), part.list.begin() + static_cast<std::ptrdiff_t>(fits), std::back_inserter(sum.list));
    if (--gathering->awaited == 0) gathering->done({std::move(sum.list), sum.clients, sum.users.size()});
  };
  for (std::size_t i = 0; i < fan_out_.shards(); ++i) {
    Shard& shard = fan_out_.shard(i);
    shard.loop().post([this, &shard, feed, limit, add] {
      const auto part = std::make_shared<Counted>(shard.count_present(feed, limit));
      loop_.post([add, part] { add(*part); });
    });
  }
}

}  // namespace chat::fanout
