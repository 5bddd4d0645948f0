// The short id that ties together all log lines of one request or socket.
#pragma once

#include <string>
#include <string_view>

namespace chat {

inline constexpr std::size_t kMaxRequestIdBytes = 64;

// 13 characters of [0-9a-hjkmnp-tv-z], from 64 bits: never repeated by a thread, random between threads and processes.
std::string make_request_id();

// True for 1 to 64 characters of [A-Za-z0-9._-].
bool is_request_id(std::string_view text) noexcept;

// The caller's X-Request-ID where it is well formed, else a new one.
inline std::string accept_request_id(std::string_view incoming) {
  return is_request_id(incoming) ? std::string(incoming) : make_request_id();
}

}  // namespace chat
