// One lane of the journal: a thread, its queue and its writer.
//
// A flight starts when the previous one ends, without a timer: alone a message commits at once, under load they share
// one. After a flight the sink gets what was committed, then the callers their answers, in order; so an answer that
// repeats an earlier one comes after the commit it speaks of.
//
// While the database is away, what is not patient is refused (unavailable) as soon as one attempt to reconnect has
// failed; the patient wait, and are sent when it is back.
#pragma once

#include "base/end_of_turn.hpp"
#include "base/time.hpp"
#include "ports/journal.hpp"
#include "storage/journal/feed_writer.hpp"
#include "storage/journal/journal_options.hpp"
#include "storage/journal/lane_queue.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace chat::journal {

class Lane final : private TurnTask {
 public:
  // `sink` and `clock` outlive it. Opens the writer on its own thread: start is seen in
  // health().
  Lane(std::size_t index, const JournalOptions& options, std::unique_ptr<FeedWriter> writer, CommitSink& sink,
       const Clock& clock);
  ~Lane();  // as stop(0)
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Thread-safe, never block. False: nothing was taken.
  bool push(AppendMessage message, JournalAnswer answer);
  bool push(FeedCommand command, JournalAnswer answer);
  bool push(UserCommand command, JournalAnswer answer);
  // `job` is called exactly once, on the lane's thread: with the writer's connection, or with null when it will not be
  // run (the lane ended first).
  bool post(std::function<void(sql::Connection*)> job);

  JournalHealth health() const;

  // New work is refused from here on; what is queued gets `drain` to be committed. Returns at once.
  void begin_stop(std::chrono::milliseconds drain);
  // Waits for the thread; everything has been answered. Idempotent.
  void join();

 private:
  using Lock = std::unique_lock<std::mutex>;
  enum class State : std::uint8_t { opening, writable, away, halted };

  void at_end_of_turn() noexcept override { wake_.notify_one(); }
  template <class Work>
  bool enqueue(Work work, JournalAnswer answer);
  void run();
  bool step(Lock& lock);  // false: nothing to do now
  bool must_end(TimePoint now) const;
  void wait(Lock& lock, TimePoint now);
  void reconnect(Lock& lock, TimePoint now);
  void learn(const FlightReport& report);
  void back_off();
  void run_job(Lock& lock);
  void fly(Lock& lock, std::vector<EntryPtr> batch);
  FlightReport write(std::vector<WriteItem>& items);
  void settle(Lock& lock, std::vector<EntryPtr> batch, std::vector<WriteItem> items);
  void tell(std::vector<EntryPtr> done, std::vector<WriteItem> results);
  void refuse(Lock& lock, std::vector<EntryPtr> entries, Errc code, const std::string& why);
  void set_state(State state, std::string reason);

  const std::size_t index_;
  const JournalOptions options_;
  const std::unique_ptr<FeedWriter> writer_;  // home: the thread
  CommitSink& sink_;
  const Clock& clock_;
  JournalObserver& observer_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  LaneQueue queue_;
  std::deque<std::function<void(sql::Connection*)>> jobs_;
  bool news_ = false;  // something came since the thread last looked
  bool job_turn_ = false;
  State state_ = State::opening;
  std::string reason_ = "the database has not been reached yet";
  TimePoint reconnect_at_{};
  std::chrono::milliseconds reconnect_pause_{0};
  bool stopping_ = false;
  TimePoint end_at_{};

  std::thread thread_;
};

}  // namespace chat::journal
