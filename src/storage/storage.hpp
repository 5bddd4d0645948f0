// A database with everything that serves from it: stores, journal, health. Made by open_storage (storage/open.hpp).
//
// The journal and this side meet in two functions, implemented in storage/journal/:
//   make_sqlite_journal    takes the process's one writer connection; its lane 0 is also the WriteLane of the stores
//   make_postgres_journal  opens its own writer connections through PgWriterSource, again whenever one is lost
#pragma once

#include "base/time.hpp"
#include "ports/journal.hpp"
#include "ports/stores.hpp"
#include "storage/journal/journal_options.hpp"
#include "storage/postgres/pg_connection.hpp"
#include "storage/write_lane.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace chat::storage {

enum class DatabaseKind : std::uint8_t { sqlite, postgres, memory };
const char* to_string(DatabaseKind kind) noexcept;

struct DatabaseInfo {
  DatabaseKind kind = DatabaseKind::sqlite;
  std::string target;  // a path, or host:port/database: never a password
  // Names the database's lifetime: 1 to 64 letters and digits, the same on every node. A client's position in a feed is
  // (epoch, seq), and of another epoch it says nothing: numbers may have been given a second time since. It changes
  // only when that is possible (a restored or promoted PostgreSQL); of `memory:` each process has its own.
  std::string epoch;
  std::vector<std::string> warnings;  // sentences for the log at start: fsync off, a memory database, ...
};

class Storage {
 public:
  virtual ~Storage() = default;

  virtual UserStore& users() = 0;
  virtual RoomStore& rooms() = 0;
  virtual HistoryStore& history() = 0;

  // Starts the journal's lanes; `sink` outlives stop(). Once. Without it the stores still write (the command line).
  virtual Result<void> start_journal(CommitSink& sink, const journal::JournalOptions& options) = 0;
  virtual Journal& journal() = 0;  // only after start_journal

  // `tell` hears of every epoch after the first: numbers given before may have been lost. It is called on the thread of
  // the writer that found out, before that writer stores anything; it must not block. Set before start_journal. Only
  // PostgreSQL's epoch ever changes while it is open.
  virtual void on_epoch_changed(std::function<void(const std::string& epoch)> tell) { (void)tell; }

  virtual DatabaseInfo info() const = 0;  // thread-safe; the epoch may change when a writer reconnects
  // Is the database there? One small read; blocks as any read. For readiness, together with journal().health().
  virtual Result<void> probe() = 0;

  // Stops the journal (commits what is queued, for at most `drain`), then closes the database. Idempotent.
  virtual void stop(std::chrono::milliseconds drain) = 0;
};

// ---- implemented in storage/journal/ ----

// A Journal whose lane also takes the stores' writes.
struct SqliteJournal {
  std::unique_ptr<Journal> journal;
  WriteLane* lane = nullptr;  // owned by `journal`, valid until it is destroyed; refuses after stop()
};
SqliteJournal make_sqlite_journal(std::unique_ptr<sql::Connection> writer, CommitSink& sink,
                                  const journal::JournalOptions& options, Clock& clock = system_clock());

// Opens a writer connection and settles the epoch on it (blocks for at most the connect time-out); thread-safe.
using PgWriterSource = std::function<sql::Outcome<std::unique_ptr<sql::PgConnection>>()>;
std::unique_ptr<Journal> make_postgres_journal(PgWriterSource writers, CommitSink& sink,
                                               const journal::JournalOptions& options, Clock& clock = system_clock());

// `memory:` (storage/memory/): everything gone with the process; for tests and benchmarks.
std::unique_ptr<Storage> make_memory_storage(Clock& clock = system_clock());

}  // namespace chat::storage
