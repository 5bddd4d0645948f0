#include "fanout/fanout.hpp"

#include <utility>

namespace chat::fanout {

FanOut::FanOut(const std::vector<transport::EventLoop*>& loops, HistoryStore& history, RunBlocking run_blocking,
               Bus& bus, const Clock& clock, FanOutOptions options)
    : history_(history),
      run_blocking_(std::move(run_blocking)),
      bus_(bus),
      clock_(clock),
      options_(options),
      epochs_{options_.epoch} {
  for (transport::EventLoop* loop : loops) {
    shards_.push_back(std::make_unique<Shard>(*this, static_cast<std::uint32_t>(shards_.size()), *loop));
  }
  for (auto& shard : shards_) shard->outgoing_.resize(shards_.size());
  bus_.set_receiver([this](const Commit& commit) { on_hint(commit); });
}

FanOut::~FanOut() = default;

void FanOut::on_commit(const Commit& commit) {
  distribute(commit, true);
  bus_.publish(commit);
}

void FanOut::on_hint(const Commit& commit) { distribute(commit, false); }

void FanOut::look_again(const FeedKey& feed) {
  Shard& home = *shards_[home_of(feed)];
  home.loop().post([&home, feed] { home.look_again(feed); });
}

void FanOut::invalidate() { invalidate(epoch()); }

void FanOut::invalidate(std::string new_epoch) {
  std::uint64_t era = 0;
  {
    const std::lock_guard lock(epochs_mutex_);
    era = epochs_.size();
    epochs_.push_back(std::move(new_epoch));
  }
  for (auto& shard : shards_) shard->loop().post([to = shard.get(), era] { to->begin_era(era); });
}

std::string FanOut::epoch() const {
  const std::lock_guard lock(epochs_mutex_);
  return epochs_.back();
}

std::string FanOut::epoch_of(std::uint64_t era) const {
  const std::lock_guard lock(epochs_mutex_);
  return epochs_.at(era);
}

void FanOut::signal(const FeedKey& feed, Signal signal) {
  Shard& home = *shards_[home_of(feed)];
  home.loop().post([&home, feed, signal = std::move(signal)] { home.offer_signal(feed, signal); });
}

// One task for each home shard that the commit concerns.
void FanOut::distribute(const Commit& commit, bool with_origin) {
  std::vector<std::vector<CommittedEvent>> by_home(shards_.size());
  for (const CommittedEvent& event : commit.events) {
    by_home[home_of(event.event->feed)].push_back({event.event, with_origin ? event.origin : Origin{}});
  }
  for (std::size_t i = 0; i < by_home.size(); ++i) {
    if (by_home[i].empty()) continue;
    shards_[i]->loop().post([shard = shards_[i].get(), events = std::move(by_home[i])] { shard->offer(events); });
  }
}

Shard* FanOut::shard_of(const transport::EventLoop& loop) noexcept {
  for (auto& shard : shards_) {
    if (&shard->loop() == &loop) return shard.get();
  }
  return nullptr;
}

std::uint32_t FanOut::home_of(const FeedKey& feed) const noexcept {
  return static_cast<std::uint32_t>(std::hash<FeedKey>{}(feed) % shards_.size());
}

}  // namespace chat::fanout
