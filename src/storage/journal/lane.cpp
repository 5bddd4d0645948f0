#include "storage/journal/lane.hpp"

#include "base/post_together.hpp"
#include "telemetry/log.hpp"

#include <pthread.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace chat::journal {
namespace {

JournalObserver& silent() {
  static JournalObserver observer;
  return observer;
}

// Somebody else's code, called on the lane's thread: its exceptions are its own.
template <class F>
void unharmed(const char* what, F f) {
  try {
    f();
  } catch (const std::exception& e) {
    log_error("journal_callback_failed", {{"what", what}, {"reason", e.what()}});
  }
}

template <class F>
Result<void> guarded(F f) {
  try {
    return f();
  } catch (const std::exception& e) {
    return Error(Errc::internal, e.what());
  }
}

}  // namespace

Lane::Lane(std::size_t index, const JournalOptions& options, std::unique_ptr<FeedWriter> writer, CommitSink& sink,
           const Clock& clock)
    : index_(index),
      options_(options),
      writer_(std::move(writer)),
      sink_(sink),
      clock_(clock),
      observer_(options_.observer ? *options_.observer : silent()),
      queue_(options),
      thread_([this] { run(); }) {}

Lane::~Lane() {
  begin_stop(std::chrono::milliseconds(0));
  join();
}

template <class Work>
bool Lane::enqueue(Work work, JournalAnswer answer) {
  bool taken = false;
  {
    std::lock_guard lock(mutex_);
    // A lane that has halted still takes and answers: who waits for room in its queue would wait for ever.
    taken = !stopping_ && queue_.push(work, answer, clock_.steady());
    news_ = news_ || taken;
  }
  // Of what a turn brings, the first must not set off a commit of its own.
  if (taken)
    EndOfTurn::run(*this);
  else
    observer_.on_refused(Errc::overloaded);
  return taken;
}

bool Lane::push(AppendMessage message, JournalAnswer answer) { return enqueue(std::move(message), std::move(answer)); }
bool Lane::push(FeedCommand command, JournalAnswer answer) { return enqueue(std::move(command), std::move(answer)); }
bool Lane::push(UserCommand command, JournalAnswer answer) { return enqueue(std::move(command), std::move(answer)); }

bool Lane::post(std::function<void(sql::Connection*)> job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || state_ == State::halted || jobs_.size() >= options_.queue_jobs) return false;
    jobs_.push_back(std::move(job));
    news_ = true;
  }
  wake_.notify_one();
  return true;
}

JournalHealth Lane::health() const {
  std::lock_guard lock(mutex_);
  JournalHealth health;
  health.writable = state_ == State::writable;
  health.reason = health.writable ? "" : reason_;
  health.queued = queue_.messages();
  health.queued_bytes = queue_.bytes();
  return health;
}

void Lane::begin_stop(std::chrono::milliseconds drain) {
  {
    std::lock_guard lock(mutex_);
    if (!stopping_) end_at_ = clock_.steady() + drain;
    stopping_ = news_ = true;
  }
  wake_.notify_one();
}

void Lane::join() {
  if (thread_.joinable()) thread_.join();
}

void Lane::run() {
  pthread_setname_np(pthread_self(), ("journal-" + std::to_string(index_)).c_str());
  Lock lock(mutex_);
  while (!must_end(clock_.steady())) {
    try {
      news_ = false;
      if (!step(lock)) wait(lock, clock_.steady());
    } catch (const std::exception& e) {
      // Memory, most likely. What it was about to do nobody knows: nothing is written any more, and all are told.
      if (!lock.owns_lock()) lock.lock();
      queue_.forget_keys();
      set_state(State::halted, std::string("the journal failed: ") + e.what());
    }
  }
  while (!jobs_.empty()) run_job(lock);  // each is short, and somebody waits for it
  refuse(lock, queue_.take_all(), Errc::unavailable, "the server is stopping");
}

bool Lane::must_end(TimePoint now) const {
  if (!stopping_) return false;
  return (!queue_.waiting() && jobs_.empty()) || now >= end_at_ || state_ == State::halted;
}

bool Lane::step(Lock& lock) {
  const TimePoint now = clock_.steady();
  if (state_ == State::opening || state_ == State::away) {
    reconnect(lock, now);
    return state_ == State::writable;
  }
  if (state_ == State::halted) {
    refuse(lock, queue_.take_all(), Errc::unavailable, reason_);
    while (!jobs_.empty()) run_job(lock);
    return news_;  // it came while others were told
  }
  const bool job_next = !jobs_.empty() && (job_turn_ || !queue_.waiting());
  if (job_next) {
    job_turn_ = false;
    run_job(lock);
    return true;
  }
  std::vector<EntryPtr> expired = queue_.next_due() ? queue_.take_expired(now) : std::vector<EntryPtr>{};
  auto batch = queue_.take(now, expired);
  job_turn_ = true;
  refuse(lock, std::move(expired), Errc::overloaded, "waited too long for its turn");
  if (batch.empty()) return news_ || !jobs_.empty();
  fly(lock, std::move(batch));
  return true;
}

void Lane::wait(Lock& lock, TimePoint now) {
  // Pushes wake it; the rest is seen on time, and an injected clock's jumps within a tick.
  using std::chrono::milliseconds;
  std::optional<TimePoint> due = queue_.next_due();
  const auto sooner = [&due](TimePoint at) { due = due ? std::min(*due, at) : at; };
  if (state_ == State::opening || state_ == State::away) sooner(std::max(reconnect_at_, now));
  if (stopping_) sooner(end_at_);
  const auto called = [this] { return news_; };
  if (!due) return wake_.wait(lock, called);
  const auto tick = std::clamp(std::chrono::ceil<milliseconds>(*due - now), milliseconds(1), milliseconds(50));
  wake_.wait_for(lock, tick, called);
}

void Lane::reconnect(Lock& lock, TimePoint now) {
  if (now >= reconnect_at_) {
    lock.unlock();
    const Result<void> opened = guarded([&] { return writer_->open(); });
    lock.lock();
    if (opened) return set_state(State::writable, {});
    back_off();
    set_state(State::away, opened.error().message);
  }
  // At least one attempt has failed: who can be told is told at once. What may be stored already is known only later.
  refuse(lock, queue_.take_impatient(), Errc::unavailable, "the database is away");
  refuse(lock, queue_.take_expired(now), Errc::outcome_unknown, "the database went away at the commit");
  // Nobody waits for a database that is away; the jobs see for themselves.
  while (!jobs_.empty()) run_job(lock);
}

void Lane::run_job(Lock& lock) {
  auto job = std::move(jobs_.front());
  jobs_.pop_front();
  lock.unlock();
  unharmed("job", [&] { job(writer_->connection()); });
  job = nullptr;
  lock.lock();
}

void Lane::fly(Lock& lock, std::vector<EntryPtr> batch) {
  lock.unlock();
  std::vector<WriteItem> items(batch.size());
  std::size_t bytes = 0, messages = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    items[i].message = batch[i]->message();
    items[i].command = batch[i]->command();
    items[i].user_command = batch[i]->user_command();
    items[i].look_first = batch[i]->unsure;
    bytes += batch[i]->bytes;
    messages += items[i].message ? 1 : 0;
  }
  const auto started = clock_.steady();
  const FlightReport report = write(items);
  observer_.on_flight(messages, bytes, clock_.steady() - started);
  lock.lock();
  learn(report);  // before the answers: who hears of a failure finds the lane's state to match
  settle(lock, std::move(batch), std::move(items));
  observer_.on_queue(index_, queue_.messages(), queue_.bytes());
}

FlightReport Lane::write(std::vector<WriteItem>& items) {
  try {
    return writer_->write(items);
  } catch (const std::exception& e) {
    // Whatever it had not settled may be stored, and whatever it had may be not.
    for (WriteItem& item : items)
      if (item.fate != Fate::refused) item.fate = Fate::unsure;
    return {.away = {}, .halted = std::string("the writer failed: ") + e.what()};
  }
}

void Lane::learn(const FlightReport& report) {
  if (!report.halted.empty()) return set_state(State::halted, report.halted);
  if (report.away.empty()) {
    reconnect_pause_ = std::chrono::milliseconds(0);
    return;
  }
  // A connection that was merely cut is replaced at once, and nobody hears of it. Cut again before anything went well,
  // the database is away.
  const bool again = reconnect_pause_.count() > 0;
  back_off();
  if (!again) reconnect_at_ = {};
  set_state(again ? State::away : State::opening, report.away);
}

void Lane::back_off() {
  reconnect_pause_ = std::clamp(reconnect_pause_ * 2, options_.reconnect_first, options_.reconnect_last);
  reconnect_at_ = clock_.steady() + reconnect_pause_;
}

void Lane::settle(Lock& lock, std::vector<EntryPtr> batch, std::vector<WriteItem> items) {
  std::vector<EntryPtr> done, back, aside;
  std::vector<WriteItem> results;
  // All that is left of a feed stays together, in its order.
  std::unordered_set<FeedKey> held;
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (items[i].fate == Fate::busy) held.insert(batch[i]->feed());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Fate fate = items[i].fate;
    batch[i]->unsure |= fate == Fate::unsure;  // for good: a backend we lost may come to it even later
    if (fate == Fate::stored || fate == Fate::repeated || fate == Fate::refused) {
      if (fate == Fate::stored) queue_.went_well(batch[i]->feed());
      queue_.finish(*batch[i]);
      done.push_back(std::move(batch[i]));
      results.push_back(std::move(items[i]));
    } else {
      (held.contains(batch[i]->feed()) ? aside : back).push_back(std::move(batch[i]));
    }
  }
  queue_.put_aside(std::move(aside), clock_.steady());
  queue_.put_back(std::move(back));
  lock.unlock();
  tell(std::move(done), std::move(results));
  lock.lock();
}

// The sink, then the callers. Each loop hears of both in one turn.
void Lane::tell(std::vector<EntryPtr> done, std::vector<WriteItem> results) {
  const PostTogether together;
  Commit commit;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (results[i].fate != Fate::stored) continue;
    if (const AppendMessage* message = results[i].message)
      commit.events.push_back({created_event(*message, results[i].stored), message->origin});
    for (const auto& event : results[i].events)
      commit.events.push_back({event, event->feed == done[i]->feed() ? done[i]->origin() : Origin{}});
  }
  // Should it fail, the subscribers find the gap and fetch it: what is stored is answered nevertheless.
  if (!commit.events.empty()) unharmed("sink", [&] { sink_.on_commit(commit); });
  // "Not stored" is never concluded of a message whose COMMIT was lost: only a look-up that succeeded may say so.
  for (std::size_t i = 0; i < done.size(); ++i)
    if (results[i].fate == Fate::refused && done[i]->unsure) results[i].error.code = Errc::outcome_unknown;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (results[i].fate == Fate::refused) observer_.on_refused(results[i].error.code);
    Stored stored = results[i].stored;
    stored.repeated = results[i].fate == Fate::repeated;
    for (JournalAnswer& answer : std::exchange(done[i]->answers, {})) {
      unharmed("answer", [&] {
        if (results[i].fate == Fate::refused)
          answer(results[i].error);
        else
          answer(stored);
      });
      stored.repeated = true;  // whoever attached stored nothing himself
    }
  }
}

void Lane::refuse(Lock& lock, std::vector<EntryPtr> entries, Errc code, const std::string& why) {
  if (entries.empty()) return;
  for (const EntryPtr& entry : entries) queue_.finish(*entry);
  const std::string text = why;
  lock.unlock();
  {
    const PostTogether together;
    for (const EntryPtr& entry : entries) {
      const Error error(entry->unsure ? Errc::outcome_unknown : code, text);
      observer_.on_refused(error.code);
      for (JournalAnswer& answer : std::exchange(entry->answers, {})) unharmed("answer", [&] { answer(error); });
    }
    entries.clear();
  }
  lock.lock();
}

void Lane::set_state(State state, std::string reason) {
  // Opening is not yet away: health says so, the log and the metrics wait for the attempt's outcome.
  const bool was_writable = state_ == State::writable, is_writable = state == State::writable;
  const bool news = state_ != state && state != State::opening && !(state_ == State::opening && is_writable);
  state_ = state;
  reason_ = std::move(reason);
  if (was_writable != is_writable) observer_.on_writable(index_, is_writable);
  if (!news) return;
  if (is_writable)
    log_info("journal_writable", {{"lane", index_}});
  else if (state == State::halted)
    log_error("journal_halted", {{"lane", index_}, {"reason", reason_}});
  else
    log_warn("journal_away", {{"lane", index_}, {"reason", reason_}});
}

}  // namespace chat::journal
