#include "schema/json_slice.hpp"

#include <algorithm>
#include <optional>

namespace chat::schema {
namespace {

constexpr std::string_view kSpace = " \t\n\r";
constexpr std::string_view kHex = "0123456789abcdef";

// Place after the closing quote of the string that opens at `at`; the end of the text if there is none.
std::size_t string_end(std::string_view text, std::size_t at) noexcept {
  ++at;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

// The number in \uXXXX at `at`, if that stands there.
std::optional<unsigned> unicode_escape(std::string_view text, std::size_t at) noexcept {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned value = 0;
  for (const char c : text.substr(at + 2, 4)) {
    const std::size_t digit = kHex.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return value;
}

bool is_high(unsigned u) { return u >= 0xD800 && u <= 0xDBFF; }
bool is_low(unsigned u) { return u >= 0xDC00 && u <= 0xDFFF; }

}  // namespace

std::size_t Cursor::next() noexcept {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != ',' && c != ':' && c != '\n' && c != '\r' && c != '\t') break;
    ++at_;
  }
  return at_;
}

Slice Cursor::string(std::size_t plain_size) noexcept { return literal(plain_size + 2); }

Slice Cursor::string() noexcept {
  const std::size_t begin = next();
  at_ = string_end(text_, begin);
  return {begin, at_};
}

Slice Cursor::number() noexcept {
  const std::size_t begin = next();
  while (at_ < text_.size() && std::string_view("0123456789+-.eE").find(text_[at_]) != std::string_view::npos) ++at_;
  return {begin, at_};
}

Slice Cursor::literal(std::size_t length) noexcept {
  const std::size_t begin = next();
  at_ += length;
  return {begin, at_};
}

std::size_t Cursor::bracket() noexcept {
  next();
  return at_++;
}

std::string minified(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] == '"') {
      const std::size_t end = string_end(json, at);
      out.append(json, at, end - at);
      at = end;
    } else {
      if (kSpace.find(json[at]) == kSpace.npos) out += json[at];
      ++at;
    }
  }
  return out;
}

namespace {

void repair_string(RepairedJson& out, std::size_t at, std::size_t end) {
  std::string& text = out.text;
  for (at = text.find('\\', at); at < end; at = text.find('\\', at)) {
    const auto first = unicode_escape(text, at);
    if (!first) {
      at += 2;
      continue;
    }
    const auto second = unicode_escape(text, at + 6);
    if (is_high(*first) && second && is_low(*second)) {
      at += 12;
      continue;
    }
    if (is_high(*first) || is_low(*first)) {
      text.replace(at, 6, "\\ufffd");
      out.lone_surrogates.push_back(at);
    }
    at += 6;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `at` is the "e" of a number; answers the place after its exponent.
std::size_t repair_exponent(RepairedJson& out, std::size_t at) {
  constexpr std::size_t kSafeDigits = 5;
  std::string& text = out.text;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end - at <= kSafeDigits) return end;
  std::fill(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end), '0');
  out.changed = true;
  return end;
}

}  // namespace

RepairedJson repair(std::string_view json) {
  RepairedJson out;
  out.text = json;
  for (std::size_t at = 0; at < out.text.size();) {
    const char c = out.text[at];
    if (c == '"') {
      const std::size_t end = string_end(out.text, at);
      repair_string(out, at, end);
      at = end;
    } else if ((c == 'e' || c == 'E') && at > 0 && is_digit(out.text[at - 1])) {
      at = repair_exponent(out, at);
    } else {
      ++at;
    }
  }
  out.changed = out.changed || !out.lone_surrogates.empty();
  return out;
}

}  // namespace chat::schema
