#include "api/http/body.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <random>

namespace chat::api {
namespace {

using schema::Pairs;

transport::HttpHeaders content_type(std::initializer_list<std::string_view> values) {
  transport::HttpHeaders headers;
  for (const auto value : values) headers.add("Content-Type", value);
  return headers;
}

TEST(MediaType, IsReadWithoutItsParameters) {
  EXPECT_EQ(media_type_of({}).type, "");
  EXPECT_EQ(media_type_of(content_type({" Application/JSON ; charset=utf-8"})).type, "application/json");
  EXPECT_EQ(media_type_of(content_type({"multipart/form-data; charset=x; BOUNDARY=\"a;\\\"b\""})).boundary, "a;\"b");
  EXPECT_EQ(media_type_of(content_type({"multipart/form-data; boundary=ab ; x=y"})).boundary, "ab");
  EXPECT_EQ(media_type_of(content_type({"multipart/form-data; boundary"})).boundary, "");
  EXPECT_EQ(media_type_of(content_type({"application/json", "application/json"})).type, "?");
  EXPECT_EQ(media_type_of(content_type({" ; charset=utf-8"})).type, "?") << "declared, and nothing that there is";
  EXPECT_EQ(media_type_of(content_type({" "})).type, "");
}

TEST(Urlencoded, ReadsWhatFormsSend) {
  EXPECT_EQ(parse_urlencoded(""), Pairs{});
  EXPECT_EQ(parse_urlencoded("a=1&b=2&a=3"), (Pairs{{"a", "1"}, {"b", "2"}, {"a", "3"}}));
  EXPECT_EQ(parse_urlencoded("&&a&=x&b="), (Pairs{{"a", ""}, {"", "x"}, {"b", ""}}));
  EXPECT_EQ(parse_urlencoded("a+b=%C3%A9+%2B%26%3d"), (Pairs{{"a b", "\xC3\xA9 +&="}}));
  EXPECT_EQ(parse_urlencoded("a=b=c"), (Pairs{{"a", "b=c"}}));
}

TEST(Urlencoded, AStrayPercentStandsForItself) {
  EXPECT_EQ(parse_urlencoded("a=100%&b=%zz%4&c=%"), (Pairs{{"a", "100%"}, {"b", "%zz%4"}, {"c", "%"}}));
}

TEST(Multipart, ReadsFieldsAndPassesFilesOver) {
  const std::string body =
      "preamble\r\n--B\r\ncontent-disposition: FORM-DATA; name=\"a\"\r\nX: y\r\n\r\none\r\ntwo\r\n"
      "--B  \r\nContent-Disposition: form-data; name=f; filename=\"x.txt\"\r\n\r\nfile\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n\r\n"
      "--B\r\nContent-Type: text/plain\r\n\r\nno name\r\n--B--\r\nepilogue";
  EXPECT_EQ(parse_multipart(body, "B"), (Pairs{{"a", "one\r\ntwo"}, {"b", ""}}));
  EXPECT_EQ(parse_multipart("--B--", "B"), Pairs{});
}

TEST(Multipart, RefusesWhatIsMalformed) {
  const std::string part = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
  for (const std::string& body :
       {std::string(), std::string("--B"), std::string("--C--"), part, part + "--B", part + "--Bx--",
        std::string("--B\r\nno end of head\r\n--B--"), std::string("--B\r\n--B--"), std::string("--B\n\n1\n--B--")})
    EXPECT_FALSE(parse_multipart(body, "B")) << body;
  EXPECT_FALSE(parse_multipart("--B--", ""));
  EXPECT_FALSE(parse_multipart("--" + std::string(71, 'B') + "--", std::string(71, 'B')));
  std::string many;
  for (int i = 0; i < 101; ++i) many += part;
  EXPECT_FALSE(parse_multipart(many + "--B--", "B"));
  EXPECT_TRUE(parse_multipart(many.substr(part.size()) + "--B--", "B"));
}

TEST(Multipart, NoCutOfAGoodBodyIsTakenForAnother) {
  const std::string body = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--";
  ASSERT_TRUE(parse_multipart(body, "B"));
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(parse_multipart(body.substr(0, size), "B")) << size;
}

TEST(Multipart, TakesWhateverComes) {
  const std::string pieces[] = {"--B", "\r\n", "--", ";", "\"", "\\", "name=\"a\"", "Content-Disposition: form-data",
                                ":",   "x"};
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string body;
    for (auto n = random() % 20; n > 0; --n) body += pieces[random() % std::size(pieces)];
    if (const auto pairs = parse_multipart(body, "B")) {
      for (const auto& [name, value] : *pairs) EXPECT_LE(name.size() + value.size(), body.size());
    }
    parse_urlencoded(body);
    media_type_of(content_type({body}));
  }
}

}  // namespace
}  // namespace chat::api
