#include "telemetry/log.hpp"

#include "base/utf8.hpp"

#include <charconv>
#include <cmath>
#include <ctime>

namespace chat {
namespace {

// Microseconds for machines, milliseconds for people.
void append_time(std::string& out, std::chrono::system_clock::time_point at, bool micros) {
  const auto us = std::chrono::floor<std::chrono::microseconds>(at).time_since_epoch().count();
  const std::time_t seconds = static_cast<std::time_t>(us >= 0 ? us / 1'000'000 : (us - 999'999) / 1'000'000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  char text[64];
  const auto part = static_cast<int>(us - static_cast<std::int64_t>(seconds) * 1'000'000);
  const int n = std::snprintf(
      text, sizeof text, micros ? "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" : "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
      tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, micros ? part : part / 1000);
  out.append(text, static_cast<std::size_t>(n));
}

// Inside quotes. Controls are escaped beyond what JSON asks for (DEL, C1, the line separators): a log is read in
// terminals, and U+009B starts an escape sequence there just as ESC [ does.
void append_escaped(std::string& out, std::string_view text) {
  const bool cut = text.size() > kMaxLogValueBytes;
  std::size_t length = cut ? kMaxLogValueBytes : text.size();
  // A cut never goes through a character.
  while (cut && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80 &&
         kMaxLogValueBytes - length < 3)
    --length;
  text = text.substr(0, length);
  while (!text.empty()) {
    const auto c = take_code_point(text).value_or(U'\uFFFD');
    switch (c) {
      case U'"':
        out += "\\\"";
        break;
      case U'\\':
        out += "\\\\";
        break;
      case U'\n':
        out += "\\n";
        break;
      case U'\r':
        out += "\\r";
        break;
      case U'\t':
        out += "\\t";
        break;
      default:
        if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
          out += escape;
        } else {
          append_utf8(out, c);
        }
    }
  }
  if (cut) out += "\u2026";
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  append_number(out, value);
}

void append_millis(std::string& out, double millis) {
  if (!std::isfinite(millis) || std::abs(millis) > 1e15) {
    out += "null";
    return;
  }
  char digits[64];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, millis, std::chars_format::fixed, 3).ptr);
}

// A value as people read it: bare unless something in it needs quotes.
void append_readable(std::string& out, std::string_view text) {
  bool bare = !text.empty() && text.size() <= kMaxLogValueBytes;
  for (const char c : text) bare = bare && c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\';
  if (bare) {
    out += text;
  } else {
    append_quoted(out, text);
  }
}

template <class Text>
void append_value(std::string& out, const LogValue& value, Text text) {
  struct Visitor {
    std::string& out;
    Text& text;
    void operator()(std::string_view v) const { text(out, v); }
    void operator()(std::int64_t v) const { append_number(out, v); }
    void operator()(std::uint64_t v) const { append_number(out, v); }
    void operator()(double v) const { append_double(out, v); }
    void operator()(bool v) const { out += v ? "true" : "false"; }
    void operator()(LogValue::Millis v) const { append_millis(out, v.value); }
  };
  std::visit(Visitor{out, text}, value.get());
}

std::string_view key_suffix(const LogValue& value) {
  return std::holds_alternative<LogValue::Millis>(value.get()) ? "_ms" : "";
}

}  // namespace

const char* to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::trace:
      return "trace";
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      return "off";
  }
  return "off";
}

std::optional<LogLevel> parse_log_level(std::string_view text) noexcept {
  for (int i = 0; i <= static_cast<int>(LogLevel::off); ++i) {
    if (text == to_string(static_cast<LogLevel>(i))) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

std::string format_log_text(std::chrono::system_clock::time_point at, LogLevel level, std::string_view event,
                            std::span<const LogField> fields) {
  std::string out;
  out.reserve(128);
  append_time(out, at, false);
  out += ' ';
  std::string name = to_string(level);
  name.resize(5, ' ');
  out += name;
  out += ' ';
  append_readable(out, event);
  for (const auto& field : fields) {
    out += ' ';
    append_readable(out, field.key);
    out += key_suffix(field.value);
    out += '=';
    append_value(out, field.value, append_readable);
  }
  return out;
}

std::string format_log_json(std::chrono::system_clock::time_point at, LogLevel level, std::string_view event,
                            std::span<const LogField> fields) {
  std::string out = "{\"ts\":\"";
  out.reserve(192);
  append_time(out, at, true);
  out += "\",\"level\":\"";
  out += to_string(level);
  out += "\",\"event\":";
  append_quoted(out, event);
  for (const auto& field : fields) {
    out += ",\"";
    append_escaped(out, field.key);
    out += key_suffix(field.value);
    out += "\":";
    append_value(out, field.value, append_quoted);
  }
  out += '}';
  return out;
}

}  // namespace chat
