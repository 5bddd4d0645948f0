#include "conformance/token.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace chat::conformance {
namespace {

const Timestamp kNow = Timestamp(std::chrono::seconds(1'800'000'000));

// Of the upstream suites: claims {"iat":1738078824} and {"iat":1737532348,"channel":"test1"}.
constexpr const char* kAnonymous =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MzgwNzg4MjR9.MTb3higWfFW04E9-8wmTFOcf4MEm-rMDQaNKJ1VU_n4";
constexpr const char* kChannel =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3Mzc1MzIzNDgsImNoYW5uZWwiOiJ0ZXN0MSJ9."
    "eqPQxbBtyYxL8Hvbkm-P6aH7chUsSG_EMWe-rTwF_HI";

TEST(Tokens, ReadsThoseOfTheSuites) {
  const auto anonymous = Tokens().read(kAnonymous, kNow);
  ASSERT_TRUE(anonymous);
  EXPECT_EQ(anonymous->user, "");
  EXPECT_FALSE(anonymous->channel);
  EXPECT_FALSE(anonymous->expires());
  const auto channel = Tokens().read(kChannel, kNow);
  ASSERT_TRUE(channel);
  EXPECT_EQ(channel->channel, "test1");
}

TEST(Tokens, RefusesWhatIsNotAuthentic) {
  std::string changed = kAnonymous;
  changed[changed.size() - 2] = 'x';
  for (const std::string& token :
       {std::string(), std::string("garbage"), std::string("a.b.c"), changed, std::string(kAnonymous) + "x"}) {
    const auto read = Tokens().read(token, kNow);
    ASSERT_FALSE(read) << token;
    EXPECT_EQ(read.error().code, Errc::unauthenticated);
  }
}

}  // namespace
}  // namespace chat::conformance
