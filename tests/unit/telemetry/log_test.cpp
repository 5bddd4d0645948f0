#include "telemetry/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace chat {
namespace {

using testing::HasSubstr;
using Fields = std::vector<LogField>;
const std::chrono::system_clock::time_point kAt{std::chrono::microseconds(1'764'000'000'123'456)};

std::string json(std::string_view event, const Fields& fields) {
  return format_log_json(kAt, LogLevel::info, event, fields);
}
std::string text(std::string_view event, const Fields& fields) {
  return format_log_text(kAt, LogLevel::info, event, fields);
}

TEST(Log, WritesOneJsonObjectALine) {
  EXPECT_EQ(
      json("request", {{"method", "GET"},
                       {"status", 200},
                       {"ok", true},
                       {"big", std::uint64_t(18446744073709551615u)},
                       {"minus", -7},
                       {"ratio", 0.5},
                       {"took", std::chrono::microseconds(1500)}}),
      R"({"ts":"2025-11-24T16:00:00.123456Z","level":"info","event":"request","method":"GET","status":200,"ok":true,)"
      R"("big":18446744073709551615,"minus":-7,"ratio":0.5,"took_ms":1.500})");
}

TEST(Log, WritesKeysAndValuesForPeople) {
  EXPECT_EQ(
      text("request", {{"method", "GET"},
                       {"status", 200},
                       {"path", "/a b"},
                       {"empty", ""},
                       {"q", "x=1"},
                       {"took", std::chrono::milliseconds(2)}}),
      R"(2025-11-24T16:00:00.123Z info  request method=GET status=200 path="/a b" empty="" q="x=1" took_ms=2.000)");
}

TEST(Log, NothingSentByAClientForgesALineOrDrivesATerminal) {
  const std::string evil =
      "a\"\\\n\r\t\x1b[2J\x7f\xC2\x9B"
      "31m\xE2\x80\xA8" +
      std::string(1, '\0') + "b";
  const std::string escaped = R"(a\"\\\n\r\t\u001b[2J\u007f\u009b31m\u2028\u0000b)";
  EXPECT_THAT(json("e", {{"v", evil}}), HasSubstr("\"v\":\"" + escaped + "\"}"));
  EXPECT_THAT(text("e", {{"v", evil}}), HasSubstr("v=\"" + escaped + "\""));
  EXPECT_EQ(text(evil, {}), "2025-11-24T16:00:00.123Z info  \"" + escaped + "\"");
}

TEST(Log, InvalidUtf8BecomesTheReplacementCharacter) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_THAT(json("e", {{"v",
                          "a\xFF\xC0\xAF\xED\xA0\x80"
                          "b\xE2\x82"}}),
              HasSubstr("\"v\":\"a" + r + r + r + r + r + r + "b" + r + "\""));
  EXPECT_THAT(json("e", {{"v", "\xC3\xA9\xF0\x9F\x98\x80"}}), HasSubstr("\"v\":\"\xC3\xA9\xF0\x9F\x98\x80\""));
}

TEST(Log, LongValuesAreCutAtACharacter) {
  const auto line =
      json("e", {{"v", std::string(kMaxLogValueBytes - 1, 'x') + "\xF0\x9F\x98\x80" + std::string(100, 'y')}});
  EXPECT_THAT(line, HasSubstr("xx\u2026\"}"));
  EXPECT_THAT(line, testing::Not(HasSubstr("\xEF\xBF\xBD")));
  EXPECT_THAT(json("e", {{"v", std::string(kMaxLogValueBytes, 'x')}}), HasSubstr("xx\"}"));
}

TEST(Log, NumbersThatJsonHasNotAreNull) {
  EXPECT_THAT(json("e", {{"v", std::numeric_limits<double>::infinity()}}), HasSubstr("\"v\":null"));
  EXPECT_THAT(json("e", {{"v", std::nan("")}}), HasSubstr("\"v\":null"));
}

TEST(Log, LevelsHaveNames) {
  for (const char* name : {"trace", "debug", "info", "warn", "error", "off"})
    EXPECT_STREQ(to_string(*parse_log_level(name)), name);
  EXPECT_FALSE(parse_log_level("loud"));
}

class LogWriter : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe2(pipe_, O_CLOEXEC), 0); }
  void TearDown() override {
    stop_logging(std::chrono::milliseconds(0));
    set_log_level(LogLevel::info);
    close(pipe_[0]);
    if (pipe_[1] >= 0) close(pipe_[1]);
  }
  // Everything written, after the writer has stopped.
  std::string all() {
    stop_logging();
    close(pipe_[1]);
    pipe_[1] = -1;
    std::string out;
    char buffer[4096];
    for (ssize_t n; (n = read(pipe_[0], buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
    return out;
  }
  int pipe_[2] = {-1, -1};
};

TEST_F(LogWriter, WritesEverythingBeforeItStops) {
  start_logging({.fd = pipe_[1]});
  std::thread other([] {
    for (int i = 0; i < 100; ++i) log_info("one", {{"i", i}});
  });
  for (int i = 0; i < 100; ++i) log_warn("two", {{"i", i}});
  other.join();
  std::istringstream lines(all());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(line.starts_with("{\"ts\":\"") && line.ends_with("}")) << "a pipe is no terminal: " << line;
  }
  EXPECT_EQ(count, 200);
}

TEST_F(LogWriter, FiltersByLevel) {
  start_logging({.level = LogLevel::warn, .format = LogFormat::text, .fd = pipe_[1]});
  EXPECT_FALSE(log_enabled(LogLevel::info));
  log_info("quiet");
  log_error("loud");
  const auto out = all();
  EXPECT_THAT(out, HasSubstr("error loud"));
  EXPECT_THAT(out, testing::Not(HasSubstr("quiet")));
}

TEST_F(LogWriter, NeverWaitsForAReaderAndDropsTheOldest) {
  start_logging({.format = LogFormat::json, .fd = pipe_[1], .queue_bytes = 100'000});
  const std::string padding(1000, 'x');
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 2000; ++i) log_info("line", {{"i", i}, {"padding", padding}});  // 2 MB, and nobody reads
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_GT(log_lines_dropped(), 1000u);
  std::string out;
  std::thread reader([&] {
    char buffer[65536];
    for (ssize_t n; (n = read(pipe_[0], buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  });
  stop_logging();
  close(pipe_[1]);
  pipe_[1] = -1;
  reader.join();
  const auto has = [&](std::string_view part) { return out.find(part) != out.npos; };
  EXPECT_TRUE(has("\"i\":1999,")) << "the newest is kept";
  EXPECT_TRUE(has("\"event\":\"log_lines_dropped\",\"lines\":"));
  std::istringstream lines(out);
  std::uint64_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    ASSERT_TRUE(line.starts_with("{\"ts\":\"") && line.ends_with("}")) << "no line is torn";
  }
  EXPECT_GE(count + log_lines_dropped(), 2000u) << "each line is written or counted";
}

TEST_F(LogWriter, StopsInTimeWhenNobodyReads) {
  start_logging({.fd = pipe_[1]});
  for (int i = 0; i < 2000; ++i) log_info("line", {{"padding", std::string(500, 'x')}});
  const auto began = std::chrono::steady_clock::now();
  stop_logging(std::chrono::milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3));
}

TEST_F(LogWriter, CanStartAgain) {
  start_logging({.fd = pipe_[1]});
  stop_logging();
  stop_logging();
  start_logging({.fd = pipe_[1]});
  log_info("again");
  EXPECT_THAT(all(), HasSubstr("again"));
}

}  // namespace
}  // namespace chat
