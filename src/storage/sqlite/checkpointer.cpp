#include "storage/sqlite/checkpointer.hpp"

#include "telemetry/log.hpp"

#include <pthread.h>

namespace chat::storage {

Checkpointer::Checkpointer(std::unique_ptr<sql::SqliteConnection> connection, WriteLane& writer,
                           std::chrono::milliseconds interval, std::int64_t urgent_frames)
    : connection_(std::move(connection)), writer_(writer), interval_(interval), urgent_frames_(urgent_frames) {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "checkpoint");
}

Checkpointer::~Checkpointer() { stop(); }

void Checkpointer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval_, [this] { return stopping_; })) {
    lock.unlock();
    checkpoint();
    lock.lock();
  }
}

void Checkpointer::checkpoint() {
  const auto done = connection_->checkpoint_passive();
  // The log stays as it is and holds everything; what ails the disk shows at the writer's next commit.
  if (!done) return log_warn("checkpoint_failed", {{"reason", sql::to_error(done.error()).message}});
  if (done->log_frames < urgent_frames_) return;
  (void)writer_.run([](sql::Connection& connection) -> Result<void> {
    const auto rest = dynamic_cast<sql::SqliteConnection&>(connection).checkpoint_passive();
    if (!rest) return sql::to_error(rest.error());
    return {};
  });
}

}  // namespace chat::storage
