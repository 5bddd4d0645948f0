#include "chat/page_reads.hpp"
#include "support/run.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <condition_variable>
#include <thread>

namespace chat::testing {
namespace {

// Answers the page's number as the total. Batches stop at a gate while it is shut; page 13 does not exist, a batch with
// page 99 throws.
class BatchingStore final : public HistoryStore {
 public:
  explicit BatchingStore(std::size_t at_once) : at_once_(at_once) {}
  std::size_t pages_at_once() const override { return at_once_; }
  Result<HistoryPage> history_page(RoomId, UserId, std::int64_t page, std::int64_t) override {
    if (page == 13) return Error{Errc::room_not_found, "no such room"};
    HistoryPage out;
    out.total_messages = page;
    return out;
  }
  std::vector<Result<HistoryPage>> history_pages(std::span<const PageRead> reads) override {
    {
      std::unique_lock lock(mutex_);
      batches_.push_back(reads.size());
      changed_.notify_all();
      changed_.wait(lock, [&] { return open_; });
    }
    for (const PageRead& read : reads)
      if (read.page == 99) throw std::logic_error("a bug");
    return HistoryStore::history_pages(reads);
  }
  Result<EventPage> events_after(const FeedKey&, Seq, PageLimit) override { return EventPage{}; }
  Result<EventPage> events_before(const FeedKey&, Seq, PageLimit) override { return EventPage{}; }
  Result<FeedHead> feed_head(const FeedKey&) override { return FeedHead{}; }
  Result<Seq> seq_before_last(RoomId, std::int64_t) override { return Seq{}; }
  void shut(bool shut) {
    const std::lock_guard lock(mutex_);
    open_ = !shut;
    changed_.notify_all();
  }
  void wait_for_batches(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return batches_.size() >= count; });
  }
  std::vector<std::size_t> batches() {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

 private:
  const std::size_t at_once_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::vector<std::size_t> batches_;
  bool open_ = true;
};

// Those who ask, all on one loop.
class Readers {
 public:
  explicit Readers(PageReads& pages) : pages_(pages) {}
  void ask(std::int64_t page) {
    boost::asio::co_spawn(loop_, pages_.read({RoomId::make(), UserId::make(), page, 10}),
                          [this, page](std::exception_ptr failure, Result<HistoryPage> got) {
                            EXPECT_FALSE(failure);
                            if (got)
                              EXPECT_EQ(got->total_messages, page);
                            else
                              errors_.emplace_back(page, got.error().code);
                            ++answered_;
                          });
    loop_.restart();
    loop_.poll();
  }
  void finish() {
    loop_.restart();
    loop_.run();
  }
  int answered() const { return answered_; }
  const std::vector<std::pair<std::int64_t, Errc>>& errors() const { return errors_; }

 private:
  PageReads& pages_;
  boost::asio::io_context loop_;
  int answered_ = 0;
  std::vector<std::pair<std::int64_t, Errc>> errors_;
};

using Errors = std::vector<std::pair<std::int64_t, Errc>>;

TEST(PageReads, WhatComesDuringACallSharesTheNextAndErrorsStayApart) {
  BatchingStore store(8);
  BlockingPool pool({.name = "read", .threads = 2});
  PageReads pages(store, pool);
  Readers readers(pages);
  store.shut(true);
  readers.ask(1);
  store.wait_for_batches(1);
  readers.ask(2);
  store.wait_for_batches(2);  // two calls at a time, and no more
  for (std::int64_t page = 10; page < 20; ++page) readers.ask(page);
  store.shut(false);
  readers.finish();
  EXPECT_EQ(readers.answered(), 12);
  EXPECT_EQ(readers.errors(), (Errors{{13, Errc::room_not_found}}));
  auto batches = store.batches();
  std::sort(batches.begin(), batches.end());  // the last two may begin in either order
  EXPECT_EQ(batches, (std::vector<std::size_t>{1, 1, 2, 8}));
  pool.stop();
}

TEST(PageReads, AnIdleServerAsksAtOnceAndAStoreWithoutBatchesIsAskedOneByOne) {
  for (const std::size_t at_once : {1u, 8u}) {
    BatchingStore store(at_once);
    BlockingPool pool({.name = "read"});
    PageReads pages(store, pool);
    for (std::int64_t page = 1; page <= 3; ++page)
      EXPECT_EQ(run(pages.read({RoomId::make(), UserId::make(), page, 10}))->total_messages, page);
    EXPECT_EQ(store.batches(), at_once == 1 ? std::vector<std::size_t>{} : std::vector<std::size_t>(3, 1));
    pool.stop();
  }
}

TEST(PageReads, WhatThrowsIsAnErrorOfItsBatchAndTheNextIsServed) {
  BatchingStore store(8);
  BlockingPool pool({.name = "read"});
  PageReads pages(store, pool);
  EXPECT_EQ(run(pages.read({RoomId::make(), UserId::make(), 99, 10})).error().code, Errc::internal);
  EXPECT_TRUE(run(pages.read({RoomId::make(), UserId::make(), 1, 10})));
  pool.stop();
}

TEST(PageReads, WhatWaitsIsBounded) {
  BatchingStore store(8);
  BlockingPool pool({.name = "read", .threads = 2, .queue_limit = 3});
  PageReads pages(store, pool);
  Readers readers(pages);
  store.shut(true);
  for (std::int64_t page = 1; page <= 2; ++page) {
    readers.ask(page);
    store.wait_for_batches(static_cast<std::size_t>(page));
  }
  for (std::int64_t page = 3; page <= 8; ++page) readers.ask(page);
  EXPECT_EQ(readers.errors(), (Errors{{6, Errc::overloaded}, {7, Errc::overloaded}, {8, Errc::overloaded}}));
  store.shut(false);
  readers.finish();
  EXPECT_EQ(readers.answered(), 8);
  EXPECT_EQ(readers.errors().size(), 3u);
  pool.stop();
}

TEST(PageReads, APoolThatStopsAnswersAllAndThenRefuses) {
  BatchingStore store(2);
  BlockingPool pool({.name = "read", .threads = 1});
  PageReads pages(store, pool);
  Readers readers(pages);
  store.shut(true);
  for (std::int64_t page = 1; page <= 9; ++page) readers.ask(page);
  store.wait_for_batches(1);
  std::thread stopping([&] { pool.stop(); });
  store.shut(false);
  readers.finish();
  stopping.join();
  EXPECT_EQ(readers.answered(), 9);
  EXPECT_TRUE(readers.errors().empty());
  readers.ask(10);
  readers.finish();
  EXPECT_EQ(readers.errors(), (Errors{{10, Errc::overloaded}}));
}

}  // namespace
}  // namespace chat::testing
