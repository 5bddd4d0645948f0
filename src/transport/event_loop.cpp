#include "transport/event_loop.hpp"

#include "transport/io_poller.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>

namespace chat::transport {

EventLoop::EventLoop(EventLoopOptions options)
    : options_(options),
      read_buffer_(new char[options.read_buffer_bytes]),
      context_(1),
      tick_timer_(context_),
      last_tick_(std::chrono::steady_clock::now()),
      io_poller_(std::make_unique<IoPoller>(context_)) {
  wait_tick();
}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
  const Here here(*this);
  auto guard = boost::asio::make_work_guard(context_);
  context_.run();
}

void EventLoop::stop() { context_.stop(); }

std::size_t EventLoop::poll() {
  const Here here(*this);
  context_.restart();
  return context_.poll();
}

void EventLoop::drain() {
  while (poll() != 0) {
  }
}

bool EventLoop::at_home() const noexcept { return current() == static_cast<const EndOfTurn*>(this); }

std::uint32_t EventLoop::ticks(std::chrono::milliseconds d) const noexcept {
  const auto count = (d.count() + options_.tick.count() - 1) / options_.tick.count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 1, INT32_MAX));
}

void EventLoop::schedule(TimerNode& node, std::chrono::milliseconds delay, std::chrono::milliseconds jitter) noexcept {
  wheel_.schedule(node, ticks(delay), jitter.count() > 0 ? ticks(jitter) : 0);
}

// Ticks are counted from the clock, not from the timer's calls: a late turn loses none. Of a long stall of our own only
// two are counted: peers whose bytes lie unread in the kernel must not pay for it.
void EventLoop::wait_tick() {
  tick_timer_.expires_at(last_tick_ + options_.tick);
  tick_timer_.async_wait([this](const boost::system::error_code& ec) {
    if (ec) return;
    const auto passed = (std::chrono::steady_clock::now() - last_tick_) / options_.tick;
    last_tick_ += passed * options_.tick;
    // Armed before the callbacks: one that throws must not stop the time.
    wait_tick();
    wheel_.advance(static_cast<std::uint32_t>(std::min<std::int64_t>(passed, 2)));
  });
}

// Asio runs what is posted during a ready batch after that batch, so one post a turn is the end of the turn. In this
// order: whatever there is no memory for, nobody is taken for somebody who has been asked for, or waits for nothing.
void EventLoop::request_flush(FlushTask& task, FlushQueue& queue) {
  if (task.flush_requested_) return;
  post_flush();
  queue.push_back(&task);
  task.flush_requested_ = true;
}

void EventLoop::post_flush() {
  if (flush_posted_) return;
  boost::asio::post(context_, [this] { flush_turn(); });
  flush_posted_ = true;
}

void EventLoop::cancel_flush(FlushTask& task) noexcept {
  if (!task.flush_requested_) return;
  task.flush_requested_ = false;
  for (FlushQueue* queue : {&early_queue_, &flush_queue_, &flushing_}) {
    std::replace(queue->begin(), queue->end(), &task, static_cast<FlushTask*>(nullptr));
  }
}

bool EventLoop::defer(TurnTask& task) noexcept {
  if (std::find(turn_tasks_.begin(), turn_tasks_.end(), &task) != turn_tasks_.end()) return true;
  try {
    post_flush();
    turn_tasks_.push_back(&task);
  } catch (const std::exception&) {
    return false;
  }
  return true;
}

void EventLoop::flush_turn() {
  const auto begin = std::chrono::steady_clock::now();
  for (TurnTask* task : turn_tasks_) task->at_end_of_turn();
  turn_tasks_.clear();
  run_flush_tasks(early_queue_);  // what they request of the others is still this turn's
  flush_posted_ = false;
  if (!early_queue_.empty() || !turn_tasks_.empty()) post_flush();
  run_flush_tasks(flush_queue_);
  stats_.flush_turns.add();
  stats_.flush_nanoseconds.add(static_cast<std::uint64_t>((std::chrono::steady_clock::now() - begin).count()));
}

// What is requested of the same queue meanwhile belongs to the next turn.
void EventLoop::run_flush_tasks(FlushQueue& queue) {
  flushing_.swap(queue);
  for (std::size_t i = 0; i < flushing_.size(); ++i) {
    FlushTask* task = std::exchange(flushing_[i], nullptr);
    if (!task) continue;
    task->flush_requested_ = false;
    stats_.flush_tasks.add();
    task->on_flush();
  }
  flushing_.clear();
}

std::string_view EventLoop::http_date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm t{};
    gmtime_r(&now, &t);
    std::snprintf(date_, sizeof date_, "%s, %02u %s %04u %02u:%02u:%02u GMT", kDays[t.tm_wday],
                  static_cast<unsigned>(t.tm_mday) % 100, kMonths[t.tm_mon],
                  static_cast<unsigned>(t.tm_year + 1900) % 10000, static_cast<unsigned>(t.tm_hour) % 100,
                  static_cast<unsigned>(t.tm_min) % 100, static_cast<unsigned>(t.tm_sec) % 100);
    date_second_ = now;
  }
  return date_;
}

}  // namespace chat::transport
