// sql::Connection::run_each: a failure is its own run's alone.
#include "support/storage_fixture.hpp"

#include <thread>

namespace chat::testing {
namespace {

using sql::Cause;
using sql::Query;
using sql::Row;
using sql::Value;

using Sets = std::vector<std::vector<Value>>;

constexpr Query kDivide{"SELECT 10 / $1::bigint"};  // 22012 for 0
constexpr Query kNap{"SELECT $1::bigint FROM (SELECT pg_sleep($1::bigint / 1000.0)) AS slept"};
constexpr Query kTwoRows{"SELECT $1 + 0 AS n UNION ALL SELECT $1 + 1 ORDER BY n",
                         "SELECT n FROM generate_series($1::bigint, $1::bigint + 1) n ORDER BY n"};
constexpr Query kSnapshot{"SELECT count(*) FROM users WHERE $1::bigint > 0 AND pg_sleep(0.3) IS NOT NULL"};

std::unique_ptr<sql::PgConnection> open(const TestDatabase& database, std::chrono::milliseconds timeout = {}) {
  sql::PgOptions options{.url = database.target().url, .role = sql::PgRole::page_reader};
  if (timeout.count() > 0) options.statement_timeout = timeout;
  return take(sql::PgConnection::open(options));
}

class RunEach : public ::testing::TestWithParam<DatabaseKind> {};
INSTANTIATE_TEST_SUITE_P(Every, RunEach, ::testing::ValuesIn(sql_databases()), database_name);

TEST_P(RunEach, RowsComeWithTheirRunAndAVisitorMayEndOne) {
  const TestDatabase database(GetParam());
  const auto connection = database.connect();
  std::vector<std::vector<std::int64_t>> seen(3);
  auto visit = [&](std::size_t which, const Row& row) {
    seen[which].push_back(row.integer(0));
    return which != 1;
  };
  const Sets sets{{10}, {20}, {30}};
  const auto outcomes = connection->run_each(kTwoRows, sets, sql::RowsVisitor(visit));
  ASSERT_EQ(outcomes.size(), 3u);
  for (const auto& outcome : outcomes) EXPECT_TRUE(outcome);
  EXPECT_EQ(seen, (std::vector<std::vector<std::int64_t>>{{10, 11}, {20}, {30, 31}}));
  EXPECT_TRUE(connection->run_each(kTwoRows, {}, sql::RowsVisitor(visit)).empty());
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_FALSE(connection->broken());
}

TEST(PostgresRunEach, AFailureIsItsOwnRunsAlone) {
  if (without_postgres()) GTEST_SKIP();
  const TestDatabase database(DatabaseKind::postgres);
  const auto connection = open(database);
  const Sets sets{{0}, {1}, {2}, {0}, {0}, {5}, {0}};
  for (int round = 0; round < 3; ++round) {
    std::vector<std::int64_t> answers(sets.size(), -1);
    auto visit = [&](std::size_t which, const Row& row) {
      answers[which] = row.integer(0);
      return true;
    };
    const auto outcomes = connection->run_each(kDivide, sets, sql::RowsVisitor(visit));
    ASSERT_EQ(outcomes.size(), sets.size());
    for (const std::size_t failed : {0u, 3u, 4u, 6u}) {
      ASSERT_FALSE(outcomes[failed]);
      EXPECT_EQ(outcomes[failed].error().cause, Cause::data);
      EXPECT_EQ(outcomes[failed].error().code, "22012");
    }
    EXPECT_EQ(answers, (std::vector<std::int64_t>{-1, 10, 5, -1, -1, 2, -1}));
    EXPECT_FALSE(connection->broken());
    EXPECT_FALSE(connection->in_transaction());
  }
  EXPECT_EQ(take(connection->execute(kDivide, {1})), 1);
}

TEST(PostgresRunEach, TheTimeLimitIsOfOneRunNotOfAll) {
  if (without_postgres()) GTEST_SKIP();
  using namespace std::chrono_literals;
  const TestDatabase database(DatabaseKind::postgres);
  const auto connection = open(database, 1000ms);
  auto ignore = [](std::size_t, const Row&) { return true; };
  const Sets sets{{400}, {400}, {400}, {30'000}, {400}};
  const auto outcomes = connection->run_each(kNap, sets, sql::RowsVisitor(ignore));
  for (const std::size_t good : {0u, 1u, 2u, 4u}) EXPECT_TRUE(outcomes[good]) << good;
  ASSERT_FALSE(outcomes[3]);
  EXPECT_EQ(outcomes[3].error().cause, Cause::timeout);
}

TEST(PostgresRunEach, EachRunSeesWhatWasCommittedBeforeIt) {
  if (without_postgres()) GTEST_SKIP();
  const TestDatabase database(DatabaseKind::postgres);
  database.migrate();
  const auto connection = open(database), other = open(database);
  take(
      other->script("INSERT INTO users (id, name, username, username_folded, created_at, token_version, last_seq) "
                    "VALUES (gen_random_uuid(), 'a', 'a', 'a', now(), 0, 0)"));
  std::vector<std::int64_t> counts;
  auto visit = [&](std::size_t, const Row& row) {
    counts.push_back(row.integer(0));
    return true;
  };
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));  // the first of the two has begun, the second not
    (void)other->script(
        "INSERT INTO users (id, name, username, username_folded, created_at, token_version, last_seq) "
        "VALUES (gen_random_uuid(), 'b', 'b', 'b', now(), 0, 0)");
  });
  const Sets sets{{1}, {1}};
  const auto outcomes = connection->run_each(kSnapshot, sets, sql::RowsVisitor(visit));
  writer.join();
  EXPECT_TRUE(outcomes[0] && outcomes[1]);
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[1], 2);
}

TEST(PostgresRunEach, ALostConnectionLeavesTheRestUnansweredAndIsBroken) {
  if (without_postgres()) GTEST_SKIP();
  const TestDatabase database(DatabaseKind::postgres);
  const auto connection = open(database);
  static constexpr Query kDie{
      "SELECT CASE WHEN $1::bigint = 0 THEN pg_terminate_backend(pg_backend_pid()) ELSE true END"};
  std::vector<std::size_t> rows;
  auto visit = [&](std::size_t which, const Row&) {
    rows.push_back(which);
    return true;
  };
  const Sets sets{{1}, {0}, {1}};
  const auto outcomes = connection->run_each(kDie, sets, sql::RowsVisitor(visit));
  ASSERT_EQ(outcomes.size(), 3u);
  ASSERT_FALSE(outcomes[1]);
  ASSERT_FALSE(outcomes[2]);
  EXPECT_EQ(outcomes[1].error().cause, Cause::connection_lost);
  EXPECT_EQ(outcomes[2].error().cause, Cause::connection_lost);
  for (const std::size_t which : rows) EXPECT_EQ(which, 0u);
  EXPECT_TRUE(connection->broken());
}

TEST(PostgresRunEach, AVisitorThatThrowsLeavesNoHalfReadConnection) {
  if (without_postgres()) GTEST_SKIP();
  const TestDatabase database(DatabaseKind::postgres);
  const auto connection = open(database);
  auto visit = [](std::size_t, const Row& row) { return !row.text(0).empty(); };  // it is no text
  const Sets sets{{1}, {2}};
  EXPECT_THROW((void)connection->run_each(kDivide, sets, sql::RowsVisitor(visit)), std::logic_error);
  EXPECT_TRUE(connection->broken());
}

TEST(PostgresRunEach, AStatementThatDoesNotPrepareFailsForAll) {
  if (without_postgres()) GTEST_SKIP();
  const TestDatabase database(DatabaseKind::postgres);
  const auto connection = open(database);
  static constexpr Query kWrong{"SELECT $1::bigint FROM no_such_table"};
  auto ignore = [](std::size_t, const Row&) { return true; };
  const Sets sets{{1}, {2}};
  for (const auto& outcome : connection->run_each(kWrong, sets, sql::RowsVisitor(ignore))) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().cause, Cause::bug);
  }
  EXPECT_FALSE(connection->broken());
}

}  // namespace
}  // namespace chat::testing
