#include "base/flat_json.hpp"

#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <string>

namespace chat {
namespace {

using Kind = FlatJsonMember::Kind;

TEST(FlatJson, ReadsPlainMembers) {
  const auto json = FlatJson::parse(
      " {\"s\" : \"a\\n\\u00e9\\ud83d\\ude00\\/\", \"i\":-12,\"z\":0, "
      "\"d\":1.5,\"e\":1E5,\"t\":true,\"f\":false,\"n\":null,\"a\":[1,{\"x\":[]}],\"o\":{}}\r\n");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->find("s")->text, "a\n\xC3\xA9\xF0\x9F\x98\x80/");
  EXPECT_EQ(json->find("i")->kind, Kind::integer);
  EXPECT_EQ(json->find("i")->integer, -12);
  EXPECT_EQ(json->find("z")->kind, Kind::integer);
  EXPECT_EQ(json->find("d")->kind, Kind::number);
  EXPECT_EQ(json->find("e")->kind, Kind::number) << "an exponent makes no integer";
  EXPECT_EQ(json->find("t")->integer, 1);
  EXPECT_EQ(json->find("f")->kind, Kind::boolean);
  EXPECT_EQ(json->find("n")->kind, Kind::null);
  EXPECT_EQ(json->find("a")->kind, Kind::nested);
  EXPECT_EQ(json->find("x"), nullptr);
  EXPECT_EQ(json->members().size(), 10u);
  EXPECT_TRUE(FlatJson::parse("{}")->members().empty());
}

TEST(FlatJson, IntegersAreThoseThatFit) {
  EXPECT_EQ(FlatJson::parse(R"({"a":9223372036854775807})")->find("a")->integer, INT64_MAX);
  EXPECT_EQ(FlatJson::parse(R"({"a":-9223372036854775808})")->find("a")->kind, Kind::integer);
  EXPECT_EQ(FlatJson::parse(R"({"a":9223372036854775808})")->find("a")->kind, Kind::number);
}

TEST(FlatJson, RefusesEverythingElse) {
  for (const char* bad : {"",
                          " ",
                          "{",
                          "}",
                          "[]",
                          "1",
                          "null",
                          "{}{}",
                          "{} x",
                          "{,}",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{a:1}",
                          "{'a':1}",
                          "{\"a\":1 \"b\":2}",
                          "{\"a\":1,\"a\":2}",
                          "{\"a\":1,\"\\u0061\":2}",
                          "{\"a\":01}",
                          "{\"a\":-}",
                          "{\"a\":+1}",
                          "{\"a\":.5}",
                          "{\"a\":1.}",
                          "{\"a\":1e}",
                          "{\"a\":NaN}",
                          "{\"a\":tru}",
                          "{\"a\":True}",
                          "{\"a\":\"",
                          "{\"a\":\"\\",
                          "{\"a\":\"\\x\"}",
                          "{\"a\":\"\\u12\"}",
                          "{\"a\":\"\\u+123\"}",
                          "{\"a\":\"\\u0000\"}",
                          "{\"a\":\"\\ud800\"}",
                          "{\"a\":\"\\udc00\"}",
                          "{\"a\":\"\\ud800\\u0041\"}",
                          "{\"a\":\"\n\"}",
                          "{\"a\":\"\xFF\"}",
                          "{\"a\":\"\xC0\xAF\"}",
                          "{\"a\":\"\xED\xA0\x80\"}",
                          "{\"a\":[}",
                          "{\"a\":[1,]}",
                          "{\"a\":[[[[[[[[[]]]]]]]]]}",
                          "{\"a\":1}\x0b",
                          "\xEF\xBB\xBF{}",
                          "{\"a\":1/**/}"}) {
    EXPECT_FALSE(FlatJson::parse(bad)) << bad;
  }
  EXPECT_FALSE(FlatJson::parse(std::string("{}\0", 3)));
  std::string many = "{";
  for (int i = 0; i < 65; ++i) many += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  EXPECT_FALSE(FlatJson::parse(many + "}"));
}

TEST(Base64, HasOneTextForEachValue) {
  const std::pair<std::string, std::string> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64url_encode(bytes), text);
    EXPECT_EQ(base64url_decode(text), bytes);
  }
  EXPECT_EQ(base64url_encode("\xFB\xFF\xFE"), "-__-");
  EXPECT_EQ(base64_encode_unpadded("\xFB\xFF\xFE"), "+//+");
  for (const char* bad : {"Zg==", "Zh", "Zm9", "Z", "Zm9vY", "Zg ", " Zg", "Z\ng", "+//+", "Zm 9v", "Zg\x80"}) {
    EXPECT_FALSE(base64url_decode(bad)) << bad;
  }
  EXPECT_FALSE(base64_decode_unpadded("-__-"));
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(base64url_decode(base64url_encode(all)), all);
}

}  // namespace
}  // namespace chat
