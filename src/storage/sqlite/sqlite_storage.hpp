// Storage on one SQLite file.
#pragma once

#include "storage/open.hpp"

namespace chat::storage {

Result<std::unique_ptr<Storage>> open_sqlite_storage(const std::string& path, const StorageOptions& options,
                                                     Clock& clock);
Result<SchemaStatus> sqlite_schema_status(const std::string& path, const StorageOptions& options);
Result<MigrationReport> migrate_sqlite(const std::string& path, const MigrateOptions& migrate_options, bool dry_run,
                                       const StorageOptions& options);

}  // namespace chat::storage
