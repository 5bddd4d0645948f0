// ports/stores.hpp's HistoryStore on either database. Deep pages cost what the first costs: an ordinal range.
#pragma once

#include "ports/stores.hpp"
#include "storage/connection_pool.hpp"

namespace chat::storage {

class SqlHistoryStore final : public HistoryStore {
 public:
  explicit SqlHistoryStore(ConnectionPool& readers) : readers_(readers) {}

  Result<HistoryPage> history_page(RoomId room, UserId viewer, std::int64_t page, std::int64_t size) override;
  Result<EventPage> events_after(const FeedKey& feed, Seq after, PageLimit limit) override;
  Result<EventPage> events_before(const FeedKey& feed, Seq before, PageLimit limit) override;
  Result<FeedHead> feed_head(const FeedKey& feed) override;
  Result<Seq> seq_before_last(RoomId room, std::int64_t messages) override;

 private:
  ConnectionPool& readers_;
};

}  // namespace chat::storage
