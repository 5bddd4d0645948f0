// Instants as the database and the wire know them: microseconds, UTC.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// Where "now" comes from; tests bring their own. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;                                 // wall clock: for what is stored or shown
  virtual std::chrono::steady_clock::time_point steady() const = 0;  // for intervals, limits and time-outs
};

// The machine's clocks. One instance for the process.
Clock& system_clock();

// "2026-11-23T01:02:03.000004Z" (RFC 3339).
std::string to_rfc3339(Timestamp t);
// "2026-11-23 01:02:03" in UTC: the room socket's form.
std::string to_socket_time(Timestamp t);
// Reads "YYYY-MM-DD[T ]HH:MM:SS[.f{1,6}][Z|+00:00|±HH[:MM]]"; without a zone it is UTC. The databases' text forms
// included.
std::optional<Timestamp> parse_timestamp(std::string_view text) noexcept;

}  // namespace chat
