// Connections for calls that block, each leased by one thread at a time.
//
// Thread-safe. A database that is away costs its callers little: while one of them tries to connect, and for a growing
// pause after each failure, the others are answered Errc::unavailable at once. While some connections work, one more
// that cannot be had (the server's limit is reached) is no such thing: its caller waits for the others.
#pragma once

#include "storage/sql_connection.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace chat::storage {

struct PoolOptions {
  std::size_t connections = 4;
  std::chrono::milliseconds wait{5000};  // for a free connection; then Errc::overloaded
  std::chrono::milliseconds first_pause{50};
  std::chrono::milliseconds longest_pause{2000};
};

class ConnectionPool {
 public:
  using Opener = std::function<sql::Outcome<std::unique_ptr<sql::Connection>>()>;
  ConnectionPool(Opener open, PoolOptions options) : open_(std::move(open)), options_(options) {}

  // Runs `work(sql::Connection&) -> sql::Outcome<T>` on a leased connection and answers Result<T>. When a connection
  // that had been idle turns out to be gone, `work` runs once more on a new one: it must not have told anybody yet,
  // and a commit of its own whose outcome is unknown must not be answered as connection_lost.
  template <class F>
  auto use(F&& work) -> Result<typename std::invoke_result_t<F&, sql::Connection&>::value_type> {
    for (bool retried = false;; retried = true) {
      auto lease = acquire();
      if (!lease) return lease.error();
      auto done = work(**lease);
      if (done) return std::move(done).value();
      const bool lost = done.error().cause == sql::Cause::connection_lost;
      if (!lost || !lease->reused() || retried) return sql::to_error(done.error());
      lease->discard();
    }
  }
  // The same for work that answers in the domain's words, without a second try inside: see PooledWriteLane.

  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<sql::Connection> connection, bool reused)
        : pool_(&pool), connection_(std::move(connection)), reused_(reused) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)),
          connection_(std::move(other.connection_)),
          reused_(other.reused_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    sql::Connection& operator*() const { return *connection_; }
    sql::Connection* operator->() const { return connection_.get(); }
    bool reused() const { return reused_; }  // it had been idle: the server may have gone meanwhile
    void discard();                          // closes it, and all that are idle: what broke it broke them too

   private:
    ConnectionPool* pool_;
    std::unique_ptr<sql::Connection> connection_;
    bool reused_;
  };
  Result<Lease> acquire();

  // Closes what is idle and refuses from now on; leases that are out are closed when they come back.
  void close();

 private:
  using Clock = std::chrono::steady_clock;
  std::optional<Lease> connect(std::unique_lock<std::mutex>& lock);
  sql::Outcome<std::unique_ptr<sql::Connection>> open();
  void give_back(std::unique_ptr<sql::Connection> connection);
  void drop_idle();

  const Opener open_;
  const PoolOptions options_;
  std::mutex mutex_;  // guards all below
  std::condition_variable freed_;
  std::vector<std::unique_ptr<sql::Connection>> idle_;
  std::size_t out_ = 0;  // leased, or being opened
  bool closed_ = false;
  bool away_ = false;    // the last attempt to connect failed, and nobody has a connection
  bool trying_ = false;  // somebody tries again
  Error why_away_;
  std::chrono::milliseconds pause_{0};
  Clock::time_point retry_at_{};  // no new connection is tried before
};

}  // namespace chat::storage
