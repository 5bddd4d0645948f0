// A change of membership on a PostgreSQL that goes wrong: both feeds have it, once, or neither has.
#include "contract/journal_proxy.hpp"
#include "contract/journal_world.hpp"

#include "storage/sql_connection.hpp"

#include <set>
#include <thread>

namespace chat::contract {
namespace {

using namespace std::chrono_literals;

class UserFeedOnPostgres : public testing::Test {
 protected:
  void SetUp() override {
    if (kinds().back() != Kind::postgres) GTEST_SKIP() << "CHATD_TEST_NO_POSTGRES=1";
    world = World::make(Kind::postgres);
    proxy = std::make_unique<Proxy>(port_of(world->url()));
    ada = world->user("ada");
    bob = world->user("bob");
    room = world->room(ada, RoomKind::private_room);
  }
  void TearDown() override {
    if (journal) journal->stop(5s);
    EXPECT_TRUE(recorder.in_order());
  }
  void start(const journal::JournalOptions& options) {
    journal = storage::make_postgres_journal(writers_at(with_port(world->url(), proxy->port())), recorder, options);
  }
  FeedKey bobs() const { return FeedKey::user(bob.id); }
  void expect_replay_as_committed(const FeedKey& feed, std::size_t count) {
    const auto replayed = world->replay(feed), committed = recorder.of(feed);
    expect_gap_free(replayed);
    ASSERT_EQ(replayed.size(), count);
    ASSERT_EQ(committed.size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(same(replayed[i], committed[i])) << i;
  }

  Recorder recorder;
  std::unique_ptr<World> world;
  std::unique_ptr<Proxy> proxy;
  std::unique_ptr<Journal> journal;
  Principal ada, bob;
  RoomId room;
};

TEST_F(UserFeedOnPostgres, TellsOnceWhatWasCommittedWhenTheAnswerWasCutOff) {
  start({});
  int broken = 0;
  std::int64_t seq = 0;
  for (const auto mode : {Proxy::Mode::cut_after_commit, Proxy::Mode::cut_before_commit, Proxy::Mode::late_commit}) {
    proxy->set(mode, 1, 20ms);
    EXPECT_EQ(execute(*journal, room, ada, AddMember{bob.id}).get().value().seq, Seq(++seq));
    EXPECT_EQ(proxy->broken(), ++broken);
    proxy->set(mode, 1, 20ms);
    EXPECT_EQ(execute(*journal, room, ada, RemoveMember{bob.id}).get().value().seq, Seq(++seq));
    EXPECT_EQ(proxy->broken(), ++broken);
    proxy->set(mode, 1, 20ms);
    EXPECT_EQ(execute(*journal, bob.id, EndSessions{}).get().value().seq, Seq(3 * (seq / 2)));
    EXPECT_EQ(proxy->broken(), ++broken);
  }
  std::this_thread::sleep_for(100ms);  // the late ones have had their chance
  expect_replay_as_committed(FeedKey::room(room), 6);
  expect_replay_as_committed(bobs(), 9);
  EXPECT_EQ(world->users().find_user(bob.id)->token_version, 3);
}

TEST_F(UserFeedOnPostgres, WaitsForAUserWhomSomebodyElseHoldsWithoutHoldingUpOthers) {
  start({});
  const RoomId other = world->room(ada, RoomKind::private_room);
  const Principal eve = world->user("eve");
  auto holder = world->connect_beside();
  ASSERT_TRUE(
      holder->script("BEGIN; SELECT * FROM users WHERE id = '" + bob.id.str() + "' FOR NO KEY UPDATE").has_value());
  Pending held = execute(*journal, room, ada, AddMember{bob.id});
  Pending ended = execute(*journal, bob.id, EndSessions{});
  Pending free = execute(*journal, other, ada, AddMember{eve.id});
  ASSERT_EQ(free.wait_for(3s), std::future_status::ready);
  EXPECT_TRUE(free.get().has_value());
  EXPECT_EQ(held.wait_for(0s), std::future_status::timeout);
  EXPECT_EQ(ended.wait_for(0s), std::future_status::timeout);
  ASSERT_TRUE(holder->script("COMMIT").has_value());
  EXPECT_TRUE(held.get().has_value());
  EXPECT_TRUE(ended.get().has_value());
  expect_replay_as_committed(bobs(), 2);
}

// Two nodes of several lanes each, all of whose backends are killed again and again.
TEST_F(UserFeedOnPostgres, BothFeedsHaveAChangeOrNeitherHasWhateverIsKilled) {
  journal::JournalOptions options;
  options.lanes = 3;
  options.reconnect_first = 2ms;
  options.reconnect_last = 20ms;
  start(options);
  Recorder second_recorder;
  auto second = world->journal(second_recorder, options);
  std::vector<RoomId> rooms;
  for (int i = 0; i < 90; ++i) rooms.push_back(world->room(ada, RoomKind::private_room));

  std::atomic<bool> done = false;
  std::thread killer([&] {
    auto beside = world->connect_beside();
    static constexpr sql::Query kKill(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        "pg_backend_pid() AND query NOT LIKE '%pg_stat_activity%'");
    for (int i = 0; !done && i < 200; ++i) {
      (void)beside->execute(kKill);
      std::this_thread::sleep_for(std::chrono::milliseconds(3 + i % 13));
    }
  });
  std::vector<Result<Stored>> answers;
  for (std::size_t i = 0; i < rooms.size(); i += 6) {
    std::vector<Pending> pending;
    for (std::size_t k = i; k < i + 6; ++k)
      pending.push_back(execute(k % 2 ? *second : *journal, rooms[k], ada, AddMember{bob.id}));
    for (auto& p : pending) answers.push_back(p.get());
  }
  done = true;
  killer.join();
  journal->stop(5s);
  second->stop(5s);

  const auto told = world->replay(bobs());
  expect_gap_free(told);
  std::set<EventId> ids;
  for (const Event& event : told) EXPECT_TRUE(ids.insert(event.id).second);
  std::size_t stored = 0;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    const auto happened = world->replay(rooms[i]);
    const bool member = world->rooms().find_room(rooms[i], bob.id)->role.has_value();
    ASSERT_EQ(happened.size(), member ? 1u : 0u);
    EXPECT_EQ(member ? ids.count(happened[0].id) : 1u, 1u);
    stored += member;
    const Errc answer = code(answers[i]);  // internal: it went well
    EXPECT_TRUE(answer == Errc::outcome_unknown || (answer == Errc::internal) == member) << to_string(answer);
  }
  EXPECT_EQ(stored, told.size());
  EXPECT_GT(stored, 0u);
  const auto both = recorder.of(bobs()).size() + second_recorder.of(bobs()).size();
  EXPECT_LE(both, told.size()) << "nothing is told twice";
}

}  // namespace
}  // namespace chat::contract
