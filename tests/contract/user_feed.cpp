// A user's feed: written with what it tells of, numbered without gaps, replayed as it was committed. On memory, SQLite
// and PostgreSQL.
#include "contract/journal_world.hpp"

#include <algorithm>
#include <set>
#include <thread>

namespace chat::contract {
namespace {

class UserFeedContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    world = World::make(GetParam());
    start(recorder);
    ada = world->user("ada \"the first\"");
    bob = world->user("bob");
    room = world->room(ada, RoomKind::private_room);
  }
  void TearDown() override {
    if (journal) journal->stop(std::chrono::seconds(5));
    EXPECT_TRUE(recorder.in_order());
  }
  void start(CommitSink& sink) {
    journal::JournalOptions options;
    options.lanes = GetParam() == Kind::postgres ? 4 : 1;
    journal = world->journal(sink, options);
  }
  Result<Stored> change(const Principal& who, decltype(FeedCommand::change) what, std::optional<RoomId> where = {}) {
    return execute(*journal, where.value_or(room), who, std::move(what)).get();
  }
  Result<Stored> change_user(const Principal& whom, decltype(UserCommand::change) what) {
    return execute(*journal, whom.id, std::move(what)).get();
  }
  static FeedKey feed_of(const Principal& who) { return FeedKey::user(who.id); }
  std::string by(const Principal& who) {
    const std::string name = who.id == ada.id ? R"(ada \"the first\")" : who.name;
    return R"("actor":{"id":")" + who.id.str() + R"(","name":")" + name + "\"}}";
  }
  // Numbered 1..n, and what the sink saw is what a reader replays.
  std::vector<Event> replay_as_committed(const FeedKey& feed) {
    const auto replayed = world->replay(feed), committed = recorder.of(feed);
    expect_gap_free(replayed);
    EXPECT_EQ(replayed.size(), committed.size());
    for (std::size_t i = 0; i < std::min(replayed.size(), committed.size()); ++i)
      EXPECT_TRUE(same(replayed[i], committed[i])) << i;
    const auto head = world->history().feed_head(feed);
    EXPECT_TRUE(head.has_value());
    EXPECT_EQ(head->last_seq, Seq(static_cast<std::int64_t>(replayed.size())));
    EXPECT_EQ(head->first_seq, Seq(1));
    return replayed;
  }

  Recorder recorder;
  std::unique_ptr<World> world;
  std::unique_ptr<Journal> journal;
  Principal ada, bob;
  RoomId room;
};

INSTANTIATE_TEST_SUITE_P(, UserFeedContract, testing::ValuesIn(kinds()), name_of);

// Where there are transactions that can fail: not in memory.
class UserFeedOnSql : public UserFeedContract {};
std::vector<Kind> sql_kinds() {
  auto all = kinds();
  std::erase(all, Kind::memory);
  return all;
}
INSTANTIATE_TEST_SUITE_P(, UserFeedOnSql, testing::ValuesIn(sql_kinds()), name_of);

TEST_P(UserFeedContract, TellsWhomItConcernsOfEveryChangeOfHisMembership) {
  ASSERT_TRUE(change(ada, AddMember{bob.id}).has_value());
  ASSERT_TRUE(change(ada, AddMember{bob.id, MemberRole::moderator}).has_value());
  ASSERT_TRUE(change(ada, RemoveMember{bob.id}).has_value());
  ASSERT_TRUE(change(ada, AddMember{bob.id}).has_value());
  ASSERT_TRUE(change(bob, RemoveMember{bob.id}).has_value());

  const auto told = replay_as_committed(feed_of(bob));
  const auto happened = replay_as_committed(FeedKey::room(room));
  ASSERT_EQ(told.size(), 5u);
  ASSERT_EQ(happened.size(), 5u);
  const std::vector<EventKind> kinds{EventKind::invited, EventKind::membership_changed, EventKind::membership_ended,
                                     EventKind::invited, EventKind::membership_ended};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(told[i].kind, kinds[i]);
    EXPECT_EQ(told[i].feed, feed_of(bob));
    EXPECT_EQ(told[i].id, happened[i].id) << "one change, one id";
    EXPECT_EQ(told[i].at, happened[i].at);
    EXPECT_TRUE(told[i].actor_id.is_nil());
    EXPECT_FALSE(told[i].message.has_value());
  }
  const std::string in_room = R"({"room_id":")" + room.str() + "\",";
  const std::string name = R"("room_name":"room )" + room.str() + R"(","room_kind":"private",)";
  EXPECT_EQ(told[0].payload, in_room + name + R"("role":"member","room_seq":1,)" + by(ada));
  EXPECT_EQ(told[1].payload, in_room + R"("role":"moderator","room_seq":2,)" + by(ada));
  EXPECT_EQ(told[2].payload, in_room + R"("reason":"removed","room_seq":3,)" + by(ada));
  EXPECT_EQ(told[4].payload, in_room + R"("reason":"left","room_seq":5,)" + by(bob));
  EXPECT_TRUE(world->replay(feed_of(ada)).empty()) << "nothing of it concerned her";
}

TEST_P(UserFeedContract, TakesNoNumberWhereNothingChanged) {
  EXPECT_EQ(code(change(bob, AddMember{bob.id})), Errc::forbidden);
  EXPECT_EQ(code(change(ada, AddMember{UserId::make()})), Errc::user_not_found);
  EXPECT_EQ(code(change(ada, AddMember{bob.id}, RoomId::make())), Errc::room_not_found);
  EXPECT_EQ(change(ada, RemoveMember{bob.id}).value().seq, Seq(0));
  EXPECT_TRUE(replay_as_committed(feed_of(bob)).empty());
  EXPECT_EQ(change(ada, AddMember{bob.id}).value().seq, Seq(1));
  EXPECT_EQ(change(ada, AddMember{bob.id}).value().seq, Seq(0));
  EXPECT_EQ(code(change(bob, AddMember{bob.id, MemberRole::owner})), Errc::forbidden);
  EXPECT_EQ(code(change(bob, RemoveMember{ada.id})), Errc::forbidden);
  EXPECT_EQ(replay_as_committed(feed_of(bob)).size(), 1u);
  EXPECT_TRUE(replay_as_committed(feed_of(ada)).empty());
}

TEST_P(UserFeedContract, ARepeatedCommandTellsNobodyTwice) {
  FeedCommand command;
  command.room_id = room;
  command.actor = ada;
  command.client_id = "add-bob";
  command.change = AddMember{bob.id};
  const auto send = [&] {
    auto promise = std::make_shared<std::promise<Result<Stored>>>();
    command.id = EventId::make();
    EXPECT_TRUE(journal->execute(command, [promise](Result<Stored> r) { promise->set_value(std::move(r)); }));
    return promise->get_future();
  };
  auto first = send(), at_once = send();  // the second attaches to the first, or comes after it
  const Stored stored = first.get().value();
  EXPECT_EQ(at_once.get().value().id, stored.id);
  ASSERT_TRUE(change(ada, RemoveMember{bob.id}).has_value());
  const Stored later = send().get().value();
  EXPECT_TRUE(later.repeated);
  EXPECT_EQ(later.id, stored.id);
  EXPECT_EQ(world->rooms().find_room(room, bob.id)->role, std::nullopt) << "a repeat does nothing";
  EXPECT_EQ(replay_as_committed(feed_of(bob)).size(), 2u);
  EXPECT_EQ(replay_as_committed(FeedKey::room(room)).size(), 2u);
}

TEST_P(UserFeedContract, InvitationsToFiftyRoomsAtOnceAreNumberedWithoutAHole) {
  std::vector<RoomId> rooms;
  for (int i = 0; i < 50; ++i) rooms.push_back(world->room(ada, RoomKind::private_room));
  std::vector<Pending> pending;
  for (RoomId id : rooms) pending.push_back(execute(*journal, id, ada, AddMember{bob.id}));
  for (auto& p : pending) {
    const auto added = p.get();
    EXPECT_TRUE(added.has_value() && added->seq == Seq(1));
  }
  const auto told = replay_as_committed(feed_of(bob));
  ASSERT_EQ(told.size(), 50u);
  std::set<EventId> once;
  for (const Event& event : told) EXPECT_TRUE(once.insert(event.id).second);
  for (RoomId id : rooms) {
    const auto happened = replay_as_committed(FeedKey::room(id));
    ASSERT_EQ(happened.size(), 1u);
    EXPECT_TRUE(once.contains(happened[0].id));
  }
}

TEST_P(UserFeedContract, SessionsEndWithAPasswordADisabledAccountAndARevocation) {
  EXPECT_EQ(change_user(bob, EndSessions{}).value().seq, Seq(1));
  EXPECT_EQ(change_user(bob, SetPassword{"$argon2id$another"}).value().seq, Seq(2));
  EXPECT_EQ(change_user(bob, SetDisabled{true}).value().seq, Seq(3));
  EXPECT_EQ(change_user(bob, SetDisabled{true}).value().seq, Seq(0)) << "it was disabled already";
  EXPECT_TRUE(world->users().find_user(bob.id)->disabled_at.has_value());
  EXPECT_EQ(change_user(bob, SetDisabled{false}).value().seq, Seq(0)) << "nobody's session ends";
  const User user = world->users().find_user(bob.id).value();
  EXPECT_FALSE(user.disabled_at.has_value());
  EXPECT_EQ(user.password_hash, "$argon2id$another");
  EXPECT_EQ(user.token_version, 3);
  const auto told = replay_as_committed(feed_of(bob));
  ASSERT_EQ(told.size(), 3u);
  for (const Event& event : told) EXPECT_EQ(event.kind, EventKind::session_ended);
  EXPECT_EQ(told[0].payload, R"({"reason":"revoked","token_version":1})");
  EXPECT_EQ(told[1].payload, R"({"reason":"password_changed","token_version":2})");
  EXPECT_EQ(told[2].payload, R"({"reason":"disabled","token_version":3})");
  EXPECT_EQ(code(change_user({{}, UserId::make(), ""}, EndSessions{})), Errc::user_not_found);
  EXPECT_EQ(code(change_user(bob, SetPassword{std::string("a\0b", 3)})), Errc::invalid);
  EXPECT_EQ(world->users().find_user(bob.id)->token_version, 3);
}

TEST_P(UserFeedContract, WhatComesFromRoomsAndFromTheAccountSharesOneSequence) {
  std::vector<RoomId> rooms;
  for (int i = 0; i < 12; ++i) rooms.push_back(world->room(ada, RoomKind::private_room));
  std::vector<Pending> pending;
  for (RoomId id : rooms) {
    pending.push_back(execute(*journal, id, ada, AddMember{bob.id}));
    pending.push_back(execute(*journal, bob.id, EndSessions{}));
    pending.push_back(execute(*journal, id, ada, RemoveMember{bob.id}));
  }
  for (auto& p : pending) EXPECT_TRUE(p.get().has_value());
  const auto told = replay_as_committed(feed_of(bob));
  ASSERT_EQ(told.size(), 36u);
  std::int64_t ended = 0;
  for (const Event& event : told) {
    if (event.kind != EventKind::session_ended) continue;
    EXPECT_EQ(event.payload, R"({"reason":"revoked","token_version":)" + std::to_string(++ended) + "}");
  }
  EXPECT_EQ(ended, 12);
  EXPECT_EQ(world->users().find_user(bob.id)->token_version, 12);
}

TEST_P(UserFeedContract, GoesOnAfterARestartWhereItWas) {
  ASSERT_TRUE(change(ada, AddMember{bob.id}).has_value());
  journal->stop(std::chrono::seconds(5));
  // No journal runs: the command line changes an account.
  ASSERT_TRUE(world->users().set_password(bob.id, "from the command line").has_value());
  ASSERT_TRUE(world->users().set_disabled(bob.id, true).has_value());
  EXPECT_EQ(world->users().set_password(UserId::make(), "x").error().code, Errc::user_not_found);
  EXPECT_EQ(world->users().set_disabled(UserId::make(), true).error().code, Errc::user_not_found);
  start(recorder);
  ASSERT_TRUE(change(ada, RemoveMember{bob.id}).has_value());
  const auto told = world->replay(feed_of(bob));
  expect_gap_free(told);
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[1].payload, R"({"reason":"password_changed","token_version":1})");
  EXPECT_EQ(told[2].payload, R"({"reason":"disabled","token_version":2})");
  EXPECT_EQ(told[3].kind, EventKind::membership_ended);
}

// What a commit says of its origin: an acknowledgement has its place in one feed only.
TEST_P(UserFeedContract, OnlyTheFeedThatWasSentToKnowsTheOrigin) {
  struct Sink final : CommitSink {
    std::mutex mutex;
    std::vector<Commit> commits;
    void on_commit(const Commit& commit) override {
      std::lock_guard lock(mutex);
      commits.push_back(commit);
    }
  } sink;
  journal->stop(std::chrono::seconds(5));
  start(sink);
  FeedCommand add;
  add.room_id = room;
  add.actor = ada;
  add.change = AddMember{bob.id};
  add.origin = {2, 77};
  UserCommand end;
  end.user_id = bob.id;
  end.actor = bob;
  end.change = EndSessions{};
  end.origin = {3, 78};
  std::promise<void> added, ended;
  ASSERT_TRUE(journal->execute(add, [&](const Result<Stored>&) { added.set_value(); }));
  added.get_future().wait();
  ASSERT_TRUE(journal->execute(end, [&](const Result<Stored>&) { ended.set_value(); }));
  ended.get_future().wait();
  const std::lock_guard lock(sink.mutex);
  ASSERT_EQ(sink.commits.size(), 2u);
  const auto& both = sink.commits[0].events;
  ASSERT_EQ(both.size(), 2u) << "one commit, both feeds";
  EXPECT_EQ(both[0].event->feed, FeedKey::room(room));
  EXPECT_EQ(both[0].origin, add.origin);
  EXPECT_EQ(both[1].event->feed, feed_of(bob));
  EXPECT_EQ(both[1].origin, Origin{});
  ASSERT_EQ(sink.commits[1].events.size(), 1u);
  EXPECT_EQ(sink.commits[1].events[0].origin, end.origin);
  journal->stop(std::chrono::seconds(5));
  journal = nullptr;
}

// The number of the user's event is taken by somebody else: the whole change is undone, in the room as well.
TEST_P(UserFeedOnSql, NeitherFeedHasAnythingWhenOneOfThemCannotBeWritten) {
  auto beside = world->connect_beside();
  const bool sqlite = beside->dialect() == sql::Dialect::sqlite;
  const auto id_text = [&](const Uuid& id) { return "'" + (sqlite ? id.hex() : id.str()) + "'"; };
  ASSERT_TRUE(beside
                  ->script("INSERT INTO user_events (user_id, seq, id, kind, payload, created_at) VALUES (" +
                           id_text(bob.id.value) + ", 1, " + id_text(Uuid::v4()) +
                           ", 'invited', '{}', '2026-01-01 00:00:00.000000')")
                  .has_value());
  EXPECT_FALSE(change(ada, AddMember{bob.id}).has_value());
  EXPECT_TRUE(recorder.of(room).empty());
  EXPECT_TRUE(recorder.of(feed_of(bob)).empty());
  EXPECT_EQ(world->history().feed_head(FeedKey::room(room))->last_seq, Seq(0));
  EXPECT_TRUE(world->replay(room).empty());
  EXPECT_EQ(world->rooms().find_room(room, bob.id)->role, std::nullopt);

  ASSERT_TRUE(beside->script("DELETE FROM user_events").has_value());
  journal->stop(std::chrono::seconds(5));
  start(recorder);  // a lane that found such a thing has stopped
  EXPECT_EQ(change(ada, AddMember{bob.id}).value().seq, Seq(1));
  EXPECT_EQ(replay_as_committed(feed_of(bob)).size(), 1u);
  EXPECT_EQ(replay_as_committed(FeedKey::room(room)).size(), 1u);
}

}  // namespace
}  // namespace chat::contract
