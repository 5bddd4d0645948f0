// What is written: exact bytes, and the same value when read again.
#include "samples.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace chat::schema::test {
namespace {

Everything sample() {
  Everything e;
  e.id = -7;
  e.text = "a\"\\/\b\f\n\r\t\x01\x1f\x7f é\u2028😀";
  e.flag = true;
  e.ratio = 0.1;
  e.at = *parse_timestamp("2026-01-02T03:04:05.000006Z");
  e.author = {*Uuid::parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff"), "Ada"};
  e.authors = {e.author, {{}, ""}};
  e.numbers = {1, std::nullopt, -2};
  e.meta.text = R"({"a":[1.0e5,"\u00e9"]})";
  e.color = Color::blue;
  e.seq = StrongInt<SeqTag>(42);
  return e;
}

TEST(Write, PutsMembersInTheOrderOfTheDescription) {
  EXPECT_EQ(
      write(sample()),
      "{\"id\":-7,\"text\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f é\u2028😀\",\"flag\":true,\"ratio\":0.1,"
      R"("at":"2026-01-02T03:04:05.000006Z","author":{"id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","name":"Ada"},)"
      R"("authors":[{"id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","name":"Ada"},{"id":"00000000-0000-0000-0000-000000000000","name":""}],)"
      R"("numbers":[1,null,-2],"editor":null,"meta":{"a":[1.0e5,"\u00e9"]},"color":"blue","token_type":"bearer","seq":42,"default":"d"})");
}

TEST(Write, LeavesOutAnEmptyMaybeAndSaysNullForAnEmptyOptional) {
  Everything e = sample();
  e.deleted = true;
  e.heir = e.author;
  e.editor = e.author;
  std::string json = write(e);
  EXPECT_NE(json.find(R"("deleted":true,"heir":{)"), json.npos);
  EXPECT_NE(json.find(R"("editor":{"id")"), json.npos);
  EXPECT_EQ(parse_json<Everything>(json).value, e);
  EXPECT_EQ(json_faults<Everything>(json.replace(json.find(R"("deleted":true)"), 14, R"("deleted":null)")),
            R"({"type":"bool_type","loc":["body","deleted"],"msg":"Input should be a valid boolean","input":null})");
}

TEST(Write, ReadsBackTheSame) {
  const auto again = parse_json<Everything>(write(sample()));
  ASSERT_TRUE(again) << faults_of(again);
  EXPECT_EQ(*again, sample());
}

TEST(Write, BringsAwkwardTextBackExactly) {
  static const std::string kTexts[] = {"",
                                       " leading and trailing ",
                                       "\r\n\t",
                                       "\"quoted\" \\ back\\\\slash / \\u0041 \\ud800",
                                       "\x01\x02\x1e\x1f\x7f",
                                       "e\u0301 vs \u00e9",
                                       "\u2028\u2029\ufeff\ufffd\uffff",
                                       "\U0001F468\u200D\U0001F469\u200D\U0001F467 \U0010FFFF",
                                       "</script><!--",
                                       "'; DROP TABLE messages; --",
                                       std::string(70'000, 'x') + "\n" + std::string(70'000, '"')};
  for (const std::string& text : kTexts) {
    One<std::string> one{text};
    const auto again = parse_json<One<std::string>>(write(one));
    ASSERT_TRUE(again) << faults_of(again);
    EXPECT_EQ(again->v, text);
  }
}

TEST(Write, DecodesEveryEscape) {
  const auto read = parse_json<One<std::string>>(R"({"v":"\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\uDE00x"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->v, "\"\\/\b\f\n\r\té€😀x");
}

TEST(Write, IsJsonEvenForTextThatIsNotUnicode) {
  EXPECT_EQ(write(One<std::string>{"a\xFF\xE2\x82"}), R"({"v":"a��"})");
  EXPECT_EQ(write(One<double>{std::numeric_limits<double>::infinity()}), R"({"v":null})");
  EXPECT_EQ(write(One<double>{std::nan("")}), R"({"v":null})");
}

TEST(Write, NeverShowsASecret) {
  EXPECT_EQ(write(UserIn{"Ada", "ada@example.com", "hunter22"}),
            R"({"name":"Ada","username":"ada@example.com","password":"**********"})");
}

TEST(Opaque, KeepsItsOwnBytes) {
  const auto read =
      parse_json<Opaque>("{ \"data\" : { \"b\" : [ 1.0e5 , -0 , 1e999 ] ,\n \"a\\u0041\" : \"\\u00e9 x\" } }");
  ASSERT_TRUE(read) << faults_of(read);
  EXPECT_EQ(read->data.text, R"({"b":[1.0e5,-0,1e999],"a\u0041":"\u00e9 x"})");
}

TEST(Opaque, TakesAnyValue) {
  for (const std::string json : {"null", "true", "12345678901234567890123", R"("x\ny")", "[]", "{}", "1e99999999999"}) {
    const auto read = parse_json<Opaque>(R"({"data":)" + json + "}");
    ASSERT_TRUE(read) << faults_of(read);
    EXPECT_EQ(read->data.text, json);
    EXPECT_EQ(write(*read), R"({"data":)" + json + "}");
  }
}

TEST(Opaque, IsChecked) {
  const auto msg = [](const std::string& json) {
    return parse_json<Opaque>(R"({"data":)" + json + "}").faults.at(0).msg;
  };
  EXPECT_EQ(msg(R"({"a":1,"\u0061":2})"), "Value error, a key occurs more than once");
  EXPECT_EQ(msg(R"([{"a":{"b":1,"c":{},"b":2}}])"), "Value error, a key occurs more than once");
  EXPECT_EQ(msg(R"(["\u0000"])"), "Value error, NUL characters are not allowed");
  EXPECT_EQ(msg(R"({"\u0000":1})"), "Value error, NUL characters are not allowed");
  EXPECT_EQ(msg(R"("\u0000")"), "Value error, NUL characters are not allowed");
  EXPECT_EQ(msg(R"(["\ud800"])"), "Input should be a valid string, unable to parse raw data as a unicode string");
  EXPECT_EQ(msg('"' + std::string(63, 'x') + '"'), "Value error, at most 64 bytes of JSON are allowed");
  EXPECT_TRUE(parse_json<Opaque>(R"({"data":[ {"a":1}, {"a":1}, {"b":{"a":1}} ]})"));
  EXPECT_TRUE(parse_json<Opaque>(R"({"data":   ")" + std::string(62, 'x') + "\"}"));
}

}  // namespace
}  // namespace chat::schema::test
