#include "protocol/room_frames.hpp"

#include <gtest/gtest.h>

namespace chat::protocol {
namespace {

constexpr std::size_t kMax = 100;

bool refused(std::string_view text) {
  auto frame = decode_client_frame(text, kMax);
  return !frame && frame.error().code == Errc::invalid;
}

TEST(DecodeClientFrame, TakesContentAndClientId) {
  auto frame = decode_client_frame(R"( {"content":"hi","client_id":"a-1"} )", kMax);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->content, "hi");
  EXPECT_EQ(frame->client_id, "a-1");
}

TEST(DecodeClientFrame, ClientIdMayBeAbsentOrNull) {
  for (const char* text : {R"({"content":"hi"})", R"({"client_id":null,"content":"hi"})"}) {
    auto frame = decode_client_frame(text, kMax);
    ASSERT_TRUE(frame) << text;
    EXPECT_FALSE(frame->client_id);
  }
}

TEST(DecodeClientFrame, TextIsTakenAsItIs) {
  auto frame = decode_client_frame(R"({"content":"  \u00e9\ud83d\ude00\n\"é  "})", kMax);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->content, "  \xC3\xA9\xF0\x9F\x98\x80\n\"\xC3\xA9  ");
}

TEST(DecodeClientFrame, UnknownMembersAreIgnored) {
  auto frame = decode_client_frame(
      R"({"x":{"content":1,"a":[{"content":2}]},"content":"hi","y":[1e400,-0.5,true,null,"s",[]],"z":123456789012345678901234567890})",
      kMax);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->content, "hi");
}

TEST(DecodeClientFrame, RefusesWhatIsNoJsonObject) {
  for (const char* text :
       {"", " ", "hello", "\"content\"", "[]", "[{\"content\":\"a\"}]", "1", "null", "true", "{", "{\"content\":\"a\"",
        "{\"content\":\"a\"}x", "{\"content\":\"a\"}{}", "{\"content\":\"a\",}", "{'content':'a'}", "{content:\"a\"}",
        "{\"content\":\"a\" /* c */}"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
}

TEST(DecodeClientFrame, RefusesContentThatIsNoText) {
  for (const char* text :
       {R"({})", R"({"Content":"a"})", R"({"content":null})", R"({"content":1})", R"({"content":1.5})",
        R"({"content":true})", R"({"content":{}})", R"({"content":["a"]})", R"({"content":""})", R"({"content":-1})",
        R"({"content":18446744073709551615})", R"({"client_id":"a"})"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
}

TEST(DecodeClientFrame, RefusesAClientIdThatIsNoShortText) {
  const std::string longest(64, 'x');
  EXPECT_FALSE(refused(R"({"content":"a","client_id":")" + longest + "\"}"));
  EXPECT_TRUE(refused(R"({"content":"a","client_id":")" + longest + "x\"}"));
  for (const char* id : {"\"\"", "1", "{}", "[]", "true", "1.5"})
    EXPECT_TRUE(refused(std::string(R"({"content":"a","client_id":)") + id + "}")) << id;
}

TEST(DecodeClientFrame, CountsContentInBytesAfterDecoding) {
  EXPECT_FALSE(refused("{\"content\":\"" + std::string(kMax, 'x') + "\"}"));
  EXPECT_TRUE(refused("{\"content\":\"" + std::string(kMax + 1, 'x') + "\"}"));
  std::string escaped;
  for (std::size_t i = 0; i < kMax / 2; ++i) escaped += "\\u00e9";
  EXPECT_FALSE(refused("{\"content\":\"" + escaped + "\"}"));
  EXPECT_TRUE(refused("{\"content\":\"" + escaped + "x\"}"));
}

TEST(DecodeClientFrame, RefusesANameThatStandsTwice) {
  for (const char* text :
       {R"({"content":"a","content":"a"})", R"({"content":"a","c\u006fntent":"b"})", R"({"content":"a","x":1,"x":1})",
        R"({"content":"a","client_id":"b","client_id":"b"})", R"({"content":"a","client_id":null,"client_id":"b"})",
        R"({"content":"a","x":{"y":1,"y":2}})", R"({"content":"a","x":[{"y":{},"y":[]}]})"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
  EXPECT_FALSE(refused(R"({"content":"a","x":{"y":1,"z":{"y":2}},"y":{"x":1}})"));
}

TEST(DecodeClientFrame, RefusesNulAndLoneSurrogatesAnywhere) {
  for (const char* text :
       {R"({"content":"a\u0000"})", R"({"content":"a","x":"\u0000"})", R"({"content":"a","\u0000":1})",
        R"({"content":"a","x":["\u0000"]})", R"({"content":"\ud800"})", R"({"content":"\udc00"})",
        R"({"content":"\ud800\u0041"})", R"({"content":"a","x":"\udfff"})", R"({"content":"a","\ud800":1})",
        R"({"content":"a","client_id":"\u0000"})"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
  EXPECT_TRUE(refused(std::string_view("{\"content\":\"a\0\"}", 15)));
  EXPECT_TRUE(refused("{\"content\":\"\xC0\x80\"}"));
  EXPECT_TRUE(refused("{\"content\":\"\xED\xA0\x80\"}"));
  EXPECT_TRUE(refused("{\"content\":\"\xFF\"}"));
}

TEST(DecodeClientFrame, RefusesMoreThan32Levels) {
  const auto nested = [](int arrays) {
    return R"({"content":"a","x":)" + std::string(static_cast<std::size_t>(arrays), '[') +
           std::string(static_cast<std::size_t>(arrays), ']') + "}";
  };
  EXPECT_FALSE(refused(nested(31)));
  EXPECT_TRUE(refused(nested(32)));
  EXPECT_TRUE(refused(std::string(100'000, '[')));
}

TEST(DecodeClientFrame, ManyNamesCostNoMoreThanTheyShould) {
  std::string text = R"({"content":"a")";
  for (int i = 0; text.size() < 64 * 1024; ++i) text += ",\"" + std::to_string(i) + "\":0";
  EXPECT_FALSE(refused(text + "}"));
  EXPECT_TRUE(refused(text + ",\"7\":0}"));
}

}  // namespace
}  // namespace chat::protocol
