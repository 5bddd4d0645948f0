// JSON written by appending to one string. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chat {

// `text` as a JSON string with its quotes. Escaped is what RFC 8259 asks for and nothing else, so the text is
// read back exactly; bytes that are no UTF-8 become U+FFFD, so the output is JSON whatever comes in.
void append_json_string(std::string& out, std::string_view text);

void append_json_int(std::string& out, std::int64_t value);
void append_json_uint(std::string& out, std::uint64_t value);

// The shortest digits that read back as the same double, with ".0" where it would look like an integer; a value that
// JSON cannot say (infinity, NaN) is null.
void append_json_double(std::string& out, double value);

inline std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace chat
