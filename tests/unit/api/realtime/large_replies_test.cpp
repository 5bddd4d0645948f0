// Large answers to a client that takes its time: one may be more than half of what a connection may owe, and however
// many are asked for at once, the client is no slow reader.
#include "api/realtime/reply_turns.hpp"

#include "world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace chat::testing {
namespace {

using std::chrono::milliseconds;

using Kind = api::ReplyTurns::Kind;

struct Turns {
  void wait(Kind kind, std::string name) {
    turns.wait(kind, [this, name] { begun += name; });
  }
  void go_on(bool may_answer = true) {
    turns.go_on([=] { return may_answer; });
  }
  void done(Kind kind) {
    turns.done(kind);
    go_on();
  }
  api::ReplyTurns turns;
  std::string begun;
};

TEST(ReplyTurns, AReadIsAloneAndRecoveriesAreTogether) {
  Turns all;
  for (const char* name : {"a", "b"}) all.wait(Kind::read, name);
  for (const char* name : {"c", "d"}) all.wait(Kind::recovery, name);
  all.wait(Kind::read, "e");
  all.go_on();
  EXPECT_EQ(all.begun, "a");
  all.done(Kind::read);
  EXPECT_EQ(all.begun, "ab");
  all.done(Kind::read);
  EXPECT_EQ(all.begun, "abcd");
  all.wait(Kind::recovery, "f");
  all.go_on();
  EXPECT_EQ(all.begun, "abcd") << "a read is not passed by for ever";
  all.done(Kind::recovery);
  EXPECT_EQ(all.begun, "abcd");
  all.done(Kind::recovery);
  EXPECT_EQ(all.begun, "abcde");
  all.done(Kind::read);
  EXPECT_EQ(all.begun, "abcdef");
}

TEST(ReplyTurns, NothingIsBegunForAClientThatTakesNothing) {
  Turns all;
  for (const auto kind : {Kind::read, Kind::recovery}) all.wait(kind, "x");
  all.go_on(false);
  EXPECT_EQ(all.begun, "");
  all.go_on(true);
  EXPECT_EQ(all.begun, "x");
}

TEST(ReplyTurns, OneThatIsDoneAtOnceMakesRoomForTheNext) {
  Turns all;
  for (int i = 0; i < 1000; ++i) {
    all.turns.wait(Kind::read, [&] {
      all.begun += 'x';
      all.done(Kind::read);
    });
  }
  all.go_on();
  EXPECT_EQ(all.begun.size(), 1000u);
}

constexpr std::size_t kBacklog = 48 * 1024;  // of which one answer takes two thirds
constexpr std::size_t kAnswer = 32 * 1024;
constexpr int kEvents = 28;  // of 800 bytes: nearly as much as one answer may hold

RealtimeSetup narrow() {
  RealtimeSetup setup{.socket_buffer = 2048};
  setup.realtime.websocket.backlog_bytes = kBacklog;
  setup.realtime.websocket.low_water_bytes = 4096;
  setup.realtime.recovery_bytes = setup.realtime.history_bytes = kAnswer;
  return setup;
}

// Five rooms with just under the cap of each answer, all asked for in one frame, every way there is.
class LargeReplies : public ::testing::TestWithParam<bool> {
 protected:
  LargeReplies() : world_(narrow()) {
    for (int i = 0; i < 5; ++i) {
      rooms_.push_back(world_.add_room("room " + std::to_string(i)));
      for (int n = 0; n < kEvents; ++n) add_to(rooms_.back());
    }
  }

  // What came after that number, which all feeds have.
  std::string ask_for_everything(int after) {
    const std::string position = "\"epoch\":\"e1\",\"offset\":" + std::to_string(after);
    std::string frame;
    std::uint32_t id = 1;
    const auto recover = [&](int room) { frame += in(room, ++id, "subscribe", ",\"recover\":true," + position); };
    const auto page = [&](int room) {
      frame += in(room, ++id, "history", ",\"limit\":-1,\"since\":{" + position + "}");
    };
    page(0), recover(0), recover(1), page(1), page(2), recover(2), recover(3), recover(4);
    for (int room = 0; room < 5; ++room) {
      frame += "{\"id\":" + std::to_string(++id) + R"(,"rpc":{"method":"room.events","data":{"room_id":")" +
               rooms_.at(static_cast<std::size_t>(room)).id.str() + "\",\"after\":" + std::to_string(after) + "}}}\n";
    }
    frame.pop_back();
    last_ = id;
    return frame;
  }
  std::shared_ptr<const Event> add_to(const Room& room) {
    return world_.logs.add_message(room.id, world_.grace.id, std::string(800, 'x'));
  }
  std::string in(int room, std::uint32_t id, std::string_view method, std::string_view more) const {
    return "{\"id\":" + std::to_string(id) + ",\"" + std::string(method) + R"(":{"channel":"room:)" +
           rooms_.at(static_cast<std::size_t>(room)).id.str() + "\"" + std::string(more) + "}}\n";
  }

  RealtimeWorld world_;
  std::vector<Room> rooms_;
  std::uint32_t last_ = 0;
};
INSTANTIATE_TEST_SUITE_P(, LargeReplies, ::testing::Bool(), [](const auto& in_memory) {
  return in_memory.param ? "OfFeedsInMemory" : "OfFeedsInTheStore";
});

TEST_P(LargeReplies, WaitForEachOther) {
  if (GetParam()) {  // somebody is there already: the recoveries come from the rings
    Peer& other = world_.enter();
    for (int room = 0; room < 5; ++room) {
      other.say(in(room, static_cast<std::uint32_t>(room) + 2, "subscribe", ""));
      other.reply(static_cast<std::uint32_t>(room) + 2);
      for (int n = 0; n < kEvents; ++n) world_.commit(add_to(rooms_.at(static_cast<std::size_t>(room))));
    }
    EXPECT_TRUE(world_.until([&] { return other.lines().size() >= 5 * kEvents; }));
  }
  Peer& peer = world_.enter();
  peer.say(ask_for_everything(GetParam() ? kEvents : 0));

  // It takes nothing for a while, then a little now and then.
  std::size_t most = 0;
  const auto looked = [&] {
    most = std::max(most, peer.connection->is_open() ? peer.connection->backlog_bytes() : 0);
    return true;
  };
  for (int i = 0; i < 50; ++i) world_.idle(milliseconds(1)), looked();
  ASSERT_TRUE(peer.connection->is_open()) << "it did nothing wrong";
  EXPECT_GT(most, kBacklog / 4) << "something large was begun";
  for (int i = 0; i < 5000 && !peer.closed() && peer.lines().size() < last_; ++i) {
    peer.read(4096);
    world_.loop.poll();
    looked();
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  for (std::uint32_t id = 2; id <= last_; ++id) {
    const std::string reply = peer.reply(id);
    EXPECT_EQ(reply.find("\"error\""), std::string::npos) << reply.substr(0, 200);
    EXPECT_GT(reply.size(), 20'000u) << reply.substr(0, 200);
    const bool recovers = reply.find("\"subscribe\"") != std::string::npos;
    EXPECT_EQ(reply.find("\"recovered\":true") != std::string::npos, recovers) << reply.substr(0, 200);
  }
  EXPECT_LE(most, kBacklog);
}

TEST_P(LargeReplies, AreNotOwedToAConnectionThatHasEnded) {
  Peer& peer = world_.enter();
  peer.say(ask_for_everything(0));
  world_.idle(milliseconds(5));
  peer.leave();
  EXPECT_TRUE(world_.until([&] { return peer.connection->is_over(); }));
}

}  // namespace
}  // namespace chat::testing
