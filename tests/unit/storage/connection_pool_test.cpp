#include "storage/connection_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

namespace chat::storage {
namespace {

using namespace std::chrono_literals;

class NoConnection final : public sql::Connection {
 public:
  explicit NoConnection(std::atomic<bool>& broken) : broken_(broken) {}
  sql::Dialect dialect() const override { return sql::Dialect::postgres; }
  sql::Outcome<std::int64_t> run(const sql::Query&, std::span<const sql::Value>, sql::RowVisitor) override { return 0; }
  sql::Outcome<void> script(std::string_view) override { return {}; }
  sql::Outcome<void> begin(sql::Access) override { return {}; }
  sql::Outcome<void> commit() override { return {}; }
  void rollback() noexcept override {}
  bool in_transaction() const noexcept override { return false; }
  bool broken() const noexcept override { return broken_; }

 private:
  std::atomic<bool>& broken_;
};

class Pool : public testing::Test {
 protected:
  using Opened = sql::Outcome<std::unique_ptr<sql::Connection>>;
  Opened open() {
    ++tries;
    if (throws) throw std::runtime_error("no memory");
    if (refuses) return sql::Failure{sql::Cause::connection_lost, {}, "53300", "too many connections"};
    return std::unique_ptr<sql::Connection>(std::make_unique<NoConnection>(broken));
  }
  std::atomic<bool> throws = false, refuses = false, broken = false;
  std::atomic<int> tries = 0;
  ConnectionPool pool{[this] { return open(); },
                      {.connections = 2, .wait = 5000ms, .first_pause = 1ms, .longest_pause = 2ms}};
};

TEST_F(Pool, KeepsItsPlacesWhenOpeningThrows) {
  throws = true;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(pool.acquire().error().code, Errc::unavailable);
    std::this_thread::sleep_for(3ms);
  }
  throws = false;
  auto one = pool.acquire(), two = pool.acquire();
  EXPECT_TRUE(one.has_value());
  EXPECT_TRUE(two.has_value());
}

TEST_F(Pool, WaitsForTheOthersWhenOneMoreCannotBeHad) {
  auto first = std::make_unique<ConnectionPool::Lease>(pool.acquire().value());
  refuses = true;
  auto second = std::async(std::launch::async, [&] { return pool.acquire().has_value(); });
  for (int i = 0; i < 5000 && tries < 2; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(second.wait_for(20ms), std::future_status::timeout);
  first.reset();
  EXPECT_TRUE(second.get());
  EXPECT_TRUE(pool.acquire().has_value()) << "the database is not away";
}

TEST_F(Pool, IsAwayWhenTheLastOneCannotBeReplaced) {
  auto first = std::make_unique<ConnectionPool::Lease>(pool.acquire().value());
  refuses = broken = true;
  first.reset();
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pool.acquire().error().code, Errc::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1s);
  refuses = broken = false;
  std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(pool.acquire().has_value());
}

TEST_F(Pool, ThrowsAwayWhatBrokeWhileItWasIdle) {
  { auto lease = pool.acquire(); }
  broken = true;
  auto lease = pool.acquire();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(tries, 2);
}

}  // namespace
}  // namespace chat::storage
