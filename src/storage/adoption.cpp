#include "storage/adoption.hpp"

#include "base/casefold.hpp"
#include "storage/postgres/pg_array.hpp"
#include "storage/sqlite/sqlite_functions.hpp"
#include "storage_sql.hpp"

#include <array>
#include <set>
#include <unordered_map>

namespace chat::storage {
namespace {

using sql::Dialect;
using sql::Query;

constexpr Query kColumns{sql_text::kSchemaColumnsSqliteSql, sql_text::kSchemaColumnsPostgresSql};
constexpr Query kCounts{sql_text::kAdoptCountsSql};
constexpr Query kUsernames{sql_text::kAdoptUsernamesSql};
constexpr Query kSetFolded{sql_text::kAdoptUsernamesSetPostgresSql};
constexpr Query kSourceTimezone{sql_text::kAdoptSourceTimezonePostgresSql};
constexpr Query kBlockers{sql_text::kAdoptBlockersPostgresSql};
constexpr Query kMisnumbered{sql_text::kAdoptMisnumberedSql};
constexpr Query kSumsBefore{sql_text::kAdoptSumsBeforeSqliteSql, sql_text::kAdoptSumsBeforePostgresSql};
constexpr Query kSumsAfter{sql_text::kAdoptSumsAfterSqliteSql, sql_text::kAdoptSumsAfterPostgresSql};

struct TableShape {
  const char* table;
  std::set<std::string> columns;
};

std::string_view pick(const sql::Connection& c, std::string_view sqlite, std::string_view postgres) {
  return c.dialect() == Dialect::sqlite ? sqlite : postgres;
}

// Accounts by id with their folded usernames.
struct Folded {
  std::vector<Uuid> ids;
  std::vector<std::string> names;
  std::int64_t same_but_for_case = 0;
};

sql::Outcome<Folded> fold_usernames(sql::Connection& connection) {
  Folded out;
  std::unordered_map<std::string, std::int64_t> seen;
  auto done = connection.each(kUsernames, {}, [&](const sql::Row& row) {
    out.ids.push_back(row.uuid(0));
    out.names.push_back(casefold(row.text(1)));
    ++seen[out.names.back()];
  });
  if (!done) return done.error();
  for (const auto& [name, count] : seen)
    if (count > 1) out.same_but_for_case += count;
  return out;
}

sql::Outcome<std::vector<std::string>> sums(sql::Connection& connection, const Query& query) {
  std::vector<std::string> out;
  auto done = connection.each(query, {}, [&](const sql::Row& row) {
    out.push_back(std::string(row.text(0)) + ": " + std::to_string(row.integer(1)) + " rows, sum " +
                  std::string(row.text(2)));
  });
  if (!done) return done.error();
  return out;
}

Result<void> run_script(sql::Connection& connection, const char* doing, std::string_view text) {
  if (auto done = connection.script(text); !done) return migration_error(doing, done.error());
  return {};
}

// Waits for all tables together, 5 s at most; SQLite's file is ours since BEGIN EXCLUSIVE.
Result<void> lock_tables(sql::Connection& connection) {
  if (connection.dialect() == Dialect::sqlite) return {};
  const auto locked = connection.script(
      "SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '5s';"
      "LOCK TABLE users, rooms, messages, alembic_version IN ACCESS EXCLUSIVE MODE;"
      "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0");
  if (locked) return {};
  const auto cause = locked.error().cause;
  if (cause == sql::Cause::busy || cause == sql::Cause::timeout) {
    connection.rollback();  // who is in the way can be asked only outside the failed transaction
    return blocked_error(connection);
  }
  return migration_error("locking the tables", locked.error());
}

Result<void> copy(sql::Connection& connection, const Folded& folded, std::string_view initial) {
  using namespace sql_text;
  if (auto done = run_script(connection, "renaming the original's tables",
                             pick(connection, kAdoptRenameSqliteSql, kAdoptRenamePostgresSql));
      !done)
    return done;
  if (auto done = run_script(connection, "making the tables", initial); !done) return done;
  if (connection.dialect() == Dialect::postgres) {
    sql::PgArray ids = sql::PgArray::of_uuids(), names = sql::PgArray::of_texts();
    for (const Uuid& id : folded.ids) ids.add(id);
    for (const std::string& name : folded.names) names.add(std::string_view(name));
    if (auto done = connection.execute(kSetFolded, {ids.value(), names.value()}); !done)
      return migration_error("folding usernames", done.error());
  }
  return run_script(connection, "copying", pick(connection, kAdoptCopySqliteSql, kAdoptCopyPostgresSql));
}

Result<void> compare(sql::Connection& connection) {
  const auto before = sums(connection, kSumsBefore);
  if (!before) return migration_error("reading the original's rows", before.error());
  const auto after = sums(connection, kSumsAfter);
  if (!after) return migration_error("reading the copied rows", after.error());
  for (std::size_t i = 0; i < before->size(); ++i)
    if ((*before)[i] != after->at(i))
      return Error{Errc::conflict, "the copy differs from the original (" + (*before)[i] + "; now " + after->at(i) +
                                       "); nothing was changed"};
  std::int64_t wrong = 0;
  auto counted = connection.each(kMisnumbered, {}, [&](const sql::Row& row) { wrong = row.integer(0); });
  if (!counted) return migration_error("checking the numbers", counted.error());
  if (wrong > 0) return Error{Errc::conflict, "the copy is numbered wrongly; nothing was changed"};
  return {};
}

}  // namespace

sql::Outcome<std::optional<std::string>> unlike_the_original(sql::Connection& connection) {
  static const std::array<TableShape, 3> kShapes{{
      {"users", {"id", "name", "username", "password", "created_at"}},
      {"rooms", {"id", "name", "description", "created_at", "creator_id"}},
      {"messages", {"id", "content", "timestamp", "created_at", "room_id", "user_id"}},
  }};
  for (const TableShape& shape : kShapes) {
    std::set<std::string> columns;
    auto done = connection.each(kColumns, {shape.table}, [&](const sql::Row& row) { columns.emplace(row.text(0)); });
    if (!done) return done.error();
    if (columns != shape.columns)
      return std::optional<std::string>("table " + std::string(shape.table) + " has other columns");
  }
  return std::optional<std::string>();
}

Result<AdoptionReport> inspect_for_adoption(sql::Connection& connection, const MigrateOptions& options) {
  if (connection.dialect() == Dialect::sqlite)
    if (auto zone = TimeZone::load(options.source_timezone); !zone) return zone.error();
  if (connection.dialect() == Dialect::postgres) {
    bool found = false;
    const auto known =
        connection.each(kSourceTimezone, {options.source_timezone}, [&](const sql::Row&) { found = true; });
    if (!known) return migration_error("setting the time zone", known.error());
    if (!found) return Error{Errc::invalid, "there is no time zone \"" + options.source_timezone + "\""};
  }
  AdoptionReport report;
  report.source_timezone = options.source_timezone;
  std::int64_t nobodys = 0;
  auto counted = connection.each(kCounts, {}, [&](const sql::Row& row) {
    report.users = row.integer(0);
    report.rooms = row.integer(1);
    report.messages = row.integer(2);
    report.messages_without_room = row.integer(3);
    nobodys = row.integer(4);
    report.memberships = row.integer(5);
  });
  if (!counted) return migration_error("counting", counted.error());
  if (nobodys > 0)
    return Error{Errc::conflict, std::to_string(nobodys) +
                                     " messages or rooms belong to users that are not in the table users; "
                                     "restore these users, or delete what is theirs, then migrate again"};
  auto folded = fold_usernames(connection);
  if (!folded) return migration_error("reading usernames", folded.error());
  report.same_but_for_case = folded->same_but_for_case;
  return report;
}

Result<AdoptionReport> adopt(sql::Connection& connection, const MigrateOptions& options, std::string_view initial) {
  if (auto locked = lock_tables(connection); !locked) return locked.error();
  auto report = inspect_for_adoption(connection, options);
  if (!report) return report.error();
  TimeZone zone;
  if (connection.dialect() == Dialect::sqlite) {
    zone = *TimeZone::load(options.source_timezone);
    register_adoption_functions(dynamic_cast<sql::SqliteConnection&>(connection), zone);
  }
  auto folded = fold_usernames(connection);
  if (!folded) return migration_error("reading usernames", folded.error());
  if (auto done = copy(connection, *folded, initial); !done) return done.error();
  if (auto done = compare(connection); !done) return done.error();
  using namespace sql_text;
  if (auto done = run_script(connection, "dropping the original's tables",
                             pick(connection, kAdoptDropSqliteSql, kAdoptDropPostgresSql));
      !done)
    return done.error();
  return report;
}

Error blocked_error(sql::Connection& connection) {
  if (connection.dialect() == Dialect::sqlite)
    return {Errc::conflict,
            "another process is using the database file: stop the original service, then migrate again"};
  std::string who = "another client";
  (void)connection.each(kBlockers, {}, [&](const sql::Row& row) {
    const std::string name(row.text(2).empty() ? std::string_view("a client") : row.text(2));
    who = name + " (process " + std::to_string(row.integer(0)) + ", user " + std::string(row.text(1)) + ", from " +
          std::string(row.text(3)) + ", " + std::string(row.text(4)) + ")";
  });
  return {Errc::conflict, who + " holds the tables: stop the original service or end that session, then migrate again"};
}

}  // namespace chat::storage
