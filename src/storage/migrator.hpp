// The schema's versions: what a database is at, and the way forward. There is no way back.
#pragma once

#include "base/result.hpp"
#include "storage/sql_connection.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chat::storage {

struct Migration {
  std::int64_t version;
  std::string_view name;  // "0001_initial"
  std::string_view sqlite;
  std::string_view postgres;
};
std::span<const Migration> migrations();
std::int64_t latest_schema_version();

struct SchemaStatus {
  enum class State : std::uint8_t {
    empty,  // no tables at all
    current,
    behind,
    newer,      // made by a newer chatd: refused
    adoptable,  // the original's, at the Alembic revision that we know
    foreign,    // somebody else's tables, or another Alembic revision: refused
  };
  State state = State::empty;
  std::int64_t version = 0;
  std::int64_t latest = 0;
  std::vector<std::string> pending;  // names of migrations that `up` would run
  std::string sentence;              // what it is and what to do, for people
};

// What an adoption found and made; also of a dry run.
struct AdoptionReport {
  std::int64_t users = 0;
  std::int64_t rooms = 0;
  std::int64_t messages = 0;
  std::int64_t messages_without_room = 0;  // kept in one hidden room
  std::int64_t memberships = 0;            // authors and creators
  std::int64_t same_but_for_case = 0;      // accounts whose username another one has in other letters' case
  std::string source_timezone = "UTC";
};

struct MigrationReport {
  bool dry_run = false;
  std::vector<std::string> applied;  // in a dry run: would be
  std::int64_t version = 0;          // after it
  std::optional<AdoptionReport> adoption;
};

struct MigrateOptions {
  std::string source_timezone = "UTC";  // of the naive times in a database of the original
};

// Home: one thread; the connection is a writer's and idle. On SQLite open it with `wal = false`, so that a database
// that is refused stays untouched to the last byte.
class Migrator {
 public:
  explicit Migrator(sql::Connection& connection, MigrateOptions options = {})
      : connection_(connection), options_(std::move(options)) {}

  Result<SchemaStatus> status();
  // What `up` would do; changes nothing and takes no lock.
  Result<MigrationReport> dry_run();
  // Everything in one transaction, under a lock that keeps other migrations out. Errc::conflict with a sentence when
  // the database is refused or somebody is in the way; nothing has changed then.
  Result<MigrationReport> up();

 private:
  Result<void> lock();
  Result<void> apply_pending(const SchemaStatus& status, MigrationReport& report);

  sql::Connection& connection_;
  MigrateOptions options_;
};

// A failure while migrating: the database's own words are wanted there, by whoever runs the command.
Error migration_error(const std::string& doing, const sql::Failure& failure);

}  // namespace chat::storage
