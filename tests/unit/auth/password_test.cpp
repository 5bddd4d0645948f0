#include "auth/password.hpp"

#include "unit/auth/vectors.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace chat {
namespace {

constexpr PasswordCost kCheap{64, 1, 4};

PasswordVerdict verdict(std::string_view password, std::string_view phc, const PasswordCost& wanted = kCheap) {
  auto result = verify_password(password, phc, wanted);
  EXPECT_TRUE(result.has_value());
  return result ? *result : PasswordVerdict{};
}

TEST(Password, VerifiesWhatTheOriginalStoredWithoutARehash) {
  const auto v = verdict("correct horse battery staple", vectors::kPhcOriginal, PasswordCost{});
  EXPECT_TRUE(v.ok);
  EXPECT_FALSE(v.needs_rehash);
  EXPECT_FALSE(verdict("correct horse battery stable", vectors::kPhcOriginal, PasswordCost{}).ok);
}

TEST(Password, AsksForARehashWhenTheCostIsAnother) {
  EXPECT_FALSE(verdict("correct horse battery staple", vectors::kPhcCheap).needs_rehash);
  for (const PasswordCost wanted : {PasswordCost{128, 1, 4}, PasswordCost{64, 2, 4}, PasswordCost{64, 1, 2}}) {
    const auto v = verdict("correct horse battery staple", vectors::kPhcCheap, wanted);
    EXPECT_TRUE(v.ok);
    EXPECT_TRUE(v.needs_rehash);
  }
  EXPECT_FALSE(verdict("wrong", vectors::kPhcCheap, PasswordCost{128, 1, 4}).needs_rehash);
}

TEST(Password, TakesTheShorterSaltsAndHashesOfOlderLibraries) {
  const auto v = verdict("p\xC3\xA4ssw\xC3\xB6rd", vectors::kPhcShortHash, PasswordCost{64, 1, 1});
  EXPECT_TRUE(v.ok);
  EXPECT_FALSE(v.needs_rehash);
}

TEST(Password, VerifiesWhatItHashedAndNothingElse) {
  const auto phc = hash_password("a secret of mine", kCheap);
  ASSERT_TRUE(phc);
  EXPECT_TRUE(phc->starts_with("$argon2id$v=19$m=64,t=1,p=4$"));
  EXPECT_TRUE(verdict("a secret of mine", *phc).ok);
  EXPECT_FALSE(verdict("a secret of yours", *phc).ok);
  EXPECT_FALSE(verdict("", *phc).ok);
}

TEST(Password, CountsBytesBehindANul) {
  const std::string password("abcdefgh\0one", 12), other("abcdefgh\0two", 12);
  const auto phc = hash_password(password, kCheap);
  ASSERT_TRUE(phc);
  EXPECT_TRUE(verdict(password, *phc).ok);
  EXPECT_FALSE(verdict(other, *phc).ok);
}

TEST(Password, SaltsEachHash) {
  EXPECT_NE(*hash_password("the same one", kCheap), *hash_password("the same one", kCheap));
}

TEST(Password, RefusesStringsThatAreMalformedOrTooDearWithoutComputingThem) {
  const std::string good = vectors::kPhcCheap;
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const std::string bad[] = {"",
                             "$",
                             "plain text",
                             good.substr(1),
                             good + "$",
                             good + "A",
                             good.substr(0, good.rfind('$')),
                             with("$argon2id$", "$argon2i$"),
                             with("v=19", "v=16"),
                             with("v=19$", ""),
                             with("m=64,t=1", "t=1,m=64"),
                             with("m=64", "m=064"),
                             with("m=64", "m=+64"),
                             with("m=64", "m=-64"),
                             with("m=64", "m= 64"),
                             with("m=64", "m=262145"),
                             with("m=64", "m=4294967360"),
                             with("m=64", "m=18446744073709551616"),
                             with("m=64", "m=31"),
                             with("t=1", "t=11"),
                             with("t=1", "t=0"),
                             with("p=4", "p=0"),
                             with("p=4", "p=65"),
                             with("p=4", "p=4,data=AAAA"),
                             good + "=",
                             vectors::kPhcArgon2i};
  for (const auto& phc : bad) {
    EXPECT_FALSE(verdict("correct horse battery staple", phc).ok) << phc;
    EXPECT_FALSE(verdict("secret12", phc).ok) << phc;
  }
}

TEST(Password, RefusesStrayBitsInSaltAndHash) {
  std::string phc = vectors::kPhcCheap;  // 32 bytes of hash leave two stray bits in the last character
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  phc.back() = alphabet[alphabet.find(phc.back()) + 1];
  EXPECT_FALSE(verdict("correct horse battery staple", phc).ok);
}

TEST(Password, RefusesCostsOutOfRange) {
  for (const PasswordCost cost : {PasswordCost{262145, 3, 4}, PasswordCost{65536, 11, 4}, PasswordCost{65536, 0, 4},
                                  PasswordCost{65536, 3, 0}, PasswordCost{31, 1, 4}, PasswordCost{65536, 1, 65}}) {
    EXPECT_FALSE(check_password_cost(cost));
    EXPECT_EQ(hash_password("long enough", cost).error().code, Errc::invalid);
  }
  EXPECT_TRUE(check_password_cost(PasswordCost{}));
}

TEST(Password, NeverHashesMoreThan1024Bytes) {
  const std::string longest(kMaxPasswordBytes, 'x');
  EXPECT_TRUE(hash_password(longest, kCheap));
  EXPECT_EQ(hash_password(longest + "x", kCheap).error().code, Errc::invalid);
  EXPECT_FALSE(verdict(longest + "x", vectors::kPhcOriginal, PasswordCost{}).ok);
}

TEST(Password, AnUnknownUserTakesLikeTime) {
  const PasswordCost cost{16384, 2, 4};
  const auto phc = hash_password("somebody's password", cost);
  ASSERT_TRUE(phc);
  const auto time = [](auto&& work) {
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 5; ++i) {
      const auto began = std::chrono::steady_clock::now();
      work();
      best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - began);
    }
    return static_cast<double>(best.count());
  };
  const double real = time([&] { verdict("a guess", *phc, cost); });
  const double dummy = time([&] { dummy_verify("a guess", cost); });
  EXPECT_GT(dummy, real * 0.5);
  EXPECT_LT(dummy, real * 2.0);
}

TEST(Password, WipeLeavesNothingBehind) {
  std::string secret = "a secret that is too long for the small buffer";
  const char* bytes = secret.data();
  const auto capacity = secret.capacity();
  wipe(secret);
  EXPECT_TRUE(secret.empty());
  ASSERT_EQ(secret.data(), bytes);
  for (std::size_t i = 0; i < capacity; ++i) EXPECT_EQ(bytes[i], '\0');
}

}  // namespace
}  // namespace chat
