// ports/stores.hpp's HistoryStore on either database. Deep pages cost what the first costs: an ordinal range.
#pragma once

#include "ports/stores.hpp"
#include "storage/connection_pool.hpp"

namespace chat::storage {

class SqlHistoryStore final : public HistoryStore {
 public:
  explicit SqlHistoryStore(ConnectionPool& readers) : readers_(readers) {}

  Result<HistoryPage> history_page(RoomId room, UserId viewer, std::int64_t page, std::int64_t size) override;
  // A room whose oldest events are gone (first_seq > after + 1) answers no events: the head says so.
  Result<EventPage> events_after(RoomId room, Seq after, PageLimit limit) override;
  Result<Seq> seq_before_last(RoomId room, std::int64_t messages) override;
  Result<RoomHead> room_head(RoomId room) override;

 private:
  ConnectionPool& readers_;
};

}  // namespace chat::storage
