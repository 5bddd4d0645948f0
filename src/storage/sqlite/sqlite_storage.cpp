#include "storage/sqlite/sqlite_storage.hpp"

#include "storage/connection_pool.hpp"
#include "storage/data_lock.hpp"
#include "storage/database_info.hpp"
#include "storage/sql_history_store.hpp"
#include "storage/sql_room_store.hpp"
#include "storage/sql_user_store.hpp"
#include "storage/sqlite/checkpointer.hpp"

#include <atomic>
#include <filesystem>

namespace chat::storage {
namespace {

constexpr std::chrono::milliseconds kSmallWriteWait{5000};  // of the command line, for whoever holds the file

sql::SqliteOptions connection_options(const std::string& path, const StorageOptions& options, sql::SqliteRole role) {
  sql::SqliteOptions out;
  out.path = path;
  out.vfs = options.sqlite_vfs;
  out.role = role;
  out.synchronous = options.synchronous;
  out.mmap_bytes = options.sqlite_mmap_bytes;
  return out;
}

Error cannot_open(const std::string& path, const sql::Failure& failure) {
  return {sql::to_error(failure).code, "cannot open " + path + ": " + failure.message};
}

// The stores' way to the writer: direct at first, through the journal's lane once there is one.
class SwitchingLane final : public WriteLane {
 public:
  explicit SwitchingLane(std::unique_ptr<sql::Connection> writer) : direct_(std::move(writer)), current_(&direct_) {}
  Result<void> run(const std::function<Result<void>(sql::Connection&)>& work) override {
    return current_.load()->run(work);
  }
  std::unique_ptr<sql::Connection> take_writer() { return direct_.release(); }
  void switch_to(WriteLane& lane) { current_ = &lane; }

 private:
  DirectWriteLane direct_;
  std::atomic<WriteLane*> current_;
};

class SqliteStorage final : public Storage {
 public:
  SqliteStorage(std::string path, DataLock lock, std::unique_ptr<sql::Connection> writer, std::string epoch,
                StorageOptions options, Clock& clock)
      : path_(std::move(path)),
        options_(std::move(options)),
        clock_(clock),
        lock_(std::move(lock)),
        epoch_(std::move(epoch)),
        lane_(std::move(writer)),
        readers_([this] { return open_reader(); }, {.connections = options_.readers}),
        users_(readers_, lane_, clock),
        rooms_(readers_, lane_),
        history_(readers_) {}
  ~SqliteStorage() override { stop(std::chrono::milliseconds(0)); }

  Result<void> start_checkpointer() {
    auto connection = sql::SqliteConnection::open(connection_options(path_, options_, sql::SqliteRole::checkpointer));
    if (!connection) return cannot_open(path_, connection.error());
    checkpointer_ = std::make_unique<Checkpointer>(std::move(*connection), lane_, options_.checkpoint_interval,
                                                   options_.checkpoint_urgent_frames);
    return {};
  }

  UserStore& users() override { return users_; }
  RoomStore& rooms() override { return rooms_; }
  HistoryStore& history() override { return history_; }
  Journal& journal() override { return *journal_; }

  Result<void> start_journal(CommitSink& sink, const journal::JournalOptions& options) override {
    auto writer = lane_.take_writer();
    if (!writer) return Error{Errc::internal, "the journal has been started already"};
    SqliteJournal made = make_sqlite_journal(std::move(writer), sink, options, clock_);
    journal_ = std::move(made.journal);
    lane_.switch_to(*made.lane);
    users_.use_journal(*journal_);
    return {};
  }

  DatabaseInfo info() const override {
    DatabaseInfo out{DatabaseKind::sqlite, path_, epoch_, {}};
    if (options_.synchronous != "FULL" && options_.synchronous != "EXTRA")
      out.warnings.push_back("SQLite runs with synchronous=" + options_.synchronous +
                             ": a power cut can lose messages that were acknowledged");
    return out;
  }

  Result<void> probe() override {
    auto read = readers_.use([](sql::Connection& connection) { return read_database_row(connection); });
    if (!read) return read.error();
    if (!*read) return Error{Errc::unavailable, "the database has lost its tables"};
    return {};
  }

  void stop(std::chrono::milliseconds drain) override {
    if (stopped_.exchange(true)) return;
    if (checkpointer_) checkpointer_->stop();  // before the journal: it may be waiting for the lane
    if (journal_) journal_->stop(drain);
    readers_.close();
    // A last checkpoint empties the log, so that the next start has nothing to recover; if it cannot, recovery does.
    // Beside a server that serves (the command line) that is the server's business.
    if (!options_.exclusive) return;
    auto last = sql::SqliteConnection::open(connection_options(path_, options_, sql::SqliteRole::checkpointer));
    if (last) (void)(*last)->checkpoint_truncate();
  }

 private:
  sql::Outcome<std::unique_ptr<sql::Connection>> open_reader() {
    auto opened = sql::SqliteConnection::open(connection_options(path_, options_, sql::SqliteRole::reader));
    if (!opened) return opened.error();
    return std::unique_ptr<sql::Connection>(std::move(*opened));
  }

  const std::string path_;
  const StorageOptions options_;
  Clock& clock_;
  DataLock lock_;
  const std::string epoch_;
  SwitchingLane lane_;
  ConnectionPool readers_;
  SqlUserStore users_;
  SqlRoomStore rooms_;
  SqlHistoryStore history_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::atomic<bool> stopped_{false};
};

// For looking at a schema and migrating it: leaves a stranger's file as it is.
Result<std::unique_ptr<sql::SqliteConnection>> open_plain(const std::string& path, const StorageOptions& options,
                                                          bool create) {
  auto settings = connection_options(path, options, sql::SqliteRole::writer);
  settings.wal = false;
  settings.create = create;
  // A stranger's file is in DELETE mode, where FULL may forget a commit at a power cut: the folder is not synced after
  // the journal was removed.
  if (settings.synchronous == "FULL") settings.synchronous = "EXTRA";
  auto opened = sql::SqliteConnection::open(settings);
  if (!opened) return cannot_open(path, opened.error());
  return std::move(*opened);
}

Result<DataLock> lock_file(const std::string& path, const StorageOptions& options) {
  if (!options.exclusive) return DataLock();
  return DataLock::take(path, options.holder, options.lock_wait);
}

// The schema as `serve` needs it, brought there when `options.migrate` allows.
Result<void> ready_schema(const std::string& path, const StorageOptions& options) {
  auto connection = open_plain(path, options, options.migrate);
  if (!connection) return connection.error();
  Migrator migrator(**connection);
  const auto status = migrator.status();
  if (!status) return status.error();
  using State = SchemaStatus::State;
  if (status->state == State::current) return {};
  // Beside a server that may come up any moment only an empty file is filled, and only under its lock.
  const bool ours = status->state == State::empty || (status->state == State::behind && options.exclusive);
  if (!options.migrate || !ours) {
    const bool empty = status->state == State::empty;
    return Error{Errc::conflict, path + ": " + status->sentence + (empty ? ": run \"chatd migrate\"" : "")};
  }
  if (options.exclusive) {
    if (auto done = migrator.up(); !done) return done.error();
    return {};
  }
  const auto lock = DataLock::take(path, options.holder, kSmallWriteWait);
  const auto again = migrator.status();  // whoever held it has most likely done the work
  if (again && again->state == State::current) return {};
  if (!lock) return lock.error();
  if (auto done = migrator.up(); !done) return done.error();
  return {};
}

}  // namespace

Result<std::unique_ptr<Storage>> open_sqlite_storage(const std::string& path, const StorageOptions& options,
                                                     Clock& clock) {
  auto lock = lock_file(path, options);
  if (!lock) return lock.error();
  if (auto ready = ready_schema(path, options); !ready) return ready.error();
  auto writer = sql::SqliteConnection::open(connection_options(path, options, sql::SqliteRole::writer));
  if (!writer) return cannot_open(path, writer.error());
  auto row = read_database_row(**writer);
  if (!row) return cannot_open(path, row.error());
  if (!*row) return Error{Errc::internal, path + ": database_info is empty"};
  auto storage =
      std::make_unique<SqliteStorage>(path, std::move(*lock), std::move(*writer), (**row).epoch, options, clock);
  if (auto started = storage->start_checkpointer(); !started) return started.error();
  return std::unique_ptr<Storage>(std::move(storage));
}

Result<SchemaStatus> sqlite_schema_status(const std::string& path, const StorageOptions& options) {
  if (!std::filesystem::exists(path)) {
    SchemaStatus none;
    none.latest = latest_schema_version();
    for (const Migration& migration : migrations()) none.pending.emplace_back(migration.name);
    none.sentence = "there is no database yet";
    return none;
  }
  auto connection = open_plain(path, options, false);
  if (!connection) return connection.error();
  return Migrator(**connection).status();
}

Result<MigrationReport> migrate_sqlite(const std::string& path, const MigrateOptions& migrate_options, bool dry_run,
                                       const StorageOptions& options) {
  if (dry_run && !std::filesystem::exists(path)) {
    MigrationReport report{true, {}, latest_schema_version(), std::nullopt};
    for (const Migration& migration : migrations()) report.applied.emplace_back(migration.name);
    return report;
  }
  auto lock = dry_run ? Result<DataLock>(DataLock()) : lock_file(path, options);
  if (!lock) return lock.error();
  auto connection = open_plain(path, options, !dry_run);
  if (!connection) return connection.error();
  Migrator migrator(**connection, migrate_options);
  return dry_run ? migrator.dry_run() : migrator.up();
}

}  // namespace chat::storage
