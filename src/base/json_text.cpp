#include "base/json_text.hpp"

#include "base/utf8.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace chat {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// 0 = as it is, 1 = part of a longer UTF-8 sequence, otherwise the letter after the backslash ('u': six characters).
constexpr std::array<char, 256> make_classes() {
  std::array<char, 256> t{};
  for (std::size_t i = 0; i < 0x20; ++i) t[i] = 'u';
  for (std::size_t i = 0x80; i < 0x100; ++i) t[i] = 1;
  t['"'] = '"', t['\\'] = '\\';
  t['\b'] = 'b', t['\f'] = 'f', t['\n'] = 'n', t['\r'] = 'r', t['\t'] = 't';
  return t;
}
constexpr auto kClasses = make_classes();

void append_escape(std::string& out, unsigned char byte) {
  const char letter = kClasses[byte];
  out += '\\';
  out += letter;
  if (letter != 'u') return;
  out += "00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

// Do eight bytes go over as they are: none of them below 0x20, above 0x7F, a quote or a backslash? Bytes of a word side
// by side; a borrow can only make a byte look special that stands above one that is.
bool are_plain(const char* bytes) noexcept {
  constexpr std::uint64_t kEach = 0x0101010101010101, kHighs = 0x80 * kEach;
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  const auto has_zero = [](std::uint64_t w) { return (w - kEach) & ~w & kHighs; };
  const std::uint64_t control = (word - 0x20 * kEach) & ~word & kHighs;
  return ((word & kHighs) | control | has_zero(word ^ ('"' * kEach)) | has_zero(word ^ ('\\' * kEach))) == 0;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t copied = 0;  // everything before it is in `out`; what needs no escape goes over in one piece
  for (std::size_t i = 0; i < text.size();) {
    while (i + 8 <= text.size() && are_plain(text.data() + i)) i += 8;
    if (i == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[i]);
    if (kClasses[byte] == 0) {
      ++i;
    } else if (kClasses[byte] == 1) {
      std::string_view rest = text.substr(i);
      const bool good = take_code_point(rest).has_value();
      const std::size_t next = text.size() - rest.size();
      if (!good) {
        out.append(text, copied, i - copied).append("\xEF\xBF\xBD");
        copied = next;
      }
      i = next;
    } else {
      out.append(text, copied, i - copied);
      append_escape(out, byte);
      copied = ++i;
    }
  }
  out.append(text, copied, text.size() - copied);
  out += '"';
}

void append_json_int(std::string& out, std::int64_t value) {
  char buf[24];
  out.append(buf, std::to_chars(buf, buf + sizeof buf, value).ptr);
}

void append_json_uint(std::string& out, std::uint64_t value) {
  char buf[24];
  out.append(buf, std::to_chars(buf, buf + sizeof buf, value).ptr);
}

void append_json_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char buf[40];
  const char* end = std::to_chars(buf, buf + sizeof buf, value).ptr;
  const std::string_view text(buf, static_cast<std::size_t>(end - buf));
  out += text;
  if (text.find_first_not_of("-0123456789") == std::string_view::npos) out += ".0";
}

}  // namespace chat
