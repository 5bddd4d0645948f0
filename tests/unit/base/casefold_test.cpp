#include "base/casefold.hpp"

#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

TEST(Casefold, MakesOneOfAllCases) {
  struct {
    std::string_view text, folded;
  } static const kCases[] = {
      {"Ada.Lovelace+X@Example.ORG", "ada.lovelace+x@example.org"},
      {"ÀÖØÞ ß ÿ", "àöøþ ß ÿ"},
      {"ĀĲŁŊŽ", "āĳłŋž"},
      {"ΑΣΩ σς", "ασω σσ"},
      {"ЖЁЯ", "жёя"},
      {"ԱՖ", "աֆ"},
      {"Ａｚ", "ａｚ"},
      {"\u1E9E", "ß"},       // capital sharp s
      {"\u212A", "k"},       // Kelvin sign
      {"\u00B5", "\u03BC"},  // micro sign
      {"\u017F", "s"},       // long s
      {"\u0130\u0131", "\u0130\u0131"},
      {"\U00010400", "\U00010428"},
      {"中文 123 😀", "中文 123 😀"},
      {"A\xFF\xE2\x82"
       "B",
       "a\xFF\xE2\x82"
       "b"},
  };
  for (const auto& c : kCases) EXPECT_EQ(casefold(c.text), c.folded) << c.text;
}

TEST(Casefold, OfAFoldedTextIsTheSame) {
  std::size_t changed = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    const std::string once = casefold(text);
    ASSERT_EQ(casefold(once), once) << static_cast<unsigned>(c);
    ASSERT_EQ(count_code_points(once), 1u);
    changed += once != text;
  }
  EXPECT_EQ(changed, 1454u);  // Unicode 14 has so many mappings of statuses C and S
}

}  // namespace
}  // namespace chat
