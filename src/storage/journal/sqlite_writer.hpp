// FeedWriter on the process's one SQLite writer connection: BEGIN IMMEDIATE, probe and insert one by one, COMMIT
// (synchronous=FULL, set by whoever opened the connection).
//
// A full disk refuses nothing for good: what was tried goes back and the lane takes the database for away until a write
// succeeds. An I/O error at COMMIT, or a transaction that cannot be rolled back, ends the process through
// `JournalOptions::fatal`.
#pragma once

#include "base/time.hpp"
#include "storage/journal/feed_writer.hpp"
#include "storage/journal/journal_options.hpp"
#include "storage/sql_connection.hpp"

#include <memory>
#include <span>
#include <unordered_map>

namespace chat::journal {

class SqliteWriter final : public FeedWriter {
 public:
  SqliteWriter(std::unique_ptr<sql::Connection> connection, const JournalOptions& options, const Clock& clock);

  Result<void> open() override;
  FlightReport write(std::span<WriteItem> items) override;
  sql::Connection* connection() override { return db_.get(); }
  bool lends_connection() const override { return true; }

 private:
  struct Head {
    Seq last_seq;
    std::int64_t message_count = 0;
  };
  using Heads = std::unordered_map<RoomId, Head>;  // of the rooms this batch writes to, numbers given included

  sql::Outcome<void> store(WriteItem& item, Heads& heads, Timestamp now);
  sql::Outcome<bool> repeated(WriteItem& item);
  sql::Outcome<void> insert(WriteItem& item, Head& head, Timestamp now);
  sql::Outcome<void> store_all(std::span<WriteItem> items, Timestamp now);
  sql::Outcome<void> carry_out_command(WriteItem& item, Timestamp now);
  FlightReport die(std::span<WriteItem> items, const std::string& reason);
  bool undone();  // no transaction is open any more
  FlightReport failed(std::span<WriteItem> items, const sql::Failure& failure, bool at_commit);

  const std::unique_ptr<sql::Connection> db_;
  const JournalOptions options_;
  const Clock& clock_;
  bool must_probe_ = false;  // the last write failed: see that one succeeds before saying that all is well
  int probe_ = 0;
};

// The default of JournalOptions::fatal.
[[noreturn]] void leave_at_once(const std::string& reason);

}  // namespace chat::journal
