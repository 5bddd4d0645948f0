#include "auth/login_guard.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace chat {
namespace {

using std::chrono::seconds;
const LoginGuard::TimePoint kStart{std::chrono::hours(100)};

// True when the guess was let through (and was wrong).
bool guess(LoginGuard& guard, std::string_view account, std::string_view address, LoginGuard::TimePoint now) {
  auto attempt = guard.begin(account, address, now);
  if (attempt.allowed()) attempt.failed(now);
  return attempt.allowed();
}

bool log_in(LoginGuard& guard, std::string_view account, std::string_view address, LoginGuard::TimePoint now) {
  auto attempt = guard.begin(account, address, now);
  if (attempt.allowed()) attempt.succeeded(now);
  return attempt.allowed();
}

int guesses_let_through(LoginGuard& guard, std::string_view account, std::string_view address,
                        LoginGuard::TimePoint now, int tries) {
  int n = 0;
  for (int i = 0; i < tries; ++i) n += guess(guard, account, address, now);
  return n;
}

TEST(LoginGuard, LetsTenGuessesThroughForOneAccountFromOneAddress) {
  LoginGuard guard({});
  EXPECT_EQ(guesses_let_through(guard, "ada", "10.0.0.1", kStart, 30), 10);
  const auto refused = guard.check("ada", "10.0.0.1", kStart);
  EXPECT_FALSE(refused.allowed);
  EXPECT_GE(refused.retry_after, seconds(1));
  EXPECT_LE(refused.retry_after, seconds(60));
  EXPECT_EQ(refused.limit, 10);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_FALSE(log_in(guard, "ada", "10.0.0.1", kStart)) << "the right password does not help once refused";
  EXPECT_TRUE(guard.check("ada", "10.0.0.2", kStart).allowed) << "another address";
  EXPECT_TRUE(guard.check("grace", "10.0.0.1", kStart).allowed) << "another account";
}

TEST(LoginGuard, ASuccessClearsItsPair) {
  LoginGuard guard({});
  EXPECT_EQ(guesses_let_through(guard, "ada", "10.0.0.1", kStart, 9), 9);
  EXPECT_TRUE(log_in(guard, "ada", "10.0.0.1", kStart));
  EXPECT_EQ(guesses_let_through(guard, "ada", "10.0.0.1", kStart, 30), 10);
}

TEST(LoginGuard, SlidesByFiveMinutes) {
  LoginGuard guard({});
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(guess(guard, "ada", "10.0.0.1", kStart + seconds(i * 20)));
  EXPECT_FALSE(guess(guard, "ada", "10.0.0.1", kStart + seconds(299))) << "never less than the window";
  EXPECT_TRUE(guess(guard, "ada", "10.0.0.1", kStart + seconds(331))) << "the first failures are over";
  EXPECT_FALSE(guesses_let_through(guard, "ada", "10.0.0.1", kStart + seconds(331), 10) == 10)
      << "the later ones are not";
  EXPECT_EQ(guesses_let_through(guard, "ada", "10.0.0.1", kStart + seconds(1200), 30), 10) << "all are over";
}

TEST(LoginGuard, LetsSixtyGuessesThroughFromOneAddress) {
  LoginGuard guard({});
  int n = 0;
  for (int i = 0; i < 100; ++i) n += guess(guard, "user" + std::to_string(i), "10.0.0.1", kStart);
  EXPECT_EQ(n, 60);
  EXPECT_FALSE(guard.check("somebody new", "10.0.0.1", kStart).allowed);
  EXPECT_TRUE(guard.check("somebody new", "10.0.0.2", kStart).allowed);
}

TEST(LoginGuard, LetsFiftyGuessesThroughForOneAccountFromEverywhere) {
  LoginGuard guard({});
  int n = 0;
  for (int i = 0; i < 100; ++i) n += guess(guard, "ada", "10.0.1." + std::to_string(i), kStart);
  EXPECT_EQ(n, 50);
  EXPECT_FALSE(guard.check("ada", "10.9.9.9", kStart).allowed);
  EXPECT_TRUE(guard.check("grace", "10.9.9.9", kStart).allowed);
}

TEST(LoginGuard, NobodyCanLockTheOwnerOut) {
  LoginGuard guard({});
  ASSERT_TRUE(log_in(guard, "ada", "192.0.2.1", kStart));
  for (int i = 0; i < 100; ++i) guess(guard, "ada", "10.0.1." + std::to_string(i), kStart + seconds(600));
  ASSERT_FALSE(guard.check("ada", "10.9.9.9", kStart + seconds(600)).allowed);
  EXPECT_TRUE(guard.check("ada", "192.0.2.1", kStart + seconds(600)).allowed);
  EXPECT_TRUE(log_in(guard, "ada", "192.0.2.1", kStart + seconds(600)));
}

TEST(LoginGuard, TheOwnersSlipsDoNotCountAgainstTheAccount) {
  LoginGuard guard({});
  for (int a = 0; a < 6; ++a) {
    const auto address = "192.0.2." + std::to_string(a);
    ASSERT_TRUE(log_in(guard, "ada", address, kStart));
    ASSERT_EQ(guesses_let_through(guard, "ada", address, kStart, 9), 9);
  }
  EXPECT_TRUE(guard.check("ada", "10.9.9.9", kStart).allowed);
}

TEST(LoginGuard, ForgetsWhoTheOwnerWasAfterADay) {
  LoginGuard guard({});
  ASSERT_TRUE(log_in(guard, "ada", "192.0.2.1", kStart));
  const auto later = kStart + std::chrono::hours(25);
  for (int i = 0; i < 100; ++i) guess(guard, "ada", "10.0.1." + std::to_string(i), later);
  EXPECT_FALSE(guard.check("ada", "192.0.2.1", later).allowed);
}

TEST(LoginGuard, WhatIsBeingJudgedCountsSoThatGuessesSentAtOnceDoNotSlipThrough) {
  LoginGuard guard({});
  std::vector<LoginGuard::Attempt> running;
  for (int i = 0; i < 30; ++i) {
    auto attempt = guard.begin("ada", "10.0.0.1", kStart);
    if (attempt.allowed()) running.push_back(std::move(attempt));
  }
  EXPECT_EQ(running.size(), 10u);
  for (auto& attempt : running) attempt.failed(kStart);
  running.clear();
  EXPECT_FALSE(guard.check("ada", "10.0.0.1", kStart).allowed);
}

TEST(LoginGuard, AnAttemptWithoutAVerdictCountsAsNothing) {
  LoginGuard guard({});
  for (int i = 0; i < 200; ++i) {
    auto attempt = guard.begin("ada", "10.0.0.1", kStart);
    ASSERT_TRUE(attempt.allowed());
  }
  EXPECT_EQ(guesses_let_through(guard, "ada", "10.0.0.1", kStart, 30), 10);
}

TEST(LoginGuard, RefusedAttemptsAreNotCounted) {
  LoginGuard guard({});
  EXPECT_EQ(guesses_let_through(guard, "ada", "10.0.0.1", kStart, 1000), 10);
  EXPECT_EQ(guesses_let_through(guard, "grace", "10.0.0.1", kStart, 10), 10) << "the address has 50 left";
  EXPECT_TRUE(guess(guard, "ada", "10.0.0.1", kStart + seconds(331)));
}

TEST(LoginGuard, CheckingCostsNothing) {
  LoginGuard guard({});
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(guard.check("ada", "10.0.0.1", kStart).allowed);
  EXPECT_EQ(guard.check("ada", "10.0.0.1", kStart).remaining, 9);
}

TEST(LoginGuard, NamesAndAddressesAreNotConfused) {
  LoginGuard guard({});
  EXPECT_EQ(guesses_let_through(guard, "ada1", "0.0.0.1", kStart, 30), 10);
  EXPECT_TRUE(guard.check("ada", "10.0.0.1", kStart).allowed);
}

TEST(LoginGuard, SwitchedOffItAllowsEverything) {
  LoginGuard guard({.enabled = false});
  EXPECT_EQ(guesses_let_through(guard, "ada", "10.0.0.1", kStart, 500), 500);
}

TEST(LoginGuard, AFullTableKeepsTheWorstOffenders) {
  LoginGuard guard({.per_address = 1'000'000, .slots = 1024});
  ASSERT_EQ(guesses_let_through(guard, "ada", "10.0.0.1", kStart, 10), 10);
  for (int i = 0; i < 20'000; ++i) guess(guard, "nobody" + std::to_string(i), "10.0.0.2", kStart);
  EXPECT_FALSE(guard.check("ada", "10.0.0.1", kStart).allowed);
}

TEST(LoginGuard, IsSafeFromManyThreads) {
  LoginGuard guard({});
  std::atomic<int> through{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] { through += guesses_let_through(guard, "ada", "10.0.0.1", kStart, 200); });
  }
  for (auto& t : threads) t.join();
  EXPECT_LE(through, 10);
  EXPECT_GE(through, 7);  // one that was running when another was refused
}

}  // namespace
}  // namespace chat
