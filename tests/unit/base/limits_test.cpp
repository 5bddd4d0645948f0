#include "base/ip_address.hpp"
#include "base/keyed_rate_limiter.hpp"
#include "base/siphash.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace chat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
const KeyedRateLimiter::TimePoint kStart{std::chrono::hours(100)};

TEST(KeyedRateLimiter, HasABurstAndARateForEachKey) {
  KeyedRateLimiter limiter({.rate = 5, .burst = 10});
  for (int i = 0; i < 10; ++i) {
    const auto d = limiter.take("ada", kStart);
    ASSERT_TRUE(d.allowed);
    EXPECT_EQ(d.limit, 10);
    EXPECT_EQ(d.remaining, 9 - i);
  }
  const auto refused = limiter.take("ada", kStart);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_GE(refused.retry_after, milliseconds(200));
  EXPECT_LE(refused.retry_after, milliseconds(202));
  EXPECT_EQ(refused.retry_after_seconds(), 1);
  EXPECT_TRUE(limiter.take("grace", kStart).allowed);
  EXPECT_TRUE(limiter.take("ada", kStart + refused.retry_after).allowed);
  EXPECT_FALSE(limiter.take("ada", kStart + refused.retry_after).allowed);
  EXPECT_EQ(limiter.take("ada", kStart + seconds(60)).remaining, 9) << "never more than the burst";
}

TEST(KeyedRateLimiter, PeekTakesNothingAndRefundGivesBack) {
  KeyedRateLimiter limiter({.rate = 0.01, .burst = 2});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(limiter.peek("a", kStart).allowed);
  EXPECT_TRUE(limiter.take("a", kStart).allowed);
  EXPECT_TRUE(limiter.take("a", kStart).allowed);
  EXPECT_FALSE(limiter.peek("a", kStart).allowed);
  limiter.refund("a", kStart);
  EXPECT_TRUE(limiter.peek("a", kStart).allowed);
  for (int i = 0; i < 100; ++i) limiter.refund("a", kStart);
  EXPECT_EQ(limiter.peek("a", kStart).remaining, 2);
}

TEST(KeyedRateLimiter, RetryAfterIsOneToSixtySeconds) {
  KeyedRateLimiter hourly({.rate = 100.0 / 3600, .burst = 100});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(hourly.take("a", kStart).allowed);
  EXPECT_EQ(hourly.take("a", kStart).retry_after_seconds(), 37);
  EXPECT_EQ(hourly.take("a", kStart, 50).retry_after_seconds(), 60);
}

TEST(KeyedRateLimiter, ARateOfZeroIsNoLimit) {
  KeyedRateLimiter limiter({.rate = 0, .burst = 0});
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(limiter.take("a", kStart).allowed);
  EXPECT_EQ(limiter.take("a", kStart).limit, 0);
}

TEST(KeyedRateLimiter, AFloodOfKeysForgetsFullBucketsBeforeEmptyOnes) {
  KeyedRateLimiter limiter({.rate = 0.001, .burst = 4}, 1024);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(limiter.take("offender", kStart).allowed);
  for (int i = 0; i < 50'000; ++i) limiter.take("key" + std::to_string(i), kStart);
  EXPECT_FALSE(limiter.take("offender", kStart).allowed);
}

TEST(KeyedRateLimiter, ManyThreadsTakeNoMoreThanThereIs) {
  KeyedRateLimiter limiter({.rate = 0.001, .burst = 100});
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) taken += limiter.take("a", kStart).allowed;
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(taken, 100);
}

// The reference's vectors: key 00..0f, message 00, 00 01, 00 01 02, ...
TEST(SipHash, IsTheReferences) {
  const SipKey key{0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull};
  std::string message;
  const std::pair<std::size_t, std::uint64_t> expected[] = {{0, 0x726fdb47dd0e0e31ull},
                                                            {1, 0x74f839c593dc67fdull},
                                                            {7, 0xab0200f58b01d137ull},
                                                            {8, 0x93f5f5799a932462ull},
                                                            {15, 0xa129ca6149be45e5ull}};
  for (const auto& [length, hash] : expected) {
    while (message.size() < length) message += static_cast<char>(message.size());
    EXPECT_EQ(siphash(key, message), hash) << length;
  }
  EXPECT_NE(siphash(SipKey::random(), "x"), siphash(SipKey::random(), "x"));
}

TEST(IpAddress, ReadsAndCountsAddresses) {
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->str(), "192.0.2.1");
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1")->str(), "192.0.2.1");
  EXPECT_EQ(*IpAddress::parse("::ffff:192.0.2.1"), *IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(IpAddress::parse("2001:DB8::1")->str(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->limit_key(), "192.0.2.1");
  EXPECT_EQ(IpAddress::parse("2001:db8:1:2:3:4:5:6")->limit_key(), "2001:db8:1:2::/64");
  for (const char* bad :
       {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "[::1]", "::1%eth0", "::g", "1.2.3.4 ", "x"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpNetwork, HoldsItsAddresses) {
  const auto in = [](const char* network, const char* address) {
    return IpNetwork::parse(network)->contains(*IpAddress::parse(address));
  };
  EXPECT_TRUE(in("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(in("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(in("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(in("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(in("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(in("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(in("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(in("0.0.0.0/0", "::1"));
  EXPECT_TRUE(in("fd00::/8", "fdff::1"));
  for (const char* bad :
       {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "fd00::/129", "/8", ""}) {
    EXPECT_FALSE(IpNetwork::parse(bad)) << bad;
  }
}

TEST(ClientAddress, BelievesOnlyListedProxies) {
  const std::vector<IpNetwork> proxies = {*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("fd00::/8")};
  const auto client = [&](const char* peer, const char* forwarded) {
    return client_address(*IpAddress::parse(peer), forwarded, proxies).str();
  };
  EXPECT_EQ(client("192.0.2.1", "203.0.113.9"), "192.0.2.1") << "no proxy of ours";
  EXPECT_EQ(client("10.0.0.1", "203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", "1.1.1.1, 203.0.113.9"), "203.0.113.9") << "what the client wrote itself";
  EXPECT_EQ(client("10.0.0.1", "1.1.1.1, 203.0.113.9 , 10.0.0.2"), "203.0.113.9") << "two proxies";
  EXPECT_EQ(client("10.0.0.1", ""), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
  EXPECT_EQ(client("10.0.0.1", "203.0.113.9, nonsense"), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", "203.0.113.9:4711"), "203.0.113.9");
  EXPECT_EQ(client("fd00::1", "[2001:db8::1]:443"), "2001:db8::1");
  EXPECT_EQ(client("fd00::1", "2001:db8::1"), "2001:db8::1");
}

}  // namespace
}  // namespace chat
