// The journal's settings and what it tells about itself.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace chat::journal {

// Called on the lanes' threads; must be thread-safe and must not block. For metrics.
class JournalObserver {
 public:
  virtual ~JournalObserver() = default;
  // One transaction's round: messages in it (0: a command), their bytes, from send to answer.
  virtual void on_flight(std::size_t messages, std::size_t bytes, std::chrono::nanoseconds took) {
    (void)messages, (void)bytes, (void)took;
  }
  // What a lane holds, after each flight.
  virtual void on_queue(std::size_t lane, std::size_t messages, std::size_t bytes) {
    (void)lane, (void)messages, (void)bytes;
  }
  virtual void on_refused(Errc code) { (void)code; }
  virtual void on_writable(std::size_t lane, bool writable) { (void)lane, (void)writable; }
};

struct JournalOptions {
  std::size_t lanes = 1;  // SQLite and memory: 1; PostgreSQL: 2 to 4
  // What one lane holds, queued or in flight. One room may have a quarter of it, one user an eighth.
  std::size_t queue_messages = 8192;
  std::size_t queue_bytes = 16u << 20;
  std::size_t queue_jobs = 1024;  // of a WriteLane
  // One flight. Saturation is at 64 to 128 messages; larger only adds latency.
  std::size_t batch_messages = 128;
  std::size_t batch_bytes = 256u << 10;
  std::chrono::milliseconds max_wait{5000};  // what waited longer is refused before it is sent, unless patient
  // A room whose row somebody else holds: how long its own flight waits for it, and the longest pause between tries.
  std::chrono::milliseconds room_lock_wait{100};
  std::chrono::milliseconds room_retry_max{1000};
  // Between attempts to reach a database that is away: doubled from the first to the last.
  std::chrono::milliseconds reconnect_first{50};
  std::chrono::milliseconds reconnect_last{2000};
  std::chrono::seconds lookup_first{60};  // after a duplicate, that user's sends are looked up before they are sent
  // Called when a commit met an I/O error, or a rollback failed: what is on disk is decided by recovery, so the process
  // must end. The default logs and leaves at once with status 70.
  std::function<void(const std::string& reason)> fatal{};
  std::shared_ptr<JournalObserver> observer{};  // may be null
};

}  // namespace chat::journal
