#include "telemetry/log.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace chat {

namespace detail {
std::atomic<LogLevel> log_level{LogLevel::info};
}

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

std::atomic<std::uint64_t> dropped_lines{0};

// Writes all of `text`, in pieces a pipe takes whole once it is writable, so that a reader who has stopped holds us up
// only until `give_up` says so. False when something was left.
template <class GiveUp>
bool write_all(int fd, std::string_view text, GiveUp give_up) {
  constexpr std::size_t kPipeAtom = 4096;
  while (!text.empty()) {
    pollfd ready{fd, POLLOUT, 0};
    if (poll(&ready, 1, 100) == 0) {
      if (give_up()) return false;
      continue;
    }
    const auto n = ::write(fd, text.data(), std::min(text.size(), kPipeAtom));
    if (n > 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
      return false;  // nobody reads any more: there is no place left to complain to
    }
  }
  return true;
}

class Writer {
 public:
  explicit Writer(const LogOptions& options) : options_(options) {
    // Signals are for the threads that expect them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(thread_.native_handle(), "log");
  }

  void push(std::string line) {
    {
      const std::lock_guard lock(mutex_);
      bytes_ += line.size();
      lines_.push_back(std::move(line));
      while (bytes_ > options_.queue_bytes && lines_.size() > 1) {
        bytes_ -= lines_.front().size();
        lines_.pop_front();
        ++dropped_;
        dropped_lines.fetch_add(1, std::memory_order_relaxed);
      }
    }
    wake_.notify_one();
  }

  void stop(std::chrono::milliseconds patience) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      deadline_ = std::chrono::steady_clock::now() + patience;
    }
    wake_.notify_one();
    thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !lines_.empty(); });
      if (lines_.empty()) return;
      std::deque<std::string> batch;
      batch.swap(lines_);
      bytes_ = 0;
      const auto lost = std::exchange(dropped_, 0);
      lock.unlock();
      const bool written = write_batch(batch, lost);
      lock.lock();
      if (!written && stopping_) return;
    }
  }

  bool write_batch(const std::deque<std::string>& batch, std::uint64_t lost) {
    std::string text;
    if (lost > 0) {
      const LogField field{"lines", lost};
      const auto now = std::chrono::system_clock::now();
      text = options_.format == LogFormat::json
                 ? format_log_json(now, LogLevel::warn, "log_lines_dropped", {&field, 1})
                 : format_log_text(now, LogLevel::warn, "log_lines_dropped", {&field, 1});
      text += '\n';
    }
    for (const auto& line : batch) text += line;
    return write_all(options_.fd, text, [this] { return past_deadline(); });
  }

  bool past_deadline() {
    const std::lock_guard lock(mutex_);
    return stopping_ && std::chrono::steady_clock::now() >= deadline_;
  }

  const LogOptions options_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;  // since the last line that said so
  bool stopping_ = false;
  SteadyTime deadline_{};
  std::thread thread_;
};

// Null before start and after stop. Shared, so that a line on its way survives a stop on another thread.
struct Current {
  std::mutex mutex;  // guards writer
  std::shared_ptr<Writer> writer;
};
Current& current() {
  static Current& the = *new Current;  // never destroyed: destructors of statics may log
  return the;
}
std::atomic<LogFormat> line_format{LogFormat::text};

}  // namespace

void start_logging(const LogOptions& options) {
  stop_logging();
  LogOptions resolved = options;
  if (resolved.format == LogFormat::automatic) resolved.format = isatty(options.fd) ? LogFormat::text : LogFormat::json;
  detail::log_level = resolved.level;
  line_format = resolved.format;
  dropped_lines = 0;
  auto writer = std::make_shared<Writer>(resolved);
  const std::lock_guard lock(current().mutex);
  current().writer = std::move(writer);
}

void stop_logging(std::chrono::milliseconds patience) {
  std::shared_ptr<Writer> writer;
  {
    const std::lock_guard lock(current().mutex);
    writer = std::exchange(current().writer, nullptr);
  }
  if (writer) writer->stop(patience);
}

std::uint64_t log_lines_dropped() noexcept { return dropped_lines.load(std::memory_order_relaxed); }

void set_log_level(LogLevel level) noexcept { detail::log_level = level; }

void detail::write_log(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  const auto now = std::chrono::system_clock::now();
  auto line = line_format.load(std::memory_order_relaxed) == LogFormat::json
                  ? format_log_json(now, level, event, fields)
                  : format_log_text(now, level, event, fields);
  line += '\n';
  std::unique_lock lock(current().mutex);
  if (const auto& writer = current().writer) {
    writer->push(std::move(line));
    return;
  }
  lock.unlock();
  write_all(STDERR_FILENO, line, [] { return true; });
}

}  // namespace chat
