#include "base/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace chat {
namespace {

struct Range {
  char32_t first, last;
};

// White_Space, Cc, Cf, Default_Ignorable_Code_Point (Unicode 15) and the letters that are drawn as a blank, sorted.
// Combining marks are left to count as visible: alone they are drawn on a dotted circle or on nothing, by font.
constexpr Range kInvisible[] = {
    {0x0000, 0x0020}, {0x007F, 0x00A0}, {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160},
    {0x1680, 0x1680}, {0x17B4, 0x17B5}, {0x180B, 0x180F},   {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},
    {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},   {0xD800, 0xDFFF},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

bool is_white_space(char32_t c) noexcept {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

// Length of the ASCII run at the front, eight bytes at a time.
std::size_t ascii_run(std::string_view s) noexcept {
  std::size_t i = 0;
  for (std::uint64_t word; i + 8 <= s.size(); i += 8) {
    std::memcpy(&word, s.data() + i, 8);
    if ((word & 0x8080808080808080ull) != 0) break;
  }
  while (i < s.size() && static_cast<unsigned char>(s[i]) < 0x80) ++i;
  return i;
}

}  // namespace

std::optional<char32_t> take_code_point(std::string_view& text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) {
    text.remove_prefix(1);
    return lead;
  }
  std::size_t more = 0;
  unsigned low = 0x80, high = 0xBF;  // what the second byte may be: rules out overlong forms and surrogates
  char32_t c = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    more = 1, c = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    more = 2, c = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    more = 3, c = lead & 0x07;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  std::size_t used = 1;
  for (; used <= more && used < text.size(); ++used) {
    if (byte(used) < low || byte(used) > high) break;
    c = c << 6 | (byte(used) & 0x3F);
    low = 0x80, high = 0xBF;
  }
  text.remove_prefix(used);
  if (more == 0 || used <= more) return std::nullopt;
  return c;
}

bool is_utf8(std::string_view text) noexcept {
  while (true) {
    text.remove_prefix(ascii_run(text));
    if (text.empty()) return true;
    if (!take_code_point(text)) return false;
  }
}

void append_utf8(std::string& out, char32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12), tail(6), tail(0);
  }
}

std::size_t count_code_points(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char b) { return (static_cast<unsigned char>(b) & 0xC0) != 0x80; }));
}

bool is_visible(char32_t c) noexcept {
  const auto* at = std::upper_bound(std::begin(kInvisible), std::end(kInvisible), c,
                                    [](char32_t x, const Range& r) { return x < r.first; });
  return at == std::begin(kInvisible) || c > std::prev(at)->last;
}

bool has_visible_character(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto c = take_code_point(text);
    if (c && is_visible(*c)) return true;
  }
  return false;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty()) {
    std::string_view rest = text;
    const auto c = take_code_point(rest);
    if (!c || !is_white_space(*c)) break;
    text = rest;
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    std::string_view last = text.substr(start);
    const auto c = take_code_point(last);
    if (!c || !last.empty() || !is_white_space(*c)) break;
    text = text.substr(0, start);
  }
  return text;
}

}  // namespace chat
