// What every journal promises, on memory, SQLite and PostgreSQL.
#include "contract/journal_world.hpp"

#include <set>
#include <thread>

namespace chat::contract {
namespace {

class JournalContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    world = World::make(GetParam());
    start();
    ada = world->user("ada");
    bob = world->user("bob");
    room = world->room(ada);
  }
  void TearDown() override {
    if (journal) journal->stop(std::chrono::seconds(5));
    EXPECT_TRUE(recorder.in_order());
  }
  void start() {
    journal::JournalOptions options;
    options.lanes = GetParam() == Kind::postgres ? 3 : 1;
    journal = world->journal(recorder, options);
  }
  Stored say(RoomId where, const Principal& who, const std::string& what) {
    return append(*journal, text(where, who, what)).get().value();
  }
  Result<Stored> change(const Principal& who, decltype(FeedCommand::change) what, std::optional<RoomId> where = {}) {
    return execute(*journal, where.value_or(room), who, std::move(what)).get();
  }
  // What the sink saw is what a reader replays, byte for byte.
  void expect_replay_equals_commits(RoomId where) {
    const auto replayed = world->replay(where), committed = recorder.of(where);
    expect_gap_free(replayed);
    ASSERT_EQ(replayed.size(), committed.size());
    for (std::size_t i = 0; i < replayed.size(); ++i) EXPECT_TRUE(same(replayed[i], committed[i])) << i;
  }

  Recorder recorder;
  std::unique_ptr<World> world;
  std::unique_ptr<Journal> journal;
  Principal ada, bob;
  RoomId room;
};

INSTANTIATE_TEST_SUITE_P(, JournalContract, testing::ValuesIn(kinds()), name_of);

TEST_P(JournalContract, NumbersEachRoomWithoutGapsUnderConcurrentWriters) {
  std::vector<RoomId> rooms;
  for (int i = 0; i < 10; ++i) rooms.push_back(world->room(ada));
  std::vector<std::thread> writers;
  std::atomic<int> good = 0;
  for (int w = 0; w < 8; ++w)
    writers.emplace_back([&, w] {
      std::vector<Pending> pending;
      for (int i = 0; i < 100; ++i)
        pending.push_back(append(*journal, text(rooms[static_cast<std::size_t>((w + i) % 10)], w % 2 ? ada : bob,
                                                std::to_string(w) + "." + std::to_string(i))));
      for (auto& p : pending) good += p.get().has_value();
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(good, 800);
  std::size_t total = 0;
  for (RoomId id : rooms) {
    expect_replay_equals_commits(id);
    total += world->replay(id).size();
    std::map<std::string, int> last;  // each writer's own order is kept in each room
    for (const Event& e : world->replay(id)) {
      const auto dot = e.message->content.find('.');
      const int n = std::stoi(e.message->content.substr(dot + 1));
      auto& previous = last.try_emplace(e.message->content.substr(0, dot), -1).first->second;
      EXPECT_LT(previous, n);
      previous = n;
    }
    EXPECT_EQ(world->history().feed_head(FeedKey::room(id))->last_seq.value, 80);
    EXPECT_EQ(world->history().feed_head(FeedKey::room(id))->message_count, 80);
  }
  EXPECT_EQ(total, 800u);
}

TEST_P(JournalContract, KeepsAllThatAMessageCarries) {
  AppendMessage m = text(room, ada, "caf\xC3\xA9 \"\\\n\t");
  m.client_id = "key-1";
  m.kind = MessageKind::encrypted;
  m.metadata = R"({"b":1,  "a":[]})";
  m.reply_to = MessageId::make();
  m.thread_root_seq = Seq(7);
  ASSERT_TRUE(append(*journal, m).get().has_value());
  say(room, bob, "");
  expect_replay_equals_commits(room);
}

TEST_P(JournalContract, StoresOneOfManySendsWithOneKey) {
  std::vector<Pending> pending(16);
  std::vector<std::thread> senders;
  for (std::size_t i = 0; i < pending.size(); ++i)
    senders.emplace_back([&, i] {
      AppendMessage m = text(room, ada, "content " + std::to_string(i));
      m.client_id = "same";
      pending[i] = append(*journal, m);
    });
  for (auto& sender : senders) sender.join();
  int fresh = 0;
  std::set<Uuid> ids;
  for (auto& p : pending) {
    const Stored stored = p.get().value();
    EXPECT_EQ(stored.seq, Seq(1));
    EXPECT_EQ(stored.ordinal, Ordinal(1));
    fresh += !stored.repeated;
    ids.insert(stored.id);
  }
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(world->replay(room).size(), 1u);
}

TEST_P(JournalContract, AnswersAKeyOfBeforeTheRestartAndStoresTheOthersOfTheBatch) {
  std::map<std::string, Stored> first;
  for (const char* key : {"k1", "k2", "k3"}) {
    AppendMessage m = text(room, ada, key);
    m.client_id = key;
    first[key] = append(*journal, m).get().value();
  }
  journal->stop(std::chrono::seconds(5));
  start();
  for (int round = 0; round < 2; ++round) {  // the second is looked up before it is sent
    std::vector<std::pair<std::string, Pending>> pending;
    for (const char* key : {"n1", "k1", "n2", "k2", "n3", "k3"}) {
      AppendMessage m = text(room, ada, std::string("again ") + key);
      m.client_id = key[0] == 'n' ? key + std::to_string(round) : key;
      pending.emplace_back(key, append(*journal, m));
    }
    auto unkeyed = append(*journal, text(room, bob, "bob"));
    EXPECT_FALSE(unkeyed.get().value().repeated);
    for (auto& [key, p] : pending) {
      const Stored stored = p.get().value();
      EXPECT_EQ(stored.repeated, key[0] == 'k') << key;
      if (key[0] != 'k') continue;
      EXPECT_EQ(stored.id, first[key].id);
      EXPECT_EQ(stored.seq, first[key].seq);
      EXPECT_EQ(stored.ordinal, first[key].ordinal);
      EXPECT_EQ(stored.at, first[key].at);
    }
  }
  EXPECT_EQ(world->replay(room).size(), 3u + 2 * 4);
  expect_replay_equals_commits(room);
}

TEST_P(JournalContract, OneKeyIsEachAuthorsAndEachRoomsOwn) {
  const RoomId other = world->room(ada);
  for (const auto& [where, who] : {std::pair(room, ada), std::pair(room, bob), std::pair(other, ada)}) {
    AppendMessage m = text(where, who, "m");
    m.client_id = "k";
    EXPECT_FALSE(append(*journal, m).get().value().repeated);
  }
}

TEST_P(JournalContract, FindsTheCulpritsInAPoisonedBatchAndStoresTheRestInOrder) {
  std::vector<Pending> pending;
  std::vector<std::string> good;
  for (int i = 0; i < 60; ++i) {
    std::string content = "m" + std::to_string(i);
    if (i % 20 == 7)
      content += std::string("\0bad", 4);
    else if (i % 20 == 13)
      content += "\xFF";
    else
      good.push_back(content);
    pending.push_back(append(*journal, text(room, ada, content)));
  }
  for (int i = 0; i < 60; ++i) {
    const auto result = pending[static_cast<std::size_t>(i)].get();
    EXPECT_EQ(result.has_value(), i % 20 != 7 && i % 20 != 13) << i;
    EXPECT_TRUE(result || result.error().code == Errc::invalid);
  }
  const auto events = world->replay(room);
  ASSERT_EQ(events.size(), good.size());
  for (std::size_t i = 0; i < good.size(); ++i) EXPECT_EQ(events[i].message->content, good[i]);
  expect_replay_equals_commits(room);
}

TEST_P(JournalContract, RefusesStrangersAndUnknownRoomsWithoutLosingANumber) {
  const RoomId closed = world->room(ada, RoomKind::private_room);
  std::vector<Pending> good, strangers, lost;
  for (int i = 0; i < 10; ++i) {
    good.push_back(append(*journal, text(closed, ada, "in")));
    strangers.push_back(append(*journal, text(closed, bob, "out")));
    lost.push_back(append(*journal, text(RoomId::make(), ada, "nowhere")));
  }
  for (auto& p : good) EXPECT_TRUE(p.get().has_value());
  for (auto& p : strangers) EXPECT_EQ(code(p.get()), Errc::forbidden);
  for (auto& p : lost) EXPECT_EQ(code(p.get()), Errc::room_not_found);
  EXPECT_EQ(world->replay(closed).size(), 10u);
  expect_replay_equals_commits(closed);
}

TEST_P(JournalContract, NumbersNoMessageOfAMemberAboveHisRemoval) {
  const RoomId closed = world->room(ada, RoomKind::private_room);
  ASSERT_TRUE(change(ada, AddMember{bob.id}, closed).has_value());
  std::vector<Pending> pending;
  Pending removal;
  for (int i = 0; i < 200; ++i) {
    pending.push_back(append(*journal, text(closed, bob, std::to_string(i))));
    if (i == 100) removal = execute(*journal, closed, ada, RemoveMember{bob.id});
  }
  const Seq removed = removal.get().value().seq;
  for (int i = 0; i < 200; ++i) {
    const auto result = pending[static_cast<std::size_t>(i)].get();
    EXPECT_EQ(result.has_value(), i <= 100);
    if (result)
      EXPECT_LT(result->seq, removed);
    else
      EXPECT_EQ(result.error().code, Errc::forbidden);
  }
  expect_replay_equals_commits(closed);
  // What he sent while he was in keeps its answer.
  ASSERT_TRUE(change(ada, AddMember{bob.id}, closed).has_value());
  AppendMessage m = text(closed, bob, "keyed");
  m.client_id = "k";
  const Stored first = append(*journal, m).get().value();
  ASSERT_TRUE(change(ada, RemoveMember{bob.id}, closed).has_value());
  const Stored again = append(*journal, m).get().value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.seq, first.seq);
}

TEST_P(JournalContract, EditsAndDeletesAndReplaysThePresentState) {
  const MessageId id(say(room, bob, "first").id);
  EXPECT_EQ(change(bob, EditMessage{id, "second \"quoted\"", R"({"a":1})"}).value().seq, Seq(2));
  EXPECT_EQ(change(bob, EditMessage{id, "second \"quoted\"", R"({"a":1})"}).value().seq, Seq(0)) << "nothing changed";
  auto events = world->replay(room);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].message->content, "second \"quoted\"");
  EXPECT_EQ(events[0].message->metadata, R"({"a":1})");
  EXPECT_TRUE(events[0].message->edited_at.has_value());
  EXPECT_TRUE(same(events[1], recorder.of(room)[1]));
  EXPECT_NE(events[1].payload.find(R"("content":"second \"quoted\"","metadata":{"a":1},"edited_at":")"),
            std::string::npos);

  ASSERT_TRUE(change(bob, SetReaction{id, "+1", true}).has_value());
  ASSERT_TRUE(change(ada, SetPin{id, true}).has_value());
  EXPECT_EQ(change(ada, DeleteMessage{id}).value().seq, Seq(5));
  EXPECT_EQ(change(ada, DeleteMessage{id}).value().seq, Seq(0));
  EXPECT_EQ(code(change(bob, EditMessage{id, "third", {}})), Errc::conflict);
  EXPECT_EQ(code(change(bob, SetReaction{id, "-1", true})), Errc::conflict);
  EXPECT_EQ(change(bob, SetReaction{id, "+1", false}).value().seq, Seq(0)) << "gone with the message";
  EXPECT_EQ(change(ada, SetPin{id, false}).value().seq, Seq(0));
  events = world->replay(room);
  expect_gap_free(events);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0].message->content, "");
  EXPECT_EQ(events[0].message->metadata, std::nullopt);
  EXPECT_TRUE(events[0].message->deleted_at.has_value());
  for (const Event& event : events) EXPECT_EQ(event.payload.find("second"), std::string::npos) << "content is gone";
  EXPECT_EQ(world->history().feed_head(FeedKey::room(room))->message_count, 1);
}

TEST_P(JournalContract, ReactsAndPinsOnceEach) {
  const MessageId id(say(room, bob, "m").id);
  EXPECT_EQ(change(bob, SetReaction{id, "\xF0\x9F\x91\x8D", true}).value().seq, Seq(2));
  EXPECT_EQ(change(bob, SetReaction{id, "\xF0\x9F\x91\x8D", true}).value().seq, Seq(0));
  EXPECT_EQ(change(ada, SetReaction{id, "\xF0\x9F\x91\x8D", true}).value().seq, Seq(3));
  EXPECT_EQ(change(bob, SetReaction{id, "\xF0\x9F\x91\x8D", false}).value().seq, Seq(4));
  EXPECT_EQ(change(ada, SetPin{id, true}).value().seq, Seq(5));
  EXPECT_EQ(change(ada, SetPin{id, true}).value().seq, Seq(0));
  EXPECT_EQ(code(change(bob, SetPin{id, false})), Errc::forbidden);
  EXPECT_EQ(change(ada, SetPin{id, false}).value().seq, Seq(6));
  EXPECT_EQ(code(change(ada, SetPin{MessageId::make(), true})), Errc::not_found);
  expect_replay_equals_commits(room);
}

TEST_P(JournalContract, ChangesMembersAndTheRoomUnderItsRules) {
  const RoomId closed = world->room(ada, RoomKind::private_room);
  EXPECT_EQ(code(change(bob, AddMember{bob.id}, closed)), Errc::forbidden);
  EXPECT_EQ(code(change(ada, AddMember{UserId::make()}, closed)), Errc::user_not_found);
  EXPECT_EQ(change(ada, AddMember{bob.id}, closed).value().seq, Seq(1));
  EXPECT_EQ(change(ada, AddMember{bob.id}, closed).value().seq, Seq(0));
  EXPECT_EQ(change(ada, AddMember{bob.id, MemberRole::moderator}, closed).value().seq, Seq(2));
  EXPECT_EQ(world->rooms().find_room(closed, bob.id)->role, MemberRole::moderator);
  EXPECT_EQ(code(change(bob, RemoveMember{ada.id}, closed)), Errc::forbidden);
  EXPECT_EQ(change(ada, ChangeRoom{"new name", "about"}, closed).value().seq, Seq(3));
  EXPECT_EQ(world->rooms().find_room(closed, ada.id)->room.name, "new name");
  EXPECT_EQ(change(bob, RemoveMember{bob.id}, closed).value().seq, Seq(4));
  EXPECT_EQ(world->rooms().find_room(closed, bob.id)->role, std::nullopt);
  EXPECT_EQ(code(change(ada, ChangeRoom{"x", {}}, RoomId::make())), Errc::room_not_found);
  expect_replay_equals_commits(closed);

  const RoomId other = world->room(ada);
  const auto taken = world->rooms().find_room(other, ada.id)->room.name;
  EXPECT_EQ(code(change(ada, ChangeRoom{taken, {}})), Errc::room_exists);
  EXPECT_EQ(say(room, ada, "goes on").seq, Seq(1));
}

TEST_P(JournalContract, AnswersARepeatedCommandWithItsFirstEvent) {
  const MessageId id(say(room, ada, "m").id);
  FeedCommand command;
  command.room_id = room;
  command.actor = ada;
  command.client_id = "edit-1";
  command.change = EditMessage{id, "edited", {}};
  const auto run = [&] {
    std::promise<Result<Stored>> promise;
    command.id = EventId::make();
    EXPECT_TRUE(journal->execute(command, [&](Result<Stored> r) { promise.set_value(std::move(r)); }));
    return promise.get_future().get().value();
  };
  const Stored first = run();
  command.change = EditMessage{id, "something else", {}};
  const Stored again = run();
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.seq, Seq(2));
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(world->replay(room).size(), 2u);
}

// What changed nothing stored no key: its repeat is judged by what it meets, and then answered so for ever.
TEST_P(JournalContract, JudgesTheRepeatOfACommandThatChangedNothingAnew) {
  const MessageId id(say(room, ada, "m").id);
  ASSERT_TRUE(change(ada, SetPin{id, true}).has_value());
  FeedCommand command;
  command.room_id = room;
  command.actor = ada;
  command.client_id = "pin-1";
  command.change = SetPin{id, true};
  const auto run = [&] {
    std::promise<Result<Stored>> promise;
    command.id = EventId::make();
    EXPECT_TRUE(journal->execute(command, [&](Result<Stored> r) { promise.set_value(std::move(r)); }));
    return promise.get_future().get().value();
  };
  EXPECT_EQ(run().seq, Seq(0));
  ASSERT_TRUE(change(ada, SetPin{id, false}).has_value());
  const Stored first = run();
  EXPECT_EQ(first.seq, Seq(4));
  ASSERT_TRUE(change(ada, SetPin{id, false}).has_value());
  const Stored again = run();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.seq, first.seq);
}

TEST_P(JournalContract, AServicePostsEverywhere) {
  const RoomId closed = world->room(ada, RoomKind::private_room);
  Principal service{Principal::Kind::service, UserId::make(), "robot"};
  std::vector<Pending> pending;
  for (int i = 0; i < 3; ++i) {
    pending.push_back(append(*journal, text(closed, service, "from a service")));
    pending.push_back(append(*journal, text(closed, bob, "from a stranger")));
    pending.push_back(append(*journal, text(room, service, "in public")));
  }
  for (std::size_t i = 0; i < pending.size(); ++i) EXPECT_EQ(pending[i].get().has_value(), i % 3 != 1) << i;
  EXPECT_EQ(world->replay(closed).size(), 3u);
  EXPECT_EQ(world->replay(room).size(), 3u);
}

TEST_P(JournalContract, RefusesACommandWithBadTextAndGoesOn) {
  const MessageId id(say(room, ada, "m").id);
  EXPECT_EQ(code(change(ada, EditMessage{id, std::string("a\0b", 3), {}})), Errc::invalid);
  EXPECT_EQ(say(room, ada, "n").seq, Seq(2));
}

}  // namespace
}  // namespace chat::contract
