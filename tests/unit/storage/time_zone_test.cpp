#include "storage/time_zone.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace chat::testing {
namespace {

using storage::TimeZone;

std::string utc(const TimeZone& zone, const char* local) { return to_rfc3339(zone.to_utc(*parse_timestamp(local))); }

TEST(TimeZone, KnowsSummerWinterAndTheHoursBetween) {
  const TimeZone zone = *TimeZone::load("America/New_York");
  EXPECT_EQ(utc(zone, "2024-01-15 12:00:00"), "2024-01-15T17:00:00.000000Z");
  EXPECT_EQ(utc(zone, "2024-07-15 12:00:00.5"), "2024-07-15T16:00:00.500000Z");
  EXPECT_EQ(utc(zone, "2024-03-10 02:30:00"), "2024-03-10T07:30:00.000000Z");  // skipped: the offset before
  EXPECT_EQ(utc(zone, "2024-11-03 01:30:00"), "2024-11-03T06:30:00.000000Z");  // twice: the later
}

TEST(TimeZone, KnowsRulesThatEnded) {
  const TimeZone zone = *TimeZone::load("America/Sao_Paulo");  // summer time until 2019
  EXPECT_EQ(utc(zone, "2018-12-15 12:00:00"), "2018-12-15T14:00:00.000000Z");
  EXPECT_EQ(utc(zone, "2024-12-15 12:00:00"), "2024-12-15T15:00:00.000000Z");
}

TEST(TimeZone, FollowsTheFooterBeyondTheLastTransition) {
  const TimeZone zone = *TimeZone::load("Europe/Berlin");
  EXPECT_EQ(utc(zone, "2060-07-01 12:00:00"), "2060-07-01T10:00:00.000000Z");
  EXPECT_EQ(utc(zone, "2060-12-01 12:00:00"), "2060-12-01T11:00:00.000000Z");
}

TEST(TimeZone, UtcNeedsNoData) {
  EXPECT_EQ(utc(*TimeZone::load("UTC", "/nonexistent"), "2024-01-01 00:00:00"), "2024-01-01T00:00:00.000000Z");
  const auto missing = TimeZone::load("Europe/Berlin", "/nonexistent");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("tzdata"), std::string::npos);
}

TEST(TimeZone, RefusesNamesThatAreNone) {
  for (const char* name : {"", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "zone.tab"})
    EXPECT_FALSE(TimeZone::load(name)) << name;
}

TEST(TimeZone, DamagedDataAreRefusedNotRead) {
  std::ifstream file("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(file), {});
  ASSERT_TRUE(TimeZone::parse(whole));
  for (std::size_t size = 0; size < whole.size(); size += 7)
    EXPECT_FALSE(TimeZone::parse(whole.substr(0, size))) << size;
}

}  // namespace
}  // namespace chat::testing
