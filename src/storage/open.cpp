#include "storage/open.hpp"

#include "storage/postgres/pg_storage.hpp"
#include "storage/sqlite/sqlite_storage.hpp"

namespace chat::storage {

const char* to_string(DatabaseKind kind) noexcept {
  switch (kind) {
    case DatabaseKind::sqlite:
      return "sqlite";
    case DatabaseKind::postgres:
      return "postgres";
    case DatabaseKind::memory:
      return "memory";
  }
  return "";
}

Result<std::unique_ptr<Storage>> open_storage(const DatabaseTarget& target, const StorageOptions& options,
                                              Clock& clock) {
  switch (target.kind) {
    case DatabaseKind::sqlite:
      return open_sqlite_storage(target.path, options, clock);
    case DatabaseKind::postgres:
      return open_pg_storage(target.url, options, clock);
    case DatabaseKind::memory:
      return make_memory_storage(clock);
  }
  return Error{Errc::invalid, "unknown kind of database"};
}

Result<SchemaStatus> schema_status(const DatabaseTarget& target, const StorageOptions& options) {
  switch (target.kind) {
    case DatabaseKind::sqlite:
      return sqlite_schema_status(target.path, options);
    case DatabaseKind::postgres:
      return pg_schema_status(target.url, options);
    case DatabaseKind::memory:
      break;
  }
  return Error{Errc::invalid, "a memory database has no schema"};
}

Result<MigrationReport> migrate(const DatabaseTarget& target, const MigrateOptions& migrate_options, bool dry_run,
                                const StorageOptions& options) {
  switch (target.kind) {
    case DatabaseKind::sqlite:
      return migrate_sqlite(target.path, migrate_options, dry_run, options);
    case DatabaseKind::postgres:
      return migrate_pg(target.url, migrate_options, dry_run, options);
    case DatabaseKind::memory:
      break;
  }
  return Error{Errc::invalid, "a memory database has no schema"};
}

}  // namespace chat::storage
