#include "storage/migrator.hpp"

#include "storage/adoption.hpp"
#include "storage/database_info.hpp"
#include "storage_sql.hpp"

#include <algorithm>
#include <array>

namespace chat::storage {
namespace {

constexpr std::array<Migration, 1> kMigrations{{
    {1, "0001_initial", sql_text::k0001InitialSqliteSql, sql_text::k0001InitialPostgresSql},
}};

constexpr sql::Query kTables{sql_text::kSchemaTablesSqliteSql, sql_text::kSchemaTablesPostgresSql};
constexpr sql::Query kRevision{sql_text::kAlembicRevisionSql};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view text_of(const Migration& migration, const sql::Connection& connection) {
  return connection.dialect() == sql::Dialect::sqlite ? migration.sqlite : migration.postgres;
}

void add_pending(SchemaStatus& status) {
  for (const Migration& migration : kMigrations)
    if (migration.version > status.version) status.pending.emplace_back(migration.name);
}

// Tables, but no database_info: the original's, or a stranger's.
sql::Outcome<void> judge_strangers(sql::Connection& connection, const std::vector<std::string>& tables,
                                   SchemaStatus& status) {
  status.state = SchemaStatus::State::foreign;
  if (!contains(tables, "alembic_version")) {
    status.sentence = "the database holds tables that are not ours (" + joined(tables) + "): use an empty one";
    return {};
  }
  std::vector<std::string> revisions;
  auto read = connection.each(kRevision, {}, [&](const sql::Row& row) { revisions.emplace_back(row.text(0)); });
  if (!read) return read.error();
  if (revisions != std::vector<std::string>{std::string(kAdoptableRevision)}) {
    status.sentence = "the database is at Alembic revision " + (revisions.empty() ? "none" : joined(revisions)) +
                      ", and only " + std::string(kAdoptableRevision) +
                      " can be adopted: run \"alembic upgrade head\" of the original service first";
    return {};
  }
  std::vector<std::string> extra = tables;
  std::erase_if(extra, [](const std::string& table) {
    return table == "users" || table == "rooms" || table == "messages" || table == "alembic_version";
  });
  if (!extra.empty()) {
    status.sentence = "beside the original's tables the database holds others (" + joined(extra) + "): move them away";
    return {};
  }
  auto unlike = unlike_the_original(connection);
  if (!unlike) return unlike.error();
  if (*unlike) {
    status.sentence = "the database says Alembic revision " + std::string(kAdoptableRevision) + ", but its " + **unlike;
    return {};
  }
  status.state = SchemaStatus::State::adoptable;
  add_pending(status);
  status.sentence = "a database of the original service: run \"chatd migrate\" to adopt it";
  return {};
}

// The transaction of a migration: SQLite's keeps everybody else out of the file from its start.
class MigrationTransaction {
 public:
  explicit MigrationTransaction(sql::Connection& connection) : connection_(connection) {}
  ~MigrationTransaction() { connection_.rollback(); }
  sql::Outcome<void> begin() {
    if (connection_.dialect() == sql::Dialect::postgres) return connection_.begin(sql::Access::write);
    // Both are settings outside a transaction only: tables are about to be renamed and filled in any order.
    if (auto set = connection_.script("PRAGMA foreign_keys=OFF; PRAGMA legacy_alter_table=ON"); !set) return set;
    return connection_.script("BEGIN EXCLUSIVE");
  }

 private:
  sql::Connection& connection_;
};

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }
std::int64_t latest_schema_version() { return kMigrations.back().version; }

Error migration_error(const std::string& doing, const sql::Failure& failure) {
  return {sql::to_error(failure).code, doing + ": " + sql::to_string(failure.cause) + ": " + failure.message};
}

Result<SchemaStatus> Migrator::status() {
  SchemaStatus out;
  out.latest = latest_schema_version();
  std::vector<std::string> tables;
  auto listed = connection_.each(kTables, {}, [&](const sql::Row& row) { tables.emplace_back(row.text(0)); });
  if (!listed) return migration_error("listing tables", listed.error());
  if (tables.empty()) {
    add_pending(out);
    out.sentence = "the database is empty";
    return out;
  }
  if (!contains(tables, "database_info")) {
    if (auto judged = judge_strangers(connection_, tables, out); !judged)
      return migration_error("reading the schema", judged.error());
    return out;
  }
  auto row = read_database_row(connection_);
  if (!row) return migration_error("reading database_info", row.error());
  out.version = *row ? (**row).schema_version : 0;
  const std::string at = "the schema is at version " + std::to_string(out.version);
  if (out.version > out.latest) {
    out.state = SchemaStatus::State::newer;
    out.sentence = at + ", and this chatd knows only " + std::to_string(out.latest) + ": run a newer chatd";
  } else if (out.version < out.latest) {
    out.state = SchemaStatus::State::behind;
    add_pending(out);
    out.sentence = at + " of " + std::to_string(out.latest) + ": run \"chatd migrate\"";
  } else {
    out.state = SchemaStatus::State::current;
    out.sentence = at + ", the newest";
  }
  return out;
}

Result<MigrationReport> Migrator::dry_run() {
  auto now = status();
  if (!now) return now.error();
  using State = SchemaStatus::State;
  if (now->state == State::newer || now->state == State::foreign) return Error{Errc::conflict, now->sentence};
  MigrationReport report;
  report.dry_run = true;
  report.applied = now->pending;
  report.version = now->latest;
  if (now->state == State::adoptable) {
    auto counts = inspect_for_adoption(connection_, options_);
    if (!counts) return counts.error();
    report.adoption = *counts;
  }
  return report;
}

// A second migration waits here for the first, as long as for anything else.
Result<void> Migrator::lock() {
  if (connection_.dialect() == sql::Dialect::sqlite) return {};
  const auto locked = connection_.script(
      "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = "
      "'5s';"
      "SELECT pg_advisory_xact_lock(7421, 1);"
      "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0");
  if (locked) return {};
  const auto cause = locked.error().cause;
  if (cause == sql::Cause::busy || cause == sql::Cause::timeout)
    return Error{Errc::conflict, "another migration of this database is running"};
  return migration_error("locking", locked.error());
}

Result<MigrationReport> Migrator::up() {
  using State = SchemaStatus::State;
  MigrationReport report;
  report.version = latest_schema_version();
  if (connection_.dialect() == sql::Dialect::sqlite) {  // a refused file is not even locked
    // One look at one moment: table names from before another's migration and rows from after it are nobody's schema.
    auto look = sql::Transaction::begin(connection_, sql::Access::read);
    if (!look) return migration_error("beginning", look.error());
    const auto before = status();
    if (!before) return before.error();
    if (before->state == State::newer || before->state == State::foreign)
      return Error{Errc::conflict, before->sentence};
    if (before->state == State::current) return report;
  }

  MigrationTransaction transaction(connection_);
  if (auto begun = transaction.begin(); !begun)
    return begun.error().cause == sql::Cause::busy ? blocked_error(connection_)
                                                   : migration_error("beginning", begun.error());
  if (auto locked = lock(); !locked) return locked.error();
  // Only under the lock: tables seen before it may be half of one migration's work, half of another's.
  const auto now = status();
  if (!now) return now.error();
  if (now->state == State::newer || now->state == State::foreign) return Error{Errc::conflict, now->sentence};
  if (now->state == State::current) return report;
  if (auto applied = apply_pending(*now, report); !applied) return applied.error();
  if (auto committed = connection_.commit(); !committed) return migration_error("committing", committed.error());
  // What the planner knows of the new tables; failing, autovacuum tells it later.
  if (report.adoption) (void)connection_.script("ANALYZE");
  if (connection_.dialect() == sql::Dialect::sqlite)
    (void)connection_.script("PRAGMA foreign_keys=ON; PRAGMA legacy_alter_table=OFF");
  return report;
}

Result<void> Migrator::apply_pending(const SchemaStatus& status, MigrationReport& report) {
  for (const Migration& migration : kMigrations) {
    if (migration.version <= status.version) continue;
    const std::string_view text = text_of(migration, connection_);
    if (migration.version == 1 && status.state == SchemaStatus::State::adoptable) {
      auto adopted = adopt(connection_, options_, text);
      if (!adopted) return adopted.error();
      report.adoption = *adopted;
    } else if (auto done = connection_.script(text); !done) {
      return migration_error(std::string(migration.name), done.error());
    }
    if (auto set = write_schema_version(connection_, migration.version); !set)
      return migration_error("setting the version", set.error());
    report.applied.emplace_back(migration.name);
  }
  if (connection_.dialect() == sql::Dialect::postgres)
    if (auto settled = settle_epoch(connection_, false); !settled)
      return migration_error("setting the epoch", settled.error());
  return {};
}

}  // namespace chat::storage
