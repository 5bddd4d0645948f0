// ports/stores.hpp's HistoryStore on either database. Deep pages cost what the first costs: an ordinal range.
#pragma once

#include "ports/stores.hpp"
#include "storage/connection_pool.hpp"

namespace chat::storage {

class SqlHistoryStore final : public HistoryStore {
 public:
  explicit SqlHistoryStore(ConnectionPool& readers) : SqlHistoryStore(readers, readers, 1) {}
  // Pages come from `page_readers`, `pages_at_once` of them in one exchange.
  SqlHistoryStore(ConnectionPool& readers, ConnectionPool& page_readers, std::size_t pages_at_once)
      : readers_(readers), page_readers_(page_readers), pages_at_once_(pages_at_once) {}

  Result<HistoryPage> history_page(RoomId room, UserId viewer, std::int64_t page, std::int64_t size) override;
  std::vector<Result<HistoryPage>> history_pages(std::span<const PageRead> reads) override;
  std::size_t pages_at_once() const override { return pages_at_once_; }
  Result<EventPage> events_after(const FeedKey& feed, Seq after, PageLimit limit) override;
  Result<EventPage> events_before(const FeedKey& feed, Seq before, PageLimit limit) override;
  Result<FeedHead> feed_head(const FeedKey& feed) override;
  Result<Seq> seq_before_last(RoomId room, std::int64_t messages) override;

 private:
  ConnectionPool& readers_;
  ConnectionPool& page_readers_;
  const std::size_t pages_at_once_;
};

}  // namespace chat::storage
