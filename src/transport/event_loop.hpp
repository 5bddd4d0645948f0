// One thread of the server: its io_context, read buffer, timers and the flush at the end of each turn.
//
// Home: everything here belongs to the thread that is in `run()`, except `post`, `stop` and `stats`, which are
// thread-safe. Objects that live on a loop (sessions, sockets, feeds) must be gone, or idle, when it is destroyed.
#pragma once

#include "base/end_of_turn.hpp"
#include "base/post_together.hpp"
#include "transport/timer_wheel.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace chat::transport {

class IoPoller;

// A number that one thread counts and any thread reads.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// What a loop did since it was made. Messages per flush = messages_sent / flush_turns: the true measure of headroom.
struct LoopStats {
  Counter flush_turns;        // turns that ended with a flush
  Counter flush_nanoseconds;  // time spent in them
  Counter flush_tasks;        // connections and feeds flushed
  Counter messages_sent;      // frames handed to connections; fanout adds its deliveries
  Counter sends;              // sendmsg calls (or TLS writes)
  Counter short_writes;       // of those, how many could not take everything
  Counter bytes_sent;
  Counter receives;
  Counter bytes_received;
  Counter messages_received;
  Counter accepted;
  Counter http_opened, http_closed;                // open now = the difference
  Counter connections_opened, connections_closed;  // likewise: WebSockets and streams
  Counter slow_readers_closed;
};

// Something that wants to run once at the end of the current turn, after all that was readable has been handled.
class FlushTask {
 public:
  FlushTask() = default;
  FlushTask(const FlushTask&) = delete;
  FlushTask& operator=(const FlushTask&) = delete;

 protected:
  ~FlushTask() = default;

 private:
  friend class EventLoop;
  virtual void on_flush() = 0;  // may request the next turn's flush
  bool flush_requested_ = false;
};

struct EventLoopOptions {
  std::size_t read_buffer_bytes = 256 * 1024;
  std::chrono::milliseconds tick{1000};  // of the timer wheel; tests take less
};

class EventLoop final : private EndOfTurn {
 public:
  explicit EventLoop(EventLoopOptions options = {});
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void run();   // until stop()
  void stop();  // from any thread; run() returns after the handler in hand
  // After run() has returned, on the owner's thread: runs what is still queued, and what that queues, so that nothing
  // is left that refers to objects which are destroyed before the loop. Waits for nothing.
  void drain();
  // Runs what is ready without waiting, for tests that own the thread. Answers the number of handlers run.
  std::size_t poll();

  // Runs `f` at home, later. From any thread; what one posts under a PostTogether is one turn's.
  template <class F>
  void post(F&& f) {
    PostTogether::post(context_.get_executor(), std::forward<F>(f));
  }
  bool at_home() const noexcept;  // is this the thread in run()?

  boost::asio::io_context& context() noexcept { return context_; }
  boost::asio::io_context::executor_type executor() noexcept { return context_.get_executor(); }

  // The one buffer that all connections of the loop read into; its content dies with the handler.
  std::span<char> read_buffer() noexcept { return {read_buffer_.get(), options_.read_buffer_bytes}; }

  IoPoller& io_poller() noexcept { return *io_poller_; }  // for IoWatch

  TimerWheel& timers() noexcept { return wheel_; }
  // Whole ticks for a duration, rounded up, at least one.
  std::uint32_t ticks(std::chrono::milliseconds d) const noexcept;
  void schedule(TimerNode& node, std::chrono::milliseconds delay, std::chrono::milliseconds jitter = {}) noexcept;

  // Asks for `task.on_flush()` once at the end of this turn. Repeats within a turn cost nothing. Order of asking is
  // kept. A task must be cancelled before it dies, if it may be requested.
  void request_flush(FlushTask& task) { request_flush(task, flush_queue_); }
  // The same, but before all those: for what others must know of before a peer can answer to what is sent.
  void request_early_flush(FlushTask& task) { request_flush(task, early_queue_); }
  void cancel_flush(FlushTask& task) noexcept;

  // RFC 9110 date ("Mon, 23 Nov 2026 01:41:16 GMT"), made once a second.
  std::string_view http_date();

  LoopStats& stats() noexcept { return stats_; }
  const LoopStats& stats() const noexcept { return stats_; }

 private:
  using FlushQueue = std::vector<FlushTask*>;

  void request_flush(FlushTask& task, FlushQueue& queue);
  void post_flush();
  bool defer(TurnTask& task) noexcept override;
  void flush_turn();
  void run_flush_tasks(FlushQueue& queue);
  void wait_tick();

  EventLoopOptions options_;
  LoopStats stats_;
  std::unique_ptr<char[]> read_buffer_;
  TimerWheel wheel_;  // outlives the context: handlers destroyed with it own nodes
  std::vector<TurnTask*> turn_tasks_;
  FlushQueue early_queue_;
  FlushQueue flush_queue_;
  FlushQueue flushing_;
  bool flush_posted_ = false;
  std::time_t date_second_ = 0;
  char date_[32] = {};
  boost::asio::io_context context_;
  boost::asio::steady_timer tick_timer_;
  std::chrono::steady_clock::time_point last_tick_;
  std::unique_ptr<IoPoller> io_poller_;  // goes first: whom it lets go of may still call the loop
};

}  // namespace chat::transport
