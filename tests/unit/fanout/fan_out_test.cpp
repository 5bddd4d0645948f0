// What sockets see, scene by scene. The order under all circumstances is order_property_test.cpp's.
#include "world.hpp"

#include <gtest/gtest.h>

namespace chat::fanout::test {
namespace {

constexpr auto kMessages = Audience::messages;
constexpr auto kAll = Audience::events;

ReplayStart after(std::int64_t seq) { return {ReplayStart::Kind::after, Seq(seq), 0}; }
ReplayStart last(std::size_t messages) { return {ReplayStart::Kind::last, Seq(), messages}; }

std::vector<std::int64_t> seqs(const Client& client) {
  std::vector<std::int64_t> out;
  for (const Received& one : client.received) {
    if (one.seq != 0) out.push_back(one.seq);
  }
  return out;
}
using Seqs = std::vector<std::int64_t>;

std::shared_ptr<Client> joined(World& world, RoomId room, ReplayStart start, Audience audience = kMessages,
                               std::size_t shard = 0, std::string name = "Ada") {
  auto client = Client::connect(world, shard, std::move(name));
  client->enter(room, audience, start);
  world.settle();
  return client;
}

TEST(FanOut, TheNewestMessagesThenTheLiveOnes) {
  World world;
  const RoomId room = RoomId::make();
  for (int i = 0; i < 9; ++i) world.store.add_message(room, UserId::make(), "old");
  auto client = joined(world, room, last(3));
  world.say(room, "new");
  world.settle();
  EXPECT_EQ(seqs(*client), (Seqs{7, 8, 9, 10}));
}

TEST(FanOut, NoHistoryWhenNoneIsAskedFor) {
  World world;
  const RoomId room = RoomId::make();
  world.store.add_message(room, UserId::make(), "old");
  auto client = joined(world, room, last(0));
  world.say(room, "new");
  world.settle();
  EXPECT_EQ(seqs(*client), Seqs{2});
}

TEST(FanOut, ANumberBeyondTheHeadIsTheHead) {
  World world;
  const RoomId room = RoomId::make();
  world.store.add_message(room, UserId::make(), "old");
  auto client = joined(world, room, after(50));
  world.say(room, "new");
  world.settle();
  EXPECT_EQ(seqs(*client), Seqs{2});
}

TEST(FanOut, WhatIsSaidWhileAColdRoomsHeadIsReadIsNews) {
  World world;
  const RoomId room = RoomId::make();
  world.store.add_message(room, UserId::make(), "old");
  auto client = Client::connect(world, 0, "n");
  client->enter(room, kMessages, last(0));
  while (world.jobs.empty()) world.poll(0);  // nobody was here: the home reads the room's head
  world.say(room, "new");
  world.settle();
  EXPECT_EQ(seqs(*client), Seqs{2});
}

TEST(FanOut, WhatIsSaidWhileTheStoreIsAskedForANumberBeyondTheHeadIsNews) {
  World world;
  const RoomId room = RoomId::make();
  world.store.add_message(room, UserId::make(), "old");
  auto there = joined(world, room, last(0));
  auto client = Client::connect(world, 0, "n");
  client->enter(room, kMessages, after(50));
  while (world.jobs.empty()) world.poll(0);  // its read of the store is under way
  world.say(room, "new");
  world.settle();
  EXPECT_EQ(seqs(*client), Seqs{2});
  EXPECT_EQ(seqs(*there), Seqs{2});
}

TEST(FanOut, ARoomInMemoryIsNotReadAgain) {
  World world;
  const RoomId room = RoomId::make();
  auto first = joined(world, room, last(50));
  for (int i = 0; i < 9; ++i) world.say(room, "m");
  world.settle();
  const std::size_t reads = world.store.reads;
  auto second = joined(world, room, last(4));
  auto third = joined(world, room, after(2));
  EXPECT_EQ(seqs(*second), (Seqs{6, 7, 8, 9}));
  EXPECT_EQ(seqs(*third), (Seqs{3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(world.store.reads, reads);
}

// The contract of the data model: memory and store replay the same bytes, edited messages included.
TEST(FanOut, MemoryAndStoreReplayTheSameBytes) {
  World world;
  const RoomId room = RoomId::make();
  auto watcher = joined(world, room, last(0), kAll);
  for (int i = 0; i < 8; ++i) world.say(room, "m");
  world.commit(world.store.add_edit(room, Seq(3), "edited"));
  for (int i = 0; i < 4; ++i) world.say(room, "m");
  world.settle();
  for (const Audience audience : {kAll, kMessages}) {
    for (std::int64_t n = 0; n <= 13; ++n) {
      auto from_memory = joined(world, room, after(n), audience);
      std::string memory, store;
      for (const Received& one : from_memory->received) memory += one.text + '\n';
      const auto page =
          read_replay_page(world.store, FeedKey::room(room), WireFormat::room, audience, after(n), {1000, 1 << 20});
      World other;
      other.store.feeds = world.store.feeds;
      auto from_store = joined(other, room, after(n), audience);
      for (const Received& one : from_store->received) store += one.text + '\n';
      EXPECT_EQ(memory, store) << n;
      EXPECT_EQ(from_memory->received.size(), page->entries.size()) << n;
      from_memory->hang_up();
      world.settle();
    }
  }
}

TEST(FanOut, OldClientsSkipTheNumbersOfOtherEvents) {
  World world;
  const RoomId room = RoomId::make();
  auto old = joined(world, room, last(0), kMessages);
  auto full = joined(world, room, last(0), kAll);
  world.say(room, "m");
  world.commit(world.store.add_edit(room, Seq(1), "e"));
  world.say(room, "m");
  world.settle();
  EXPECT_EQ(seqs(*old), (Seqs{1, 3}));
  EXPECT_EQ(seqs(*full), (Seqs{1, 2, 3}));
}

TEST(FanOut, TheOthersAreToldOfComingAndGoingAndTheSocketItselfIsNot) {
  for (const std::size_t shards : {1u, 3u}) {
    WorldOptions options;
    options.shards = shards;
    World world(options);
    const RoomId room = RoomId::make();
    auto ada = joined(world, room, last(0), kMessages, 0, "Ada");
    auto bob = joined(world, room, last(0), kAll, shards - 1, "Bob");
    EXPECT_EQ(ada->texts("join").size(), 1u);
    EXPECT_NE(ada->texts("join").at(0).find("User Bob has joined the chat."), std::string::npos);
    EXPECT_TRUE(bob->texts("join").empty());
    bob->hang_up();
    world.settle();
    ASSERT_EQ(ada->texts("leave").size(), 1u);
    EXPECT_NE(ada->texts("leave").at(0).find("User Bob has left the chat."), std::string::npos);
  }
}

TEST(FanOut, OneWhoIsStillReadingHistoryHearsWhoCame) {
  World world;
  const RoomId room = RoomId::make();
  world.store.add_message(room, UserId::make(), "old");
  auto ada = Client::connect(world, 0, "Ada");
  ada->enter(room, kMessages, last(5));
  world.poll(0);
  auto bob = Client::connect(world, 0, "Bob");
  bob->enter(room, kMessages, last(5));
  world.settle();
  EXPECT_EQ(ada->texts("join").size(), 1u);
  EXPECT_TRUE(bob->texts("join").empty());
}

TEST(FanOut, LargeRoomsAndStoppingServersAnnounceNobody) {
  WorldOptions options;
  options.fan_out.join_notice_max_sockets = 2;
  World world(options);
  const RoomId room = RoomId::make();
  auto a = joined(world, room, last(0));
  auto b = joined(world, room, last(0));
  auto c = joined(world, room, last(0));  // the third: too many
  EXPECT_EQ(a->texts("join").size(), 1u);
  c->hang_up();
  world.settle();
  EXPECT_TRUE(a->texts("leave").empty());
  world.fan_out->begin_shutdown();
  b->hang_up();
  world.settle();
  EXPECT_TRUE(a->texts("leave").empty());
}

TEST(FanOut, TheSenderGetsItsAcknowledgementInPlaceAndHisOtherSocketTheMessage) {
  World world;
  const RoomId room = RoomId::make();
  auto sender = joined(world, room, last(0));
  auto other = joined(world, room, last(0));
  const MessageId with = MessageId::make(), without = MessageId::make();
  sender->subscription.expect_own(with, "c-1", 5);
  sender->subscription.expect_own(without, "", 5);
  world.say(room, "1");
  world.commit(world.store.add_message(room, UserId::make(), "2", with), sender->origin());
  world.commit(world.store.add_message(room, UserId::make(), "3", without), sender->origin());
  world.say(room, "4");
  world.settle();
  EXPECT_EQ(seqs(*sender), (Seqs{1, 2, 4}));
  EXPECT_EQ(sender->received.at(sender->received.size() - 2).type, "ack");
  EXPECT_EQ(sender->settled, 2u);
  EXPECT_EQ(seqs(*other), (Seqs{1, 2, 3, 4}));
  EXPECT_TRUE(other->texts("ack").empty());
}

TEST(FanOut, ARepeatIsNotAcknowledgedBeforeItsNumberHasCome) {
  World world;
  const RoomId room = RoomId::make();
  auto sender = joined(world, room, last(0));
  const MessageId repeat = MessageId::make();
  sender->subscription.expect_own(repeat, "c-1", 5);
  const auto first = world.store.add_message(room, UserId::make(), "by another node");
  sender->subscription.answer_repeat(repeat, Stored{first->id.value, first->seq, {}, first->at, true});
  world.settle();
  EXPECT_TRUE(sender->received.empty());
  world.commit(first);
  world.settle();
  ASSERT_EQ(sender->received.size(), 2u);
  EXPECT_EQ(sender->received[0].type, "message");
  EXPECT_EQ(sender->received[1].type, "ack");
}

TEST(FanOut, ASlowReaderIsClosedAndOthersNoticeNothing) {
  WorldOptions options;
  options.websocket.backlog_bytes = 100'000;
  options.send_buffer = 1;
  World world(options);
  const RoomId room = RoomId::make();
  auto slow = joined(world, room, last(0));
  auto quick = joined(world, room, last(0));
  for (int i = 0; i < 60; ++i) {
    world.say(room, std::string(5000, 'x'));
    for (int turns = 0; turns < 20; ++turns) {
      world.poll(0);
      quick->read();
    }
  }
  EXPECT_TRUE(slow->closed());
  world.settle();
  ASSERT_FALSE(slow->received.empty());
  EXPECT_EQ(slow->received.back().type, "close");
  EXPECT_EQ(slow->received.back().code, 1013);
  EXPECT_EQ(seqs(*quick).size(), 60u);
  EXPECT_FALSE(quick->closed());
}

TEST(FanOut, TheShardsMemoryIsBoundedAndTheOldestChunksHolderGoesFirst) {
  WorldOptions options;
  options.fan_out.shard_bytes = 300'000;
  options.send_buffer = 1;
  World world(options);
  const RoomId room = RoomId::make(), quiet = RoomId::make();
  auto slow = joined(world, room, last(0));
  auto elsewhere = joined(world, quiet, last(0));
  world.say(quiet, "the oldest chunk of all, owed by nobody");
  world.settle();
  for (int i = 0; i < 100; ++i) {
    world.say(room, std::string(5000, 'x'));
    for (int turns = 0; turns < 5; ++turns) world.poll(0);
    EXPECT_LE(world.fan_out->shard(0).counts().chunk_bytes, 300'000u);
  }
  EXPECT_TRUE(slow->closed());
  world.say(quiet, "still here");
  world.settle();
  EXPECT_EQ(seqs(*elsewhere), (Seqs{1, 2}));
}

TEST(FanOut, CatchingUpIsNeverSlowHoweverFarBack) {
  WorldOptions options;
  options.websocket.backlog_bytes = 100'000;
  options.fan_out.page_bytes = 8000;
  options.send_buffer = 1;
  World world(options);
  const RoomId room = RoomId::make();
  for (int i = 0; i < 400; ++i) world.store.add_message(room, UserId::make(), std::string(2000, 'x'));
  auto client = Client::connect(world, 0, "Ada");
  client->enter(room, kMessages, after(0));
  for (int i = 0; i < 200; ++i) {  // reads nothing yet
    world.poll(0);
    world.run_job();
  }
  EXPECT_FALSE(client->closed());
  EXPECT_LT(client->socket()->backlog_bytes(), 100'000u);
  world.settle();
  EXPECT_EQ(seqs(*client).size(), 400u);
}

TEST(FanOut, CatchingUpOnTextThatEscapingMakesLongIsNotSlowEither) {
  WorldOptions options;
  options.fan_out.page_bytes = 256 * 1024;
  options.send_buffer = 1;
  World world(options);
  const RoomId room = RoomId::make();
  for (int i = 0; i < 100; ++i) world.store.add_message(room, UserId::make(), std::string(8000, '\x01'));
  auto client = joined(world, room, after(0));
  EXPECT_FALSE(client->closed());
  EXPECT_EQ(seqs(*client).size(), 100u);
}

TEST(FanOut, HistoryThatIsNeverReadEndsTheSocket) {
  WorldOptions options;
  options.fan_out.catch_up_stall = std::chrono::milliseconds(3);
  options.websocket.low_water_bytes = 1000;
  options.send_buffer = 1;
  World world(options);
  const RoomId room = RoomId::make();
  for (int i = 0; i < 100; ++i) world.store.add_message(room, UserId::make(), std::string(2000, 'x'));
  auto client = Client::connect(world, 0, "Ada");
  client->enter(room, kMessages, after(0));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!client->closed() && std::chrono::steady_clock::now() < deadline) {
    world.poll(0);
    world.run_job();
  }
  EXPECT_TRUE(client->closed());
}

void waits_for_a_store(bool FakeStore::*out_of_order) {
  WorldOptions options;
  options.fan_out.retry_delay = std::chrono::milliseconds(1);
  World world(options);
  const RoomId room = RoomId::make();
  world.store.add_message(room, UserId::make(), "old");
  world.store.*out_of_order = true;
  auto client = Client::connect(world, 0, "Ada");
  client->enter(room, kMessages, last(5));
  for (int i = 0; i < 50; ++i) {
    world.poll(0);
    world.run_job();
  }
  EXPECT_TRUE(client->received.empty());
  world.store.*out_of_order = false;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (seqs(*client).empty() && std::chrono::steady_clock::now() < deadline) world.settle();
  EXPECT_EQ(seqs(*client), Seqs{1});
}

TEST(FanOut, AStoreThatIsAwayIsWaitedFor) { waits_for_a_store(&FakeStore::away); }

// The pool's threads catch nothing.
TEST(FanOut, AStoreThatThrowsEndsNothing) { waits_for_a_store(&FakeStore::faulty); }

TEST(FanOut, EmptyRoomsAreLetGo) {
  WorldOptions options;
  options.shards = 2;
  options.fan_out.room_linger = std::chrono::milliseconds(1);
  World world(options);
  const RoomId room = RoomId::make();
  auto client = joined(world, room, last(0), kMessages, 1);
  world.say(room, "m");
  world.settle();
  EXPECT_EQ(world.bus.watched[room], 1);
  client->hang_up();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (world.bus.watched[room] != 0 && std::chrono::steady_clock::now() < deadline) world.settle();
  EXPECT_EQ(world.bus.watched[room], 0);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto counts = world.fan_out->shard(i).counts();
    EXPECT_EQ(counts.rooms + counts.feeds + counts.connections + counts.chunk_bytes, 0u);
  }
}

TEST(FanOut, ManyMessagesOfATurnAreOneSend) {
  World world;
  const RoomId room = RoomId::make();
  auto a = joined(world, room, last(0));
  auto b = joined(world, room, last(0));
  const auto sends = world.loops[0]->stats().sends.value();
  for (int i = 0; i < 32; ++i) world.say(room, "m");
  world.settle();
  EXPECT_EQ(seqs(*a).size(), 32u);
  EXPECT_EQ(seqs(*b).size(), 32u);
  EXPECT_EQ(world.loops[0]->stats().sends.value() - sends, 2u);
}

// A pass over a large room goes in slices; that everybody who had his turn has left meanwhile does not end it.
TEST(FanOut, WhoLeavesBetweenTwoSlicesLeavesTheOthersTheirTurn) {
  WorldOptions options;
  options.fan_out.flush_slice = 1;
  options.fan_out.join_notice_max_sockets = 0;
  World world(options);
  const RoomId room = RoomId::make();
  auto first = joined(world, room, last(0));
  auto second = joined(world, room, last(0));
  auto& loop = *world.loops[0];
  const auto before = loop.stats().sends.value();
  std::function<void()> leave_after_the_first_send = [&] {
    if (loop.stats().sends.value() == before) return loop.post(leave_after_the_first_send);
    world.fan_out->shard(0).unsubscribe(first->subscription);
  };
  world.say(room, "m");
  loop.post(leave_after_the_first_send);
  world.settle();
  EXPECT_EQ(seqs(*first).size(), 1u);
  EXPECT_EQ(seqs(*second).size(), 1u);
}

// A failover that lost commits: the numbers begin again below what was delivered.
TEST(FanOut, AChangedDatabaseClosesEverybodyAndBeginsANew) {
  World world({.shards = 3, .fan_out = {}});
  const RoomId room = RoomId::make();
  std::vector<std::shared_ptr<Client>> before;
  for (std::size_t shard = 0; shard < 3; ++shard) before.push_back(joined(world, room, last(10), kMessages, shard));
  for (int i = 0; i < 5; ++i) world.say(room, "lost");
  world.settle();
  world.store.log(room).resize(2);
  world.fan_out->invalidate();
  world.settle();
  for (const auto& client : before) {
    ASSERT_FALSE(client->received.empty());
    EXPECT_EQ(client->received.back().type, "close");
    EXPECT_EQ(client->received.back().code, 1012);
    EXPECT_EQ(client->received.back().text, "state invalidated");
    EXPECT_TRUE(client->texts("leave").empty());
  }
  for (std::size_t shard = 0; shard < 3; ++shard) {
    EXPECT_EQ(world.fan_out->shard(shard).counts().rooms, 0u);
    EXPECT_EQ(world.fan_out->shard(shard).counts().feeds, 0u);
  }
  EXPECT_EQ(world.bus.watched[room], 0);
  auto after_it = joined(world, room, last(10), kMessages, 1);
  world.say(room, "third");
  world.settle();
  EXPECT_EQ(seqs(*after_it), (Seqs{1, 2, 3}));
}

// The shards hear of it one after another: whoever enters on one that has, while the room's home has not, is served.
TEST(FanOut, WhoEntersWhileTheChangeSpreadsIsServedByTheNewState) {
  for (std::size_t first = 0; first < 3; ++first) {
    for (std::size_t second = 0; second < 3; ++second) {
      World world({.shards = 3, .fan_out = {}});
      const RoomId room = RoomId::make();
      auto early = joined(world, room, last(10), kMessages, second);
      for (int i = 0; i < 5; ++i) world.say(room, "lost");
      world.settle();
      world.store.log(room).resize(1);
      world.fan_out->invalidate();
      world.poll(first);
      auto late = Client::connect(world, first, "Grace");
      world.poll(first);
      late->enter(room, kMessages, last(10));
      world.poll(first);
      world.settle();
      world.say(room, "second");
      world.settle();
      EXPECT_EQ(seqs(*late), (Seqs{1, 2})) << first << second;
      EXPECT_TRUE(early->closed()) << first << second;
    }
  }
}

}  // namespace
}  // namespace chat::fanout::test
