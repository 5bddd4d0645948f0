// How a call that can fail answers: a value, or an Error with a code from one small list.
//
// Exceptions are for the broken and the impossible only; everything a caller is expected to meet is a Result.
// api/error_map is the one place that turns an Errc into an HTTP status, a protocol error or a close code.
#pragma once

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace chat {

enum class Errc {
  invalid,          // input that can never be right
  unauthenticated,  // no credentials, or bad ones
  forbidden,        // who it is is known, and may not
  user_not_found,
  room_not_found,
  not_found,  // anything else that is not there
  user_exists,
  room_exists,
  conflict,  // a precondition under the lock did not hold
  too_large,
  rate_limited,
  overloaded,       // a bounded queue is full or something waited too long: nothing was stored, send again
  outcome_unknown,  // it may or may not have been stored: send again with the same client_id
  unavailable,      // the store is away: nothing was stored
  internal,
};

// Short stable name of a code, for logs and metrics ("room_not_found").
const char* to_string(Errc code) noexcept;

// When to come again, for rate_limited, overloaded and unavailable.
struct RetryHint {
  std::chrono::seconds after{0};  // 0: not known
  std::int64_t limit = 0;         // of the rate that was exceeded; 0: none was
};

struct Error {
  Errc code = Errc::internal;
  std::string message;  // a sentence for a developer; never a token, a password or message content
  RetryHint retry{};

  Error() = default;
  Error(Errc c, std::string m = {}, RetryHint r = {}) : code(c), message(std::move(m)), retry(r) {}
};

[[noreturn]] inline void throw_exception_from_error(const Error& e, const boost::source_location&) {
  throw std::runtime_error(std::string(to_string(e.code)) + ": " + e.message);
}

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace chat
