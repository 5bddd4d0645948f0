// FeedWriter on one PostgreSQL connection of its own.
//
// A batch is one flight (pg_flight.hpp). What can go wrong is answered as data-model.md says: rooms that somebody else
// holds are left for a flight of their own; equal keys are looked up and the rest sent again; the culprit among bad
// data is found by halving; a commit whose connection was lost is looked up under the rooms' locks before anything is
// sent again; two messages with one number stop the lane.
#pragma once

#include "base/time.hpp"
#include "storage/journal/feed_writer.hpp"
#include "storage/journal/journal_options.hpp"
#include "storage/journal/pg_flight.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace chat::journal {

class PostgresWriter final : public FeedWriter {
 public:
  PostgresWriter(storage::PgWriterSource source, const JournalOptions& options, const Clock& clock);

  Result<void> open() override;
  FlightReport write(std::span<WriteItem> items) override;

 private:
  using Items = std::vector<WriteItem*>;

  void write_command(WriteItem& item);
  void write_messages(std::span<WriteItem> items);
  Items look_first(std::span<WriteItem> items);
  bool look_up(const Items& room_items);
  void after_failed_look_up(const Items& of_room, const sql::Failure& failure);
  void answer_known_keys(const Items& items);
  void send(Items items, int attempt);
  void read_numbers(const PgFlight& flight, const Items& items, Timestamp now);
  void after_failure(const Items& items, const sql::Failure& failure, int attempt);
  void after_duplicate(const Items& items, const sql::Failure& failure, int attempt);
  void after_duplicate_command(WriteItem& item, const sql::Failure& failure);
  void halve(const Items& items, const char* why);
  void leave(const Items& items, Fate fate);
  void fail(const sql::Failure& failure);
  Items without_blocked(const Items& items);
  bool looks_first(const AppendMessage& message);
  void look_first_from_now_on(UserId user);
  sql::Outcome<void> probe();

  storage::PgWriterSource source_;
  const JournalOptions options_;
  const Clock& clock_;
  const std::string lock_wait_;
  std::unique_ptr<sql::PgConnection> db_;
  struct Lookup {
    std::chrono::steady_clock::time_point until;
    UserId user;
  };
  std::unordered_map<UserId, std::chrono::steady_clock::time_point> lookup_until_;
  std::deque<Lookup> lookups_;  // when those above may be over, soonest first
  bool must_probe_ = false;     // the disk failed: see that a write succeeds before saying that all is well

  // Of the write() under way.
  FlightReport report_;
  bool looked_again_ = false;           // the command's duplicate may have been itself, once
  std::unordered_set<RoomId> blocked_;  // something of them stays unsent: so does all that comes after it
};

}  // namespace chat::journal
