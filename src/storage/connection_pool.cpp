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
  const auto deadline = std::chrono::steady_clock::now() + options_.wait;
  while (!closed_ && idle_.empty() && out_ >= options_.connections) {
    if (away_) return why_away_;
    if (freed_.wait_until(lock, deadline) == std::cv_status::timeout)
      return Error{Errc::overloaded, "all database connections are busy"};
  }
  if (closed_) return Error{Errc::unavailable, "the store is closed"};
  if (idle_.empty()) return connect(std::move(lock));
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  ++out_;
  return Lease(*this, std::move(connection), true);
}

Result<ConnectionPool::Lease> ConnectionPool::connect(std::unique_lock<std::mutex> lock) {
  if (away_ && (trying_ || std::chrono::steady_clock::now() < retry_at_)) return why_away_;
  const bool alone = away_;
  trying_ = trying_ || alone;
  ++out_;
  lock.unlock();
  auto opened = open_();
  lock.lock();
  if (alone) trying_ = false;
  if (!opened) {
    --out_;
    freed_.notify_one();
    away_ = true;
    why_away_ = Error{Errc::unavailable, "database away: " + opened.error().message};
    pause_ = std::clamp(pause_ * 2, options_.first_pause, options_.longest_pause);
    retry_at_ = std::chrono::steady_clock::now() + pause_;
    return why_away_;
  }
  away_ = false;
  pause_ = {};
  return Lease(*this, std::move(*opened), false);
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
