// The chat's session: who may do what where, what comes back, and what does not stay half done.
#include "world.hpp"

#include <gtest/gtest.h>

#include <string>

namespace chat::testing {
namespace {

using std::chrono::milliseconds;

bool refused_with(const std::string& reply, int code) {
  return reply.find("\"error\":{\"code\":" + std::to_string(code) + ",") != std::string::npos;
}

std::string rpc(std::uint32_t id, std::string_view method, const Room& room, std::string_view more = {}) {
  return "{\"id\":" + std::to_string(id) + R"(,"rpc":{"method":")" + std::string(method) + R"(","data":{"room_id":")" +
         room.id.str() + "\"" + std::string(more) + "}}}";
}

TEST(ChatSession, WelcomesItsUser) {
  RealtimeWorld world;
  Peer& peer = world.enter();
  const std::string welcome = peer.reply(1);
  EXPECT_NE(welcome.find(R"("data":{"user":{"id":")" + world.ada.id.str() + R"(","name":"Ada"}})"), std::string::npos);
  EXPECT_NE(welcome.find(R"("subs":{")" + world.own_channel() + R"(":{)"), std::string::npos);
  EXPECT_NE(welcome.find(R"("expires":true,"ttl":3589)"), std::string::npos) << welcome;
  EXPECT_EQ(world.unread->users(), 1u);
  EXPECT_EQ(world.live->sessions(), 1u);
  peer.leave();
  EXPECT_TRUE(world.until([&] { return world.live->sessions() == 0 && world.unread->users() == 0; }));
}

// One rule for a room that one may not read, whatever asks for it; one that there is not is another thing.
TEST(ChatSession, AClosedRoomIs103AndNoRoomIs102) {
  RealtimeWorld world;
  world.journal.on_append = [](const AppendMessage& message) {
    return Error(message.author.id.is_nil() ? Errc::room_not_found : Errc::forbidden, "no member");
  };
  Room nowhere = world.room;
  nowhere.id = RoomId::make();
  const std::pair<Room, int> rooms[] = {{world.add_room("Theirs", RoomKind::private_room, world.grace.id), 103},
                                        {nowhere, 102}};
  for (const auto& [room, code] : rooms) {
    world.room = room;
    Peer& peer = world.enter();
    std::uint32_t id = 1;
    std::vector<std::string> commands = {world.subscribe(2),
                                         world.subscribe(3, R"(,"recover":true)"),
                                         world.command(4, "history", ",\"limit\":1"),
                                         world.command(5, "history"),
                                         world.command(6, "presence"),
                                         world.command(7, "presence_stats"),
                                         rpc(8, "room.events", room),
                                         rpc(9, "room.history", room),
                                         rpc(10, "room.typing", room)};
    if (code == 103) {  // what is said is judged by the journal
      commands.push_back(world.command(11, "publish", R"(,"data":{"content":"x"})"));
      commands.push_back(rpc(12, "message.send", room, R"(,"content":"x")"));
    }
    for (const auto& command : commands) {
      peer.say(command);
      const std::string reply = peer.reply(++id);
      EXPECT_TRUE(refused_with(reply, code)) << command << '\n' << reply;
    }
  }
}

TEST(ChatSession, RecoversItsOwnChannelWithConnect) {
  RealtimeWorld world;
  const auto feed = FeedKey::user(world.ada.id);
  for (int n = 1; n <= 3; ++n) {
    Event event;
    event.kind = EventKind::invited;
    event.id = EventId::make();
    event.payload = "{\"n\":" + std::to_string(n) + "}";
    world.logs.add(feed, event);
  }
  Peer& peer = world.enter(R"(,"subs":{")" + world.own_channel() + R"(":{"recover":true,"offset":1,"epoch":"e1"}})");
  const std::string welcome = peer.reply(1);
  EXPECT_NE(welcome.find(R"("recovered":true)"), std::string::npos) << welcome;
  EXPECT_EQ(welcome.find(R"("n":1)"), std::string::npos) << welcome;
  EXPECT_LT(welcome.find(R"("n":2)"), welcome.find(R"("n":3)")) << welcome;
}

// The store throws: who asks again must not be told that it is subscribed already, nor must anything wait for ever.
TEST(ChatSession, WhatFailedIsAsIfItHadNotBeenAsked) {
  RealtimeWorld world;
  Peer& peer = world.enter();
  world.rules.rooms_store.weather.broken = true;
  peer.say(world.subscribe(2) + "\n" + world.subscribe(3) + "\n" + R"({"id":4,"unsubscribe":{"channel":")" +
           world.channel() + "\"}}\n" + world.subscribe(5, R"(,"recover":true)") + "\n" + world.command(6, "history") +
           "\n" + world.command(7, "presence"));
  for (const std::uint32_t id : {2, 5, 6, 7}) EXPECT_TRUE(refused_with(peer.reply(id), 100)) << peer.reply(id);
  EXPECT_TRUE(refused_with(peer.reply(3), 105)) << peer.reply(3);
  EXPECT_EQ(peer.reply(4), R"({"id":4,"unsubscribe":{}})");
  world.rules.rooms_store.weather.broken = false;
  peer.say(world.subscribe(8, R"(,"recover":true)") + "\n" + world.command(9, "history"));
  EXPECT_TRUE(peer.reply(8).starts_with(R"({"id":8,"subscribe":{)")) << peer.reply(8);
  EXPECT_TRUE(peer.reply(9).starts_with(R"({"id":9,"history":{)")) << peer.reply(9);
}

TEST(ChatSession, LeavingBeforeItHasJoinedIsInOrder) {
  RealtimeWorld world;
  Peer& peer = world.enter();
  const std::string leave = R"(,"unsubscribe":{"channel":")" + world.channel() + "\"}}\n";
  peer.say(world.subscribe(2) + "\n{\"id\":3" + leave + world.subscribe(4) + "\n{\"id\":5" + leave + "{\"id\":6" +
           leave + world.subscribe(7, R"(,"recover":true)"));
  for (const std::uint32_t id : {2, 4, 7}) EXPECT_NE(peer.reply(id).find("\"subscribe\":{"), std::string::npos) << id;
  for (const std::uint32_t id : {3, 5, 6})
    EXPECT_NE(peer.reply(id).find("\"unsubscribe\":{}"), std::string::npos) << id;
  std::vector<std::string> order;
  for (const auto& line : peer.lines()) order.push_back(line.substr(6, 1));
  EXPECT_EQ(order, (std::vector<std::string>{"1", "2", "3", "4", "5", "6", "7"}));
  world.say("hello");
  peer.line_with("hello");
}

TEST(ChatSession, PresenceIsAListUpToALimitAndThenACount) {
  RealtimeSetup setup;
  setup.realtime.presence_clients = 2;
  RealtimeWorld world(setup);
  Peer& one = world.enter();
  Peer& two = world.enter();
  Peer& three = world.enter();
  for (Peer* peer : {&one, &two}) {
    peer->say(world.subscribe(2));
    peer->reply(2);
  }
  one.say(world.command(3, "presence") + "\n" + world.command(4, "presence_stats"));
  const std::string list = one.reply(3);
  EXPECT_NE(list.find(R"(,"conn_info":{"name":"Ada"}})"), std::string::npos) << list;
  EXPECT_NE(list.find(R"({"user":")" + world.ada.id.str() + '"'), std::string::npos) << list;
  EXPECT_EQ(one.reply(4), R"({"id":4,"presence_stats":{"num_clients":2,"num_users":1}})");
  three.say(world.subscribe(2));
  three.reply(2);
  one.say(world.command(5, "presence") + "\n" + world.command(6, "presence_stats"));
  EXPECT_TRUE(refused_with(one.reply(5), 108)) << one.reply(5);
  EXPECT_EQ(one.reply(6), R"({"id":6,"presence_stats":{"num_clients":3,"num_users":1}})");
}

TEST(ChatSession, ADisabledUserIsToldAtTheNextLook) {
  RealtimeWorld world;
  Peer& peer = world.enter();
  ASSERT_TRUE(world.rules.users.set_disabled(world.ada.id, true));
  run(world.live->poll_once());
  EXPECT_EQ(peer.closing().first, 3500);
}

TEST(ChatSession, ARefreshIsForTheSameUserOnly) {
  RealtimeWorld world;
  Peer& peer = world.enter();
  peer.say(R"({"id":2,"refresh":{"token":")" + world.token + "\"}}");
  EXPECT_NE(peer.reply(2).find(R"("expires":true,"ttl":3589)"), std::string::npos) << peer.reply(2);
  peer.say(R"({"id":3,"refresh":{"token":")" + *world.rules.sessions.mint(world.grace) + "\"}}");
  EXPECT_EQ(peer.closing().first, 3500);
}

TEST(ChatSession, AnAnswerThatIsTooLargeForAConnectionIsRefused) {
  RealtimeSetup setup;
  setup.realtime.history_bytes = 100;
  RealtimeWorld world(setup);
  world.logs.add_message(world.room.id, world.grace.id, std::string(200, 'x'));
  Peer& peer = world.enter();
  peer.say(rpc(2, "room.events", world.room));
  EXPECT_TRUE(refused_with(peer.reply(2), 106)) << peer.reply(2);
}

}  // namespace
}  // namespace chat::testing
