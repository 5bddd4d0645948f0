#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

TEST(Utf8, TakesWellFormedTextAndNothingElse) {
  for (const std::string_view good :
       {"", "ascii, longer than eight bytes", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
        "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const std::string_view bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2 ", "\xE0\x9F\xBF", "\xE2\x82",
                                     "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                                     "\xF5\x80\x80\x80", "\xF0\x9F\x98", "\xFF", "12345678\xFF", "1234567\xC3"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    std::string_view rest = text;
    ASSERT_EQ(take_code_point(rest), c);
    ASSERT_TRUE(rest.empty());
  }
}

// Unicode 15, 3.9: one replacement for each maximal subpart.
TEST(Utf8, SkipsOneMaximalSubpartAtATime) {
  std::string_view text = "\xF0\x9F\x98\x41\xE2\x82\xC0\xAF";
  std::string seen;
  while (!text.empty()) {
    const auto c = take_code_point(text);
    seen += c ? static_cast<char>(*c) : '?';
  }
  EXPECT_EQ(seen, "?A???");
}

TEST(Utf8, CountsCodePoints) {
  EXPECT_EQ(count_code_points(""), 0u);
  EXPECT_EQ(count_code_points("aé€😀"), 4u);
}

TEST(Utf8, KnowsWhatCanBeSeen) {
  for (const std::string_view blank : {"", " ", "\t\r\n", "\u00a0", "\u200b\u200d\u2060\ufeff", "\u3164\u115f\uffa0",
                                       "\u2800", "\u3000\u2003", "\u202e\u2066", "\U000E0041", "\xFF"}) {
    EXPECT_FALSE(has_visible_character(blank)) << blank;
  }
  for (const std::string_view seen : {"a", " . ", "\u200b!", "é", "😀", "\u4e2d", "\u0301"}) {
    EXPECT_TRUE(has_visible_character(seen)) << seen;
  }
}

TEST(Utf8, TrimsWhiteSpaceOfEveryKind) {
  EXPECT_EQ(trim(" \t\n\u00a0\u2003\u3000a b\u2028\u0085\x1f "), "a b");
  EXPECT_EQ(trim("\u200ba\u200b"), "\u200ba\u200b");  // not white space, as for Python's str.strip
  EXPECT_EQ(trim(" \u3000 "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\x80\xFF "), "\x80\xFF");
  EXPECT_EQ(trim("é"), "é");
}

}  // namespace
}  // namespace chat
