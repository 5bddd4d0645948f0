#include "base/json_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace chat {
namespace {

std::string number(double value) {
  std::string out;
  append_json_double(out, value);
  return out;
}

TEST(JsonText, EscapesWhatRfc8259AsksForAndNothingElse) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(json_string(std::string_view("\0\x01\b\t\n\v\f\r\x1f\x7f", 10)),
            "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\x7f\"");
  EXPECT_EQ(json_string("é\u2028😀"), "\"é\u2028😀\"");
}

TEST(JsonText, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(json_string("a\xFF\"b\xE2\x82"), "\"a\uFFFD\\\"b\uFFFD\"");
  EXPECT_EQ(json_string("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
}

// Eight bytes are looked at together: every byte at every place among them, alone and beside another special one.
TEST(JsonText, EveryByteIsSeenWhereverItStands) {
  const auto expected = [](const std::string& text) {
    std::string out = "\"";
    for (const char c : text) out += json_string({&c, 1}).substr(1, json_string({&c, 1}).size() - 2);
    return out + '"';
  };
  for (int byte = 0; byte < 0x80; ++byte) {
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'm');
      text[place] = static_cast<char>(byte);
      ASSERT_EQ(json_string(text), expected(text)) << byte << " at " << place;
      for (const char beside : {'\x1F', '"', '\\', ' ', '!', '\0'}) {
        text[(place + 1) % 20] = beside;
        ASSERT_EQ(json_string(text), expected(text)) << byte << " at " << place << " before " << int{beside};
      }
    }
  }
  for (std::size_t before = 0; before < 12; ++before) {
    const std::string text = std::string(before, 'm') + "é" + std::string(9, 'm') + "\xFF" + std::string(9, 'm');
    EXPECT_EQ(json_string(text),
              '"' + std::string(before, 'm') + "é" + std::string(9, 'm') + "\uFFFD" + std::string(9, 'm') + '"');
  }
}

TEST(JsonText, AppendsToWhatIsThere) {
  std::string out = "[";
  append_json_int(out, std::numeric_limits<std::int64_t>::min());
  out += ',';
  append_json_string(out, "x");
  EXPECT_EQ(out, R"([-9223372036854775808,"x")");
}

TEST(JsonText, NumbersReadBackTheSameAndLookLikeNumbers) {
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(1), "1.0");
  EXPECT_EQ(number(-0.0), "-0.0");
  EXPECT_EQ(number(1e300), "1e+300");
  EXPECT_EQ(number(5e-324), "5e-324");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "null");
}

}  // namespace
}  // namespace chat
