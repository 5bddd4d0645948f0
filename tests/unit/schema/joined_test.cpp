// Several structs as one object.
#include "schema/joined.hpp"

#include "samples.hpp"

#include <gtest/gtest.h>

namespace chat::schema::test {
namespace {

struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

using History = Joined<RoomPath, Page, Nothing>;

static_assert(have_distinct_names<RoomPath, Page, UserIn>());
static_assert(have_distinct_names<Nothing, Nothing>());
static_assert(!have_distinct_names<RoomIn, Page, UserIn>(), "both have a name");
static_assert(!have_distinct_names<RoomIn, RoomIn>());

std::vector<std::pair<std::string, std::string>> told(const std::vector<Fault>& faults) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& fault : faults) out.emplace_back(fault.type, std::get<std::string>(fault.loc.back()));
  return out;
}

TEST(Joined, ReadsTheMembersOfAllParts) {
  auto read = parse_json<History>(R"({"size":20,"room_id":"00000000-0000-7000-8000-000000000001","other":[1]})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->get<0>().room_id.str(), "00000000-0000-7000-8000-000000000001");
  EXPECT_EQ(read->get<1>().page.value, 1);
  EXPECT_EQ(read->get<1>().size.value, 20);
}

TEST(Joined, TellsTheFaultsOfAllPartsInTheirOrder) {
  using Told = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(told(parse_json<History>(R"({"size":0,"page":"x"})").faults),
            (Told{{"missing", "room_id"}, {"int_parsing", "page"}, {"greater_than_equal", "size"}}));
  EXPECT_EQ(told(parse_json<History>(R"({"room_id":1,"room_id":2})").faults),
            (Told{{"uuid_type", "room_id"}, {"value_error", "room_id"}}));
  EXPECT_EQ(told(parse_json<Joined<Nothing>>("[]").faults), (Told{{"model_attributes_type", "body"}}));
  EXPECT_TRUE(parse_json<Joined<Nothing>>(R"({"a":1})"));
  EXPECT_TRUE(parse_json<Joined<>>("{}"));
}

TEST(Joined, IsWrittenAsOneObject) {
  Joined<RoomIn, Nothing, Page> value;
  value.get<0>().name = "Lobby";
  EXPECT_EQ(write(value), R"({"name":"Lobby","description":null,"page":1,"size":10})");
}

TEST(Joined, IsAllOfItsPartsInASchema) {
  SchemaSet set;
  EXPECT_EQ(schema_of<History>(set),
            R"({"allOf":[{"$ref":"#/components/schemas/RoomPath"},{"$ref":"#/components/schemas/Page"}]})");
  EXPECT_EQ(set.components().size(), 2u) << "what is empty is no component";
  EXPECT_EQ((schema_of<Joined<Nothing, Page>>(set)), R"({"$ref":"#/components/schemas/Page"})");
  EXPECT_EQ(schema_of<Joined<Nothing>>(set), R"({"type":"object"})");
}

TEST(ByteText, IsBoundedInBytes) {
  ByteText<1, 4> key;
  const auto read = [&key](std::string_view text, Issue& issue) {
    Scalar in;
    in.kind = Scalar::Kind::string;
    in.text = text;
    return Codec<ByteText<1, 4>>::read(key, in, issue);
  };
  Issue issue;
  EXPECT_TRUE(read("\xF0\x9F\x98\x80", issue));
  EXPECT_EQ(key.value, "\xF0\x9F\x98\x80");
  EXPECT_FALSE(read("\xC3\xA9\xC3\xA9z", issue)) << "3 characters, 5 bytes";
  EXPECT_EQ(issue.type, "string_too_long");
  EXPECT_EQ(issue.msg, "String should have at most 4 bytes");
  EXPECT_TRUE(issue.show_input);
  EXPECT_FALSE(read("", issue));
  EXPECT_EQ(issue.type, "string_too_short");
}

}  // namespace
}  // namespace chat::schema::test
