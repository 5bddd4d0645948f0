// The generator's parts that judge and count: a fault that they overlook is a benchmark that lies.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "load/dialect.hpp"
#include "load/histogram.hpp"
#include "load/json_text.hpp"
#include "load/ledger.hpp"
#include "load/report.hpp"
#include "load/stamp.hpp"
#include "load/websocket.hpp"

namespace load {
namespace {

TEST(Stamp, ComesBackAsItWasWritten) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i) {
    const Stamp stamp{static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                      static_cast<std::uint32_t>(random()), random()};
    std::string text = "{\"content\":\"";
    const std::size_t at = text.size();
    append_stamp(text, stamp);
    ASSERT_EQ(text.size(), at + kStampBytes);
    ASSERT_EQ(find_stamp(text), at);
    ASSERT_EQ(read_stamp(text.data() + at), stamp);
    ASSERT_EQ(find_stamp(std::string_view(text).substr(0, text.size() - 1)), std::string_view::npos)
        << "half a stamp is none";
  }
}

TEST(Histogram, IsExactToThreeDigitsAtEveryQuantile) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> spread(12, 3);  // from nanoseconds to minutes
  Histogram histogram;
  std::vector<std::uint64_t> all;
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<std::uint64_t>(std::min(spread(random), 4e12));
    all.push_back(value);
    histogram.record(value);
  }
  std::sort(all.begin(), all.end());
  for (const double q : {0.0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank =
        std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(q * static_cast<double>(all.size()))));
    const std::uint64_t exact = all[rank - 1];
    EXPECT_GE(histogram.at(q), exact) << q;
    EXPECT_LE(static_cast<double>(histogram.at(q)), static_cast<double>(exact) * 1.001) << q;
  }
  EXPECT_EQ(histogram.max(), all.back());
  EXPECT_EQ(histogram.at(1), all.back());
  EXPECT_EQ(histogram.count(), all.size());
}

TEST(Histogram, TellsSmallNumbersExactlyAndHoldsAnyLargeOne) {
  Histogram histogram;
  EXPECT_EQ(histogram.at(0.5), 0u);
  for (std::uint64_t v = 0; v < 2048; ++v) histogram.record(v);
  EXPECT_EQ(histogram.at(0.5), 1023u);
  EXPECT_DOUBLE_EQ(histogram.mean(), 1023.5);
  histogram.record(~std::uint64_t{0});
  EXPECT_EQ(histogram.max(), (std::uint64_t{1} << 42) - 1);
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0u);
}

TEST(Histogram, AddsUpToOneOfBoth) {
  Histogram both, a, b;
  for (std::uint64_t v = 1; v < 1'000'000; v += 37) {
    (v % 2 ? a : b).record(v * v);
    both.record(v * v);
  }
  a.add(b);
  EXPECT_EQ(a.count(), both.count());
  for (const double q : {0.1, 0.5, 0.9, 0.99}) EXPECT_EQ(a.at(q), both.at(q));
}

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() { ledger.open(3, 2, 1, 100); }
  std::string take(std::uint32_t sender, std::uint32_t number) {
    return ledger.delivery({3, sender, number, 150}, 200);
  }
  Ledger ledger;
};

TEST_F(LedgerTest, AcceptsEachSendersMessagesInOrderHoweverTheyMix) {
  EXPECT_EQ(take(0, 1), "");
  EXPECT_EQ(take(1, 1), "");
  EXPECT_EQ(take(1, 2), "");
  EXPECT_EQ(take(0, 2), "");
  EXPECT_EQ(ledger.due(0), 3u);
}

TEST_F(LedgerTest, NoticesALoss) {
  EXPECT_EQ(take(0, 1), "");
  EXPECT_EQ(take(0, 3), "got message 3 of sender 0 where 2 was due: lost, or out of order");
}

TEST_F(LedgerTest, NoticesTheLossOfTheFirst) {
  EXPECT_EQ(take(0, 2), "got message 2 of sender 0 where 1 was due: lost, or out of order");
}

TEST_F(LedgerTest, NoticesARepeat) {
  EXPECT_EQ(take(0, 1), "");
  EXPECT_EQ(take(0, 1), "got message 1 of sender 0 again, or late: 2 was due");
}

TEST_F(LedgerTest, NoticesAnotherRoomsMessage) {
  EXPECT_EQ(ledger.delivery({4, 0, 1, 150}, 200), "got message 1 of sender 0 of another room, 4");
}

TEST_F(LedgerTest, NoticesWhatNobodySent) {
  EXPECT_EQ(take(2, 1), "got message 1 of sender 2, which nobody sent");
  EXPECT_EQ(ledger.delivery({3, 0, 1, 201}, 200), "got message 1 of sender 0, which nobody sent");
}

TEST_F(LedgerTest, NoticesAMessageOfBeforeTheRunUnlessHistoryIsWelcome) {
  EXPECT_NE(ledger.delivery({3, 0, 1, 99}, 200), "");
  EXPECT_NE(ledger.delivery({}, 200), "");
  Ledger visitor;
  visitor.open(3, 1, 0, 100);
  EXPECT_EQ(visitor.delivery({}, 200), "");
  EXPECT_EQ(visitor.delivery({3, 0, 70, 99}, 200), "");
  EXPECT_EQ(visitor.delivery({3, 0, 5, 150}, 200), "") << "it came in at number 5";
  EXPECT_EQ(visitor.delivery({3, 0, 6, 150}, 200), "");
  EXPECT_NE(visitor.delivery({3, 0, 8, 150}, 200), "");
}

TEST_F(LedgerTest, NoticesAHoleARepeatAndNoNumberInTheServersOwn) {
  EXPECT_EQ(ledger.seq(41), "");
  EXPECT_EQ(ledger.seq(42), "");
  EXPECT_EQ(ledger.seq(42), "got seq 42 behind 42");
  EXPECT_EQ(ledger.seq(44), "got seq 44 behind 42");
  EXPECT_EQ(ledger.seq(0), "got an event without the server's number");
  Ledger resumed;
  resumed.open(3, 1, 2, 100, 41);
  EXPECT_EQ(resumed.seq(43), "got seq 43 behind 41");
}

TEST_F(LedgerTest, NoticesALostAndARepeatedAck) {
  EXPECT_EQ(ledger.ack(1), "");
  EXPECT_EQ(ledger.ack(1), "got the ack of 1 behind that of 1");
  EXPECT_EQ(ledger.ack(3), "got the ack of 3 behind that of 1");
}

std::string server_frame(std::string_view payload, std::uint8_t opcode = kText) {
  std::string out;
  out += static_cast<char>(0x80 | opcode);
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else if (payload.size() < 65536) {
    out += '\x7e';
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 255);
  } else {
    out += '\x7f';
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift & 255);
  }
  return out.append(payload);
}

TEST(WebSocket, ReadsFramesOfEveryLengthWhereverTheReadsEnd) {
  const std::vector<std::string> payloads = {"", "a", std::string(125, 'b'), std::string(126, 'c'),
                                             std::string(70'000, 'd')};
  std::string wire;
  for (const std::string& payload : payloads) wire += server_frame(payload);
  for (const std::size_t step : {1, 2, 3, 7, 1000, 70'000, 1'000'000}) {
    std::vector<std::string> got;
    std::string unread;
    for (std::size_t at = 0; at < wire.size(); at += step) {
      unread += wire.substr(at, step);
      unread.erase(0, read_frames(unread, [&](std::uint8_t opcode, std::string_view payload) {
                     EXPECT_EQ(opcode, kText);
                     got.emplace_back(payload);
                   }));
    }
    EXPECT_EQ(got, payloads) << step;
    EXPECT_TRUE(unread.empty());
  }
}

TEST(WebSocket, WritesWhatItReads) {
  for (const std::size_t n : {0, 125, 126, 65535, 65536}) {
    std::string wire;
    append_frame(wire, std::string(n, 'x'), kBinary);
    const std::size_t head = n < 126 ? 6 : n < 65536 ? 8 : 14;
    ASSERT_EQ(wire.size(), head + n);
    EXPECT_EQ(static_cast<std::uint8_t>(wire[0]), 0x82);
    EXPECT_TRUE(static_cast<std::uint8_t>(wire[1]) & 0x80) << "a client's frames are masked";
  }
}

TEST(JsonText, FindsAFieldAtTheEndAndElsewhere) {
  EXPECT_EQ(last_number_behind(R"({"content":"x","seq":123})", "\"seq\":"), 123);
  EXPECT_EQ(last_number_behind(R"({"seq":124,"timestamp":"2026"})", "\"seq\":"), 124);
  EXPECT_EQ(last_number_behind(R"({"count":5})", "\"seq\":"), 0);
  EXPECT_EQ(string_behind(R"({"epoch":"abc","offset":1})", "\"epoch\":"), "abc");
  EXPECT_EQ(string_behind(R"({"offset":1})", "\"epoch\":"), "");
}

TEST(Json, SaysNothingThatIsNoNumber) {
  Histogram h;
  h.record(1500);
  Json json;
  json.set("share", 1.0 / 0.0).set("n", 3).set("yes", true).set("text", "a\"b").set("us", h);
  EXPECT_EQ(
      json.text(),
      R"({"share":null,"n":3,"yes":true,"text":"a\"b","us":{"n":1,"mean":1.5,"p50":1.5,"p90":1.5,"p99":1.5,"p999":1.5,"max":1.5}})");
}

TEST(Parameters, AreFoundByTheirWholeName) {
  EXPECT_EQ(parameter("frame=315,echo=0", "frame", 1), 315);
  EXPECT_EQ(parameter("frame=315,echo=0", "echo", 1), 0);
  EXPECT_EQ(parameter("frames=315", "frame", 1), 1);
  EXPECT_EQ(parameter("", "frame", 7), 7);
  EXPECT_EQ(make_dialect("nobody"), nullptr);
  EXPECT_NE(make_dialect("limit:frame=315"), nullptr);
}

}  // namespace
}  // namespace load
