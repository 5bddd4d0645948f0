#include "conformance/publication.hpp"

#include "conformance/fossil_delta.hpp"

#include <gtest/gtest.h>

#include <string>

namespace chat::conformance {
namespace {

using namespace centrifuge;

Publication publication_of(std::string data) {
  Publication publication;
  publication.data = std::move(data);
  publication.offset = 7;
  return publication;
}

const std::string kBase = R"({"n":1,"text":"something that is long enough"})";
const std::string kNext = R"({"n":2,"text":"something that is long enough"})";

TEST(Publication, IsJsonOrNot) {
  for (const char* json : {"1", "null", " {} ", R"({"a":[1,"é"],"a":2})"}) EXPECT_TRUE(is_json(json)) << json;
  for (const char* other : {"", " ", "{", "nul", "1 2", "\xff", "'a'", "{\"a\":1}x"})
    EXPECT_FALSE(is_json(other)) << other;
}

TEST(Publication, WithoutABaseIsWhole) {
  const auto json = delta_coded(publication_of(kNext), nullptr, Encoding::json);
  EXPECT_EQ(json.data, R"("{\"n\":2,\"text\":\"something that is long enough\"}")");
  EXPECT_FALSE(json.delta);
  EXPECT_EQ(json.offset, 7u);
  const auto bytes = delta_coded(publication_of(kNext), nullptr, Encoding::protobuf);
  EXPECT_EQ(bytes.data, kNext);
  EXPECT_FALSE(bytes.delta);
}

TEST(Publication, WithABaseIsADelta) {
  const auto bytes = delta_coded(publication_of(kNext), &kBase, Encoding::protobuf);
  EXPECT_EQ(bytes.data, fossil_delta(kBase, kNext, false));
  EXPECT_TRUE(bytes.delta);
  const auto json = delta_coded(publication_of(kNext), &kBase, Encoding::json);
  EXPECT_TRUE(json.delta);
  EXPECT_EQ(json.data.front(), '"');
  EXPECT_EQ(json.offset, 7u);
}

TEST(Publication, IsWholeWhereADeltaWouldNotBeShorter) {
  const auto bytes = delta_coded(publication_of("{}"), &kBase, Encoding::protobuf);
  EXPECT_EQ(bytes.data, "{}");
  EXPECT_FALSE(bytes.delta);
}

}  // namespace
}  // namespace chat::conformance
