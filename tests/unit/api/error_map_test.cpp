#include "api/error_map.hpp"

#include <gtest/gtest.h>

namespace chat::api {
namespace {

TEST(ErrorMap, HasARowForEveryCode) {
  for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
    const auto code = static_cast<Errc>(i);
    const auto& row = mapping_of(code);
    EXPECT_EQ(row.errc, code) << to_string(code);
    EXPECT_TRUE(row.status >= 400 && row.status < 600);
    EXPECT_TRUE(row.close_code == 1008 || row.close_code == 1009 || row.close_code == 1011 || row.close_code == 1013);
    EXPECT_TRUE(row.realtime_code >= 100 && row.realtime_code <= 112);
    EXPECT_FALSE(row.code.empty());
    EXPECT_FALSE(row.sentence.empty());
  }
}

TEST(ErrorMap, HasTheOriginalsSentences) {
  EXPECT_EQ(sentence_of(Errc::user_not_found, "ada"), "User ada was not found.");
  EXPECT_EQ(sentence_of(Errc::user_exists, "ada"), "User with username ada already exists.");
  EXPECT_EQ(sentence_of(Errc::unauthenticated), "Incorrect email or password");
  EXPECT_EQ(sentence_of(Errc::room_exists, "{}"), "Room with name {} already exists.");
  EXPECT_EQ(sentence_of(Errc::room_not_found, "7"), "Room with id 7 was not found.");
}

TEST(ErrorMap, SaysWhenToComeAgainWithinAMinute) {
  const auto after = [](Errc code, int hint) {
    return retry_after_seconds(Error{code, {}, RetryHint{std::chrono::seconds(hint), 0}});
  };
  EXPECT_EQ(after(Errc::rate_limited, 0), 1);
  EXPECT_EQ(after(Errc::rate_limited, 7), 7);
  EXPECT_EQ(after(Errc::rate_limited, 3600), 60);
  EXPECT_EQ(after(Errc::overloaded, 0), 1);
  EXPECT_EQ(after(Errc::unavailable, 0), 5);
  EXPECT_EQ(after(Errc::room_exists, 7), 0);
}

}  // namespace
}  // namespace chat::api
