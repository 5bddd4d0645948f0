// What realtime connections see, scene by scene. The order under all circumstances is realtime_property_test.cpp's.
#include "realtime_client.hpp"

#include <gtest/gtest.h>

#include <set>

namespace chat::fanout::test {
namespace {

using Offsets = std::vector<std::int64_t>;

RecoverFrom after(std::int64_t seq) {
  RecoverFrom from;
  from.after = Seq(seq);
  return from;
}

class Realtime : public testing::TestWithParam<WireFormat> {
 protected:
  std::shared_ptr<RealtimeClient> connect(World& world, std::size_t shard = 0, std::string name = "Ada") {
    return Connection::connect<RealtimeClient>(world, shard, std::move(name), GetParam());
  }

  const RoomId room_ = RoomId::make();
  const FeedKey feed_ = FeedKey::room(room_);
};
INSTANTIATE_TEST_SUITE_P(Encodings, Realtime,
                         testing::Values(WireFormat::json_websocket, WireFormat::protobuf_websocket),
                         [](const auto& format) {
                           return format.param == WireFormat::json_websocket ? "Json" : "Protobuf";
                         });

TEST_P(Realtime, BeginsAtTheTopAndGetsEveryNumber) {
  World world;
  world.store.add_message(room_, UserId::make(), "old");
  auto ada = connect(world);
  auto& stay = ada->subscribe(feed_);
  EXPECT_FALSE(stay.recovery) << "never inside the call";
  world.settle();
  ASSERT_TRUE(stay.recovery);
  EXPECT_EQ(stay.recovery->top, Seq(1));
  EXPECT_FALSE(stay.recovery->recovered);
  world.say(room_, "m");
  world.commit(world.store.add_edit(room_, Seq(1), "e"));
  world.say(room_, "m");
  world.settle();
  EXPECT_EQ(ada->offsets(feed_), (Offsets{2, 3, 4}));
  EXPECT_EQ(ada->of_kind("marker").front(), "session  begin 0");
}

TEST_P(Realtime, ManyFeedsOfATurnAreOneSend) {
  World world;
  auto ada = connect(world);
  std::vector<RoomId> rooms;
  for (int i = 0; i < 10; ++i) {
    rooms.push_back(RoomId::make());
    ada->subscribe(FeedKey::room(rooms.back()));
  }
  ada->subscribe(FeedKey::user(ada->who.user));
  world.settle();
  const auto sends = world.loops[0]->stats().sends.value();
  Commit commit;
  for (const RoomId& room : rooms) {
    commit.events.push_back({world.store.add_message(room, UserId::make(), "m"), {}});
  }
  commit.events.push_back({world.store.add_personal(ada->who.user, R"({"n":1})"), {}});
  world.fan_out->on_commit(commit);
  world.settle();
  for (const RoomId& room : rooms) EXPECT_EQ(ada->offsets(FeedKey::room(room)), Offsets{1});
  EXPECT_EQ(ada->offsets(FeedKey::user(ada->who.user)), Offsets{1});
  EXPECT_EQ(world.loops[0]->stats().sends.value() - sends, 1u);
}

// The command line, say, changes an account without our journal.
TEST_P(Realtime, WhatWasStoredWithoutOurHearingIsDeliveredWhenSomebodyLooksAgain) {
  WorldOptions options;
  options.fan_out.gap_grace = std::chrono::milliseconds(0);
  World world(options);
  auto ada = connect(world);
  const FeedKey own = FeedKey::user(ada->who.user), nobodys = FeedKey::user(UserId::make());
  world.fan_out->look_again(nobodys);
  ada->subscribe(own);
  world.settle();
  world.store.add_personal(ada->who.user, R"({"n":1})");
  world.store.add_personal(ada->who.user, R"({"n":2})");
  world.settle();
  EXPECT_EQ(ada->offsets(own), Offsets{});
  world.fan_out->look_again(own);
  world.fan_out->look_again(own);
  world.settle();
  EXPECT_EQ(ada->offsets(own), (Offsets{1, 2}));
  world.store.away = true;
  world.fan_out->look_again(own);
  world.settle();
  EXPECT_EQ(ada->offsets(own), (Offsets{1, 2}));
}

TEST_P(Realtime, ThePublisherHearsItselfWithItsClientIdAndARecoveryKnowsTheUserOnly) {
  World world;
  auto ada = connect(world);
  ada->subscribe(feed_);
  world.settle();
  world.commit(world.store.add_message(room_, ada->who.user, "mine"), ada->origin());
  world.settle();
  const Push& push = ada->received.back();
  EXPECT_EQ(push.user, ada->who.user.str());
  EXPECT_EQ(push.client, client_text(ada->origin()));
  auto bob = connect(world);
  auto& stay = bob->subscribe(feed_, after(0));
  world.settle();
  ASSERT_EQ(stay.recovery->publications.size(), 1u);
  EXPECT_EQ(stay.recovery->publications[0].info->user, ada->who.user.str());
  EXPECT_EQ(stay.recovery->publications[0].info->client, "");
}

// The contract of the data model, for the publications of both encodings, edits and deletions included.
TEST_P(Realtime, MemoryAndStoreReplayTheSameBytes) {
  World world;
  auto watcher = connect(world);
  watcher->subscribe(feed_);
  world.settle();
  for (int i = 0; i < 8; ++i) world.say(room_, "m\n\"");
  world.commit(world.store.add_edit(room_, Seq(3), "edited"));
  world.commit(world.store.add_edit(room_, Seq(5), "edited"));
  for (int i = 0; i < 4; ++i) world.say(room_, "m");
  world.commit(world.store.add_deletion(room_, Seq(5)));
  world.say(room_, "m");
  world.settle();
  const std::int64_t head = 16;
  std::size_t from_memory = 0;
  for (std::int64_t n = 0; n <= head; ++n) {
    const auto reads = world.store.reads;
    auto late = connect(world);
    auto& memory = late->subscribe(feed_, after(n));
    world.settle();
    from_memory += world.store.reads == reads ? 1 : 0;
    World other;
    other.store.feeds = world.store.feeds;
    auto reader = Connection::connect<RealtimeClient>(other, 0, "Bob", GetParam());
    auto& store = reader->subscribe(feed_, after(n));
    other.settle();
    ASSERT_TRUE(memory.recovery && memory.recovery->recovered && store.recovery && store.recovery->recovered) << n;
    ASSERT_EQ(memory.recovery->publications.size(), static_cast<std::size_t>(head - n));
    ASSERT_EQ(store.recovery->publications.size(), static_cast<std::size_t>(head - n));
    for (std::size_t i = 0; i < store.recovery->publications.size(); ++i) {
      EXPECT_EQ(memory.recovery->publications[i].data, store.recovery->publications[i].data) << n << ' ' << i;
      EXPECT_EQ(memory.recovery->publications[i].offset, store.recovery->publications[i].offset);
      const auto &one = memory.recovery->publications[i].info, &other_one = store.recovery->publications[i].info;
      ASSERT_EQ(one.has_value(), other_one.has_value());
      if (one) {
        EXPECT_EQ(one->user, other_one->user);
      }
    }
  }
  EXPECT_GT(from_memory, 3u);
}

TEST_P(Realtime, MoreThanTheCapsIsNotRecovered) {
  World world;
  for (int i = 0; i < 20; ++i) world.store.add_message(room_, UserId::make(), std::string(100, 'x'));
  auto ada = connect(world);
  const auto recovered = [&](RecoverFrom from) {
    auto& stay = ada->subscribe(feed_, from);
    world.settle();
    const bool got = stay.recovery && stay.recovery->recovered;
    if (stay.subscription) ada->unsubscribe(stay);
    return got;
  };
  RecoverFrom from = after(10);
  from.max_events = 10;
  EXPECT_TRUE(recovered(from));
  from.max_events = 9;
  EXPECT_FALSE(recovered(from));
  from = after(10);
  from.max_bytes = 1500;
  EXPECT_FALSE(recovered(from));
  EXPECT_FALSE(recovered(after(21))) << "there is no such number";
  from = after(21);
  from.insist = true;
  EXPECT_FALSE(recovered(from));
  EXPECT_EQ(ada->stays.back().failed, Errc::conflict);
}

TEST_P(Realtime, WhatIsNotKeptAnyMoreIsNotRecovered) {
  World world;
  for (int i = 0; i < 20; ++i) world.store.add_message(room_, UserId::make(), "old");
  world.store.forget_before(feed_, Seq(11));
  auto ada = connect(world);
  auto& gone = ada->subscribe(feed_, after(5));
  world.settle();
  EXPECT_FALSE(gone.recovery->recovered);
  EXPECT_EQ(gone.recovery->top, Seq(20));
  ada->unsubscribe(gone);
  auto& kept = ada->subscribe(feed_, after(10));
  world.settle();
  EXPECT_EQ(kept.recovery->publications.size(), 10u);
}

TEST_P(Realtime, AStoreThatIsAwayIsAnAnswerToo) {
  WorldOptions options;
  options.fan_out.recovery_wait = std::chrono::milliseconds(3);
  World world(options);
  world.store.add_message(room_, UserId::make(), "old");
  world.store.away = true;
  auto ada = connect(world);
  auto& stay = ada->subscribe(feed_, after(0));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!stay.failed && std::chrono::steady_clock::now() < deadline) world.settle();
  EXPECT_EQ(stay.failed, Errc::unavailable);
  EXPECT_FALSE(ada->closed());
}

TEST_P(Realtime, AJoinerHearsItselfAfterItsReplyAndWhoDidNotAskHearsNobody) {
  for (const std::size_t shards : {1u, 3u}) {
    WorldOptions options;
    options.shards = shards;
    World world(options);
    auto socket = Client::connect(world, 0, "Socket");
    socket->enter(room_, Audience::messages, {ReplayStart::Kind::last, Seq(), 0});
    auto deaf = connect(world, shards - 1);
    deaf->subscribe(feed_);
    world.settle();
    auto ada = connect(world, shards - 1);
    auto& stay = ada->subscribe(feed_, {}, Audience::events_and_notices);
    world.settle();
    ASSERT_EQ(ada->received.size(), 2u);
    EXPECT_EQ(ada->received[0].kind, "marker");
    EXPECT_EQ(ada->received[1].kind, "join");
    EXPECT_EQ(ada->received[1].user, ada->who.user.str());
    EXPECT_EQ(ada->received[1].client, client_text(ada->origin()));
    EXPECT_EQ(socket->texts("join").size(), 2u) << "deaf and Ada";
    const auto socket_user = socket->who.user.str();
    socket->hang_up();
    world.settle();
    EXPECT_EQ(ada->of_kind("leave"), std::vector<std::string>{feed_.str() + ' ' + socket_user + ' '});
    ada->unsubscribe(stay);
    world.settle();
    EXPECT_TRUE(deaf->of_kind("join").empty() && deaf->of_kind("leave").empty());
    EXPECT_EQ(ada->of_kind("leave").size(), 1u) << "its own would come after the end";
  }
}

TEST_P(Realtime, ASignalHasNoNumberAndIsNeverReplayed) {
  World world;
  auto ada = connect(world);
  ada->subscribe(feed_);
  auto socket = Client::connect(world, 0, "Socket");
  socket->enter(room_, Audience::events, {ReplayStart::Kind::last, Seq(), 0});
  world.settle();
  const std::size_t before = socket->received.size();
  Signal signal;
  signal.data = R"({"typing":true})";
  signal.user = UserId::make();
  world.fan_out->signal(feed_, signal);
  world.fan_out->signal(FeedKey::room(RoomId::make()), signal);  // nobody is there
  world.settle();
  EXPECT_EQ(ada->of_kind("pub"), std::vector<std::string>{feed_.str() + ' ' + signal.user.str() + ' ' + signal.data});
  EXPECT_EQ(ada->received.back().offset, 0);
  EXPECT_EQ(socket->received.size(), before);
  auto bob = connect(world);
  auto& stay = bob->subscribe(feed_, after(0));
  world.settle();
  EXPECT_TRUE(stay.recovery->recovered && stay.recovery->publications.empty());
  EXPECT_TRUE(bob->of_kind("pub").empty());
}

TEST_P(Realtime, WhoIsRemovedGetsTheEventThatSaysSoAndNothingAfterIt) {
  World world;
  auto ada = connect(world);
  auto& stay = ada->subscribe(feed_, {}, Audience::events, Seq(0));
  auto other = connect(world);
  other->subscribe(feed_, {}, Audience::events, Seq(0));
  auto socket = Client::connect(world, 0, "Ada too");
  socket->who = ada->who;
  socket->enter(room_, Audience::events, {ReplayStart::Kind::last, Seq(), 0}, Seq(0));
  world.settle();
  Commit commit;
  commit.events.push_back({world.store.add_message(room_, UserId::make(), "before"), {}});
  commit.events.push_back({world.store.add_removal(room_, ada->who.user), {}});
  commit.events.push_back({world.store.add_message(room_, UserId::make(), "secret"), {}});
  world.fan_out->on_commit(commit);
  world.settle();
  EXPECT_TRUE(stay.removed);
  EXPECT_EQ(ada->offsets(feed_), (Offsets{1, 2}));
  EXPECT_EQ(ada->received.back().data, "end 0");
  EXPECT_FALSE(ada->closed());
  EXPECT_EQ(other->offsets(feed_), (Offsets{1, 2, 3}));
  EXPECT_TRUE(socket->closed());
  EXPECT_EQ(socket->received.back().code, 1008);
  EXPECT_EQ(socket->received.at(socket->received.size() - 2).seq, 2);
}

TEST_P(Realtime, ARemovalBetweenTheQuestionAndTheSubscriptionIsNotMissed) {
  World world;
  auto watcher = connect(world);
  watcher->subscribe(feed_);
  world.settle();
  auto ada = connect(world);
  world.commit(world.store.add_removal(room_, ada->who.user));
  world.settle();
  auto& removed = ada->subscribe(feed_, after(0), Audience::events, Seq(0));
  world.settle();
  EXPECT_EQ(removed.failed, Errc::forbidden);
  auto& again = ada->subscribe(feed_, after(0), Audience::events, Seq(1));  // a member again
  world.settle();
  EXPECT_TRUE(again.recovery);
  // What happened before this node looked is not known here: to be asked again.
  const RoomId quiet = RoomId::make();
  world.store.add_message(quiet, UserId::make(), "old");
  auto& unknown = ada->subscribe(FeedKey::room(quiet), {}, Audience::events, Seq(0));
  world.settle();
  EXPECT_EQ(unknown.failed, Errc::unavailable);
}

TEST_P(Realtime, PresenceIsCountedWhenAskedFor) {
  WorldOptions options;
  options.shards = 2;
  World world(options);
  std::vector<std::shared_ptr<RealtimeClient>> all;
  for (std::size_t i = 0; i < 5; ++i) {
    all.push_back(connect(world, i % 2, "n" + std::to_string(i)));
    if (i == 4) all[4]->who.user = all[0]->who.user;
    all.back()->subscribe(feed_);
  }
  auto socket = Client::connect(world, 0, "Socket");
  socket->enter(room_, Audience::messages, {ReplayStart::Kind::last, Seq(), 0});
  world.settle();
  std::optional<Presence> found;
  world.fan_out->shard(1).presence(feed_, 4, [&](Presence presence) { found = std::move(presence); });
  EXPECT_FALSE(found);
  world.settle();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->clients, 6u);
  EXPECT_EQ(found->users, 5u);
  EXPECT_EQ(found->list.size(), 4u);
  std::set<std::string> names;
  for (const auto& one : found->list) names.insert(one.client);
  EXPECT_EQ(names.size(), 4u);
  all[0]->unsubscribe(all[0]->stays[0]);
  world.settle();
  world.fan_out->shard(0).presence(feed_, 100, [&](Presence presence) { found = std::move(presence); });
  world.settle();
  EXPECT_EQ(found->clients, 5u);
  EXPECT_EQ(found->users, 5u);
}

TEST_P(Realtime, ASlowReaderAndANewDatabaseAreToldInTheProtocolsOwnCodes) {
  WorldOptions options;
  options.websocket.backlog_bytes = 100'000;
  options.send_buffer = 1;
  World world(options);
  auto slow = connect(world);
  slow->subscribe(feed_);
  world.settle();
  for (int i = 0; i < 60; ++i) {
    world.say(room_, std::string(5000, 'x'));
    for (int turns = 0; turns < 5; ++turns) world.poll(0);
  }
  world.settle();
  EXPECT_EQ(slow->received.back().code, 3008);
  auto ada = connect(world);
  ada->subscribe(feed_);
  world.settle();
  EXPECT_EQ(world.fan_out->epoch(), "1");
  world.fan_out->invalidate("2");
  world.settle();
  EXPECT_EQ(world.fan_out->epoch(), "2");
  EXPECT_EQ(ada->received.back().code, 3014);
}

TEST_P(Realtime, WhatAClosingConnectionOwesHoldsUpNobody) {
  WorldOptions options;
  options.fan_out.shard_bytes = 200'000;
  options.send_buffer = 1;
  World world(options);
  auto closing = connect(world);
  closing->subscribe(feed_);
  auto socket = Client::connect(world, 0, "Socket");
  socket->enter(room_, Audience::messages, {ReplayStart::Kind::last, Seq(), 0});
  world.settle();
  world.say(room_, std::string(5000, 'x'));
  world.poll(0);
  closing->socket()->close(3001);
  socket->socket()->close(1000);
  for (int i = 0; i < 100; ++i) {
    world.say(room_, std::string(5000, 'x'));
    for (int turns = 0; turns < 3; ++turns) world.poll(0);
  }
  world.settle();
  EXPECT_TRUE(closing->closed());
  EXPECT_TRUE(socket->closed());
  auto ada = connect(world);
  ada->subscribe(feed_);
  world.settle();
  world.say(room_, "m");
  world.settle();
  EXPECT_EQ(ada->offsets(feed_), Offsets{102});
}

TEST_P(Realtime, ALostPositionEndsTheSubscriptionAndTheNextOneBeginsAtTheTop) {
  WorldOptions options;
  options.fan_out.gap_grace = std::chrono::milliseconds(0);
  World world(options);
  auto ada = connect(world);
  auto& stay = ada->subscribe(feed_);
  world.settle();
  std::shared_ptr<const Event> last;
  for (int i = 0; i < 10; ++i) last = world.store.add_message(room_, UserId::make(), "by another node");
  world.store.forget_before(feed_, Seq(8));
  world.bus.receiver(world.commit_of(last));
  world.settle();
  EXPECT_TRUE(stay.lost);
  EXPECT_TRUE(ada->offsets(feed_).empty());
  auto& again = ada->subscribe(feed_);
  world.settle();
  EXPECT_EQ(again.recovery->top, Seq(10));
  world.say(room_, "m");
  world.settle();
  EXPECT_EQ(ada->offsets(feed_), Offsets{11});
}

TEST_P(Realtime, NothingIsEncodedForAFormatThatNobodyUses) {
  WorldOptions options;
  options.fan_out.room_linger = std::chrono::milliseconds(1);
  World world(options);
  auto socket = Client::connect(world, 0, "Socket");
  socket->enter(room_, Audience::messages, {ReplayStart::Kind::last, Seq(), 0});
  auto ada = connect(world);
  auto& stay = ada->subscribe(feed_);
  world.settle();
  EXPECT_EQ(world.fan_out->shard(0).counts().streams, 2u);
  ada->unsubscribe(stay);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (world.fan_out->shard(0).counts().streams > 1 && std::chrono::steady_clock::now() < deadline) world.settle();
  EXPECT_EQ(world.fan_out->shard(0).counts().streams, 1u);
}

TEST(RealtimeMemory, SubscriptionsAndSubscribersAreSmall) {
  EXPECT_LE(sizeof(Subscription), 80u);
  EXPECT_LE(sizeof(Subscriber), 48u);
}

}  // namespace
}  // namespace chat::fanout::test
