#include "unit/chat/world.hpp"

#include <gtest/gtest.h>

namespace chat::testing {
namespace {

TEST(Accounts, SigningUpStoresAHashAndTheTrimmedAddress) {
  World world;
  const auto made = world.sign_up("  Ada@Example.com\t");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->username, "Ada@Example.com");
  EXPECT_EQ(made->name, "Ada");
  EXPECT_EQ(made->created_at, world.clock.now());
  const auto stored = world.users.find_user(made->id);
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->password_hash->starts_with("$argon2id$v=19$m=16,t=1,p=1$"));
  EXPECT_EQ(made->id.str()[14], '7') << "a UUID of version 7";
}

TEST(Accounts, AnAddressInAnotherCaseIsTakenAndCostsNoHash) {
  World world;
  world.a_user("ada@example.com");
  const auto calls = world.users.weather.calls.load();
  const auto again = world.sign_up("ADA@EXAMPLE.COM");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::user_exists);
  EXPECT_EQ(world.users.weather.calls - calls, 1) << "one look-up, no creation";
}

TEST(Accounts, PasswordsOutsideTheirLengthAreRefusedUnhashed) {
  World world;
  for (const std::size_t size : {0u, 7u, 1025u}) {
    const auto made = world.sign_up("a@example.com", std::string(size, 'x'));
    ASSERT_FALSE(made) << size;
    EXPECT_EQ(made.error().code, Errc::invalid);
  }
  EXPECT_EQ(world.users.weather.calls, 0);
  EXPECT_TRUE(world.sign_up("a@example.com", std::string(8, 'x')));
  EXPECT_TRUE(world.sign_up("b@example.com", std::string(1024, 'x')));
}

TEST(Accounts, OfTwoThatRaceForAnAddressOneIsMade) {
  World world;
  std::vector<boost::asio::awaitable<Result<User>>> both;
  for (int i = 0; i < 4; ++i)
    both.push_back(world.accounts.sign_up({"Ada", "ada@example.com", "correct horse", "1.2.3.4"}));
  int made = 0;
  for (const auto& result : run_all(std::move(both))) {
    if (result) {
      ++made;
    } else {
      EXPECT_EQ(result.error().code, Errc::user_exists);
    }
  }
  EXPECT_EQ(made, 1);
  EXPECT_EQ(world.users.size(), 1u);
}

TEST(Accounts, OnlyAccountsThatAreMadeCountAgainstTheLimit) {
  World world({.accounts = {.password_cost = kCheap, .sign_ups = {2.0 / 3600, 2}}});
  ASSERT_TRUE(world.sign_up("a@example.com"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(world.sign_up("a@example.com").error().code, Errc::user_exists);
  ASSERT_TRUE(world.sign_up("b@example.com"));
  const auto third = world.sign_up("c@example.com");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Errc::rate_limited);
  EXPECT_EQ(third.error().retry.limit, 2);
  EXPECT_EQ(third.error().retry.after, std::chrono::seconds(60)) << "never longer than a minute";
  EXPECT_TRUE(world.sign_up("c@example.com", "correct horse", "5.6.7.8")) << "another address has its own";
  world.clock.advance(std::chrono::minutes(31));
  EXPECT_TRUE(world.sign_up("d@example.com"));
}

TEST(Accounts, LoggingInTakesAnyCaseAndGivesAGoodToken) {
  World world;
  const auto user = world.a_user("Ada@example.com");
  const auto issued = world.log_in(" aDA@EXAMPLE.com ");
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->user.id, user.id);
  EXPECT_EQ(issued->user.username, "Ada@example.com");
  const auto session = run(world.sessions.authenticate(issued->access_token));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->principal.id, user.id);
}

TEST(Accounts, WhoeverMayNotLogInGetsOneAnswer) {
  World world;
  const auto disabled = world.a_user("disabled@example.com");
  ASSERT_TRUE(world.users.set_disabled(disabled.id, true));
  auto without = world.a_user("without@example.com");
  without.password_hash.reset();
  world.users.put(without);
  world.a_user();
  const std::pair<std::string, std::string> cases[] = {{"ada@example.com", "wrong"},
                                                       {"ada@example.com", ""},
                                                       {"ada@example.com", std::string(5000, 'x')},
                                                       {"nobody@example.com", "correct horse"},
                                                       {"", "correct horse"},
                                                       {"disabled@example.com", "correct horse"},
                                                       {"without@example.com", "correct horse"}};
  for (const auto& [username, password] : cases) {
    const auto issued = world.log_in(username, password);
    ASSERT_FALSE(issued) << username;
    EXPECT_EQ(issued.error().code, Errc::unauthenticated) << username;
    EXPECT_EQ(issued.error().message, "wrong username or password") << username;
  }
}

TEST(Accounts, AnUnknownUserCostsAHashAsAKnownOneDoes) {
  // Expensive enough to be measured, and compared with itself only.
  const PasswordCost cost{32768, 2, 1};
  World world({.accounts = {.password_cost = cost}});
  world.a_user();
  const auto time_of = [&](std::string username) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(world.log_in(std::move(username), "wrong password"));
    return std::chrono::steady_clock::now() - began;
  };
  auto known = std::chrono::steady_clock::duration::max(), unknown = known;
  for (int i = 0; i < 4; ++i) {
    known = std::min(known, time_of("ada@example.com"));
    unknown = std::min(unknown, time_of("nobody@example.com"));
  }
  EXPECT_GT(unknown * 2, known);
  EXPECT_GT(known * 2, unknown);
}

TEST(Accounts, GuessesAreCountedAndRefusedBeforeTheyCost) {
  World world;
  world.a_user();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(world.log_in("ada@example.com", "guess").error().code, Errc::unauthenticated);
  const auto calls = world.users.weather.calls.load();
  const auto over = world.log_in("ADA@example.com", "correct horse");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::rate_limited);
  EXPECT_EQ(over.error().retry.limit, 10);
  EXPECT_GE(over.error().retry.after, std::chrono::seconds(1));
  EXPECT_LE(over.error().retry.after, std::chrono::seconds(60));
  EXPECT_EQ(world.users.weather.calls, calls) << "not even a look-up";
  EXPECT_TRUE(world.log_in("ada@example.com", "correct horse", "5.6.7.8")) << "from elsewhere the owner gets in";
}

TEST(Accounts, GuessesSentAllAtOnceDoNotSlipThroughTogether) {
  World world;
  world.a_user();
  std::vector<boost::asio::awaitable<Result<IssuedToken>>> guesses;
  for (int i = 0; i < 40; ++i) guesses.push_back(world.accounts.log_in({"ada@example.com", "guess", "1.2.3.4"}));
  int judged = 0;
  for (const auto& result : run_all(std::move(guesses)))
    judged += !result && result.error().code == Errc::unauthenticated;
  EXPECT_EQ(judged, 10);
}

TEST(Accounts, AHashOfAnotherCostIsReplacedAtLogin) {
  World world;
  auto user = world.a_user();
  user.password_hash = *hash_password("correct horse", {32, 2, 1});
  world.users.put(user);
  ASSERT_TRUE(world.log_in("ada@example.com"));
  const auto stored = world.users.find_user(user.id);
  EXPECT_TRUE(stored->password_hash->starts_with("$argon2id$v=19$m=16,t=1,p=1$"));
  EXPECT_EQ(stored->token_version, user.token_version) << "nobody is logged out by it";
  const auto before = stored->password_hash;
  ASSERT_TRUE(world.log_in("ada@example.com"));
  EXPECT_EQ(world.users.find_user(user.id)->password_hash, before) << "once is enough";
}

TEST(Accounts, AStoreThatIsAwayIsSaidToBe) {
  World world;
  world.a_user();
  world.users.weather.away = true;
  EXPECT_EQ(world.log_in("ada@example.com").error().code, Errc::unavailable);
  EXPECT_EQ(world.sign_up("b@example.com").error().code, Errc::unavailable);
  world.users.weather.away = false;
  EXPECT_TRUE(world.log_in("ada@example.com"));
}

}  // namespace
}  // namespace chat::testing
