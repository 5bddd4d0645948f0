#include "storage/sqlite/sqlite_connection.hpp"

#include "storage/sql_time.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <new>
#include <stdexcept>

namespace chat::sql {
namespace {

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

  bool is_null(int c) const override { return sqlite3_column_type(statement_, c) == SQLITE_NULL; }
  std::int64_t integer(int c) const override {
    if (sqlite3_column_type(statement_, c) != SQLITE_INTEGER) throw std::logic_error("a column is no integer");
    return sqlite3_column_int64(statement_, c);
  }
  bool boolean(int c) const override { return integer(c) != 0; }
  std::string_view text(int c) const override {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, c));
    return {bytes ? bytes : "", static_cast<std::size_t>(sqlite3_column_bytes(statement_, c))};
  }
  Uuid uuid(int c) const override {
    const auto id = Uuid::parse(text(c));
    if (!id) throw std::runtime_error("the database holds an id that is none");
    return *id;
  }
  Timestamp time(int c) const override {
    const auto time = read_time(text(c));
    if (!time) throw std::runtime_error("the database holds a time that is none");
    return *time;
  }

 private:
  sqlite3_stmt* statement_;
};

void write_hex(const Uuid& id, char* out) noexcept {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const std::uint8_t byte : id.bytes) {
    *out++ = kDigits[byte >> 4];
    *out++ = kDigits[byte & 15];
  }
}

Cause cause_of(int extended) noexcept {
  switch (extended & 0xff) {
    case SQLITE_CONSTRAINT:
      return extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
                     extended == SQLITE_CONSTRAINT_ROWID
                 ? Cause::unique
                 : Cause::constraint;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return Cause::busy;
    case SQLITE_INTERRUPT:
      return Cause::timeout;
    case SQLITE_FULL:
      return Cause::disk_full;
    case SQLITE_IOERR:
      return Cause::io_error;
    case SQLITE_CANTOPEN:
      return Cause::connection_lost;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Cause::corrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Cause::read_only;
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return Cause::data;
    default:
      return Cause::bug;
  }
}

Failure failure_of(sqlite3* db, int code) {
  if ((code & 0xff) == SQLITE_NOMEM) throw std::bad_alloc();
  Failure out;
  out.cause = cause_of(code);
  out.code = std::to_string(code);
  out.message = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  return out;
}

constexpr int kStepsBetweenLooks = 10000;  // of the virtual machine: some 0.1 ms

constexpr Query kBeginRead{"BEGIN"};
constexpr Query kBeginWrite{"BEGIN IMMEDIATE"};
constexpr Query kCommit{"COMMIT"};
constexpr Query kRollback{"ROLLBACK"};
constexpr Query kIndexOfColumns{
    "SELECT il.name, il.origin FROM pragma_index_list($1) il WHERE il.\"unique\" = 1 AND $2 = (SELECT group_concat($1 "
    "|| "
    "'.' || ii.name, ', ') FROM (SELECT name FROM pragma_index_info(il.name) ORDER BY seqno) ii)"};

}  // namespace

Outcome<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const SqliteOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });  // its counter is a global lock
  sqlite3* db = nullptr;
  // Readers open for writing too: in WAL a reader may have to make the shared index; query_only keeps it from more.
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (options.create) flags |= SQLITE_OPEN_CREATE;
  const int code =
      sqlite3_open_v2(options.path.c_str(), &db, flags, options.vfs.empty() ? nullptr : options.vfs.c_str());
  auto connection = std::unique_ptr<SqliteConnection>(new SqliteConnection(db));
  if (code != SQLITE_OK) return failure_of(db, code);
  if (auto done = connection->configure(options); !done) return done.error();
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (auto& [text, prepared] : prepared_) sqlite3_finalize(prepared.statement);
  sqlite3_close(db_);
}

Outcome<void> SqliteConnection::configure(const SqliteOptions& options) {
  sqlite3_busy_timeout(db_, static_cast<int>(options.busy_timeout.count()));
  std::string sql = "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;";
  if (options.wal) sql += "PRAGMA journal_mode=WAL;";
  sql += "PRAGMA synchronous=" + options.synchronous + ";";
  sql += "PRAGMA cache_size=-" + std::to_string(options.cache_kib) + ";";
  switch (options.role) {
    case SqliteRole::reader:
      read_limit_ = options.read_limit;
      if (read_limit_.count() > 0) sqlite3_progress_handler(db_, kStepsBetweenLooks, on_progress, this);
      sql += "PRAGMA query_only=ON; PRAGMA mmap_size=" + std::to_string(options.mmap_bytes) + ";";
      break;
    case SqliteRole::writer:  // no sender pays for a checkpoint: the checkpointer's thread does
    case SqliteRole::checkpointer:
      sql += "PRAGMA wal_autocheckpoint=0;";
      break;
  }
  return script(sql);
}

int SqliteConnection::on_progress(void* connection) {
  const auto* self = static_cast<const SqliteConnection*>(connection);
  return self->read_until_ != std::chrono::steady_clock::time_point{} &&
         std::chrono::steady_clock::now() > self->read_until_;
}

void SqliteConnection::map_parameters(Prepared& prepared) {
  // sqlite3 numbers "$2" by first appearance, PostgreSQL by its digits: ours is the latter.
  const int count = sqlite3_bind_parameter_count(prepared.statement);
  for (int i = 1; i <= count; ++i) {
    const char* name = sqlite3_bind_parameter_name(prepared.statement, i);
    const int number = name && *name == '$' ? std::atoi(name + 1) : 0;
    if (number < 1) throw std::logic_error("a parameter is not written $n");
    const auto at = static_cast<std::size_t>(number);
    if (prepared.parameter.size() <= at) prepared.parameter.resize(at + 1);
    prepared.parameter[at] = i;
  }
  prepared.scratch.resize(prepared.parameter.size());
}

Outcome<SqliteConnection::Prepared*> SqliteConnection::prepare(std::string_view text) {
  if (const auto found = prepared_.find(text.data()); found != prepared_.end()) return &found->second;
  Prepared prepared;
  const int code = sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT,
                                      &prepared.statement, nullptr);
  if (code != SQLITE_OK) return failure_of(db_, code);
  if (!prepared.statement) throw std::logic_error("an empty statement");
  map_parameters(prepared);
  return &prepared_.emplace(text.data(), std::move(prepared)).first->second;
}

bool SqliteConnection::bind(Prepared& prepared, std::span<const Value> params) {
  int code = SQLITE_OK;
  for (std::size_t n = 1; n <= params.size() && code == SQLITE_OK; ++n) {
    const int at = n < prepared.parameter.size() ? prepared.parameter[n] : 0;
    if (at == 0) continue;  // this dialect's text does not use it
    const Value& value = params[n - 1];
    sqlite3_stmt* s = prepared.statement;
    if (value.is_null()) {
      code = sqlite3_bind_null(s, at);
      continue;
    }
    char* scratch = prepared.scratch[n].data();
    switch (value.type()) {
      case Value::Type::integer:
      case Value::Type::boolean:
        code = sqlite3_bind_int64(s, at, value.number());
        break;
      case Value::Type::text: {
        // A null pointer would bind NULL: an empty view may have one.
        const char* bytes = value.bytes().data() ? value.bytes().data() : "";
        code = sqlite3_bind_text64(s, at, bytes, value.bytes().size(), SQLITE_STATIC, SQLITE_UTF8);
        break;
      }
      case Value::Type::uuid:
        write_hex(value.uuid(), scratch);
        code = sqlite3_bind_text(s, at, scratch, 32, SQLITE_STATIC);
        break;
      case Value::Type::time:
        write_time(Timestamp{std::chrono::microseconds{value.number()}}, scratch);
        code = sqlite3_bind_text(s, at, scratch, kTimeTextSize, SQLITE_STATIC);
        break;
      case Value::Type::binary:
        throw std::logic_error("binary parameters are PostgreSQL's");
    }
  }
  return code == SQLITE_OK;
}

Outcome<std::int64_t> SqliteConnection::run(const Query& query, std::span<const Value> params, RowVisitor visit) {
  auto found = prepare(query.sqlite);
  if (!found) return found.error();
  Prepared& prepared = **found;
  sqlite3_stmt* statement = prepared.statement;
  if (sqlite3_stmt_busy(statement)) throw std::logic_error("a statement is used inside its own visitor");
  struct Reset {
    sqlite3_stmt* statement;
    ~Reset() { sqlite3_reset(statement); }
  } reset{statement};
  if (!bind(prepared, params)) return failure();
  if (read_limit_.count() > 0 && !in_transaction()) read_until_ = std::chrono::steady_clock::now() + read_limit_;

  const SqliteRow row(statement);
  std::int64_t rows = 0;
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    ++rows;
    if (!visit(row)) return rows;
  }
  if (code != SQLITE_DONE) return failure();
  return sqlite3_stmt_readonly(statement) ? rows : sqlite3_changes64(db_);
}

Outcome<void> SqliteConnection::script(std::string_view sql) {
  const std::string text(sql);
  if (sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

Outcome<void> SqliteConnection::begin(Access access) {
  auto done = execute(access == Access::write ? kBeginWrite : kBeginRead);
  if (!done) return done.error();
  return {};
}

Outcome<void> SqliteConnection::commit() {
  auto done = execute(kCommit);
  if (!done) return done.error();
  return {};
}

void SqliteConnection::rollback() noexcept {
  if (!in_transaction()) return;  // many errors have rolled back already
  try {
    if (!execute(kRollback)) broken_ = true;
  } catch (...) {
    broken_ = true;
  }
}

bool SqliteConnection::in_transaction() const noexcept { return !sqlite3_get_autocommit(db_); }

Outcome<SqliteConnection::Checkpoint> SqliteConnection::checkpoint_passive() {
  Checkpoint out;
  const int code =
      sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &out.log_frames, &out.copied_frames);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return failure();
  return out;
}

Outcome<void> SqliteConnection::checkpoint_truncate() {
  if (sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) != SQLITE_OK)
    return failure();
  return {};
}

Failure SqliteConnection::failure() {
  Failure out = failure_of(db_, sqlite3_extended_errcode(db_));
  // "UNIQUE constraint failed: rooms.name" names columns; callers branch on the index's name, as on PostgreSQL.
  constexpr std::string_view kPrefix = "UNIQUE constraint failed: ";
  if (out.cause == Cause::unique && out.message.starts_with(kPrefix))
    out.constraint = violated_index(std::string_view(out.message).substr(kPrefix.size()));
  return out;
}

std::string SqliteConnection::violated_index(std::string_view columns) {
  const std::string_view table = columns.substr(0, columns.find('.'));
  std::string name;
  auto done = each(kIndexOfColumns, {table, columns}, [&](const Row& row) {
    name = row.text(1) == "pk" ? std::string(table) + "_pk" : std::string(row.text(0));
  });
  return done ? name : std::string(columns);
}

}  // namespace chat::sql
