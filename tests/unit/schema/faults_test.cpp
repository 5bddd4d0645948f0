// Inputs and the exact faults they give: texts, types, contexts and places as pydantic 2 and FastAPI.
#include "samples.hpp"

#include <gtest/gtest.h>

namespace chat::schema::test {
namespace {

struct Case {
  std::string_view body, faults;
};

std::string text_of(std::size_t n) { return R"({"name":")" + std::string(n, 'x') + R"("})"; }

TEST(Faults, NameEveryFieldOfASignUpAtOnce) {
  static const Case kCases[] = {
      {R"({"name":"Ada","username":"ada@example.com","password":"12345678"})", "ok"},
      {R"({})", R"({"type":"missing","loc":["body","name"],"msg":"Field required"},)"
                R"({"type":"missing","loc":["body","username"],"msg":"Field required"},)"
                R"({"type":"missing","loc":["body","password"],"msg":"Field required"})"},
      {R"({"password":"short","username":"nope","name":""})",
       R"({"type":"string_too_short","loc":["body","name"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}},)"
       R"({"type":"value_error","loc":["body","username"],"msg":"value is not a valid email address: An email address must have an @-sign.","input":"nope","ctx":{"reason":"An email address must have an @-sign."}},)"
       R"({"type":"string_too_short","loc":["body","password"],"msg":"String should have at least 8 bytes","ctx":{"min_length":8}})"},
      {R"({"username":5,"password":null,"name":null})",
       R"({"type":"string_type","loc":["body","name"],"msg":"Input should be a valid string","input":null},)"
       R"({"type":"string_type","loc":["body","username"],"msg":"Input should be a valid string","input":5},)"
       R"({"type":"string_type","loc":["body","password"],"msg":"Input should be a valid string"})"},
      {R"({"name":true,"username":{ "a" : [1, "b c"] },"password":["secret"]})",
       R"({"type":"string_type","loc":["body","name"],"msg":"Input should be a valid string","input":true},)"
       R"({"type":"string_type","loc":["body","username"],"msg":"Input should be a valid string","input":{"a":[1,"b c"]}},)"
       R"({"type":"string_type","loc":["body","password"],"msg":"Input should be a valid string"})"},
      {R"({"name":"\u200b \u3164","username":"a@b.co","password":"12345678"})",
       R"({"type":"value_error","loc":["body","name"],"msg":"Value error, at least one visible character is required","input":"\u200b \u3164","ctx":{"error":"at least one visible character is required"}})"},
  };
  for (const Case& c : kCases) EXPECT_EQ(json_faults<UserIn>(c.body), c.faults) << c.body;
}

TEST(Faults, IgnoreUnknownFieldsWhateverIsInThem) {
  EXPECT_EQ(
      json_faults<RoomIn>(
          R"({"a":{"name":1,"name":2},"b":"\ud800\u0000","\udc00":1,"c":1e400,"d":1e99999999999,"name":"x","a":null})"),
      "ok");
}

TEST(Faults, CountCodePointsNotBytes) {
  EXPECT_EQ(json_faults<RoomIn>(text_of(200)), "ok");
  std::string faces = R"({"name":")";
  for (int i = 0; i < 200; ++i) faces += "\U0001F600";
  EXPECT_EQ(json_faults<RoomIn>(faces + "\"}"), "ok");
  EXPECT_EQ(json_faults<RoomIn>(faces + "\\u00e9\"}").substr(0, 96),
            R"({"type":"string_too_long","loc":["body","name"],"msg":"String should have at most 200 characters)");
  EXPECT_EQ(
      json_faults<RoomIn>(text_of(201)),
      R"({"type":"string_too_long","loc":["body","name"],"msg":"String should have at most 200 characters","input":")" +
          std::string(201, 'x') + R"(","ctx":{"max_length":200}})");
}

TEST(Faults, CountThePasswordInBytes) {
  const auto faults = [](const std::string& password) {
    return json_faults<UserIn>(R"({"name":"A","username":"a@b.co","password":")" + password + "\"}");
  };
  EXPECT_EQ(faults("\u00e9\u00e9\u00e9\u00e9"), "ok");  // 8 bytes
  EXPECT_EQ(faults(std::string(1024, 'p')), "ok");
  EXPECT_EQ(
      faults(std::string(1025, 'p')),
      R"({"type":"string_too_long","loc":["body","password"],"msg":"String should have at most 1024 bytes","ctx":{"max_length":1024}})");
}

TEST(Faults, RefuseTextThatNoDatabaseTakes) {
  static const Case kCases[] = {
      {R"({"name":"a\u0000b"})",
       R"({"type":"value_error","loc":["body","name"],"msg":"Value error, NUL characters are not allowed","input":"a\u0000b","ctx":{"error":"NUL characters are not allowed"}})"},
      {R"({"name":"\ud800"})",
       R"({"type":"string_unicode","loc":["body","name"],"msg":"Input should be a valid string, unable to parse raw data as a unicode string"})"},
      {R"({"name":"x\uDFFFy","description":"\udc00\ud800"})",
       R"({"type":"string_unicode","loc":["body","name"],"msg":"Input should be a valid string, unable to parse raw data as a unicode string"},)"
       R"({"type":"string_unicode","loc":["body","description"],"msg":"Input should be a valid string, unable to parse raw data as a unicode string"})"},
      {R"({"name":"\ud83d\ude00","description":"\\ud800 \ufffd"})", "ok"},
      {R"({"name":{"a":"\ud800"}})",
       R"({"type":"string_type","loc":["body","name"],"msg":"Input should be a valid string"})"},
      {R"({"name":5,"description":"\ud800"})",
       R"({"type":"string_type","loc":["body","name"],"msg":"Input should be a valid string","input":5},)"
       R"({"type":"string_unicode","loc":["body","description"],"msg":"Input should be a valid string, unable to parse raw data as a unicode string"})"},
  };
  for (const Case& c : kCases) EXPECT_EQ(json_faults<RoomIn>(c.body), c.faults) << c.body;
}

TEST(Faults, SeeAFieldThatComesTwice) {
  const std::string twice =
      R"({"type":"value_error","loc":["body","name"],"msg":"Value error, the field occurs more than once","input":)";
  const std::string ctx = R"(,"ctx":{"error":"the field occurs more than once"}})";
  EXPECT_EQ(json_faults<RoomIn>(R"({"name":"a","name":"b"})"), twice + "\"b\"" + ctx);
  EXPECT_EQ(json_faults<RoomIn>(R"({"name":"a","\u006eame":[ 1 ]})"), twice + "[1]" + ctx);
  EXPECT_EQ(
      json_faults<UserIn>(R"({"name":"a","username":"a@b.co","password":"12345678","password":"87654321"})"),
      R"({"type":"value_error","loc":["body","password"],"msg":"Value error, the field occurs more than once")" + ctx);
}

TEST(Faults, AskForAnObject) {
  const std::string type =
      R"({"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from")";
  EXPECT_EQ(json_faults<RoomIn>("[ 1, 2 ]"), type + R"(,"input":[1,2]})");
  EXPECT_EQ(json_faults<RoomIn>("\"x\""), type + R"(,"input":"x"})");
  EXPECT_EQ(json_faults<RoomIn>("5"), type + R"(,"input":5})");
  EXPECT_EQ(json_faults<UserIn>("[\"my password\"]"), type + "}");  // there may be a password in it
  EXPECT_EQ(
      json_faults<One<Author>>(R"({"v":null})"),
      R"({"type":"model_attributes_type","loc":["body","v"],"msg":"Input should be a valid dictionary or object to extract fields from","input":null})");
  EXPECT_EQ(json_faults<One<std::vector<std::int64_t>>>(R"({"v":{}})"),
            R"({"type":"list_type","loc":["body","v"],"msg":"Input should be a valid list","input":{}})");
}

TEST(Faults, AskForJsonWhereAnotherTypeIsDeclared) {
  EXPECT_EQ(
      write_faults({wrong_content_type()}),
      R"({"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from"}]})");
}

TEST(Faults, LeadToTheirPlaceInsideListsAndObjects) {
  EXPECT_EQ(json_faults<One<Author>>(R"({"v":{"name":7}})"),
            R"({"type":"missing","loc":["body","v","id"],"msg":"Field required"},)"
            R"({"type":"string_type","loc":["body","v","name"],"msg":"Input should be a valid string","input":7})");
  EXPECT_EQ(
      json_faults<One<std::vector<std::int64_t>>>(R"({"v":[1,"x",2,null]})"),
      R"({"type":"int_parsing","loc":["body","v",1],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},)"
      R"({"type":"int_type","loc":["body","v",3],"msg":"Input should be a valid integer","input":null})");
  EXPECT_EQ(
      json_faults<Tree>(R"({"kids":[{"label":"b"},{"kids":[{"label":null},{}]}],"label":"a"})"),
      R"({"type":"missing","loc":["body","kids",1,"label"],"msg":"Field required"},)"
      R"({"type":"string_type","loc":["body","kids",1,"kids",0,"label"],"msg":"Input should be a valid string","input":null},)"
      R"({"type":"missing","loc":["body","kids",1,"kids",1,"label"],"msg":"Field required"})");
}

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
}

TEST(Faults, NameTheFieldThatIsTooDeep) {
  const auto deep = [](std::string_view loc) {
    return R"({"type":"value_error","loc":[)" + std::string(loc) +
           R"(],"msg":"Value error, nested more than 32 levels deep","ctx":{"error":"nested more than 32 levels deep"}})";
  };
  EXPECT_EQ(json_faults<RoomIn>(R"({"name":"x","extra":)" + nested(31) + "}"), "ok");
  EXPECT_EQ(json_faults<RoomIn>(R"({"name":"x","extra":)" + nested(32) + "}"), deep(R"("body","extra")"));
  EXPECT_EQ(json_faults<RoomIn>(R"({"name":)" + nested(32) + "}"), deep(R"("body","name")"));
  EXPECT_EQ(json_faults<RoomIn>(R"({"name":5,"name":6,"description":)" + nested(32) + "}"),
            deep(R"("body","description")"));  // alone
  EXPECT_EQ(json_faults<RoomIn>(nested(33)), deep(R"("body")"));
  EXPECT_EQ(json_faults<RoomIn>(std::string(200000, '[')), deep(R"("body")"));
  std::string tree = R"({"label":"x")", tail = "}";
  for (int i = 0; i < 15; ++i) tree = R"({"label":"x","kids":[)" + tree + tail, tail = "]}";
  EXPECT_EQ(json_faults<Tree>(tree + "]}"), "ok");  // 31 levels
  EXPECT_EQ(json_faults<Tree>(R"({"label":"x","kids":[)" + tree + "]}]}").substr(0, 30),
            deep(R"("body","kids",0,)").substr(0, 30));
  Limits shallow;
  shallow.max_depth = 2;
  EXPECT_EQ(faults_of(parse_json<RoomIn>(R"({"name":[[]]})", shallow)).substr(0, 42),
            R"({"type":"value_error","loc":["body","name")");
}

TEST(Faults, AreBoundedInNumberAndSize) {
  std::string body = R"({"v":[)";
  for (int i = 0; i < 1000; ++i) body += "null,";
  const auto many = parse_json<One<std::vector<std::int64_t>>>(body + "1]}");
  EXPECT_EQ(many.faults.size(), Limits{}.max_faults);
  Limits none;
  none.max_faults = 0;
  EXPECT_EQ(parse_json<RoomIn>("{}", none).faults.size(), 1u);  // refused all the same
  const std::string big(100'000, 'x');
  const auto large = parse_json<RoomIn>(R"({"name":")" + big + R"(","description":5})");
  ASSERT_EQ(large.faults.size(), 2u);
  EXPECT_FALSE(large.faults[0].input_json);
  EXPECT_EQ(large.faults[1].input_json, "5");
}

}  // namespace
}  // namespace chat::schema::test
