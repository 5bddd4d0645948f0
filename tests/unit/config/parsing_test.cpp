#include "config/database_url.hpp"
#include "config/env_file.hpp"
#include "config/units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

std::string value_of(std::string_view text) {
  const auto entries = parse_env_file(text);
  if (!entries) return "error: " + entries.error().message;
  return entries->empty() ? "none" : entries->back().value;
}

TEST(EnvFile, ReadsValuesAsPeopleWriteThem) {
  EXPECT_EQ(value_of("A=b"), "b");
  EXPECT_EQ(value_of("export A=b\n"), "b");
  EXPECT_EQ(value_of("  A = b c  # comment"), "b c");
  EXPECT_EQ(value_of("A=b#c"), "b#c");
  EXPECT_EQ(value_of("A=#c"), "");
  EXPECT_EQ(value_of("A="), "");
  EXPECT_EQ(value_of("A=b\r\n"), "b");
  EXPECT_EQ(value_of("\xEF\xBB\xBF"
                     "A=b"),
            "b");
  EXPECT_EQ(value_of("A=postgresql://u:p$w@h/d?x=1"), "postgresql://u:p$w@h/d?x=1");
  EXPECT_EQ(value_of("A='b # \\n $HOME'  # c"), "b # \\n $HOME");
  EXPECT_EQ(value_of(R"(A="b\n\t\"\\\$ # c")"), "b\n\t\"\\$ # c");
  EXPECT_EQ(value_of("A='b\nc'\nB=d"), "d");
  EXPECT_EQ(value_of("A=\"b\nc\""), "b\nc");
  EXPECT_EQ(value_of("A=b\nA=c"), "c");
  EXPECT_EQ(value_of("export=x"), "x");
  EXPECT_EQ(value_of("\n# only\n  # comments\n"), "none");
  EXPECT_EQ(value_of(""), "none");
}

TEST(EnvFile, CountsLinesThroughQuotes) {
  const auto entries = parse_env_file("\n# c\nA='x\ny'\r\n\nexport B=1\n");
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].line, 3);
  EXPECT_EQ((*entries)[1].line, 6);
  EXPECT_EQ((*entries)[1].name, "B");
}

TEST(EnvFile, NamesTheLineOfAMistakeAndNeverTheValue) {
  EXPECT_EQ(value_of("A=b\nhunter2\n"), "error: line 2: write NAME=value; there is no =");
  EXPECT_EQ(value_of("=hunter2"), "error: line 1: a name of letters, digits and _ is missing");
  EXPECT_EQ(value_of("1A=hunter2"), "error: line 1: a name of letters, digits and _ is missing");
  EXPECT_EQ(value_of("A=b\nB='hunter2\n\n"), "error: line 2: a quote is opened and never closed");
  EXPECT_EQ(value_of("A='b\nc' hunter2"), "error: line 2: text after the closing quote");
  EXPECT_EQ(value_of("A='b'#c"), "error: line 1: text after the closing quote");
  EXPECT_THAT(value_of("A=\"\\q\""), HasSubstr("line 1: an unknown escape"));
  EXPECT_THAT(value_of(std::string_view("A=b\0c", 5)), HasSubstr("NUL"));
  EXPECT_THAT(value_of(std::string(2 << 20, '\n')), HasSubstr("more than 1 MiB"));
}

std::string conninfo(std::string_view url) {
  const auto parsed = DatabaseUrl::parse(url);
  return parsed ? parsed->conninfo : "error: " + parsed.error().message;
}

TEST(DatabaseUrl, TakesPostgresqlAsSqlAlchemyWritesIt) {
  EXPECT_EQ(conninfo("postgresql://u:pw@host:5432/db"), "postgresql://u:pw@host:5432/db");
  EXPECT_EQ(conninfo("postgres://u:pw@host/db"), "postgresql://u:pw@host/db");
  EXPECT_EQ(conninfo("postgresql+psycopg2://u:pw@host/db"), "postgresql://u:pw@host/db");
  EXPECT_EQ(conninfo("PostgreSQL+asyncpg://u@host/db"), "postgresql://u@host/db");
  EXPECT_EQ(conninfo("postgresql://u:p%40ss%2Fw@host/db"), "postgresql://u:p%40ss%2Fw@host/db");
  EXPECT_EQ(conninfo("postgresql://u:p/w?#:100%@host/db"), "postgresql://u:p%2Fw%3F%23%3A100%25@host/db");
  EXPECT_EQ(conninfo("postgresql://u:@host/db"), "postgresql://u:@host/db");
  EXPECT_EQ(conninfo("postgresql:///db?host=/var/run/postgresql"), "postgresql:///db?host=/var/run/postgresql");
  EXPECT_EQ(conninfo("postgresql://host/db?user=a@b"), "postgresql://host/db?user=a@b");
}

TEST(DatabaseUrl, TakesSqliteWithThreeOrFourSlashes) {
  EXPECT_EQ(DatabaseUrl::parse("sqlite:///relative.db")->path, "relative.db");
  EXPECT_EQ(DatabaseUrl::parse("sqlite:///./a/b.db")->path, "./a/b.db");
  EXPECT_EQ(DatabaseUrl::parse("sqlite:////var/lib/chat.db")->path, "/var/lib/chat.db");
  EXPECT_EQ(DatabaseUrl::parse("sqlite+aiosqlite:///x%20y.db")->path, "x y.db");
  EXPECT_EQ(DatabaseUrl::parse("memory:")->kind, DatabaseUrl::Kind::memory);
}

TEST(DatabaseUrl, SaysWhatToWriteInstead) {
  for (const char* bad : {"", "chat.db", "mysql://u:p@h/d", "sqlite://", "sqlite:///", "sqlite://x.db",
                          "sqlite:///:memory:", "sqlite:///dir/", "sqlite:///x.db?mode=ro", "postgresql://",
                          "postgresql:///", "postgresql://u:p@w@h/d", "postgresql://h/d b", "postgresql+://h/d",
                          "postgresql+psy copg://h/d", "postgresql://u:%00@h/d", "sqlite:///a%00b", "oracle+x://h"}) {
    EXPECT_THAT(conninfo(bad), HasSubstr("error: ")) << bad;
    EXPECT_THAT(conninfo(bad), HasSubstr("write postgresql://user:password@host:5432/name")) << bad;
  }
}

TEST(Units, DurationsTakeUnits) {
  EXPECT_EQ(parse_duration("10", 1s), 10s);
  EXPECT_EQ(parse_duration("10", 1ms), 10ms);
  EXPECT_EQ(parse_duration("250ms", 1s), 250ms);
  EXPECT_EQ(parse_duration("1.5s", 1s), 1500ms);
  EXPECT_EQ(parse_duration("5m", 1s), 5min);
  EXPECT_EQ(parse_duration("2 H", 1s), 2h);
  EXPECT_EQ(parse_duration("30d", 1s), 720h);
  for (const char* bad : {"", "s", "-1s", "+1s", "1e3", "1..5s", ".5s", "5.", "1 fortnight", "1s1",
                          "99999999999999999999", "9999999999999d", "0x10"}) {
    EXPECT_FALSE(parse_duration(bad, 1s)) << bad;
  }
}

TEST(Units, SizesTakeUnits) {
  EXPECT_EQ(parse_size("65536"), 65536u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("64 kb"), 65536u);
  EXPECT_EQ(parse_size("1.5MiB"), 1572864u);
  EXPECT_EQ(parse_size("2GiB"), 2147483648u);
  EXPECT_EQ(parse_size("12B"), 12u);
  for (const char* bad : {"", "-1", "1.5", "1TiB", "KiB", "1e6", "99999999999GiB"})
    EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Units, WhatIsWrittenReadsBack) {
  for (std::uint64_t bytes : {0ull, 1ull, 1023ull, 1024ull, 65536ull, 65537ull, 1048576ull, 3221225472ull}) {
    EXPECT_EQ(parse_size(write_size(bytes)), bytes);
  }
  for (auto ms : {0ms, 1ms, 999ms, 1000ms, 1500ms, 60'000ms, 3'600'000ms, 86'400'000ms}) {
    EXPECT_EQ(parse_duration(write_duration(ms), 1s), ms);
  }
}

TEST(Units, NumbersAndSwitchesAreStrict) {
  EXPECT_EQ(parse_integer("-7"), -7);
  EXPECT_EQ(parse_integer("+7"), 7);
  for (const char* bad : {"", "+", "-", "+-7", "7 ", " 7", "7.0", "0x7", "9223372036854775808"})
    EXPECT_FALSE(parse_integer(bad)) << bad;
  EXPECT_EQ(parse_switch("ON"), true);
  EXPECT_EQ(parse_switch("false"), false);
  EXPECT_FALSE(parse_switch("2"));
}

}  // namespace
}  // namespace chat
