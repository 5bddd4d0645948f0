#include "base/time.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

TEST(Time, IsWrittenWithMicrosecondsAndReadBack) {
  for (const char* text :
       {"1970-01-01T00:00:00.000000Z", "2026-11-23T01:02:03.000004Z", "1999-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00.100000Z", "9999-12-31T23:59:59.999999Z", "2024-02-29T10:20:30.010203Z"}) {
    const auto t = parse_timestamp(text);
    ASSERT_TRUE(t) << text;
    EXPECT_EQ(to_rfc3339(*t), text);
    const std::string_view whole(text);
    EXPECT_EQ(to_socket_time(*t), std::string(whole.substr(0, 10)) + ' ' + std::string(whole.substr(11, 8)));
  }
}

TEST(Time, BeforeTheEpochCountsBackwards) {
  EXPECT_EQ(to_rfc3339(Timestamp(std::chrono::microseconds(-1))), "1969-12-31T23:59:59.999999Z");
}

}  // namespace
}  // namespace chat
