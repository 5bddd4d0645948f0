// The protocol's engine: when commands are started, what ends a connection, and what time does to it.
#include "scripted_session.hpp"
#include "world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace chat::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kConnect = R"({"id":1,"connect":{}})";

std::string rpc(std::uint32_t id) { return "{\"id\":" + std::to_string(id) + R"(,"rpc":{"method":"x"}})"; }

class Engine : public ::testing::Test {
 protected:
  // `holds`: connect is answered when the test says so.
  Peer& open(bool holds = false) {
    session_ = std::make_shared<ScriptedSession>(options_, world_.rules.clock);
    if (holds) session_->on_connect = [this](auto id) { session_->connects.push_back(id); };
    return world_.attach(session_);
  }
  Peer& enter() {
    Peer& peer = open();
    peer.say(kConnect);
    peer.reply(1);
    return peer;
  }
  void refuse_connect() { session_->refuse_connect(1, centrifuge::ErrorCode::token_expired); }
  bool started(std::size_t rpcs) {
    return world_.until([&] { return session_->rpcs.size() >= rpcs; });
  }
  void pass(milliseconds time) {
    world_.rules.clock.advance(time);
    world_.idle(milliseconds(40));  // timers look at the clock that often
  }

  api::RealtimeOptions options_ = quick_options();
  RealtimeWorld world_;
  std::shared_ptr<ScriptedSession> session_;
};

// --- order ---

TEST_F(Engine, NothingIsStartedBeforeConnectIsAnswered) {
  Peer& peer = open(true);
  peer.say(std::string(kConnect) + "\n" + rpc(2));
  peer.say(rpc(3));
  ASSERT_TRUE(world_.until([&] { return !session_->connects.empty(); }));
  world_.idle(milliseconds(5));
  EXPECT_TRUE(session_->rpcs.empty());
  session_->welcome(1);
  ASSERT_TRUE(started(2));
  EXPECT_EQ(session_->rpcs, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_TRUE(peer.lines().front().starts_with(R"({"id":1,"connect":)"));
}

TEST_F(Engine, NoMoreCommandsAreStartedThanMayBeInFlight) {
  options_.in_flight_commands = 3;
  Peer& peer = enter();
  std::string frame;
  for (std::uint32_t id = 2; id < 10; ++id) frame += rpc(id) + "\n";
  peer.say(frame);
  peer.say(rpc(10));
  ASSERT_TRUE(started(3));
  world_.idle(milliseconds(5));
  EXPECT_EQ(session_->rpcs.size(), 3u);
  EXPECT_TRUE(peer.connection->reading_paused());
  for (std::uint32_t answered = 0; answered < 9; ++answered) {
    ASSERT_TRUE(started(answered + 1));
    session_->answer_rpc(session_->rpcs[answered]);
    EXPECT_LE(session_->rpcs.size(), answered + 3u) << "an answer starts nothing itself";
  }
  peer.reply(10);
  EXPECT_EQ(session_->rpcs, (std::vector<std::uint32_t>{2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_TRUE(world_.until([&] { return !peer.connection->reading_paused(); }));
}

TEST_F(Engine, WhatIsAnsweredAtOnceGivesOthersATurn) {
  options_.in_flight_commands = 4;
  std::string order, frame;
  std::vector<Peer*> peers;
  for (const char who : {'a', 'b'}) {
    peers.push_back(&enter());
    session_->on_rpc = [&order, who, session = session_.get()](auto id) {
      order += who;
      session->answer_rpc(id);
    };
  }
  for (std::uint32_t id = 2; id < 102; ++id) frame += rpc(id) + "\n";
  for (Peer* peer : peers) peer->say(frame);
  for (Peer* peer : peers) peer->reply(101);
  EXPECT_EQ(order.size(), 200u);
  EXPECT_EQ(order.find("aaaaa"), std::string::npos) << order;
  EXPECT_LT(order.find('b'), order.rfind('a')) << order;
}

// --- a connect that is refused ---

TEST_F(Engine, WhatCameBeforeTheRefusalIsDropped) {
  Peer& peer = open(true);
  peer.say(std::string(kConnect) + "\n" + rpc(2));
  ASSERT_TRUE(world_.until([&] { return !session_->connects.empty(); }));
  // These are on their way when the refusal is written: an SDK's app subscribed, and left, while it was connecting.
  peer.say(R"({"id":3,"subscribe":{"channel":"c"}})");
  peer.say(R"({"id":4,"unsubscribe":{"channel":"c"}})"
           "\n"
           R"({"id":5,"subscribe":{"channel":"d"}})");
  refuse_connect();
  EXPECT_NE(peer.reply(1).find("\"code\":109"), std::string::npos);
  world_.idle(milliseconds(5));
  EXPECT_EQ(peer.lines().size(), 1u);
  EXPECT_TRUE(session_->rpcs.empty() && session_->subscribes.empty() && session_->left.empty());
  EXPECT_FALSE(peer.closed());
  pass(options_.connect_timeout);
  EXPECT_EQ(peer.closing().first, 3502) << "who does nothing about it is stale";
}

TEST_F(Engine, WhoGoesOnAfterTheRefusalBreaksTheProtocol) {
  for (const char* what : {R"({"id":2,"connect":{}})", R"({"id":2,"rpc":{"method":"x"}})", R"({"id":2,"ping":{}})",
                           R"({"id":2,"publish":{"channel":"c","data":{}}})", R"({"id":2,"refresh":{"token":"t"}})",
                           R"({"send":{"data":{}}})", "{}", "nonsense"}) {
    Peer& peer = open(true);
    peer.say(kConnect);
    ASSERT_TRUE(world_.until([&] { return !session_->connects.empty(); }));
    refuse_connect();
    peer.reply(1);
    peer.say(what);
    EXPECT_EQ(peer.closing().first, 3501) << what;
  }
}

TEST_F(Engine, AConnectThatIsOverIsAnsweredByNothing) {
  Peer& peer = open(true);
  peer.say(kConnect);
  ASSERT_TRUE(world_.until([&] { return !session_->connects.empty(); }));
  pass(options_.connect_timeout);
  EXPECT_EQ(peer.closing().first, 3502);
  session_->welcome(1);
  refuse_connect();
  world_.idle(milliseconds(5));
  EXPECT_TRUE(peer.lines().empty());
  EXPECT_EQ(session_->ends, 1);
}

// --- liveness ---

TEST_F(Engine, IsPingedOnceAnInterval) {
  options_.pong_timeout = milliseconds(5);
  Peer& peer = enter();
  const auto pings = [&] { return std::count(peer.lines().begin(), peer.lines().end(), "{}"); };
  for (int round = 1; round <= 3; ++round) {
    world_.rules.clock.advance(options_.ping_interval);
    ASSERT_TRUE(world_.until([&] { return pings() == round; })) << round;
    peer.say("{}");
    world_.idle(milliseconds(2));
    world_.rules.clock.advance(options_.pong_timeout);
    world_.idle(milliseconds(10));
  }
  EXPECT_FALSE(peer.closed());
}

TEST_F(Engine, OtherCommandsAreNoPongs) {
  Peer& peer = enter();
  world_.rules.clock.advance(options_.ping_interval);
  peer.line_with("{}");
  peer.say(R"({"id":2,"ping":{}})");
  peer.reply(2);
  world_.rules.clock.advance(options_.pong_timeout);
  EXPECT_EQ(peer.closing().first, 3012);
}

// While nothing is read a pong cannot be met: it may stand behind what waits.
TEST_F(Engine, APongIsNotMissedWhileNothingIsRead) {
  options_.in_flight_commands = 1;
  Peer& peer = enter();
  peer.say(rpc(2));
  ASSERT_TRUE(started(1));
  world_.rules.clock.advance(options_.ping_interval);
  peer.line_with("{}");
  peer.say("{}");
  for (int i = 0; i < 5; ++i) pass(options_.pong_timeout);
  EXPECT_FALSE(peer.closed());
  session_->answer_rpc(2);
  peer.reply(2);
  world_.idle(milliseconds(5));
  pass(options_.pong_timeout / 2);
  EXPECT_FALSE(peer.closed());
}

TEST_F(Engine, ATokensEndIsPutOffByTheNextOne) {
  Peer& peer = enter();
  const auto now = world_.rules.clock.now();
  session_->expire_at(now + seconds(10));
  session_->expire_at(now + seconds(100));
  world_.rules.clock.advance(seconds(10) + options_.expiry_grace);
  peer.line_with("{}");
  peer.say("{}");
  world_.idle(milliseconds(40));
  EXPECT_FALSE(peer.closed());
  world_.rules.clock.advance(seconds(90));
  EXPECT_EQ(peer.closing().first, 3005);
}

TEST_F(Engine, TellsWhenToFetchTheNextTokenInTimeForTheOldOneToFetchIt) {
  enter();
  const auto told = [&](auto left) { return session_->seconds_left(world_.rules.clock.now() + left); };
  EXPECT_EQ(told(std::chrono::hours(1)), 3590u);
  EXPECT_EQ(told(seconds(50)), 45u);
  EXPECT_EQ(told(seconds(2)), 1u);
  EXPECT_EQ(told(milliseconds(1)), 1u);
  EXPECT_EQ(told(seconds(-5)), 1u);
  EXPECT_EQ(told(std::chrono::hours(24 * 365 * 100)), 2147483647u) << "what SDKs hold in a signed number";
}

// --- the server stops ---

TEST_F(Engine, WhoHasAskedIsAnsweredBeforeTheGoodbye) {
  Peer& peer = enter();
  peer.say(rpc(2));
  ASSERT_TRUE(started(1));
  peer.connection->begin_shutdown();
  peer.say(rpc(3));
  world_.idle(milliseconds(5));
  EXPECT_FALSE(peer.closed());
  EXPECT_EQ(session_->rpcs.size(), 1u) << "nothing new is started";
  session_->answer_rpc(2);
  EXPECT_EQ(peer.closing(), std::pair(3001, std::string("shutdown")));
  EXPECT_TRUE(peer.got("{\"id\":2,"));
}

TEST_F(Engine, TheGoodbyeWaitsNotForEver) {
  Peer& peer = enter();
  peer.say(rpc(2));
  ASSERT_TRUE(started(1));
  peer.connection->begin_shutdown();
  pass(options_.goodbye);
  EXPECT_EQ(peer.closing().first, 3001);
  session_->answer_rpc(2);  // too late, and harmless
}

// --- the end ---

TEST_F(Engine, EndsOnceHoweverItEnds) {
  Peer& peer = enter();
  peer.say(rpc(2));
  ASSERT_TRUE(started(1));
  peer.leave();
  ASSERT_TRUE(world_.until([&] { return session_->ends > 0; }));
  session_->answer_rpc(2);
  session_->close(centrifuge::CloseCode::slow);
  world_.idle(milliseconds(30));
  EXPECT_EQ(session_->ends, 1);
  EXPECT_EQ(session_->end.code, 1006);
}

// A giant frame is not even read from who has said nothing yet.
TEST_F(Engine, AStrangersFrameIsSmall) {
  options_.channels = 0;
  Peer& stranger = open();
  stranger.say(R"({"id":1,"connect":{"name":")" + std::string(70'000, 'x') + "\"}}");
  EXPECT_EQ(stranger.closing().first, 1009);
  Peer& known = enter();
  known.say(R"({"id":2,"rpc":{"method":")" + std::string(70'000, 'x') + "\"}}");
  EXPECT_TRUE(started(1));
}

}  // namespace
}  // namespace chat::testing
