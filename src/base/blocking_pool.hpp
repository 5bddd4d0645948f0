// Threads for work that blocks (database reads, password hashing), with a bounded queue.
//
// Home: made and stopped by app; `post` and `queued` are thread-safe.
#pragma once

#include "base/result.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace chat {

struct BlockingPoolOptions {
  std::string name;  // the threads' name in top and gdb, at most 15 characters
  std::size_t threads = 1;
  std::size_t queue_limit = 1024;  // jobs waiting, not counting those running
  int nice = 0;                    // added to the threads' niceness: hashing must not starve the shards
};

class BlockingPool {
 public:
  explicit BlockingPool(BlockingPoolOptions options);
  ~BlockingPool();  // as stop()
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // False when the queue is full or the pool is stopping: the job will not run.
  [[nodiscard]] bool post(std::function<void()> job);

  std::size_t queued() const;
  std::size_t queue_limit() const { return options_.queue_limit; }

  // Runs what is queued, then joins. Idempotent.
  void stop();

 private:
  void run();

  BlockingPoolOptions options_;
  mutable std::mutex mutex_;  // guards queue_, stopping_
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// Runs `work` (no arguments, answers Result<T>) on the pool and resumes the caller on its own executor.
// A full queue answers Errc::overloaded without running it. `work` must own its values: the awaiting coroutine may be
// gone before it ends. An exception in `work` becomes Errc::internal.
//
// g++ 12 destroys twice a lambda (or a braced aggregate) that is written inside the co_await expression and holds a
// string, a vector or the like: name it first, then `co_await run_on(pool, std::move(work))`.
template <class Work>
auto run_on(BlockingPool& pool, Work work) -> boost::asio::awaitable<std::invoke_result_t<Work&>> {
  using R = std::invoke_result_t<Work&>;
  auto initiate = [&pool](auto handler, std::shared_ptr<Work> w) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto resume = [waiting, executor](std::shared_ptr<R> result) {
      boost::asio::post(executor, [waiting, result]() mutable { std::move (*waiting)(std::move(result)); });
    };
    const bool taken = pool.post([resume, w]() mutable {
      std::shared_ptr<R> result;
      try {
        result = std::make_shared<R>((*w)());
      } catch (const std::exception& e) {
        result = std::make_shared<R>(Error{Errc::internal, e.what()});
      }
      w.reset();
      resume(std::move(result));
    });
    if (!taken) resume(std::make_shared<R>(Error{Errc::overloaded, "the work queue is full"}));
  };
  auto result = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(std::shared_ptr<R>)>(
      initiate, boost::asio::use_awaitable, std::make_shared<Work>(std::move(work)));
  co_return std::move(*result);
}

}  // namespace chat
