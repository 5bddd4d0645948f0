// UTF-8 as bytes and as code points. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

// Well-formed as in Unicode 15, table 3-7: no surrogates, no overlong forms, nothing above U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

// Takes the next code point off the front of `text` (not empty). At an ill-formed sequence: nothing, and only the
// bytes that could not begin one are taken off (at least one), so that a caller may put one U+FFFD in their place.
std::optional<char32_t> take_code_point(std::string_view& text) noexcept;

void append_utf8(std::string& out, char32_t code_point);

// Number of code points of well-formed text.
std::size_t count_code_points(std::string_view text) noexcept;

// False for white space, controls, format characters (zero-width space, joiners, direction marks) and letters that are
// drawn as a blank (Hangul fillers, Braille blank).
bool is_visible(char32_t code_point) noexcept;

// Whether a reader would see anything: at least one visible code point.
bool has_visible_character(std::string_view text) noexcept;

// Without the white space (Unicode's White_Space, as Python's str.strip) around it.
std::string_view trim(std::string_view text) noexcept;

}  // namespace chat
