// Log lines: an event name and typed fields, one line each, to stderr.
//
//   log_info("request", {{"method", "GET"}, {"status", 200}, {"took", elapsed}});
//
// Text (`key=value`) on a terminal, one JSON object a line otherwise. Times are UTC. Strings are escaped so that
// nothing a client sent can forge a line or drive a terminal; invalid UTF-8 becomes U+FFFD; long values are cut.
//
// Thread-safe. A caller formats its line and puts it into a bounded queue; one thread writes. It never waits for
// stderr: when the queue is full the *oldest* line is dropped and counted (the next line that gets through says how
// many). Before start_logging and after stop_logging a line is written at once by its caller.
//
// No token, password or message content ever: see redact.hpp for what holds one.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace chat {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };
enum class LogFormat : std::uint8_t { automatic, text, json };  // automatic: text on a terminal, else JSON

const char* to_string(LogLevel level) noexcept;
std::optional<LogLevel> parse_log_level(std::string_view text) noexcept;

// A value for the length of the call: strings are viewed, not copied. Durations are written as milliseconds with three
// decimals, under the key with "_ms" added.
class LogValue {
 public:
  struct Millis {
    double value;
  };
  using Variant = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, Millis>;

  LogValue(const char* text) : value_(std::string_view(text ? text : "")) {}
  LogValue(std::string_view text) : value_(text) {}
  LogValue(const std::string& text) : value_(std::string_view(text)) {}
  LogValue(bool value) : value_(value) {}
  template <std::signed_integral T>
  LogValue(T value) : value_(static_cast<std::int64_t>(value)) {}
  template <std::unsigned_integral T>
  LogValue(T value) : value_(static_cast<std::uint64_t>(value)) {}
  template <std::floating_point T>
  LogValue(T value) : value_(static_cast<double>(value)) {}
  template <class Rep, class Period>
  LogValue(std::chrono::duration<Rep, Period> value)
      : value_(Millis{std::chrono::duration<double, std::milli>(value).count()}) {}

  const Variant& get() const { return value_; }

 private:
  Variant value_;
};

struct LogField {
  std::string_view key;  // snake_case, the column's name where there is one: room_id, user_id, request_id
  LogValue value;
};

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::automatic;
  int fd = 2;
  std::size_t queue_bytes = 4 << 20;  // lines waiting for the writer
};

inline constexpr std::size_t kMaxLogValueBytes =
    2048;  // of a string; what is over it is cut and marked with an ellipsis

// Starts the writer thread, or restarts it with other options. Call once from main, before other threads log.
void start_logging(const LogOptions& options);
// Writes what is queued, for at most `patience` if stderr does not take it; ends the thread. Idempotent.
void stop_logging(std::chrono::milliseconds patience = std::chrono::seconds(2));
// Lines dropped since start because stderr was too slow.
std::uint64_t log_lines_dropped() noexcept;

void set_log_level(LogLevel level) noexcept;
namespace detail {
extern std::atomic<LogLevel> log_level;
void write_log(LogLevel level, std::string_view event, std::span<const LogField> fields);
}  // namespace detail
inline bool log_enabled(LogLevel level) noexcept { return level >= detail::log_level.load(std::memory_order_relaxed); }

// For fields put together at run time.
inline void log_line(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  if (log_enabled(level)) detail::write_log(level, event, fields);
}
using LogFields = std::initializer_list<LogField>;
inline void log_line(LogLevel level, std::string_view event, LogFields fields) {
  if (log_enabled(level)) detail::write_log(level, event, {fields.begin(), fields.size()});
}
inline void log_trace(std::string_view event, LogFields fields = {}) { log_line(LogLevel::trace, event, fields); }
inline void log_debug(std::string_view event, LogFields fields = {}) { log_line(LogLevel::debug, event, fields); }
inline void log_info(std::string_view event, LogFields fields = {}) { log_line(LogLevel::info, event, fields); }
inline void log_warn(std::string_view event, LogFields fields = {}) { log_line(LogLevel::warn, event, fields); }
inline void log_error(std::string_view event, LogFields fields = {}) { log_line(LogLevel::error, event, fields); }

// One line, without its end of line; pure. What start_logging's format makes of a call.
std::string format_log_text(std::chrono::system_clock::time_point at, LogLevel level, std::string_view event,
                            std::span<const LogField> fields);
std::string format_log_json(std::chrono::system_clock::time_point at, LogLevel level, std::string_view event,
                            std::span<const LogField> fields);

}  // namespace chat
