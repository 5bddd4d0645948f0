// The JSON Schema of the samples.
#include "samples.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace chat::schema::test {
namespace {

namespace other {
struct Author {
  std::string nickname;
};
BOOST_DESCRIBE_STRUCT(Author, (), (nickname))
}  // namespace other

TEST(JsonSchema, ComponentsCarryConstraintsAndDocs) {
  SchemaSet set;
  EXPECT_EQ(schema_of<UserIn>(set), R"({"$ref":"#/components/schemas/UserIn"})");
  EXPECT_EQ(
      set.json(),
      R"({"UserIn":{"type":"object","title":"UserIn","description":"Who signs up.","properties":{)"
      R"("name":{"type":"string","minLength":1,"maxLength":200,"title":"Name","description":"Shown to \"everybody\".","examples":["Ada"]},)"
      R"("username":{"type":"string","format":"email","title":"Username","description":"An e-mail address."},)"
      R"("password":{"type":"string","minLength":8,"maxLength":1024,"format":"password","title":"Password"}},)"
      R"("required":["name","username","password"]}})");
}

TEST(JsonSchema, EveryKindOfField) {
  SchemaSet set;
  add_schema<Everything>(set);
  add_schema<Everything>(set);
  ASSERT_EQ(set.components().size(), 2u);
  EXPECT_EQ(
      set.components().at("Everything"),
      R"({"type":"object","title":"Everything","properties":{"id":{"type":"integer","title":"Id"},"text":{"type":"string","title":"Text"},)"
      R"("flag":{"type":"boolean","title":"Flag"},"ratio":{"type":"number","title":"Ratio"},"at":{"type":"string","format":"date-time","title":"At"},)"
      R"("author":{"$ref":"#/components/schemas/Author"},"authors":{"type":"array","items":{"$ref":"#/components/schemas/Author"},"title":"Authors"},)"
      R"("numbers":{"type":"array","items":{"anyOf":[{"type":"integer"},{"type":"null"}]},"title":"Numbers"},)"
      R"("editor":{"anyOf":[{"$ref":"#/components/schemas/Author"},{"type":"null"}],"title":"Editor"},)"
      R"("deleted":{"type":"boolean","title":"Deleted"},"heir":{"$ref":"#/components/schemas/Author"},"meta":{"title":"Meta"},)"
      R"("color":{"type":"string","enum":["red","green","blue"],"title":"Color"},)"
      R"("token_type":{"type":"string","const":"bearer","title":"Token Type"},"seq":{"type":"integer","title":"Seq"},)"
      R"("default":{"type":"string","title":"Default","default":"d"}},)"
      R"("required":["id","text","flag","ratio","at","author","authors","numbers","meta","color","token_type","seq"]})");
}

TEST(JsonSchema, ATypeMayHoldItself) {
  SchemaSet set;
  add_schema<Tree>(set);
  EXPECT_NE(set.json().find(R"("items":{"$ref":"#/components/schemas/Tree"})"), std::string::npos);
}

TEST(JsonSchema, ParametersHaveDefaultsAndRanges) {
  SchemaSet set;
  const auto parameters = parameters_of<Page>(set);
  ASSERT_EQ(parameters.size(), 2u);
  EXPECT_EQ(parameters[0].name, "page");
  EXPECT_FALSE(parameters[0].required);
  EXPECT_EQ(parameters[0].schema_json, R"({"type":"integer","minimum":1,"title":"Page","default":1})");
  EXPECT_EQ(parameters[1].schema_json, R"({"type":"integer","minimum":1,"maximum":100,"title":"Size","default":10})");
  EXPECT_TRUE(parameters_of<RoomPath>(set).at(0).required);
  EXPECT_EQ(parameters_of<RoomPath>(set).at(0).schema_json, R"({"type":"string","format":"uuid","title":"Room Id"})");
  EXPECT_TRUE(set.components().empty());
}

TEST(JsonSchema, RefusesTwoStructsOfOneName) {
  SchemaSet set;
  add_schema<Author>(set);
  EXPECT_THROW(add_schema<other::Author>(set), std::logic_error);
}

}  // namespace
}  // namespace chat::schema::test
