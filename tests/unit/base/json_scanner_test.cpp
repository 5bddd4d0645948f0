#include "base/json_scanner.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

bool skips(std::string_view text) {
  JsonScanner in(text);
  return in.skip() && in.at_end();
}
bool checks(std::string_view text, int levels = 8) {
  JsonScanner in(text);
  return in.check(levels, nullptr) && in.at_end();
}

TEST(JsonScanner, ReadsMembersInTurn) {
  JsonScanner in(R"( { "a" : 1 , "b\u0062" : [ true , null , "x\ty" ] , "c" : { } , "d" : -0.5e+1 } )");
  std::string key, text;
  int number = 0;
  bool truth = false, whole = true;
  std::string_view spelling;
  ASSERT_TRUE(in.open_object());
  ASSERT_TRUE(in.next_member(key) && in.integer(number));
  EXPECT_EQ(key, "a");
  EXPECT_EQ(number, 1);
  ASSERT_TRUE(in.next_member(key) && in.open_array());
  EXPECT_EQ(key, "bb");
  ASSERT_TRUE(in.next_element() && in.boolean(truth));
  EXPECT_TRUE(truth);
  ASSERT_TRUE(in.next_element() && in.null());
  ASSERT_TRUE(in.next_element() && in.string(text));
  EXPECT_EQ(text, "x\ty");
  EXPECT_FALSE(in.next_element());
  ASSERT_TRUE(in.next_member(key) && in.open_object());
  EXPECT_FALSE(in.next_member(key));
  ASSERT_TRUE(in.next_member(key) && in.number(spelling, whole));
  EXPECT_EQ(spelling, "-0.5e+1");
  EXPECT_FALSE(whole);
  EXPECT_FALSE(in.next_member(key));
  EXPECT_FALSE(in.failed());
  EXPECT_TRUE(in.at_end());
}

TEST(JsonScanner, TellsTheTypeOfWhatComesNext) {
  using Type = JsonScanner::Type;
  const std::pair<const char*, Type> cases[] = {{" {", Type::object},  {"\t[", Type::array}, {"\r\"", Type::string},
                                                {"\n-", Type::number}, {"7", Type::number},  {"t", Type::boolean},
                                                {"f", Type::boolean},  {"n", Type::null},    {"", Type::none},
                                                {" ", Type::none},     {"}", Type::none},    {"+1", Type::none}};
  for (const auto& [text, type] : cases) EXPECT_EQ(JsonScanner(text).next_type(), type) << text;
}

TEST(JsonScanner, IntegersAreWholeAndFit) {
  const auto reads = [](std::string_view text, auto expected) {
    JsonScanner in(text);
    decltype(expected) value{};
    return in.integer(value) && value == expected;
  };
  EXPECT_TRUE(reads("4294967295", std::uint32_t{4294967295}));
  EXPECT_TRUE(reads("18446744073709551615", std::uint64_t{18446744073709551615U}));
  EXPECT_TRUE(reads("-2147483648", std::int32_t{-2147483647 - 1}));
  EXPECT_FALSE(reads("4294967296", std::uint32_t{0}));
  EXPECT_FALSE(reads("-1", std::uint32_t{0}));
  EXPECT_FALSE(reads("1.0", 1));
  EXPECT_FALSE(reads("1e0", 1));
  EXPECT_FALSE(reads("\"1\"", 1));
}

TEST(JsonScanner, AfterAFaultNothingIsReadAnyMore) {
  JsonScanner in(R"([1 2])");
  int value = 0;
  ASSERT_TRUE(in.open_array() && in.next_element() && in.integer(value));
  EXPECT_FALSE(in.next_element());
  const std::string first = in.fault();
  EXPECT_FALSE(first.empty());
  EXPECT_FALSE(in.next_element());
  EXPECT_FALSE(in.integer(value));
  EXPECT_FALSE(in.skip());
  EXPECT_EQ(in.fault(), first);
}

TEST(JsonScanner, SkipHandsOutTheSource) {
  JsonScanner in(R"({"a": [ 1, {"b" : "]}\"" } ] ,"c":2})");
  std::string key;
  std::string_view source;
  ASSERT_TRUE(in.open_object() && in.next_member(key) && in.skip(source));
  EXPECT_EQ(source, R"([ 1, {"b" : "]}\"" } ])");
  ASSERT_TRUE(in.next_member(key) && in.skip(source));
  EXPECT_EQ(source, "2");
  EXPECT_FALSE(in.next_member(key));
  EXPECT_TRUE(in.at_end());
}

TEST(JsonScanner, SkippingAndCheckingAgreeOnWhatIsJson) {
  for (const char* text : {"0", "-0", "1.5E-7", "true", "null", "\"\"", "[]", "{}", "[[],{}]",
                           R"({"a":[{"b":1}],"c":{}})", R"("\"\\\/\b\f\n\r\t\u00e9")", " [ 1 , 2 ] "}) {
    EXPECT_TRUE(skips(text)) << text;
    EXPECT_TRUE(checks(text)) << text;
  }
  for (const char* text :
       {"",       " ",       "tru",         "nulll",      "01",       "1.",    ".5",        "1e",
        "-",      "+1",      "[",           "]",          "[1,]",     "[,1]",  "[1 2]",     "[1}",
        "{",      "{\"a\"}", "{\"a\":}",    "{\"a\":1,}", "{,}",      "{1:1}", "{\"a\" 1}", "\"",
        "\"\\\"", "\"\\x\"", "\"\\u12g4\"", "\"\n\"",     "\"\xFF\"", "1 1",   "[]]",       "{a:1}"}) {
    EXPECT_FALSE(skips(text)) << text;
    EXPECT_FALSE(checks(text)) << text;
  }
}

TEST(JsonScanner, CheckingRefusesWhatOthersCannotHold) {
  for (const char* text : {"\"\\u0000\"", "\"\\ud800\"", "[\"\\udc00\"]", R"({"a":1,"a":2})", R"({"\u0061":1,"a":2})",
                           R"([{"x":{"a":1,"a":1}}])"}) {
    EXPECT_FALSE(checks(text)) << text;
    EXPECT_TRUE(skips(text)) << text;
  }
  EXPECT_TRUE(checks("[[[]]]", 3));
  EXPECT_FALSE(checks("[[[]]]", 2));
  EXPECT_FALSE(checks(R"({"a":[{}]})", 2));
  EXPECT_TRUE(checks("1", 0));
}

TEST(JsonScanner, AnyDepthCanBeSkipped) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_TRUE(skips(deep));
  EXPECT_FALSE(skips(std::string_view(deep).substr(1)));
}

TEST(JsonScanner, CheckingMinifies) {
  JsonScanner in(" { \"a \" : [ 1 , \" \\u00e9 \" ] ,\n\"b\\\"\" : { } , \"c\":null } ");
  std::string out = "x";
  ASSERT_TRUE(in.check(8, &out));
  EXPECT_EQ(out, R"(x{"a ":[1," \u00e9 "],"b\"":{},"c":null})");
}

}  // namespace
}  // namespace chat
