// Takes every commit to every connection that is to see it.
//
// A watched feed has one home shard (by its key), which orders and encodes; the other shards get one batch a turn.
// Home: made and ended by app, before and after the loops run; `on_commit`, `on_hint`, `invalidate`,
// `begin_shutdown` are thread-safe.
#pragma once

#include "base/time.hpp"
#include "fanout/options.hpp"
#include "fanout/shard.hpp"
#include "ports/bus.hpp"
#include "ports/journal.hpp"
#include "ports/stores.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace chat::fanout {

class FanOut final : public CommitSink {
 public:
  // Runs a job on a thread where it may block; false: it is full, and the job will not run.
  using RunBlocking = std::function<bool(std::function<void()>)>;

  // Everything referenced outlives this. The loops must have been stopped, and the pool behind `run_blocking`, before
  // it is destroyed.
  FanOut(const std::vector<transport::EventLoop*>& loops, HistoryStore& history, RunBlocking run_blocking, Bus& bus,
         const Clock& clock, FanOutOptions options = {});
  ~FanOut() override;

  // From the journal: tells the sockets here, then the other nodes.
  void on_commit(const Commit& commit) override;
  // From the bus: what another node committed.
  void on_hint(const Commit& commit);

  // Something may have been committed to the feed that nobody told us of (another process): if it is watched here, what
  // is new in the store is delivered. Thread-safe, never blocks.
  void look_again(const FeedKey& feed);

  // Numbers that were given here may never have been, or mean something else now (a restored database, a failover that
  // lost commits): every feed and ring is dropped and every connection told (Subscriber::on_state_invalidated). What
  // enters afterwards reads the store anew. Thread-safe, never blocks.
  void invalidate();                       // of the same epoch
  void invalidate(std::string new_epoch);  // epoch() is this from now on

  // Of the numbers that are given here: the database's. Thread-safe.
  std::string epoch() const;
  std::string epoch_of(std::uint64_t era) const;  // of a shard that is in it, see Shard::epoch

  // Pushes it to the feed's realtime subscribers on this node, if there are any. Thread-safe.
  void signal(const FeedKey& feed, Signal signal);

  // From now on nobody is told that sockets leave.
  void begin_shutdown() noexcept { stopping_.store(true, std::memory_order_relaxed); }

  std::size_t shards() const noexcept { return shards_.size(); }
  Shard& shard(std::size_t index) noexcept { return *shards_[index]; }
  // The shard of a loop; null when it is none of ours.
  Shard* shard_of(const transport::EventLoop& loop) noexcept;

 private:
  friend class Shard;
  void distribute(const Commit& commit, bool with_origin);
  std::uint32_t home_of(const FeedKey& feed) const noexcept;

  HistoryStore& history_;
  const RunBlocking run_blocking_;
  Bus& bus_;
  const Clock& clock_;
  const FanOutOptions options_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex epochs_mutex_;
  std::vector<std::string> epochs_;  // of each era: one more whenever everything is invalidated
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace chat::fanout
