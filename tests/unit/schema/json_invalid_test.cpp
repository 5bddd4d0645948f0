// What is no JSON: one fault, at the place and in the words of Python's json module (expectations made with
// CPython 3.11).
#include "samples.hpp"

#include "base/json_text.hpp"

#include <gtest/gtest.h>

namespace chat::schema::test {
namespace {

struct Case {
  std::string_view body;
  int offset;
  std::string_view msg;
};

std::string expected(int offset, std::string_view msg) {
  return R"({"type":"json_invalid","loc":["body",)" + std::to_string(offset) +
         R"(],"msg":"JSON decode error","input":{},"ctx":{"error":)" + json_string(msg) + "}}";
}

TEST(JsonInvalid, IsOneFaultWherePythonSeesIt) {
  static const Case kCases[] = {
      {"{", 1, "Expecting property name enclosed in double quotes"},
      {"[", 1, "Expecting value"},
      {"\"", 0, "Unterminated string starting at"},
      {"{\"name\"", 7, "Expecting ':' delimiter"},
      {"{\"name\":", 8, "Expecting value"},
      {"{\"name\":\"x\"", 11, "Expecting ',' delimiter"},
      {"{\"name\":\"x\",", 12, "Expecting property name enclosed in double quotes"},
      {"{\"name\":\"x\",}", 12, "Expecting property name enclosed in double quotes"},
      {"{name:1}", 1, "Expecting property name enclosed in double quotes"},
      {"{'name':1}", 1, "Expecting property name enclosed in double quotes"},
      {"{\"name\" 1}", 8, "Expecting ':' delimiter"},
      {"{\"name\":1 \"b\":2}", 10, "Expecting ',' delimiter"},
      {"[1,]", 3, "Expecting value"},
      {"[1 2]", 3, "Expecting ',' delimiter"},
      {"nul", 0, "Expecting value"},
      {"tru", 0, "Expecting value"},
      {"01", 1, "Extra data"},
      {"-", 0, "Expecting value"},
      {"1.", 1, "Extra data"},
      {"1e", 1, "Extra data"},
      {"1.e5", 1, "Extra data"},
      {"+1", 0, "Expecting value"},
      {".5", 0, "Expecting value"},
      {"{\"a\":01}", 6, "Expecting ',' delimiter"},
      {"{\"a\":-}", 5, "Expecting value"},
      {"{\"a\":1.}", 6, "Expecting ',' delimiter"},
      {"{\"a\":1e+}", 6, "Expecting ',' delimiter"},
      {"\"\t\"", 1, "Invalid control character at"},
      {"{\"a\":\"x\ny\"}", 7, "Invalid control character at"},
      {"\"\\x\"", 1, "Invalid \\escape"},
      {"{\"a\":\"\\u12\"}", 7, "Invalid \\uXXXX escape"},
      {"{\"a\":\"\\u12G4\"}", 7, "Invalid \\uXXXX escape"},
      {"{} x", 3, "Extra data"},
      {"{}{}", 2, "Extra data"},
      {"[]]", 2, "Extra data"},
      {"1 2", 2, "Extra data"},
      {"{\"a\":1}}", 7, "Extra data"},
      {"hello", 0, "Expecting value"},
      {" ", 1, "Expecting value"},
      {"\n\n", 2, "Expecting value"},
      {"{\"é\":\"ü\",x}", 9, "Expecting property name enclosed in double quotes"},
      {"{\"😀\":tru}", 5, "Expecting value"},
      {"{\"a\":[{\"b\":[1,2,}]}", 16, "Expecting value"},
      {"{\"a\":\"abc", 5, "Unterminated string starting at"},
      {"{\"a\":\"abc\\", 5, "Unterminated string starting at"},
      {"{\"a\":\"abc\\\"", 5, "Unterminated string starting at"},
      {"{\"a\":\"\\ud800\"", 13, "Expecting ',' delimiter"},
      {"{\"a\":\"\\ud800\" x", 14, "Expecting ',' delimiter"},
      {"/* c */{}", 0, "Expecting value"},
      {"{\"a\":1,/**/\"b\":2}", 7, "Expecting property name enclosed in double quotes"},
      {std::string_view("\000", 1), 0, "Expecting value"},
      {std::string_view("{\"a\":\000}", 7), 5, "Expecting value"},
      {"{\"a\":undefined}", 5, "Expecting value"},
      {"[1,2", 4, "Expecting ',' delimiter"},
      {"{\"a\":{\"b\":}}", 10, "Expecting value"},
      {"{\"a\":\"x\"]", 8, "Expecting ',' delimiter"},
      {"[1}", 2, "Expecting ',' delimiter"},
      {"{\"a\":1e99999999999,}", 19, "Expecting property name enclosed in double quotes"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(json_faults<RoomIn>(c.body), expected(c.offset, c.msg)) << c.body;
  }
}

TEST(JsonInvalid, HidesFaultsOfFieldsThatCameBefore) {
  EXPECT_EQ(json_faults<RoomIn>(R"({"name":5,"description":7,)"),
            expected(26, "Expecting property name enclosed in double quotes"));
}

TEST(JsonInvalid, IncludesWhatPythonTakes) {
  EXPECT_EQ(json_faults<RoomIn>(R"({"name":NaN})"), expected(8, "Expecting value"));
  EXPECT_EQ(json_faults<RoomIn>(R"({"name":-Infinity})"), expected(8, "Expecting value"));
}

TEST(JsonInvalid, IncludesBytesThatAreNoUtf8) {
  EXPECT_EQ(json_faults<RoomIn>("{\"name\":\"\xC3\xA9\xFF\"}"), expected(10, "Invalid UTF-8"));
  EXPECT_EQ(json_faults<RoomIn>("{\"name\":\"\xED\xA0\x80\"}"), expected(9, "Invalid UTF-8"));
  EXPECT_EQ(json_faults<RoomIn>("{\"name\":\"\xC0\x80\"}"), expected(9, "Invalid UTF-8"));
  EXPECT_EQ(json_faults<RoomIn>("\xFF\xFE{}"), expected(0, "Expecting value"));
}

TEST(JsonInvalid, SkipsAByteOrderMark) {
  EXPECT_EQ(json_faults<RoomIn>("\xEF\xBB\xBF{\"name\":\"x\"}"), "ok");
  EXPECT_EQ(json_faults<RoomIn>("\xEF\xBB\xBF{x}"), expected(1, "Expecting property name enclosed in double quotes"));
}

TEST(JsonInvalid, SaysMissingWhenThereIsNoBody) {
  const std::string missing = R"({"type":"missing","loc":["body"],"msg":"Field required"})";
  EXPECT_EQ(json_faults<RoomIn>(""), missing);
  EXPECT_EQ(json_faults<RoomIn>("null"), missing);
  EXPECT_EQ(json_faults<RoomIn>(" null "), missing);
}

}  // namespace
}  // namespace chat::schema::test
