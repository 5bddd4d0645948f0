// A disk that is full, and one that fails at the commit.
#include "contract/journal_world.hpp"

#include "storage/journal/lane_journal.hpp"
#include "storage/journal/sqlite_writer.hpp"
#include "storage/migrator.hpp"
#include "storage/sqlite/sqlite_connection.hpp"

#include <atomic>
#include <filesystem>
#include <thread>

namespace chat::contract {
namespace {

using namespace std::chrono_literals;

// A real connection that fails when told to.
class FailingConnection final : public sql::Connection {
 public:
  explicit FailingConnection(std::unique_ptr<sql::Connection> inner, std::atomic<sql::Cause>& commit_fails,
                             std::atomic<bool>& armed, std::atomic<bool>& stuck)
      : inner_(std::move(inner)), cause_(commit_fails), armed_(armed), stuck_(stuck) {}
  sql::Dialect dialect() const override { return inner_->dialect(); }
  sql::Outcome<std::int64_t> run(const sql::Query& q, std::span<const sql::Value> p, sql::RowVisitor v) override {
    return inner_->run(q, p, v);
  }
  sql::Outcome<void> script(std::string_view sql) override { return inner_->script(sql); }
  sql::Outcome<void> begin(sql::Access access) override { return inner_->begin(access); }
  sql::Outcome<void> commit() override {
    if (stuck_) return sql::Failure{sql::Cause::disk_full, {}, "13", "database or disk is full"};
    if (!armed_) return inner_->commit();
    return sql::Failure{cause_, {}, "1034", "disk I/O error"};
  }
  void rollback() noexcept override {
    if (!stuck_) inner_->rollback();
  }
  bool in_transaction() const noexcept override { return inner_->in_transaction(); }
  bool broken() const noexcept override { return inner_->broken(); }

 private:
  std::unique_ptr<sql::Connection> inner_;
  std::atomic<sql::Cause>& cause_;
  std::atomic<bool>& armed_;
  std::atomic<bool>& stuck_;  // neither commits nor rolls back
};

class JournalOnSqlite : public testing::Test {
 protected:
  void start() {
    journal::JournalOptions options;
    options.reconnect_last = 50ms;
    options.fatal = [this](const std::string& why) {
      std::lock_guard lock(fatal_mutex);
      fatal = why;
    };
    std::string pattern = (std::filesystem::temp_directory_path() / "chatd-journal-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    sql::SqliteOptions file;
    file.path = (folder / "chat.db").string();
    file.create = true;
    auto connection = sql::SqliteConnection::open(file).value();
    ASSERT_TRUE(storage::Migrator(*connection).up().has_value());
    ASSERT_TRUE(connection
                    ->script("INSERT INTO users (id, name, username, username_folded, created_at, token_version, "
                             "last_seq) VALUES ('" +
                             ada.id.value.hex() +
                             "', 'ada', 'a', 'a', '2026-01-01 00:00:00.000000', 0, 0);"
                             "INSERT INTO rooms (id, creator_id, created_at, kind, hidden, last_seq, first_seq, "
                             "message_count) VALUES ('" +
                             room.value.hex() + "', '" + ada.id.value.hex() +
                             "', '2026-01-01 00:00:00.000000', 'public', 0, 0, 1, 0)")
                    .has_value());
    std::vector<std::unique_ptr<journal::FeedWriter>> writers;
    writers.push_back(std::make_unique<journal::SqliteWriter>(
        std::make_unique<FailingConnection>(std::move(connection), cause, armed, stuck), options, system_clock()));
    lanes = std::make_unique<journal::LaneJournal>(options, std::move(writers), recorder, system_clock());
  }
  void SetUp() override { start(); }
  ~JournalOnSqlite() override {
    lanes.reset();
    std::filesystem::remove_all(folder);
  }
  // On the lane's own connection.
  void script(const std::string& sql) {
    EXPECT_TRUE(lanes
                    ->run([&](sql::Connection& c) -> Result<void> {
                      auto done = c.script(sql);
                      if (!done) return sql::to_error(done.error());
                      return {};
                    })
                    .has_value());
  }
  std::int64_t stored() {
    std::int64_t n = -1;
    static constexpr sql::Query kCount("SELECT count(*) FROM messages");
    EXPECT_TRUE(lanes
                    ->run([&](sql::Connection& c) -> Result<void> {
                      (void)c.each(kCount, {}, [&](const sql::Row& row) { n = row.integer(0); });
                      return {};
                    })
                    .has_value());
    return n;
  }
  void heals_from(sql::Cause failure) {
    cause = failure;
    armed = true;
    AppendMessage m = text(room, ada, "patient");
    m.patient = true;
    auto patient = append(*lanes, m);
    for (int i = 0; i < 1000 && lanes->health().reason.empty(); ++i) std::this_thread::sleep_for(1ms);
    auto ordinary = append(*lanes, text(room, ada, "ordinary"));
    EXPECT_EQ(code(ordinary.get()), Errc::unavailable);
    EXPECT_FALSE(lanes->health().writable);
    EXPECT_EQ(patient.wait_for(0s), std::future_status::timeout);
    EXPECT_EQ(stored(), 0);
    armed = false;
    EXPECT_EQ(patient.get().value().seq, Seq(1));
    EXPECT_EQ(append(*lanes, text(room, ada, "after")).get().value().seq, Seq(2));
    EXPECT_EQ(stored(), 2);
    EXPECT_TRUE(lanes->health().writable);
    EXPECT_TRUE(why_fatal().empty());
  }

  Principal ada{Principal::Kind::user, UserId::make(), "ada"};
  RoomId room = RoomId::make();
  std::filesystem::path folder;
  Recorder recorder;
  std::mutex fatal_mutex;
  std::string fatal;
  std::string why_fatal() {
    std::lock_guard lock(fatal_mutex);
    return fatal;
  }
  std::atomic<sql::Cause> cause = sql::Cause::io_error;
  std::atomic<bool> armed = false, stuck = false;
  std::unique_ptr<journal::LaneJournal> lanes;
};

TEST_F(JournalOnSqlite, HealsByItselfWhenTheDiskHasSpaceAgain) { heals_from(sql::Cause::disk_full); }

TEST_F(JournalOnSqlite, AMembershipThatDidNotFitIsInNeitherFeed) {
  const Principal service{Principal::Kind::service, UserId::make(), "provisioning"};
  cause = sql::Cause::disk_full;
  armed = true;
  EXPECT_EQ(code(execute(*lanes, room, service, AddMember{ada.id}).get()), Errc::unavailable);
  EXPECT_EQ(code(execute(*lanes, ada.id, EndSessions{}).get()), Errc::unavailable);
  EXPECT_TRUE(recorder.of(room).empty());
  EXPECT_TRUE(recorder.of(FeedKey::user(ada.id)).empty());
  armed = false;
  for (int i = 0; i < 1000 && !lanes->health().writable; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(execute(*lanes, room, service, AddMember{ada.id}).get().value().seq, Seq(1));
  EXPECT_EQ(execute(*lanes, ada.id, EndSessions{}).get().value().seq, Seq(2));
  const auto told = recorder.of(FeedKey::user(ada.id));
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].seq, Seq(1));
  EXPECT_EQ(told[1].payload, R"({"reason":"revoked","token_version":1})");
}

TEST_F(JournalOnSqlite, RollsBackWhatDidNotFitAndGoesOn) {
  script("PRAGMA max_page_count = 60");  // SQLite's own "disk full", in the middle of a transaction
  bool full = false;
  std::int64_t good = 0;
  for (int i = 0; i < 200 && !full; ++i) {
    auto p = append(*lanes, text(room, ada, std::string(4000, 'x')));
    const auto result = p.get();
    if (result)
      ++good;
    else
      full = result.error().code == Errc::unavailable;
  }
  ASSERT_TRUE(full);
  EXPECT_EQ(stored(), good);
  script("PRAGMA max_page_count = 100000");
  AppendMessage m = text(room, ada, std::string(4000, 'y'));
  m.patient = true;
  EXPECT_EQ(append(*lanes, m).get().value().seq, Seq(good + 1));
  EXPECT_EQ(stored(), good + 1);
}

TEST_F(JournalOnSqlite, EndsTheProcessOnAnIoErrorAtCommit) {
  armed = true;
  AppendMessage m = text(room, ada, "m");
  m.patient = true;
  EXPECT_EQ(code(append(*lanes, m).get()), Errc::outcome_unknown);
  EXPECT_NE(why_fatal().find("I/O error at commit"), std::string::npos);
  armed = false;
  EXPECT_EQ(code(append(*lanes, m).get()), Errc::unavailable) << "nothing more is stored";
  EXPECT_TRUE(recorder.of(room).empty());
}

TEST_F(JournalOnSqlite, EndsTheProcessOnAnIoErrorAtTheCommitOfItsProbe) {
  cause = sql::Cause::disk_full;
  armed = true;
  AppendMessage m = text(room, ada, "m");
  m.patient = true;
  auto patient = append(*lanes, m);
  for (int i = 0; i < 5000 && lanes->health().reason.empty(); ++i) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(why_fatal().empty());
  cause = sql::Cause::io_error;
  for (int i = 0; i < 5000 && why_fatal().empty(); ++i) std::this_thread::sleep_for(1ms);
  EXPECT_NE(why_fatal().find("I/O error at commit"), std::string::npos);
  armed = false;
}

TEST_F(JournalOnSqlite, EndsTheProcessWhenATransactionCannotBeRolledBack) {
  stuck = true;
  AppendMessage m = text(room, ada, "m");
  m.patient = true;
  EXPECT_EQ(code(append(*lanes, m).get()), Errc::outcome_unknown);
  EXPECT_NE(why_fatal().find("cannot be rolled back"), std::string::npos);
  EXPECT_FALSE(lanes->health().writable);
  stuck = false;
}

TEST_F(JournalOnSqlite, RollsBackWhatAnotherWriteLeftOpen) {
  EXPECT_TRUE(lanes
                  ->run([](sql::Connection& c) -> Result<void> {
                    EXPECT_TRUE(c.begin(sql::Access::write).has_value());
                    return {};
                  })
                  .has_value());
  EXPECT_TRUE(append(*lanes, text(room, ada, "m")).get().has_value());
}

TEST_F(JournalOnSqlite, LendsItsConnectionBetweenFlightsToOtherWrites) {
  std::vector<std::thread> others;
  std::atomic<int> ran = 0;
  for (int t = 0; t < 4; ++t)
    others.emplace_back([&] {
      for (int i = 0; i < 10; ++i)
        ran += lanes
                   ->run([&](sql::Connection& c) -> Result<void> {
                     EXPECT_FALSE(c.in_transaction());
                     return {};
                   })
                   .has_value();
    });
  std::vector<Pending> pending;
  for (int i = 0; i < 300; ++i) pending.push_back(append(*lanes, text(room, ada, "m")));
  for (auto& p : pending) EXPECT_TRUE(p.get().has_value());
  for (auto& other : others) other.join();
  EXPECT_EQ(ran, 40);
  EXPECT_EQ(stored(), 300);
  lanes->stop(1s);
  EXPECT_FALSE(lanes->run([](sql::Connection&) -> Result<void> { return {}; }).has_value());
}

}  // namespace
}  // namespace chat::contract
