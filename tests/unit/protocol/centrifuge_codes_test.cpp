#include "protocol/centrifuge_codes.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace chat::centrifuge {
namespace {

// The protocol's description, section 3.
TEST(CentrifugeCodes, ErrorsAreThoseOfTheProtocol) {
  const std::map<std::uint32_t, std::pair<std::string, bool>> expected = {{100, {"internal server error", true}},
                                                                          {101, {"unauthorized", false}},
                                                                          {102, {"unknown channel", false}},
                                                                          {103, {"permission denied", false}},
                                                                          {104, {"method not found", false}},
                                                                          {105, {"already subscribed", false}},
                                                                          {106, {"limit exceeded", false}},
                                                                          {107, {"bad request", false}},
                                                                          {108, {"not available", false}},
                                                                          {109, {"token expired", false}},
                                                                          {110, {"expired", false}},
                                                                          {111, {"too many requests", true}},
                                                                          {112, {"unrecoverable position", false}},
                                                                          {113, {"concurrent pagination", true}}};
  std::size_t own = 0;
  for (const auto& row : error_table()) {
    const auto code = static_cast<std::uint32_t>(row.code);
    EXPECT_EQ(&row_of(row.code), &row);
    if (code >= 400) {
      EXPECT_LE(code, 1999U) << "room for applications ends there";
      ++own;
      continue;
    }
    ASSERT_EQ(expected.count(code), 1U) << code;
    EXPECT_EQ(row.message, expected.at(code).first);
    EXPECT_EQ(row.temporary, expected.at(code).second) << code;
  }
  EXPECT_EQ(error_table().size(), expected.size() + own);
}

TEST(CentrifugeCodes, ClosesAreThoseOfTheProtocol) {
  const std::map<std::uint16_t, std::string> expected = {{3000, "connection closed"},
                                                         {3001, "shutdown"},
                                                         {3004, "internal server error"},
                                                         {3005, "connection expired"},
                                                         {3006, "subscription expired"},
                                                         {3008, "slow"},
                                                         {3009, "write error"},
                                                         {3010, "insufficient state"},
                                                         {3011, "force reconnect"},
                                                         {3012, "no pong"},
                                                         {3013, "too many requests"},
                                                         {3014, "state invalidated"},
                                                         {3500, "invalid token"},
                                                         {3501, "bad request"},
                                                         {3502, "stale"},
                                                         {3503, "force disconnect"},
                                                         {3504, "connection limit"},
                                                         {3505, "channel limit"},
                                                         {3506, "inappropriate protocol"},
                                                         {3507, "permission denied"},
                                                         {3508, "not available"},
                                                         {3509, "too many errors"}};
  ASSERT_EQ(close_table().size(), expected.size());
  for (const auto& row : close_table()) {
    EXPECT_EQ(row.reason, expected.at(static_cast<std::uint16_t>(row.code)));
    EXPECT_EQ(&row_of(row.code), &row);
    EXPECT_EQ(client_reconnects(static_cast<std::uint16_t>(row.code)), static_cast<std::uint16_t>(row.code) < 3500);
  }
}

TEST(CentrifugeCodes, WhoComesBackAfterAClose) {
  for (const int code : {1000, 1001, 1006, 1011, 2999, 3000, 3499, 4000, 4499, 5000, 65535})
    EXPECT_TRUE(client_reconnects(static_cast<std::uint16_t>(code))) << code;
  for (const int code : {1009, 3500, 3999, 4500, 4999})
    EXPECT_FALSE(client_reconnects(static_cast<std::uint16_t>(code))) << code;
}

TEST(CentrifugeCodes, UnsubscribesFollowTheirRanges) {
  for (const auto& row : unsubscribe_table()) {
    const auto code = static_cast<std::uint32_t>(row.code);
    EXPECT_EQ(&row_of(row.code), &row);
    EXPECT_TRUE(code == 2000 || (code >= 2100 && code <= 2502)) << code;
    EXPECT_EQ(client_resubscribes(code), code >= 2500);
    EXPECT_FALSE(row.reason.empty());
  }
  EXPECT_EQ(row_of(UnsubscribeCode::server).reason, "server unsubscribe");
  EXPECT_EQ(static_cast<int>(UnsubscribeCode::insufficient_state), 2500);
  EXPECT_EQ(static_cast<int>(UnsubscribeCode::subscription_expired), 2501);
  EXPECT_EQ(static_cast<int>(UnsubscribeCode::state_invalidated), 2502);
}

// JavaScript's SDK parses a reason that happens to be JSON as advice; a close frame holds 123 bytes.
TEST(CentrifugeCodes, ReasonsArePlainAndShort) {
  const auto plain = [](std::string_view text) {
    return !text.empty() && text.size() <= 123 && text[0] >= 'a' && text[0] <= 'z' && text != "null" && text != "true";
  };
  for (const auto& row : error_table()) EXPECT_TRUE(plain(row.message));
  for (const auto& row : close_table()) EXPECT_TRUE(plain(row.reason));
  for (const auto& row : unsubscribe_table()) EXPECT_TRUE(plain(row.reason));
}

}  // namespace
}  // namespace chat::centrifuge
