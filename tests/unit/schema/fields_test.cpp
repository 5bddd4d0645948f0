// Queries, paths and forms into structs.
#include "samples.hpp"

#include <gtest/gtest.h>

namespace chat::schema::test {
namespace {

struct Filter {
  std::vector<std::int64_t> id;
  std::optional<std::vector<std::string>> tag;
  Defaulted<bool> all = true;
  std::optional<Author> author;
};
BOOST_DESCRIBE_STRUCT(Filter, (), (id, tag, all, author))

template <class T>
Parsed<T> query(Pairs pairs) {
  return parse_fields<T>(pairs, Where::query);
}
template <class T>
Parsed<T> form(Pairs pairs) {
  return parse_fields<T>(pairs, Where::body);
}

TEST(Fields, AbsentOnesKeepTheirInitialisers) {
  const auto page = query<Page>({{"other", "x"}});
  ASSERT_TRUE(page) << faults_of(page);
  EXPECT_EQ(*page->page, 1);
  EXPECT_EQ(*page->size, 10);
}

TEST(Fields, ReadNumbersFromTheirText) {
  const auto page = query<Page>({{"size", "100"}, {"page", "7"}});
  ASSERT_TRUE(page) << faults_of(page);
  EXPECT_EQ(*page->page, 7);
  EXPECT_EQ(*page->size, 100);
}

TEST(Fields, NameWhatIsOutOfRange) {
  EXPECT_EQ(
      faults_of(query<Page>({{"size", "101"}, {"page", "0"}})),
      R"({"type":"greater_than_equal","loc":["query","page"],"msg":"Input should be greater than or equal to 1","input":"0","ctx":{"ge":1}},)"
      R"({"type":"less_than_equal","loc":["query","size"],"msg":"Input should be less than or equal to 100","input":"101","ctx":{"le":100}})");
  EXPECT_EQ(
      faults_of(query<Page>({{"page", "x"}, {"size", ""}})),
      R"({"type":"int_parsing","loc":["query","page"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},)"
      R"({"type":"int_parsing","loc":["query","size"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":""})");
  EXPECT_EQ(query<Page>({{"page", "99999999999999999999"}}).faults.at(0).type, "less_than_equal");
}

TEST(Fields, RefuseOneThatComesTwice) {
  EXPECT_EQ(
      faults_of(query<Page>({{"page", "1"}, {"page", "2"}})),
      R"({"type":"value_error","loc":["query","page"],"msg":"Value error, the field occurs more than once","input":"2","ctx":{"error":"the field occurs more than once"}})");
}

TEST(Fields, PathsHoldIds) {
  const auto good = parse_fields<RoomPath>(Pairs{{"room_id", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"}}, Where::path);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->room_id.str(), "6f9619ff-8b86-d011-b42d-00cf4fc964ff");
  EXPECT_EQ(
      faults_of(parse_fields<RoomPath>(Pairs{{"room_id", "1"}}, Where::path)),
      R"({"type":"uuid_parsing","loc":["path","room_id"],"msg":"Input should be a valid UUID, invalid length: expected length 32 for simple format, found 1","input":"1","ctx":{"error":"invalid length: expected length 32 for simple format, found 1"}})");
}

TEST(Fields, AFormIsAnOAuth2Login) {
  const auto login = form<LoginForm>({{"grant_type", "password"},
                                      {"username", "ada@example.com"},
                                      {"password", "secret"},
                                      {"scope", ""},
                                      {"client_id", "x"}});
  ASSERT_TRUE(login) << faults_of(login);
  EXPECT_EQ(login->username, "ada@example.com");
  EXPECT_EQ(login->password.value, "secret");
  EXPECT_EQ(
      faults_of(form<LoginForm>({{"grant_type", "refresh"}, {"username", "a"}, {"password", "b"}})),
      R"({"type":"string_pattern_mismatch","loc":["body","grant_type"],"msg":"String should match pattern '^password$'","input":"refresh","ctx":{"pattern":"^password$"}})");
}

TEST(Fields, AnEmptyFormValueIsMissing) {
  EXPECT_EQ(faults_of(form<LoginForm>({{"username", ""}, {"grant_type", ""}})),
            R"({"type":"missing","loc":["body","username"],"msg":"Field required"},)"
            R"({"type":"missing","loc":["body","password"],"msg":"Field required"})");
}

TEST(Fields, KeepSecretsAndBrokenTextOutOfFaults) {
  EXPECT_EQ(faults_of(form<UserIn>({{"name", "\xFF"}, {"username", "a@b.co\0"}, {"password", "hush!"}})).find("hush!"),
            std::string::npos);
  EXPECT_EQ(
      faults_of(form<LoginForm>({{"username", "a\xED\xA0\x80"}, {"password", std::string("a\0b", 3)}})),
      R"({"type":"string_unicode","loc":["body","username"],"msg":"Input should be a valid string, unable to parse raw data as a unicode string"},)"
      R"({"type":"value_error","loc":["body","password"],"msg":"Value error, NUL characters are not allowed","ctx":{"error":"NUL characters are not allowed"}})");
  EXPECT_EQ(
      faults_of(query<Page>({{"page", "\xFF"}})),
      R"({"type":"int_parsing","loc":["query","page"],"msg":"Input should be a valid integer, unable to parse string as an integer"})");
}

TEST(Fields, AVectorTakesEveryValue) {
  const auto filter = query<Filter>({{"id", "1"}, {"tag", "a"}, {"id", "2"}, {"tag", "b"}, {"all", "off"}});
  ASSERT_TRUE(filter) << faults_of(filter);
  EXPECT_EQ(filter->id, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(*filter->tag, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(*filter->all);
  EXPECT_EQ(
      faults_of(query<Filter>({{"id", "1"}, {"id", "x"}, {"author", "ada"}})),
      R"({"type":"int_parsing","loc":["query","id",1],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},)"
      R"({"type":"model_attributes_type","loc":["query","author"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"ada"})");
  EXPECT_EQ(faults_of(query<Filter>({})), R"({"type":"missing","loc":["query","id"],"msg":"Field required"})");
}

}  // namespace
}  // namespace chat::schema::test
