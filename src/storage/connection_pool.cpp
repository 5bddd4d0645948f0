#include "storage/connection_pool.hpp"

#include <algorithm>

namespace chat::storage {

ConnectionPool::Lease::~Lease() {
  if (!pool_) return;
  if (connection_ && connection_->in_transaction()) connection_->rollback();
  if (connection_ && connection_->broken()) discard();
  pool_->give_back(std::move(connection_));
}

void ConnectionPool::Lease::discard() {
  connection_.reset();
  pool_->drop_idle();
}

Result<ConnectionPool::Lease> ConnectionPool::acquire() {
  std::unique_lock lock(mutex_);
  const auto deadline = Clock::now() + options_.wait;
  while (true) {
    if (closed_) return Error{Errc::unavailable, "the store is closed"};
    if (away_ && (trying_ || Clock::now() < retry_at_)) return why_away_;
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->broken()) continue;
      ++out_;
      return Lease(*this, std::move(connection), true);
    }
    // With others at work a failure to open one more is theirs to make up for: it is only not tried again at once.
    const bool may_open = out_ < options_.connections && (out_ == 0 || Clock::now() >= retry_at_);
    if (may_open) {
      if (auto opened = connect(lock)) return std::move(*opened);
      if (away_) return why_away_;
      continue;
    }
    const auto until = out_ < options_.connections ? std::min(deadline, retry_at_) : deadline;
    if (freed_.wait_until(lock, until) == std::cv_status::timeout && Clock::now() >= deadline)
      return Error{Errc::overloaded, "all database connections are busy"};
  }
}

// None: it failed, and `away_` says whether that makes the database away.
std::optional<ConnectionPool::Lease> ConnectionPool::connect(std::unique_lock<std::mutex>& lock) {
  const bool alone = away_;
  trying_ = trying_ || alone;
  ++out_;
  lock.unlock();
  auto opened = open();
  lock.lock();
  if (alone) trying_ = false;
  if (opened) {
    away_ = false;
    pause_ = {};
    retry_at_ = {};
    return Lease(*this, std::move(*opened), false);
  }
  --out_;
  pause_ = std::clamp(pause_ * 2, options_.first_pause, options_.longest_pause);
  retry_at_ = Clock::now() + pause_;
  away_ = out_ == 0 && idle_.empty();
  why_away_ = Error{Errc::unavailable, "database away: " + opened.error().message};
  freed_.notify_all();
  return std::nullopt;
}

sql::Outcome<std::unique_ptr<sql::Connection>> ConnectionPool::open() {
  try {
    return open_();
  } catch (const std::exception& e) {
    return sql::Failure{sql::Cause::connection_lost, {}, {}, e.what()};
  }
}

void ConnectionPool::give_back(std::unique_ptr<sql::Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    --out_;
    if (connection && !closed_) idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

void ConnectionPool::drop_idle() {
  std::vector<std::unique_ptr<sql::Connection>> dropped;
  const std::lock_guard lock(mutex_);
  dropped.swap(idle_);
}

void ConnectionPool::close() {
  std::vector<std::unique_ptr<sql::Connection>> dropped;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(idle_);
  }
  freed_.notify_all();
}

}  // namespace chat::storage
