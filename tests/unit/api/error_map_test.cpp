#include "api/error_map.hpp"
#include "protocol/centrifuge_codes.hpp"

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
    EXPECT_TRUE((row.realtime_code >= 100 && row.realtime_code <= 112) ||
                (row.realtime_code >= 400 && row.realtime_code < 2000));
    const auto& spoken = centrifuge::row_of(static_cast<centrifuge::ErrorCode>(row.realtime_code));
    EXPECT_EQ(static_cast<std::uint32_t>(spoken.code), row.realtime_code) << to_string(code);
    EXPECT_EQ(row.temporary, spoken.temporary) << to_string(code);
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

TEST(ErrorMap, HasTheCodesOfTheRealtimeProtocol) {
  const auto code = [](Errc errc) { return realtime_error(Error{errc}).code; };
  EXPECT_EQ(code(Errc::unauthenticated), 101u);
  EXPECT_EQ(code(Errc::room_not_found), 102u);
  EXPECT_EQ(code(Errc::forbidden), 103u);
  EXPECT_EQ(code(Errc::invalid), 107u);
  EXPECT_EQ(code(Errc::too_large), 107u);
  EXPECT_EQ(code(Errc::user_not_found), 404u);
  EXPECT_EQ(code(Errc::not_found), 404u);
  EXPECT_EQ(code(Errc::room_exists), 409u);
  EXPECT_EQ(code(Errc::user_exists), 409u);
  EXPECT_EQ(code(Errc::conflict), 409u);
  for (const auto errc : {Errc::rate_limited, Errc::overloaded}) EXPECT_EQ(code(errc), 111u);
  for (const auto errc : {Errc::unavailable, Errc::internal}) EXPECT_EQ(code(errc), 100u);
  EXPECT_EQ(code(Errc::outcome_unknown), 504u) << "the one that may have happened is told apart";
}

TEST(ErrorMap, ARealtimeErrorSaysWhatIsKnown) {
  const auto known = realtime_error(Error{Errc::invalid, "page: Input should be a valid integer"});
  EXPECT_EQ(known.message, "page: Input should be a valid integer");
  EXPECT_FALSE(known.temporary);
  const auto bare = realtime_error(Error{Errc::overloaded});
  EXPECT_EQ(bare.message, "The server is busy. Nothing was changed; please try again.");
  EXPECT_TRUE(bare.temporary);
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
