// The way into this module: a database by its target, ready to serve.
#pragma once

#include "storage/migrator.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace chat::storage {

struct DatabaseTarget {
  DatabaseKind kind = DatabaseKind::sqlite;
  std::string path;  // sqlite: the file
  std::string url;   // postgres: for libpq
};

struct StorageOptions {
  std::size_t readers = 4;            // connections for reading; as many as threads that read
  std::size_t pg_page_readers = 2;    // PostgreSQL, apart from `readers`: pages of history, ...
  std::size_t pg_pages_at_once = 32;  // ... so many in one exchange
  std::size_t pg_writers = 2;         // PostgreSQL, apart from the journal's: accounts, rooms
  // One process at a time serves or migrates an SQLite file; others are told which. False: the command line's small
  // writes, which wait for SQLite's own lock, 5 s at most.
  bool exclusive = true;
  std::string holder = "chatd serve";        // what the lock file says we are
  std::chrono::milliseconds lock_wait{0};    // for the lock file
  bool migrate = false;                      // SQLite only: bring an empty or older database forward when opening
  bool replication_is_synchronous = false;   // a promoted PostgreSQL has lost nothing: keep the epoch
  std::string sqlite_vfs{};                  // tests of power cuts register their own
  std::string synchronous = "FULL";          // SQLite's; less only for control runs of the crash checker
  std::string pg_synchronous_commit = "on";  // likewise
  std::chrono::milliseconds pg_answer_timeout{15000};  // PgOptions::answer_timeout; migrations have none
  std::int64_t sqlite_mmap_bytes = 256LL << 20;        // readers; 0 with a VFS that must see every read
  std::chrono::milliseconds checkpoint_interval{500};
  std::int64_t checkpoint_urgent_frames = 65536;  // log pages (256 MiB) after which the writer itself lends a hand
};

// Errc::conflict with a sentence: the schema is behind, newer, foreign or to be adopted, or somebody holds the file.
// Errc::unavailable: PostgreSQL cannot be reached.
Result<std::unique_ptr<Storage>> open_storage(const DatabaseTarget& target, const StorageOptions& options = {},
                                              Clock& clock = system_clock());

// Migrations on a database that nobody serves (SQLite: under the lock file).
Result<SchemaStatus> schema_status(const DatabaseTarget& target, const StorageOptions& options = {});
Result<MigrationReport> migrate(const DatabaseTarget& target, const MigrateOptions& migrate_options, bool dry_run,
                                const StorageOptions& options = {});

}  // namespace chat::storage
