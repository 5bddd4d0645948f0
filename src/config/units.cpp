#include "config/units.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace chat {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

struct Split {
  double number = 0;
  bool whole = true;
  std::string unit;  // lower case, may be empty
};

// "1.5 s" -> 1.5, "s". Plain decimal digits only: no sign, no exponent.
std::optional<Split> split(std::string_view text) {
  std::size_t at = 0;
  int dots = 0;
  while (at < text.size() && ((text[at] >= '0' && text[at] <= '9') || (text[at] == '.' && at > 0))) {
    dots += text[at++] == '.';
  }
  if (at == 0 || at > 19 || dots > 1 || text[at - 1] == '.') return std::nullopt;
  Split result;
  std::from_chars(text.data(), text.data() + at, result.number, std::chars_format::fixed);
  result.whole = dots == 0;
  while (at < text.size() && text[at] == ' ') ++at;
  result.unit = lower(text.substr(at));
  return result;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                        std::chrono::milliseconds unit) noexcept {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  double millis = 0;
  if (parts->unit.empty()) {
    millis = static_cast<double>(unit.count());
  } else if (parts->unit == "ms") {
    millis = 1;
  } else if (parts->unit == "s") {
    millis = 1000;
  } else if (parts->unit == "m" || parts->unit == "min") {
    millis = 60'000;
  } else if (parts->unit == "h") {
    millis = 3'600'000;
  } else if (parts->unit == "d") {
    millis = 86'400'000;
  } else {
    return std::nullopt;
  }
  const double total = parts->number * millis;
  if (total > 1e15) return std::nullopt;
  return std::chrono::milliseconds(std::llround(total));
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  double bytes = 0;
  if (parts->unit.empty() || parts->unit == "b") {
    if (!parts->whole) return std::nullopt;
    bytes = 1;
  } else if (parts->unit == "kib" || parts->unit == "kb" || parts->unit == "k") {
    bytes = 1024;
  } else if (parts->unit == "mib" || parts->unit == "mb" || parts->unit == "m") {
    bytes = 1024.0 * 1024;
  } else if (parts->unit == "gib" || parts->unit == "gb" || parts->unit == "g") {
    bytes = 1024.0 * 1024 * 1024;
  } else {
    return std::nullopt;
  }
  const double total = parts->number * bytes;
  if (total > 1e15) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(total));
}

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (text.starts_with("+-")) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_decimal(std::string_view text) noexcept {
  const auto parts = split(text);
  if (!parts || !parts->unit.empty()) return std::nullopt;
  return parts->number;
}

std::optional<bool> parse_switch(std::string_view text) noexcept {
  const auto word = lower(text);
  if (word == "on" || word == "true" || word == "yes" || word == "1") return true;
  if (word == "off" || word == "false" || word == "no" || word == "0") return false;
  return std::nullopt;
}

std::string write_duration(std::chrono::milliseconds value) {
  const auto ms = value.count();
  if (ms == 0) return "0s";
  if (ms % 86'400'000 == 0) return std::to_string(ms / 86'400'000) + "d";
  if (ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
  if (ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
  if (ms % 1000 == 0) return std::to_string(ms / 1000) + "s";
  return std::to_string(ms) + "ms";
}

std::string write_size(std::uint64_t bytes) {
  constexpr std::uint64_t kKiB = 1024, kMiB = kKiB * 1024, kGiB = kMiB * 1024;
  if (bytes == 0) return "0";
  if (bytes % kGiB == 0) return std::to_string(bytes / kGiB) + "GiB";
  if (bytes % kMiB == 0) return std::to_string(bytes / kMiB) + "MiB";
  if (bytes % kKiB == 0) return std::to_string(bytes / kKiB) + "KiB";
  return std::to_string(bytes);
}

}  // namespace chat
