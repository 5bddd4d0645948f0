#include "chat/hashing.hpp"
#include "support/run.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace chat::testing {
namespace {

// Holds the hashing thread until it is opened.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int entered = 0, passed = 0;
  void pass() {
    std::unique_lock lock(mutex);
    ++entered;
    changed.notify_all();
    changed.wait(lock, [this] { return open; });
    ++passed;
  }
  void await_entry() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return entered > 0; });
  }
  void unlock() {
    std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
};

boost::asio::awaitable<Result<int>> job(HashingQueue& queue, std::string address, Gate& gate) {
  co_return co_await queue.run(std::move(address), [&gate]() -> Result<int> {
    gate.pass();
    return 1;
  });
}

TEST(HashingQueue, OneAddressGetsItsShareAndTheQueueIsBounded) {
  HashingQueue queue({.threads = 1, .queue_limit = 5, .limit_per_address = 3, .nice = 0});
  Gate gate;
  boost::asio::io_context context;
  std::vector<Errc> refused;
  std::atomic<int> done = 0;
  const auto send = [&](std::string address) {
    boost::asio::co_spawn(context, job(queue, std::move(address), gate), [&](std::exception_ptr, Result<int> result) {
      if (result) {
        ++done;
      } else {
        EXPECT_EQ(result.error().code, Errc::overloaded);
        EXPECT_GE(result.error().retry.after.count(), 1);
        EXPECT_LE(result.error().retry.after.count(), 60);
        refused.push_back(result.error().code);
      }
    });
  };
  for (int i = 0; i < 5; ++i) send("greedy");
  context.poll();
  EXPECT_EQ(refused.size(), 2u);
  EXPECT_EQ(queue.waiting(), 3u);
  for (int i = 0; i < 4; ++i) send("other " + std::to_string(i));
  context.poll();
  EXPECT_EQ(refused.size(), 4u) << "two more fit";
  EXPECT_EQ(queue.waiting(), 5u);
  gate.unlock();
  context.restart();
  context.run();
  EXPECT_EQ(done, 5);
  EXPECT_EQ(queue.waiting(), 0u) << "places are given back";
  send("greedy");
  context.restart();
  context.run();
  EXPECT_EQ(done, 6);
}

TEST(HashingQueue, StoppingDoesNotHashWhatWaits) {
  HashingQueue queue({.threads = 1, .queue_limit = 9, .limit_per_address = 9, .nice = 0});
  Gate gate;
  boost::asio::io_context context;
  int done = 0, refused = 0;
  for (int i = 0; i < 5; ++i) {
    boost::asio::co_spawn(context, job(queue, "a", gate), [&](std::exception_ptr, Result<int> result) {
      ++(result ? done : refused);
      if (!result) {
        EXPECT_EQ(result.error().code, Errc::unavailable);
      }
    });
  }
  context.poll();
  gate.await_entry();
  queue.begin_stop();
  gate.unlock();
  queue.stop();
  context.restart();
  context.run();
  EXPECT_EQ(done, 1) << "whose turn it was";
  EXPECT_EQ(refused, 4) << "everybody is answered";
  EXPECT_EQ(gate.passed, 1);
  EXPECT_EQ(queue.waiting(), 0u);
}

TEST(HashingQueue, WorkThatThrowsGivesItsPlaceBack) {
  HashingQueue queue({.threads = 1, .queue_limit = 1, .limit_per_address = 1, .nice = 0});
  for (int i = 0; i < 3; ++i) {
    const auto result = run(queue.run("a", []() -> Result<int> { throw std::runtime_error("broken"); }));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::internal);
  }
  EXPECT_EQ(queue.waiting(), 0u);
}

TEST(HashingQueue, ACallerWhoIsGoneLeavesNoPlaceBehind) {
  HashingQueue queue({.threads = 1, .queue_limit = 2, .limit_per_address = 2, .nice = 0});
  Gate gate;
  {
    boost::asio::io_context context;
    boost::asio::co_spawn(context, job(queue, "a", gate), [](std::exception_ptr, Result<int>) {});
    context.poll();
    EXPECT_EQ(queue.waiting(), 1u);
    gate.await_entry();
    gate.unlock();
    queue.stop();  // the answer is posted to a context that then dies
  }
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(gate.passed, 1);
}

}  // namespace
}  // namespace chat::testing
