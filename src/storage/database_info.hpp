// The one row that names a database's lifetime.
#pragma once

#include "base/result.hpp"
#include "storage/sql_connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chat::storage {

struct DatabaseRow {
  std::string epoch;
  std::int64_t schema_version = 0;
  std::optional<std::string> system_identifier;
  std::optional<std::int64_t> timeline;
};

// None: the table is there but empty, or not there.
sql::Outcome<std::optional<DatabaseRow>> read_database_row(sql::Connection& connection);
// Inserts the row with a new random epoch, or sets its schema version.
sql::Outcome<void> write_schema_version(sql::Connection& connection, std::int64_t version);

// Compares PostgreSQL's (system identifier, timeline) with the stored pair: a restored or promoted server may have lost
// numbers that clients have seen. Changed: a new epoch, unless replication is known to be synchronous. Answers the
// epoch that holds from now on. SQLite's never changes.
sql::Outcome<std::string> settle_epoch(sql::Connection& connection, bool replication_is_synchronous);

// Sentences about settings of this PostgreSQL with which a power cut may lose what was acknowledged.
sql::Outcome<std::vector<std::string>> durability_warnings(sql::Connection& connection);

}  // namespace chat::storage
