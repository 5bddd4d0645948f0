// "10s", "64KiB", "on": how values of settings are written. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

// Digits alone are in `unit`; else a number with ms, s, m, h or d: "250ms", "1.5s", "5m".
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text, std::chrono::milliseconds unit) noexcept;
// Digits alone are bytes; else with B, KiB, MiB, GiB (KB, MB, GB are the same; any case).
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;  // optional sign, digits, nothing else
std::optional<double> parse_decimal(std::string_view text) noexcept;        // as above, with a fraction or none
std::optional<bool> parse_switch(std::string_view text) noexcept;           // on off true false yes no 1 0, any case

// The shortest form that reads back: "10s", "64KiB".
std::string write_duration(std::chrono::milliseconds value);
std::string write_size(std::uint64_t bytes);

}  // namespace chat
