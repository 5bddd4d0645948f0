// Pages read together: each as if it had been asked alone.
#include "support/storage_fixture.hpp"

#include <atomic>
#include <thread>

namespace chat::testing {
namespace {

class HistoryBatchContract : public StoreTest {
 protected:
  HistoryBatchContract() : ada_(add_user("ada@example.com", "Ada")), room_(add_room(ada_, "lobby")) {}

  std::vector<std::string> contents(const HistoryPage& page) {
    std::vector<std::string> out;
    for (const Message& m : page.messages) out.push_back(m.content);
    return out;
  }

  User ada_;
  Room room_;
};
INSTANTIATE_TEST_SUITE_P(Every, HistoryBatchContract, ::testing::ValuesIn(all_databases()), database_name);

TEST_P(HistoryBatchContract, EachPageOfABatchIsAnsweredAsIfAskedAlone) {
  const User eve = add_user("eve@example.com", "Eve");
  const Room secret = add_room(ada_, "secret", RoomKind::private_room);
  for (int i = 1; i <= 5; ++i) say(room_, i % 2 ? ada_ : eve, std::to_string(i));
  say(secret, ada_, "hidden");
  const std::vector<PageRead> reads{{room_.id, ada_.id, 1, 2},       {room_.id, ada_.id, 1, 0},
                                    {secret.id, eve.id, 1, 10},      {room_.id, ada_.id, 3, 2},
                                    {RoomId::make(), ada_.id, 1, 2}, {secret.id, ada_.id, 1, 10},
                                    {room_.id, UserId::make(), 9, 2}};
  const auto pages = history().history_pages(reads);
  ASSERT_EQ(pages.size(), reads.size());
  ASSERT_TRUE(pages[0]);
  EXPECT_EQ(contents(*pages[0]), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(pages[0]->total_messages, 5);
  EXPECT_EQ(pages[0]->messages[0].author_name, "Ada");
  EXPECT_EQ(pages[0]->messages[1].author_name, "Eve");
  EXPECT_EQ(pages[0]->messages[1].author_id, eve.id);
  EXPECT_EQ(pages[1].error().code, Errc::invalid);
  EXPECT_EQ(pages[2].error().code, Errc::forbidden);
  ASSERT_TRUE(pages[3]);
  EXPECT_EQ(contents(*pages[3]), (std::vector<std::string>{"5"}));
  EXPECT_EQ(pages[4].error().code, Errc::room_not_found);
  ASSERT_TRUE(pages[5]);
  EXPECT_EQ(contents(*pages[5]), (std::vector<std::string>{"hidden"}));
  ASSERT_TRUE(pages[6]);
  EXPECT_TRUE(pages[6]->messages.empty());
  EXPECT_EQ(pages[6]->total_messages, 5);
  EXPECT_TRUE(history().history_pages({}).empty());
}

TEST_P(HistoryBatchContract, WhatWasAcknowledgedIsInTheNextBatch) {
  for (int i = 1; i <= 20; ++i) {
    say(room_, ada_, std::to_string(i));
    const std::vector<PageRead> reads(3, {room_.id, ada_.id, i, 1});
    for (const auto& page : history().history_pages(reads)) {
      ASSERT_TRUE(page);
      EXPECT_EQ(contents(*page), (std::vector<std::string>{std::to_string(i)}));
    }
  }
}

TEST_P(HistoryBatchContract, BatchesOfManyThreadsKeepTheirPagesApart) {
  constexpr int kMessages = 40;
  for (int i = 1; i <= kMessages; ++i) say(room_, ada_, std::to_string(i));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 30; ++round) {
        std::vector<PageRead> reads;
        for (int k = 0; k < 8; ++k) reads.push_back({room_.id, ada_.id, (t * 7 + round + k * 5) % kMessages + 1, 1});
        reads.push_back({RoomId::make(), ada_.id, 1, 1});
        const auto pages = history().history_pages(reads);
        for (std::size_t k = 0; k + 1 < reads.size(); ++k)
          if (!pages[k] || contents(*pages[k]) != std::vector<std::string>{std::to_string(reads[k].page)}) ++wrong;
        if (pages.back() || pages.back().error().code != Errc::room_not_found) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

class PostgresHistoryBatch : public HistoryBatchContract {
 protected:
  // Every connection of the storage to its database.
  int end_all_connections() {
    int ended = 0;
    take(database_.connect()->each(sql::Query{"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                              "WHERE datname = current_database() AND pid <> pg_backend_pid()"},
                                   {}, [&](const sql::Row& row) { ended = static_cast<int>(row.integer(0)); }));
    return ended;
  }
};
INSTANTIATE_TEST_SUITE_P(Postgres, PostgresHistoryBatch,
                         ::testing::ValuesIn(without_postgres() ? std::vector<DatabaseKind>{}
                                                                : std::vector{DatabaseKind::postgres}),
                         database_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresHistoryBatch);

TEST_P(PostgresHistoryBatch, AConnectionThatDiedMeanwhileIsReplacedUnseen) {
  say(room_, ada_, "here");
  const std::vector<PageRead> reads(5, {room_.id, ada_.id, 1, 10});
  for (const auto& page : history().history_pages(reads)) ASSERT_TRUE(page);
  EXPECT_GT(end_all_connections(), 0);
  for (const auto& page : history().history_pages(reads)) {
    ASSERT_TRUE(page);
    EXPECT_EQ(contents(*page), (std::vector<std::string>{"here"}));
  }
}

// Whatever the tables looked like when the plan was made: an empty table must not be scanned for ever after.
TEST_P(PostgresHistoryBatch, APlanMadeOnEmptyTablesUsesIndexes) {
  const auto pages = take(sql::PgConnection::open({.url = database_.target().url, .role = sql::PgRole::page_reader}));
  take(pages->script("CREATE TEMP TABLE small (id bigint PRIMARY KEY, part bigint)"));
  take(pages->script("PREPARE q(bigint, bigint) AS SELECT part FROM small WHERE id > $1 AND id <= $2"));
  std::string plan;
  take(pages->each(sql::Query{"EXPLAIN EXECUTE q(1, 2)"}, {},
                   [&](const sql::Row& row) { plan += std::string(row.text(0)) + '\n'; }));
  EXPECT_NE(plan.find("small_pkey"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << plan;
  EXPECT_NE(plan.find("$1"), std::string::npos) << "a plan of these values only: " << plan;
}

}  // namespace
}  // namespace chat::testing
