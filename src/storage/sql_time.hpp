// The text form of instants in SQLite: "YYYY-MM-DD HH:MM:SS.ffffff", UTC, fixed width, so that text order is time
// order.
#pragma once

#include "base/time.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace chat::sql {

inline constexpr std::size_t kTimeTextSize = 26;

// Writes exactly kTimeTextSize characters. Years 0..9999.
void write_time(Timestamp time, char* out) noexcept;

inline std::string time_text(Timestamp time) {
  std::array<char, kTimeTextSize> buffer;
  write_time(time, buffer.data());
  return {buffer.data(), buffer.size()};
}

// Reads the fixed form fast, anything else parse_timestamp takes as well.
std::optional<Timestamp> read_time(std::string_view text) noexcept;

}  // namespace chat::sql
