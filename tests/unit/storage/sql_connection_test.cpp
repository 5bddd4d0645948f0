#include "storage/sql_connection.hpp"

#include "storage/postgres/pg_array.hpp"
#include "storage/sql_time.hpp"
#include "support/storage_fixture.hpp"

#include <thread>

namespace chat::testing {
namespace {

using sql::Access;
using sql::Cause;
using sql::Query;
using sql::Row;
using sql::Value;

class SqlConnection : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  SqlConnection() : database_(GetParam()) {
    database_.migrate();
    connection_ = database_.connect();
  }
  bool postgres() const { return GetParam() == DatabaseKind::postgres; }
  TestDatabase database_;
  std::unique_ptr<sql::Connection> connection_;
};
INSTANTIATE_TEST_SUITE_P(Every, SqlConnection, ::testing::ValuesIn(sql_databases()), database_name);

constexpr Query kInsertUser{
    "INSERT INTO users (id, name, username, username_folded, password, created_at, disabled_at, token_version, "
    "last_seq) "
    "VALUES ($1, $2, $3, $3, $4, $5, NULL, $6, 0)"};
constexpr Query kSelectUser{"SELECT id, name, password, created_at, token_version FROM users WHERE id = $1"};

TEST_P(SqlConnection, ValuesComeBackAsTheyWentIn) {
  const Uuid id = Uuid::v4();
  const Timestamp at = *parse_timestamp("1969-07-20 20:17:40.000001");
  const std::optional<std::string> none;
  EXPECT_EQ(take(connection_->execute(kInsertUser, {id, "", "n", none, at, std::int64_t{-7}})), 1);
  int rows = 0;
  take(connection_->each(kSelectUser, {id}, [&](const Row& row) {
    ++rows;
    EXPECT_EQ(row.uuid(0), id);
    EXPECT_FALSE(row.is_null(1));
    EXPECT_EQ(row.text(1), "");
    EXPECT_TRUE(row.is_null(2));
    EXPECT_EQ(row.time(3), at);
    EXPECT_EQ(row.integer(4), -7);
  }));
  EXPECT_EQ(rows, 1);
}

TEST_P(SqlConnection, AUniqueViolationNamesItsIndex) {
  const Timestamp at{};
  const Uuid id = Uuid::v4();
  take(connection_->execute(kInsertUser, {id, "a", "same", "x", at, 0}));
  const auto name = connection_->execute(kInsertUser, {Uuid::v4(), "a", "same", "x", at, 0});
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().cause, Cause::unique);
  EXPECT_EQ(name.error().constraint, "users_username");
  const auto key = connection_->execute(kInsertUser, {id, "a", "other", "x", at, 0});
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().constraint, "users_pk");
  EXPECT_EQ(sql::to_error(key.error()).message.find("same"), std::string::npos);
}

TEST_P(SqlConnection, IndexesOfSeveralColumnsAreNamedToo) {
  constexpr Query kMessage{
      "INSERT INTO messages (room_id, seq, ordinal, id, kind, user_id, client_id, content, \"timestamp\", created_at) "
      "VALUES ($1, $2, $3, $4, 'text', $5, $6, 'x', $7, $7)"};
  const Uuid room = Uuid::v4(), id = Uuid::v4(), user = Uuid::v4();
  const Timestamp at{};
  take(connection_->execute(kMessage, {room, 1, 1, id, user, "k", at}));
  const auto violated = [&](std::int64_t seq, std::int64_t ordinal, const Uuid& message, const char* client) {
    auto done = connection_->execute(kMessage, {room, seq, ordinal, message, user, client, at});
    return done ? std::string("none") : done.error().constraint;
  };
  EXPECT_EQ(violated(1, 2, Uuid::v4(), "k2"), "messages_pk");
  EXPECT_EQ(violated(2, 1, Uuid::v4(), "k2"), "messages_ordinal");
  EXPECT_EQ(violated(2, 2, id, "k2"), "messages_id");
  EXPECT_EQ(violated(2, 2, Uuid::v4(), "k"), "messages_client_id");
  EXPECT_EQ(violated(2, 2, Uuid::v4(), "k2"), "none");
}

TEST_P(SqlConnection, WhatIsNotCommittedIsGone) {
  const Uuid id = Uuid::v4();
  {
    auto transaction = take(sql::Transaction::begin(*connection_, Access::write));
    take(connection_->execute(kInsertUser, {id, "a", "n", "x", Timestamp{}, 0}));
    EXPECT_TRUE(connection_->in_transaction());
  }
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(take(connection_->each(kSelectUser, {id}, [](const Row&) {})), 0);
}

TEST_P(SqlConnection, AVisitorMayStopEarlyAndTheStatementServesAgain) {
  for (int i = 0; i < 5; ++i)
    take(connection_->execute(kInsertUser, {Uuid::v4(), "a", "n" + std::to_string(i), "x", Timestamp{}, 0}));
  constexpr Query kAll{"SELECT id FROM users ORDER BY id"};
  for (int round = 0; round < 2; ++round) {
    int seen = 0;
    take(connection_->each(kAll, {}, [&](const Row&) { return ++seen < 3; }));
    EXPECT_EQ(seen, 3);
  }
}

TEST_P(SqlConnection, AStatementOnNoTableIsABugNotAnOutage) {
  constexpr Query kNone{"SELECT 1 FROM nowhere"};
  const auto done = connection_->execute(kNone);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().cause, Cause::bug);
  EXPECT_EQ(sql::to_error(done.error()).code, Errc::internal);
}

TEST(PostgresConnection, ACommitOfAFailedTransactionFails) {
  if (without_postgres()) GTEST_SKIP();
  TestDatabase database(DatabaseKind::postgres);
  const auto connection = database.connect();
  auto transaction = take(sql::Transaction::begin(*connection, Access::write));
  EXPECT_FALSE(connection->script("SELECT 1/0"));
  EXPECT_FALSE(transaction.commit());
  EXPECT_FALSE(connection->in_transaction());
}

TEST(PostgresConnection, NeverQuotesAUrlThatItCannotRead) {
  for (const std::string url :
       {"postgresql://user:s%zzcret@127.0.0.1:1/db", "postgresql://user:secret@127.0.0.1:1/db?x%=y",
        "postgresql://user:secret@127.0.0.1:1/db?nonsense=secret"}) {
    const auto opened = sql::PgConnection::open({.url = url});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().message.find("cret"), std::string::npos) << opened.error().message;
    EXPECT_NE(opened.error().message.find("DATABASE_URL"), std::string::npos) << opened.error().message;
    EXPECT_EQ(sql::describe_target(url), "the database");
  }
}

TEST(PostgresConnection, KeepsTheUrlsOptionsBesideItsOwn) {
  if (without_postgres()) GTEST_SKIP();
  TestDatabase database(DatabaseKind::postgres);
  const std::string& url = database.target().url;
  const std::string mark = url.find('?') == url.npos ? "?" : "&";
  auto connection = take(sql::PgConnection::open(
      {.url = url + mark + "options=-c%20search_path%3Delsewhere%20-c%20synchronous_commit%3Doff",
       .role = sql::PgRole::writer}));
  std::string path, commit;
  constexpr Query kShow{"SELECT current_setting('search_path'), current_setting('synchronous_commit')"};
  take(connection->each(kShow, {}, [&](const Row& row) {
    path = row.text(0);
    commit = row.text(1);
  }));
  EXPECT_EQ(path, "elsewhere");
  EXPECT_EQ(commit, "on");
}

TEST(PostgresConnection, GivesUpAServerThatDoesNotAnswer) {
  if (without_postgres()) GTEST_SKIP();
  TestDatabase database(DatabaseKind::postgres);
  auto connection =
      take(sql::PgConnection::open({.url = database.target().url, .answer_timeout = std::chrono::milliseconds(100)}));
  const auto begun = std::chrono::steady_clock::now();
  const auto slept = connection->script("SELECT pg_sleep(8)");
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().cause, Cause::connection_lost);
  EXPECT_TRUE(connection->broken());
  connection->rollback();
  connection.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));
}

TEST(PostgresConnection, ClassifiesLocksDataAndLosses) {
  if (without_postgres()) GTEST_SKIP();
  TestDatabase database(DatabaseKind::postgres);
  database.migrate();
  const auto one = database.connect(), two = database.connect();
  take(one->script("BEGIN; LOCK TABLE users"));
  take(two->script("SET lock_timeout = 50"));
  constexpr Query kCount{"SELECT count(*) FROM users"};
  EXPECT_EQ(two->execute(kCount).error().cause, Cause::busy);
  EXPECT_EQ(two->script("SELECT 1/0").error().cause, Cause::data);
  take(two->script("SET statement_timeout = 50"));
  EXPECT_EQ(two->script("SELECT pg_sleep(5)").error().cause, Cause::timeout);
  take(two->script("SET statement_timeout = 0"));
  EXPECT_EQ(one->script("SELECT pg_terminate_backend(pg_backend_pid())").error().cause, Cause::connection_lost);
  EXPECT_TRUE(one->broken());
  EXPECT_FALSE(two->broken());
}

TEST(PostgresConnection, TakesArraysInBinary) {
  if (without_postgres()) GTEST_SKIP();
  TestDatabase database(DatabaseKind::postgres);
  const auto connection = database.connect();
  auto ids = sql::PgArray::of_uuids(), numbers = sql::PgArray::of_integers(), texts = sql::PgArray::of_texts(),
       times = sql::PgArray::of_times();
  const Uuid id = Uuid::v7();
  const Timestamp at = *parse_timestamp("2026-11-23 01:02:03.000004");
  ids.add(id);
  ids.add_null();
  numbers.add(std::int64_t{-5'000'000'000});
  numbers.add(std::int64_t{1});
  texts.add(std::string_view("it's {\"},\\"));
  texts.add(std::optional<std::string>());
  times.add(at);
  times.add(Timestamp{});
  constexpr Query kUnnest{"", "SELECT * FROM unnest($1, $2, $3, $4)"};
  int rows = 0;
  take(connection->each(kUnnest, {ids.value(), numbers.value(), texts.value(), times.value()}, [&](const Row& row) {
    if (rows++ > 0) {
      EXPECT_TRUE(row.is_null(0));
      EXPECT_TRUE(row.is_null(2));
      EXPECT_EQ(row.time(3), Timestamp{});
      return;
    }
    EXPECT_EQ(row.uuid(0), id);
    EXPECT_EQ(row.integer(1), -5'000'000'000);
    EXPECT_EQ(row.text(2), "it's {\"},\\");
    EXPECT_EQ(row.time(3), at);
  }));
  EXPECT_EQ(rows, 2);
}

TEST(SqliteConnection, ASecondWriterWaitsAndThenIsBusy) {
  TestDatabase database(DatabaseKind::sqlite);
  database.migrate();
  auto one = database.connect();
  auto two = take(
      sql::SqliteConnection::open({.path = database.target().path, .busy_timeout = std::chrono::milliseconds(30)}));
  auto held = take(sql::Transaction::begin(*one, Access::write));
  const auto refused = two->begin(Access::write);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, Cause::busy);
  EXPECT_EQ(sql::to_error(refused.error()).code, Errc::unavailable);
}

TEST(SqliteConnection, AReaderCannotWrite) {
  TestDatabase database(DatabaseKind::sqlite);
  database.migrate();
  auto reader = take(sql::SqliteConnection::open({.path = database.target().path, .role = sql::SqliteRole::reader}));
  EXPECT_EQ(reader->script("UPDATE database_info SET epoch = 'x'").error().cause, Cause::read_only);
}

TEST(SqliteConnection, AReadEndsWithinItsLimit) {
  TestDatabase database(DatabaseKind::sqlite);
  database.migrate();
  auto reader = take(sql::SqliteConnection::open(
      {.path = database.target().path, .role = sql::SqliteRole::reader, .read_limit = std::chrono::milliseconds(50)}));
  constexpr Query kEndless{"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"};
  constexpr Query kShort{"SELECT epoch FROM database_info"};
  const auto begun = std::chrono::steady_clock::now();
  const auto done = reader->execute(kEndless);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().cause, Cause::timeout);
  EXPECT_EQ(sql::to_error(done.error()).code, Errc::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_TRUE(reader->execute(kShort)) << "the next has a limit of its own";
  take(reader->begin(Access::read));
  EXPECT_TRUE(reader->execute(kShort));
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  const auto late = reader->execute(kEndless);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().cause, Cause::timeout);
  reader->rollback();
  EXPECT_FALSE(reader->broken());
  EXPECT_TRUE(reader->execute(kShort));
}

TEST(SqliteConnection, TheWriterSyncsEveryCommitAndNeverCheckpoints) {
  TestDatabase database(DatabaseKind::sqlite);
  database.migrate();
  auto writer = take(sql::SqliteConnection::open({.path = database.target().path}));
  const auto pragma = [&](const Query& query) {
    std::string out;
    take(writer->each(query, {}, [&](const Row& row) { out = row.text(0); }));
    return out;
  };
  EXPECT_EQ(pragma(Query("PRAGMA journal_mode")), "wal");
  EXPECT_EQ(pragma(Query("PRAGMA synchronous")), "2");
  EXPECT_EQ(pragma(Query("PRAGMA wal_autocheckpoint")), "0");
}

TEST(SqlTime, TextHasOneWidthAndSortsAsTimeDoes) {
  const Timestamp early = *parse_timestamp("2024-02-29 23:59:59.000001"),
                  late = *parse_timestamp("2024-03-01 00:00:00");
  EXPECT_EQ(sql::time_text(early), "2024-02-29 23:59:59.000001");
  EXPECT_LT(sql::time_text(early), sql::time_text(late));
  EXPECT_EQ(sql::read_time(sql::time_text(early)), early);
  EXPECT_EQ(sql::read_time("2024-02-29 23:59:59"), *parse_timestamp("2024-02-29 23:59:59"));
  for (const char* bad : {"2023-02-29 00:00:00.000000", "2024-02-29 24:00:00.000000", "2024-02-2x 00:00:00.000000", ""})
    EXPECT_EQ(sql::read_time(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace chat::testing
