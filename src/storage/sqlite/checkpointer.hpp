// Moves what the write-ahead log holds into the database file, so that no sender pays for it.
//
// A thread of its own with its own connection. PASSIVE checkpoints wait for nobody; while writers never pause they do
// not reach the log's very end, and only then can it start over. When it has grown too long, the last stretch, by then
// short, is therefore done on the write lane.
#pragma once

#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/write_lane.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace chat::storage {

class Checkpointer {
 public:
  Checkpointer(std::unique_ptr<sql::SqliteConnection> connection, WriteLane& writer, std::chrono::milliseconds interval,
               std::int64_t urgent_frames);
  ~Checkpointer();  // as stop()

  void stop();  // idempotent

 private:
  void run();
  void checkpoint();

  const std::unique_ptr<sql::SqliteConnection> connection_;  // the thread's
  WriteLane& writer_;
  const std::chrono::milliseconds interval_;
  const std::int64_t urgent_frames_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace chat::storage
