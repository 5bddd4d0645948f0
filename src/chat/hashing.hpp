// Password hashing on its own small pool, with a bounded queue and a share of it for each address.
#pragma once

#include "base/blocking_pool.hpp"
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace chat {

struct HashingOptions {
  std::size_t threads = 1;             // cores - 1, at least 1
  std::size_t queue_limit = 128;       // jobs waiting and running
  std::size_t limit_per_address = 64;  // of these
  int nice = 10;                       // a login must not delay a message
};

// Thread-safe; made by app, and outlives everything that waits for it.
class HashingQueue {
 public:
  explicit HashingQueue(HashingOptions options);

  // Runs `work` (no arguments, answers Result<T>, owns its values) on the pool and resumes the caller on its executor.
  // overloaded, with a hint when to come again: the queue or this address's share of it is full, nothing ran.
  template <class Work>
  auto run(std::string address, Work work) -> boost::asio::awaitable<std::invoke_result_t<Work&>> {
    auto place = take(address);
    if (!place) co_return place.error();
    // The place is given back when the job is done, though the caller may be gone by then.
    auto job = [w = std::move(work), held = std::move(*place)]() mutable {
      auto result = held.stopped() ? std::invoke_result_t<Work&>(stopping_error()) : w();
      held.release();
      return result;
    };
    auto result = co_await run_on(pool_, std::move(job));
    co_return std::move(result);
  }

  std::size_t waiting() const;  // and running
  // From now on what waits is answered `unavailable` instead of hashed: a full queue is half a minute of work.
  void begin_stop() noexcept { stopping_ = true; }
  void stop() {
    begin_stop();
    pool_.stop();
  }

 private:
  // One place in the queue.
  class Place {
   public:
    Place(HashingQueue& queue, std::string address) : queue_(&queue), address_(std::move(address)) {}
    Place(Place&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)), address_(std::move(other.address_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() { release(); }
    void release();
    bool stopped() const noexcept { return queue_->stopping_; }

   private:
    HashingQueue* queue_;
    std::string address_;
  };
  Result<Place> take(const std::string& address);
  static Error stopping_error() { return {Errc::unavailable, "the server is stopping"}; }

  const HashingOptions options_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;                                 // guards total_, by_address_
  std::size_t total_ = 0;                                    // places taken
  std::unordered_map<std::string, std::size_t> by_address_;  // never more entries than places taken
  BlockingPool pool_;                                        // last: its jobs hold places
};

}  // namespace chat
