#include "chat/user_cache.hpp"
#include "unit/chat/world.hpp"

#include <gtest/gtest.h>

namespace chat::testing {
namespace {

using namespace std::chrono_literals;

AccessClaims claims_of(const User& user, const ManualClock& clock, std::chrono::seconds lifetime = 1h) {
  AccessClaims claims;
  claims.uid = user.id;
  claims.sub = user.username;
  claims.name = user.name;
  claims.expires_at = std::chrono::floor<std::chrono::seconds>(clock.now()) + lifetime;
  return claims;
}

Errc refusal(World& world, const std::string& token) {
  const auto session = run(world.sessions.authenticate(token));
  return session ? throw std::runtime_error("the token was taken") : session.error().code;
}

TEST(Sessions, AMintedTokenSaysWhoAndUntilWhen) {
  World world({.sessions = {.token_lifetime = 30min}});
  const auto user = world.a_user();
  const auto session = run(world.sessions.authenticate(*world.sessions.mint(user)));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->principal.id, user.id);
  EXPECT_EQ(session->principal.name, "Ada");
  EXPECT_EQ(session->principal.kind, Principal::Kind::user);
  EXPECT_EQ(session->username, "ada@example.com");
  EXPECT_EQ(session->expires_at, std::chrono::floor<std::chrono::seconds>(world.clock.now()) + 30min);
  EXPECT_EQ(session->session_started_at, std::chrono::floor<std::chrono::seconds>(world.clock.now()));
  EXPECT_FALSE(session->session_id.empty());
}

TEST(Sessions, ATokenDiesWhenItEnds) {
  World world({.sessions = {.token_lifetime = 1min}});
  const auto token = *world.sessions.mint(world.a_user());
  world.clock.advance(58s);
  EXPECT_TRUE(run(world.sessions.authenticate(token)));
  world.clock.advance(2s);
  EXPECT_EQ(refusal(world, token), Errc::unauthenticated);
}

TEST(Sessions, TokensOfAnotherKeyOrNoTokensAreRefusedWithoutALookUp) {
  World world;
  const auto user = world.a_user();
  const auto foreign = *keys_of("another secret, also of some length").signer.sign(claims_of(user, world.clock));
  const auto calls = world.users.weather.calls.load();
  for (const std::string& token :
       {foreign, std::string(), std::string("x"), std::string("a.b.c"), std::string(9000, 'x')}) {
    EXPECT_EQ(refusal(world, token), Errc::unauthenticated);
    ASSERT_TRUE(world.sessions.try_authenticate(token)) << "no look-up is needed to refuse it";
  }
  EXPECT_EQ(world.users.weather.calls, calls);
}

TEST(Sessions, ATokenOfTheOriginalIsGood) {
  World world;
  const auto user = world.a_user();
  const auto session = run(world.sessions.authenticate(*keys_of().signer.sign(claims_of(user, world.clock, 20min))));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->token_version, 0);
  EXPECT_EQ(session->session_id, "");
  EXPECT_EQ(session->session_started_at, std::chrono::floor<std::chrono::seconds>(world.clock.now()) + 20min - 60min)
      << "a lifetime before its end";
}

TEST(Sessions, AUserWhoIsKnownCostsNoLookUpForASecond) {
  World world;
  const auto token = *world.sessions.mint(world.a_user());
  EXPECT_FALSE(world.sessions.try_authenticate(token)) << "not looked up yet";
  ASSERT_TRUE(run(world.sessions.authenticate(token)));
  const auto calls = world.users.weather.calls.load();
  const auto at_once = world.sessions.try_authenticate(token);
  ASSERT_TRUE(at_once);
  EXPECT_TRUE(*at_once);
  world.clock.advance(999ms);
  EXPECT_TRUE(run(world.sessions.authenticate(token)));
  EXPECT_EQ(world.users.weather.calls, calls);
  world.clock.advance(1ms);
  EXPECT_FALSE(world.sessions.try_authenticate(token));
  EXPECT_TRUE(run(world.sessions.authenticate(token)));
  EXPECT_EQ(world.users.weather.calls, calls + 1);
}

TEST(Sessions, TokensOfADisabledDeletedOrRaisedUserDieWithinASecond) {
  World world;
  const auto disabled = world.a_user("disabled@example.com");
  const auto deleted = world.a_user("deleted@example.com");
  const auto raised = world.a_user("raised@example.com");
  std::vector<std::string> tokens;
  for (const auto& user : {disabled, deleted, raised}) {
    tokens.push_back(*world.sessions.mint(user));
    ASSERT_TRUE(run(world.sessions.authenticate(tokens.back())));
  }
  ASSERT_TRUE(world.users.set_disabled(disabled.id, true));
  world.users.erase(deleted.id);
  ASSERT_TRUE(world.users.set_password(raised.id, "x"));
  world.clock.advance(1s);
  for (const auto& token : tokens) EXPECT_EQ(refusal(world, token), Errc::unauthenticated);
  ASSERT_TRUE(world.users.set_disabled(disabled.id, false));
  world.clock.advance(1s);
  EXPECT_EQ(refusal(world, tokens[0]), Errc::unauthenticated) << "enabling again revives no token";
  EXPECT_TRUE(run(world.sessions.authenticate(*world.sessions.mint(*world.users.find_user(raised.id)))));
}

TEST(Sessions, ANameIsTheUsersPresentOne) {
  World world;
  auto user = world.a_user();
  const auto token = *world.sessions.mint(user);
  user.name = "Ada King";
  world.users.put(user);
  EXPECT_EQ(run(world.sessions.authenticate(token))->principal.name, "Ada King");
}

TEST(Sessions, AStoreThatIsAwayRefusesNoToken) {
  World world;
  const auto token = *world.sessions.mint(world.a_user());
  world.users.weather.away = true;
  EXPECT_EQ(refusal(world, token), Errc::unavailable);
  world.users.weather.away = false;
  EXPECT_TRUE(run(world.sessions.authenticate(token)));
}

TEST(Sessions, ARefreshedTokenIsOfTheSameSession) {
  World world;
  const auto token = *world.sessions.mint(world.a_user());
  const auto first = run(world.sessions.authenticate(token));
  world.clock.advance(10min);
  const auto issued = world.sessions.refresh(*first);
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->user.username, "ada@example.com");
  const auto second = run(world.sessions.authenticate(issued->access_token));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->session_id, first->session_id);
  EXPECT_EQ(second->session_started_at, first->session_started_at);
  EXPECT_EQ(second->expires_at, first->expires_at + 10min);
}

TEST(Sessions, NoRefreshOnceTheLoginIsTooOld) {
  World world({.sessions = {.token_lifetime = 60min, .session_max = 2h}});
  auto token = *world.sessions.mint(world.a_user());
  for (int i = 0; i < 3; ++i) {
    const auto issued = world.sessions.refresh(*run(world.sessions.authenticate(token)));
    ASSERT_TRUE(issued) << i;
    token = issued->access_token;
    world.clock.advance(39min);
  }
  EXPECT_TRUE(world.sessions.refresh(*run(world.sessions.authenticate(token)))) << "117 minutes after the login";
  world.clock.advance(4min);
  const auto session = run(world.sessions.authenticate(token));
  ASSERT_TRUE(session) << "the token itself is still good";
  EXPECT_EQ(world.sessions.refresh(*session).error().code, Errc::unauthenticated);
}

TEST(Sessions, AnAdoptedUserWithoutANameGetsAToken) {
  World world;
  auto user = world.a_user();
  user.name.clear();
  world.users.put(user);
  ASSERT_TRUE(world.sessions.mint(user));
  EXPECT_TRUE(run(world.sessions.authenticate(*world.sessions.mint(user))));
}

TEST(UserCache, IsBoundedAndLetsTheOldestGo) {
  UserCache cache(8, 1h);
  const auto now = std::chrono::steady_clock::time_point(1h);
  std::vector<UserId> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.push_back(UserId::make());
    cache.put({ids.back(), "n", "u", 0, false}, now + std::chrono::milliseconds(i));
    EXPECT_TRUE(cache.find(ids.back(), now + std::chrono::milliseconds(i)));
  }
  std::size_t kept = 0;
  for (const auto& id : ids) kept += cache.find(id, now + 1s).has_value();
  EXPECT_LE(kept, 8u);
  EXPECT_GE(kept, 4u);
}

TEST(UserCache, ASlowerReadDoesNotReplaceALaterOne) {
  UserCache cache(8, 1h);
  const auto now = std::chrono::steady_clock::time_point(1h);
  const auto id = UserId::make();
  cache.put({id, "n", "u", 2, true}, now + 2ms);
  cache.put({id, "n", "u", 1, false}, now + 1ms);
  EXPECT_TRUE(cache.find(id, now + 3ms)->disabled);
}

}  // namespace
}  // namespace chat::testing
