// Picking single fields out of JSON whose shape is known, without parsing it.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace load {

inline std::int64_t digits_at(std::string_view text, std::size_t at) {
  std::int64_t value = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), value);
  return value;
}

// The number behind `key` (given with its quotes and colon), 0 without one.
inline std::int64_t number_behind(std::string_view text, std::string_view key, std::size_t from = 0) {
  const std::size_t at = text.find(key, from);
  return at == std::string_view::npos ? 0 : digits_at(text, at + key.size());
}

// The same when it usually is the object's last field: looks at the end first.
inline std::int64_t last_number_behind(std::string_view text, std::string_view key) {
  std::size_t at = text.ends_with('}') ? text.size() - 1 : text.size();
  while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9') --at;
  if (text.substr(0, at).ends_with(key)) return digits_at(text, at);
  return number_behind(text, key);
}

// The string behind `key` (given with quotes and colon), without unescaping; empty without one.
inline std::string_view string_behind(std::string_view text, std::string_view key) {
  std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  at += key.size();
  if (at >= text.size() || text[at] != '"') return {};
  return text.substr(at + 1, text.find('"', at + 1) - at - 1);
}

}  // namespace load
