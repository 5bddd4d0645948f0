// Time-outs for tens of thousands of connections at 24 bytes each and no allocation.
//
// Pure: time is a count of ticks, handed in by `advance`; EventLoop drives one wheel a shard with 1 s ticks.
// Home: one thread. A node may be scheduled, cancelled or destroyed at any moment, inside `on_timer` too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace chat::transport {

struct TimerLink {
  TimerLink* prev = nullptr;
  TimerLink* next = nullptr;
};

// A time-out somebody waits for; intrusive. Its destructor cancels it.
class TimerNode : private TimerLink {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  bool scheduled() const noexcept { return next != nullptr; }
  void cancel() noexcept;

 protected:
  ~TimerNode() { cancel(); }

 private:
  friend class TimerWheel;
  virtual void on_timer() noexcept = 0;  // the node is no longer scheduled when this is called

  std::uint32_t expiry_ = 0;  // tick number, modulo 2^32
};

class TimerWheel {
 public:
  static constexpr std::size_t kSlots = 256;

  TimerWheel();
  ~TimerWheel();  // unlinks what is left; nothing is called
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Calls the node after `ticks` calls of advance's worth of time (at least one; below 2^31), spread by 0..`jitter`
  // ticks more. A node that is already scheduled is moved.
  void schedule(TimerNode& node, std::uint32_t ticks, std::uint32_t jitter = 0) noexcept;

  // Lets `ticks` pass and calls what is due, in order of time.
  void advance(std::uint32_t ticks);

  std::uint32_t now() const noexcept { return now_; }

 private:
  void fire_slot(TimerLink& slot);

  std::array<TimerLink, kSlots> slots_;
  std::uint32_t now_ = 0;
  std::uint32_t random_ = 0x9E3779B9u;
};

}  // namespace chat::transport
