#include "storage/migrator.hpp"

#include "storage/data_lock.hpp"
#include "storage/database_info.hpp"
#include "support/storage_fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

namespace chat::testing {
namespace {

using storage::SchemaStatus;

class Migrations : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  Migrations() : database_(GetParam()) {}
  TestDatabase database_;
};
INSTANTIATE_TEST_SUITE_P(Every, Migrations, ::testing::ValuesIn(sql_databases()), database_name);

TEST_P(Migrations, BringAnEmptyDatabaseToTheNewestVersionOnce) {
  EXPECT_EQ(take(storage::schema_status(database_.target())).state, SchemaStatus::State::empty);
  EXPECT_EQ(take(storage::migrate(database_.target(), {}, true)).applied, std::vector<std::string>{"0001_initial"});
  EXPECT_EQ(take(storage::schema_status(database_.target())).state, SchemaStatus::State::empty);
  EXPECT_EQ(take(storage::migrate(database_.target(), {}, false)).applied, std::vector<std::string>{"0001_initial"});
  EXPECT_EQ(take(storage::schema_status(database_.target())).state, SchemaStatus::State::current);
  EXPECT_TRUE(take(storage::migrate(database_.target(), {}, false)).applied.empty());
}

TEST_P(Migrations, ServingAnEmptyDatabaseSaysWhatToRun) {
  if (GetParam() == DatabaseKind::sqlite) (void)database_.connect();
  const auto opened = storage::open_storage(database_.target());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::conflict);
  EXPECT_NE(opened.error().message.find("chatd migrate"), std::string::npos) << opened.error().message;
}

TEST_P(Migrations, ANewerSchemaIsRefused) {
  database_.migrate();
  take(database_.connect()->script("UPDATE database_info SET schema_version = 99"));
  EXPECT_EQ(take(storage::schema_status(database_.target())).state, SchemaStatus::State::newer);
  EXPECT_EQ(storage::migrate(database_.target(), {}, false).error().code, Errc::conflict);
  EXPECT_EQ(storage::open_storage(database_.target(), {.migrate = true}).error().code, Errc::conflict);
}

TEST_P(Migrations, EveryDatabaseHasAnEpochOfItsOwn) {
  database_.migrate();
  const std::string epoch = database_.open()->info().epoch;
  EXPECT_EQ(epoch.size(), 32u);
  EXPECT_EQ(database_.open()->info().epoch, epoch);
  TestDatabase other(GetParam());
  other.migrate();
  EXPECT_NE(other.open()->info().epoch, epoch);
}

TEST(PostgresEpoch, ChangesWithTheServerUnlessReplicationIsSynchronous) {
  if (without_postgres()) GTEST_SKIP();
  TestDatabase database(DatabaseKind::postgres);
  database.migrate();
  const std::string epoch = database.open()->info().epoch;
  const auto connection = database.connect();
  take(connection->script("UPDATE database_info SET timeline = timeline + 1"));
  storage::StorageOptions synchronous;
  synchronous.replication_is_synchronous = true;
  EXPECT_EQ(database.open(synchronous)->info().epoch, epoch);
  take(connection->script("UPDATE database_info SET system_identifier = 'another'"));
  const std::string changed = database.open()->info().epoch;
  EXPECT_NE(changed, epoch);
  EXPECT_EQ(database.open()->info().epoch, changed);
}

// A failover that lost commits, seen by the first writer that connects again.
TEST(PostgresEpoch, ChangedAtRunTimeIsToldBeforeAnythingIsStoredInIt) {
  if (without_postgres()) GTEST_SKIP();
  TestDatabase database(DatabaseKind::postgres);
  database.migrate();
  auto storage = database.open();
  RecordingSink sink;
  std::mutex mutex;
  std::vector<std::pair<std::string, std::size_t>> told;  // the epoch, and how much had been committed
  storage->on_epoch_changed([&](const std::string& epoch) {
    const std::lock_guard lock(mutex);
    told.emplace_back(epoch, sink.events().size());
  });
  journal::JournalOptions options;
  options.lanes = 2;
  take(storage->start_journal(sink, options));
  User user;
  user.id = UserId::make();
  user.username = "a@example.com";
  take(storage->users().create_user(user));
  std::vector<RoomId> rooms;
  for (int i = 0; i < 8; ++i) {  // on both lanes
    Room room;
    room.id = RoomId::make();
    room.name = "room " + std::to_string(i);
    room.creator_id = user.id;
    take(storage->rooms().create_room(room));
    rooms.push_back(room.id);
  }
  const auto say = [&](RoomId room) {
    AppendMessage m;
    m.room_id = room;
    m.author = {Principal::Kind::user, user.id, "ada"};
    m.content = "m";
    m.patient = true;
    std::promise<Result<Stored>> promise;
    EXPECT_TRUE(storage->journal().append(m, [&](Result<Stored> r) { promise.set_value(std::move(r)); }));
    return promise.get_future().get().has_value();
  };
  for (const RoomId room : rooms) EXPECT_TRUE(say(room));
  const std::string before = storage->info().epoch;
  const auto server = database.connect();
  take(server->script("UPDATE database_info SET system_identifier = 'of another server'"));
  EXPECT_TRUE(say(rooms[0]));
  EXPECT_TRUE(told.empty()) << "no writer has connected";
  constexpr sql::Query kPids{"",
                             "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND "
                             "pid <> pg_backend_pid() ORDER BY pid"};
  std::vector<std::int64_t> old_pids, pids;
  take(server->each(kPids, {}, [&](const sql::Row& row) { old_pids.push_back(row.integer(0)); }));
  // One lane's backend is cut; the other's, and the readers', still reach the server that was given up.
  take(
      server->script("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
                     "query = 'COMMIT' ORDER BY query_start DESC LIMIT 1"));
  for (const RoomId room : rooms) EXPECT_TRUE(say(room));
  EXPECT_TRUE(storage->probe());
  const std::string now = storage->info().epoch;
  {
    const std::lock_guard lock(mutex);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].second, 9u);
    EXPECT_NE(told[0].first, before);
    EXPECT_EQ(now, told[0].first);
  }
  for (const RoomId room : rooms) EXPECT_TRUE(say(room));
  take(storage->users().list_users(1, std::nullopt));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  take(server->each(kPids, {}, [&](const sql::Row& row) { pids.push_back(row.integer(0)); }));
  storage->stop(std::chrono::seconds(1));
  int kept = 0;
  for (const std::int64_t pid : pids) kept += std::count(old_pids.begin(), old_pids.end(), pid) != 0;
  EXPECT_LE(kept, 1) << "but for the accounts' idle writer, nobody uses a connection of before";
}

TEST(PostgresEncoding, OtherThanUtf8IsRefused) {
  if (without_postgres()) GTEST_SKIP();
  TestDatabase database(DatabaseKind::postgres, "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  const auto status = storage::schema_status(database.target());
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("UTF8"), std::string::npos) << status.error().message;
}

TEST(PostgresAway, IsSaidAtOnceAndHealsByItself) {
  if (without_postgres()) GTEST_SKIP();
  TestDatabase database(DatabaseKind::postgres);
  database.migrate();
  auto storage = database.open();
  take(storage->probe());
  const auto server = take(sql::PgConnection::open({.url = TestDatabase::server_url()}));
  // An idle connection that died is replaced without anybody noticing.
  const std::string kill =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database.name() + "'";
  take(server->script(kill));
  EXPECT_TRUE(storage->probe());
  EXPECT_TRUE(storage->users().list_users(1, std::nullopt));
  User user;
  user.id = UserId::make();
  user.username = "a@example.com";
  take(storage->users().create_user(user));
  take(server->script(kill));
  user.id = UserId::make();
  user.username = "b@example.com";
  EXPECT_TRUE(storage->users().create_user(user));

  take(server->script("ALTER DATABASE " + database.name() + " ALLOW_CONNECTIONS false"));
  take(server->script(kill));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(storage->probe().error().code, Errc::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
  take(server->script("ALTER DATABASE " + database.name() + " ALLOW_CONNECTIONS true"));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!storage->probe() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(storage->probe());
}

TEST(SqliteFile, ASecondServerIsToldWhoHoldsIt) {
  TestDatabase database(DatabaseKind::sqlite);
  database.migrate();
  const auto first = database.open();
  const auto second = storage::open_storage(database.target());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_NE(second.error().message.find("chatd serve (process " + std::to_string(::getpid())), std::string::npos)
      << second.error().message;
  EXPECT_FALSE(storage::migrate(database.target(), {}, false));
  // The command line's small writes go beside it.
  storage::StorageOptions beside;
  beside.exclusive = false;
  User user;
  user.id = UserId::make();
  user.username = "a@example.com";
  EXPECT_TRUE(database.open(beside)->users().create_user(user));
  EXPECT_TRUE(first->users().find_user(user.id));
}

TEST(SqliteFile, ACommandFillsAnEmptyFileAndNeverBringsAnOlderOneForward) {
  TestDatabase database(DatabaseKind::sqlite);
  storage::StorageOptions command;
  command.exclusive = false;
  command.migrate = true;
  command.holder = "chatd user";
  EXPECT_TRUE(database.open(command)->users().list_users(1, std::nullopt));
  take(database.connect()->script("UPDATE database_info SET schema_version = 0"));
  const auto refused = storage::open_storage(database.target(), command);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_NE(refused.error().message.find("run \"chatd migrate\""), std::string::npos) << refused.error().message;
  EXPECT_EQ(take(storage::schema_status(database.target())).version, 0);
}

TEST(SqliteFile, ACommandFillsAnEmptyFileOnlyUnderItsLock) {
  TestDatabase database(DatabaseKind::sqlite);
  (void)database.connect();
  auto held = take(storage::DataLock::take(database.target().path, "chatd serve", std::chrono::milliseconds(0)));
  storage::StorageOptions command;
  command.exclusive = false;
  command.migrate = true;
  auto opening = std::async(std::launch::async, [&] { return storage::open_storage(database.target(), command); });
  EXPECT_EQ(opening.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  { const storage::DataLock released = std::move(held); }
  EXPECT_TRUE(opening.get());
}

TEST(SqliteFile, IsMadeAtStartWhenAsked) {
  TestDatabase database(DatabaseKind::sqlite);
  storage::StorageOptions options;
  options.migrate = true;
  EXPECT_TRUE(database.open(options)->rooms().list_public_rooms());
}

TEST(SqliteFile, TheLogIsCheckpointedByItsOwnThreadAndGoneAfterStop) {
  TestDatabase database(DatabaseKind::sqlite);
  database.migrate();
  storage::StorageOptions options;
  options.checkpoint_interval = std::chrono::milliseconds(5);
  options.checkpoint_urgent_frames = 20;
  const auto storage = database.open(options);
  const std::string log = database.target().path + "-wal";
  struct stat status {};
  for (int i = 0; i < 300; ++i) {
    User user;
    user.id = UserId::make();
    user.username = "u" + std::to_string(i) + "@example.com";
    take(storage->users().create_user(user));
    if (i % 20 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(::stat(log.c_str(), &status), 0);
  EXPECT_LT(status.st_size, 300 * 4 * 4096);  // four pages a commit would be in a log that never started over
  storage->stop(std::chrono::seconds(1));
  EXPECT_TRUE(::stat(log.c_str(), &status) != 0 || status.st_size == 0);
}

}  // namespace
}  // namespace chat::testing
