// Writes that are no feed changes (accounts, new rooms, read markers): where they run.
//
// SQLite has one writer for the whole process, the journal's lane 0, and these go through it between two batches.
// PostgreSQL takes them on connections of its own. Without a journal (the command line) DirectWriteLane does.
#pragma once

#include "base/result.hpp"
#include "storage/sql_connection.hpp"

#include <functional>
#include <memory>
#include <mutex>

namespace chat::storage {

class WriteLane {
 public:
  virtual ~WriteLane() = default;
  // Runs `work` exclusively on a writer connection and waits for its end; the connection is idle before and after, and
  // `work` makes its own transaction. Thread-safe, but never from the lane's own thread, nor from a shard.
  // Errc::unavailable or overloaded without running it when the lane is stopped, full, or the database away.
  virtual Result<void> run(const std::function<Result<void>(sql::Connection&)>& work) = 0;
};

// One connection, one caller at a time.
class DirectWriteLane final : public WriteLane {
 public:
  explicit DirectWriteLane(std::unique_ptr<sql::Connection> connection) : connection_(std::move(connection)) {}
  Result<void> run(const std::function<Result<void>(sql::Connection&)>& work) override {
    const std::lock_guard lock(mutex_);
    if (!connection_) return Error{Errc::unavailable, "the writer has been handed over"};
    return work(*connection_);
  }
  // Hands the connection over to the journal; `run` refuses from then on.
  std::unique_ptr<sql::Connection> release() {
    const std::lock_guard lock(mutex_);
    return std::move(connection_);
  }

 private:
  std::mutex mutex_;  // guards connection_
  std::unique_ptr<sql::Connection> connection_;
};

}  // namespace chat::storage
