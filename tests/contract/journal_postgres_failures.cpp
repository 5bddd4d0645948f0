// PostgreSQL going wrong at the worst moments: nothing doubled, nothing lost, nobody waits for somebody else's lock.
#include "contract/journal_proxy.hpp"
#include "contract/journal_world.hpp"

#include "storage/sql_connection.hpp"

#include <set>
#include <thread>

namespace chat::contract {
namespace {

using namespace std::chrono_literals;

class JournalOnPostgres : public testing::Test {
 protected:
  void SetUp() override {
    if (kinds().back() != Kind::postgres) GTEST_SKIP() << "CHATD_TEST_NO_POSTGRES=1";
    world = World::make(Kind::postgres);
    proxy = std::make_unique<Proxy>(port_of(world->url()));
    ada = world->user("ada");
    room = world->room(ada);
    start();
  }
  void TearDown() override {
    if (journal) journal->stop(5s);
    EXPECT_TRUE(recorder.in_order());
  }
  void start(journal::JournalOptions options = {}) {
    journal = storage::make_postgres_journal(writers_at(with_port(world->url(), proxy->port())), recorder, options);
  }
  std::unique_ptr<sql::PgConnection> session() { return writers_at(world->url())().value(); }
  AppendMessage patient(RoomId where, std::string content) {
    AppendMessage m = text(where, ada, std::move(content));
    m.patient = true;
    return m;
  }
  // Every content once, in the order sent, numbered without gaps, as committed events said.
  void expect_once_each(RoomId where, std::size_t count) {
    const auto events = world->replay(where);
    expect_gap_free(events);
    ASSERT_EQ(events.size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(events[i].message->content, std::to_string(i));
    const auto committed = recorder.of(where);
    ASSERT_EQ(committed.size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(same(committed[i], events[i]));
  }
  // A stream of messages while `disturb` does its worst.
  template <class Disturb>
  void stream(int count, Disturb disturb) {
    std::vector<Pending> pending;
    for (int i = 0; i < count; ++i) {
      disturb(i);
      pending.push_back(append(*journal, patient(room, std::to_string(i))));
      if (i % 3 == 2) pending.back().wait();
    }
    for (auto& p : pending) {
      const auto result = p.get();
      EXPECT_TRUE(result.has_value());
    }
    expect_once_each(room, static_cast<std::size_t>(count));
  }

  Recorder recorder;
  std::unique_ptr<World> world;
  std::unique_ptr<Proxy> proxy;
  std::unique_ptr<Journal> journal;
  Principal ada;
  RoomId room;
};

TEST_F(JournalOnPostgres, FindsWhatWasCommittedWhenTheAnswerWasCutOff) {
  stream(30, [&](int i) {
    if (i % 10 == 5) proxy->set(Proxy::Mode::cut_after_commit);
  });
  EXPECT_GE(proxy->broken(), 3);
}

TEST_F(JournalOnPostgres, SendsAgainWhatNeverReachedTheServer) {
  stream(30, [&](int i) {
    if (i % 10 == 5) proxy->set(Proxy::Mode::cut_before_commit);
  });
  EXPECT_GE(proxy->broken(), 3);
}

TEST_F(JournalOnPostgres, IsNotDoubledByABackendThatCommitsAfterItWasGivenUp) {
  for (const auto delay : {1ms, 5ms, 20ms, 100ms, 300ms}) {
    const auto before = world->replay(room).size();
    proxy->set(Proxy::Mode::late_commit, 1, delay);
    std::vector<Pending> pending;
    for (std::size_t i = 0; i < 4; ++i) pending.push_back(append(*journal, patient(room, std::to_string(before + i))));
    for (auto& p : pending) EXPECT_TRUE(p.get().has_value());
    std::this_thread::sleep_for(delay + 50ms);  // the late one has had its chance
    expect_once_each(room, before + 4);
  }
  EXPECT_EQ(proxy->broken(), 5);
  EXPECT_TRUE(journal->health().writable) << journal->health().reason;
}

TEST_F(JournalOnPostgres, CarriesOutACommandOnceWhoseAnswerWasCutOff) {
  const MessageId id(append(*journal, patient(room, "0")).get().value().id);
  proxy->set(Proxy::Mode::cut_after_commit);
  EXPECT_EQ(execute(*journal, room, ada, EditMessage{id, "edited", {}}).get().value().seq, Seq(2));
  EXPECT_EQ(proxy->broken(), 1);
  proxy->set(Proxy::Mode::cut_before_commit);
  EXPECT_EQ(execute(*journal, room, ada, EditMessage{id, "again", {}}).get().value().seq, Seq(3));
  EXPECT_EQ(proxy->broken(), 2);
  const auto events = world->replay(room), committed = recorder.of(room);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_TRUE(same(events[1], committed[1]));
  EXPECT_TRUE(same(events[2], committed[2]));
}

// A stalled disk, a standby that is gone: the server has the COMMIT and says nothing, and the connection stands.
TEST_F(JournalOnPostgres, GivesUpACommitThatIsNeverAnsweredAndLooksItUp) {
  const auto writers = writers_at(with_port(world->url(), proxy->port()), 300ms);
  journal->stop(1s);
  journal = storage::make_postgres_journal(writers, recorder, {});
  stream(12, [&](int i) {
    if (i == 6) proxy->set(Proxy::Mode::stall);
  });
  EXPECT_EQ(proxy->broken(), 1);
  proxy->set(Proxy::Mode::stall);
  const auto events = world->replay(room);
  auto edit = execute(*journal, room, ada, EditMessage{MessageId(events[0].id.value), "edited", {}});
  ASSERT_EQ(edit.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(edit.get().value().seq, Seq(13));
  EXPECT_EQ(proxy->broken(), 2);
}

TEST_F(JournalOnPostgres, StopsInTimeAlthoughACommitIsNeverAnswered) {
  const auto writers = writers_at(with_port(world->url(), proxy->port()), 500ms);
  journal->stop(1s);
  journal = storage::make_postgres_journal(writers, recorder, {});
  proxy->set(Proxy::Mode::stall, 100);
  auto lost = append(*journal, text(room, ada, "m"));
  for (int i = 0; i < 1000 && proxy->broken() == 0; ++i) std::this_thread::sleep_for(1ms);
  const auto begun = std::chrono::steady_clock::now();
  journal->stop(0ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_EQ(code(lost.get()), Errc::outcome_unknown);
}

// The look-up finds nothing, and the lost backend commits just before the message is sent again.
TEST_F(JournalOnPostgres, MeetsALateCommitByItsKey) {
  AppendMessage keyed = patient(room, "0");
  keyed.client_id = "key";
  proxy->set(Proxy::Mode::zombie);
  const Stored stored = append(*journal, keyed).get().value();
  EXPECT_EQ(stored.id, keyed.id.value);
  EXPECT_FALSE(stored.repeated);
  EXPECT_EQ(proxy->broken(), 1);
  expect_once_each(room, 1);
  proxy->set(Proxy::Mode::zombie);
  EXPECT_EQ(append(*journal, patient(room, "1")).get().value().seq, Seq(2));  // by its id
  EXPECT_EQ(proxy->broken(), 2);
  expect_once_each(room, 2);
  EXPECT_TRUE(journal->health().writable) << journal->health().reason;
}

TEST_F(JournalOnPostgres, SendsNothingAgainWhileTheLookUpFailsForAReasonOfTheDatas) {
  EXPECT_TRUE(append(*journal, patient(room, "0")).get().has_value());
  auto other = session();
  ASSERT_TRUE(other
                  ->script("CREATE FUNCTION fails() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' "
                           "USING ERRCODE = '22023'; END $$; ALTER TABLE messages RENAME TO messages_kept;"
                           "CREATE VIEW messages AS SELECT * FROM messages_kept WHERE fails()")
                  .has_value());
  proxy->set(Proxy::Mode::cut_after_commit);
  auto doubtful = append(*journal, patient(room, "1"));
  EXPECT_EQ(doubtful.wait_for(700ms), std::future_status::timeout);
  EXPECT_EQ(proxy->broken(), 1);
  ASSERT_TRUE(other->script("DROP VIEW messages; ALTER TABLE messages_kept RENAME TO messages").has_value());
  EXPECT_EQ(doubtful.get().value().seq, Seq(2));
  expect_once_each(room, 2);
}

TEST_F(JournalOnPostgres, HealsWhenItsPreparedStatementsAreGone) {
  sql::PgConnection* used = nullptr;
  journal->stop(1s);
  journal = storage::make_postgres_journal(
      [&, open = writers_at(world->url())] {
        auto opened = open();
        used = opened->get();
        return opened;
      },
      recorder, {});
  EXPECT_TRUE(append(*journal, patient(room, "0")).get().has_value());
  ASSERT_TRUE(used->script("DEALLOCATE ALL").has_value());
  EXPECT_TRUE(append(*journal, patient(room, "1")).get().has_value());
  ASSERT_TRUE(used->script("DEALLOCATE ALL").has_value());
  const MessageId id(world->replay(room)[0].id.value);
  EXPECT_EQ(execute(*journal, room, ada, SetPin{id, true}).get().value().seq, Seq(3));
  EXPECT_EQ(append(*journal, patient(room, "2")).get().value().seq, Seq(4));
}

TEST_F(JournalOnPostgres, SurvivesItsBackendBeingTerminatedAgainAndAgain) {
  journal->stop(1s);
  journal::JournalOptions options;
  options.reconnect_first = 2ms;  // or the pauses would take most of the test's time
  options.reconnect_last = 20ms;
  start(options);
  std::atomic<bool> done = false;
  std::thread killer([&] {
    auto other = session();
    static constexpr sql::Query kKill(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        "pg_backend_pid() AND query NOT LIKE '%pg_stat_activity%'");
    for (int i = 0; !done && i < 100; ++i) {
      (void)other->execute(kKill);
      std::this_thread::sleep_for(std::chrono::milliseconds(7 + i % 13));
    }
  });
  std::vector<Pending> pending;
  for (int i = 0; i < 300; ++i) {
    pending.push_back(append(*journal, patient(room, std::to_string(i))));
    if (i % 5 == 4) pending.back().wait();
  }
  for (auto& p : pending) {
    const auto result = p.get();
    EXPECT_TRUE(result.has_value());
  }
  done = true;
  killer.join();
  expect_once_each(room, 300);
}

TEST_F(JournalOnPostgres, LetsOthersPassARoomThatSomebodyElseHolds) {
  const RoomId other = world->room(ada);
  EXPECT_TRUE(append(*journal, patient(room, "0")).get().has_value());
  auto holder = session();
  ASSERT_TRUE(holder->script("BEGIN; SELECT * FROM rooms WHERE id = '" + room.str() + "' FOR UPDATE").has_value());
  std::vector<Pending> held, free;
  std::chrono::nanoseconds slowest{0};
  for (int i = 0; i < 20; ++i) {
    held.push_back(append(*journal, patient(room, std::to_string(i + 1))));
    const auto started = std::chrono::steady_clock::now();
    free.push_back(append(*journal, patient(other, std::to_string(i))));
    EXPECT_EQ(free.back().wait_for(3s), std::future_status::ready);
    slowest = std::max<std::chrono::nanoseconds>(slowest, std::chrono::steady_clock::now() - started);
  }
  EXPECT_LT(slowest, 1s) << "nobody waits for a lock of somebody else's";
  EXPECT_EQ(held.front().wait_for(0s), std::future_status::timeout);
  ASSERT_TRUE(holder->script("COMMIT").has_value());
  for (auto& p : held) EXPECT_TRUE(p.get().has_value());
  for (auto& p : free) EXPECT_TRUE(p.get().has_value());
  expect_once_each(room, 21);
  expect_once_each(other, 20);
}

TEST_F(JournalOnPostgres, TwoNodesOnOneHotRoomShareItsNumbers) {
  Recorder second_recorder;
  auto second = world->journal(second_recorder, {});
  std::vector<std::thread> writers;
  std::atomic<int> good = 0;
  for (int w = 0; w < 4; ++w)
    writers.emplace_back([&, w] {
      std::vector<Pending> pending;
      for (int i = 0; i < 150; ++i) pending.push_back(append(w % 2 ? *second : *journal, patient(room, "m")));
      for (auto& p : pending) good += p.get().has_value();
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(good, 600);
  const auto events = world->replay(room);
  EXPECT_EQ(events.size(), 600u);
  expect_gap_free(events);
  EXPECT_EQ(recorder.of(room).size() + second_recorder.of(room).size(), 600u);
  EXPECT_TRUE(second_recorder.in_order());
}

TEST_F(JournalOnPostgres, OneKeyOnTwoNodesIsStoredOnce) {
  Recorder second_recorder;
  auto second = world->journal(second_recorder, {});
  for (int round = 0; round < 20; ++round) {
    AppendMessage m = text(room, ada, "m");
    m.client_id = "key " + std::to_string(round);
    AppendMessage twin = m;
    twin.id = MessageId::make();
    auto a = append(*journal, m), b = append(*second, twin);
    const Stored x = a.get().value(), y = b.get().value();
    EXPECT_EQ(x.id, y.id);
    EXPECT_EQ(x.seq, y.seq);
    EXPECT_NE(x.repeated, y.repeated);
  }
  EXPECT_EQ(world->replay(room).size(), 20u);
}

TEST_F(JournalOnPostgres, KeepsThePatientWhileTheDatabaseIsAwayAndHealsByItself) {
  EXPECT_TRUE(append(*journal, patient(room, "0")).get().has_value());
  proxy->set(Proxy::Mode::down);
  std::vector<Pending> waiting;
  for (int i = 1; i <= 10; ++i) waiting.push_back(append(*journal, patient(room, std::to_string(i))));
  for (int i = 0; i < 1000 && journal->health().writable; ++i) std::this_thread::sleep_for(10ms);
  auto ordinary = append(*journal, text(room, ada, "refused"));
  ASSERT_EQ(ordinary.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(code(ordinary.get()), Errc::unavailable);
  EXPECT_FALSE(journal->health().writable);
  EXPECT_FALSE(journal->health().reason.empty());
  EXPECT_EQ(waiting.front().wait_for(0s), std::future_status::timeout);
  proxy->set(Proxy::Mode::pass);
  for (auto& p : waiting) EXPECT_TRUE(p.get().has_value());
  EXPECT_TRUE(journal->health().writable);
  expect_once_each(room, 11);
}

TEST_F(JournalOnPostgres, StopsTheLaneWhenTwoMessagesClaimOneNumber) {
  EXPECT_TRUE(append(*journal, patient(room, "0")).get().has_value());
  ASSERT_TRUE(session()->script("UPDATE rooms SET last_seq = 0, message_count = 0").has_value());
  EXPECT_EQ(code(append(*journal, patient(room, "1")).get()), Errc::unavailable);
  EXPECT_FALSE(journal->health().writable);
  EXPECT_NE(journal->health().reason.find("messages_"), std::string::npos);
}

TEST_F(JournalOnPostgres, StopsTheLaneWhenTwoChangesClaimOneNumber) {
  const MessageId id(append(*journal, patient(room, "0")).get().value().id);
  EXPECT_EQ(execute(*journal, room, ada, SetPin{id, true}).get().value().seq, Seq(2));
  ASSERT_TRUE(session()->script("UPDATE rooms SET last_seq = 1").has_value());
  EXPECT_EQ(code(execute(*journal, room, ada, SetPin{id, false}).get()), Errc::unavailable);
  EXPECT_FALSE(journal->health().writable);
  EXPECT_NE(journal->health().reason.find("room_events_pk"), std::string::npos) << journal->health().reason;
  EXPECT_EQ(code(append(*journal, patient(room, "1")).get()), Errc::unavailable) << "nobody waits for ever";
}

TEST_F(JournalOnPostgres, TakesACommandThatIsStoredAlreadyForItself) {
  Recorder late_recorder;
  auto late = world->journal(late_recorder, {});
  FeedCommand command;
  command.room_id = room;
  command.actor = ada;
  command.change = SetPin{MessageId(append(*late, patient(room, "0")).get().value().id), true};
  for (Journal* each : {late.get(), journal.get()}) {  // as a lost backend that commits after all, and its successor
    std::promise<Result<Stored>> promise;
    ASSERT_TRUE(each->execute(command, [&](Result<Stored> r) { promise.set_value(std::move(r)); }));
    EXPECT_EQ(promise.get_future().get().value().seq, Seq(2));
    command.change = SetPin{std::get<SetPin>(command.change).message_id, false};
  }
  EXPECT_TRUE(journal->health().writable) << journal->health().reason;
  ASSERT_EQ(recorder.of(room).size(), 1u);
  EXPECT_TRUE(same(recorder.of(room)[0], late_recorder.of(room)[1]));
}

TEST_F(JournalOnPostgres, DoesNotLetAFailedFlightSpoilTheNext) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(code(append(*journal, text(room, ada, std::string("a\0b", 3))).get()), Errc::invalid);
    EXPECT_TRUE(append(*journal, text(room, ada, std::to_string(i))).get().has_value());
  }
  expect_once_each(room, 5);
}

}  // namespace
}  // namespace chat::contract
