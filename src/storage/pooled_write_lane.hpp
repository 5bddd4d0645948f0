// WriteLane over a pool: as many writes at a time as it has connections.
#pragma once

#include "storage/connection_pool.hpp"
#include "storage/write_lane.hpp"

namespace chat::storage {

class PooledWriteLane final : public WriteLane {
 public:
  PooledWriteLane(ConnectionPool::Opener open, PoolOptions options) : pool_(std::move(open), options) {}

  // A connection that had been idle may turn out to be dead; the work then runs again on a new one, unless it got as
  // far as a commit whose outcome nobody knows (Errc::outcome_unknown).
  Result<void> run(const std::function<Result<void>(sql::Connection&)>& work) override {
    for (bool retried = false;; retried = true) {
      auto lease = pool_.acquire();
      if (!lease) return lease.error();
      auto done = work(**lease);
      const bool dead = !done && done.error().code == Errc::unavailable && (*lease)->broken();
      if (!dead || !lease->reused() || retried) return done;
      lease->discard();
    }
  }
  void close() { pool_.close(); }

 private:
  ConnectionPool pool_;
};

}  // namespace chat::storage
