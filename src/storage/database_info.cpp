#include "storage/database_info.hpp"

#include "storage_sql.hpp"

namespace chat::storage {
namespace {

constexpr sql::Query kRead{sql_text::kDatabaseInfoSql};
constexpr sql::Query kInsert{sql_text::kDatabaseInfoInsertSql};
constexpr sql::Query kSetVersion{sql_text::kDatabaseInfoVersionSql};
constexpr sql::Query kIdentity{sql_text::kDatabaseIdentityPostgresSql};
constexpr sql::Query kSetEpoch{sql_text::kDatabaseInfoEpochPostgresSql};
constexpr sql::Query kDurability{sql_text::kDurabilitySettingsPostgresSql};

}  // namespace

sql::Outcome<std::optional<DatabaseRow>> read_database_row(sql::Connection& connection) {
  std::optional<DatabaseRow> out;
  auto done = connection.each(kRead, {}, [&](const sql::Row& row) {
    out = DatabaseRow{std::string(row.text(0)), row.integer(1), row.optional_text(2), row.optional_integer(3)};
  });
  if (!done) return done.error();
  return out;
}

sql::Outcome<void> write_schema_version(sql::Connection& connection, std::int64_t version) {
  auto changed = connection.execute(kSetVersion, {version});
  if (changed && *changed == 0) changed = connection.execute(kInsert, {Uuid::v4().hex(), version});
  if (!changed) return changed.error();
  return {};
}

sql::Outcome<std::string> settle_epoch(sql::Connection& connection, bool replication_is_synchronous) {
  auto stored = read_database_row(connection);
  if (!stored) return stored.error();
  if (!*stored) return sql::Failure{sql::Cause::bug, {}, {}, "database_info is empty"};
  const DatabaseRow& row = **stored;
  if (connection.dialect() == sql::Dialect::sqlite) return row.epoch;

  std::optional<std::string> system;
  std::optional<std::int64_t> timeline;
  auto asked = connection.each(kIdentity, {}, [&](const sql::Row& r) {
    system = r.optional_text(0);
    timeline = r.optional_integer(1);
  });
  if (!asked) return asked.error();
  const bool other_system = system && system != row.system_identifier;
  const bool other_timeline = timeline && timeline != row.timeline;
  if (!other_system && !other_timeline) return row.epoch;

  const bool first_time = !row.system_identifier && !row.timeline;
  const bool keep = first_time || replication_is_synchronous;
  const std::string epoch = keep ? row.epoch : Uuid::v4().hex();
  auto changed =
      connection.execute(kSetEpoch, {epoch, system ? system : row.system_identifier, timeline ? timeline : row.timeline,
                                     row.system_identifier, row.timeline});
  if (!changed) return changed.error();
  if (*changed > 0) return epoch;
  stored = read_database_row(connection);  // another node was faster: its epoch holds
  if (!stored) return stored.error();
  return *stored ? (**stored).epoch : epoch;
}

sql::Outcome<std::vector<std::string>> durability_warnings(sql::Connection& connection) {
  std::vector<std::string> out;
  if (connection.dialect() == sql::Dialect::sqlite) return out;
  auto done = connection.each(kDurability, {}, [&](const sql::Row& row) {
    if (row.text(1) != "on")
      out.push_back("PostgreSQL runs with " + std::string(row.text(0)) +
                    " = off: a power cut can lose or damage messages that were acknowledged");
  });
  if (!done) return done.error();
  return out;
}

}  // namespace chat::storage
