// Storage on a PostgreSQL database.
#pragma once

#include "storage/open.hpp"

namespace chat::storage {

Result<std::unique_ptr<Storage>> open_pg_storage(const std::string& url, const StorageOptions& options, Clock& clock);
Result<SchemaStatus> pg_schema_status(const std::string& url, const StorageOptions& options);
Result<MigrationReport> migrate_pg(const std::string& url, const MigrateOptions& migrate_options, bool dry_run,
                                   const StorageOptions& options);

}  // namespace chat::storage
