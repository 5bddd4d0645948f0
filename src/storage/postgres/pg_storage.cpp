#include "storage/postgres/pg_storage.hpp"

#include "storage/database_info.hpp"
#include "storage/pooled_write_lane.hpp"
#include "storage/sql_history_store.hpp"
#include "storage/sql_room_store.hpp"
#include "storage/sql_user_store.hpp"
#include "telemetry/log.hpp"

#include <atomic>
#include <mutex>

namespace chat::storage {
namespace {

using PgOutcome = sql::Outcome<std::unique_ptr<sql::PgConnection>>;

Error cannot_open(const std::string& url, const sql::Failure& failure) {
  const Errc code = failure.cause == sql::Cause::connection_lost ? Errc::unavailable : Errc::conflict;
  return {code, "cannot use PostgreSQL at " + sql::describe_target(url) + ": " + failure.message};
}

sql::PgOptions connection_options(const std::string& url, const StorageOptions& options, sql::PgRole role) {
  sql::PgOptions out;
  out.url = url;
  out.role = role;
  out.synchronous_commit = options.pg_synchronous_commit;
  out.answer_timeout = options.pg_answer_timeout;
  return out;
}

class PgStorage final : public Storage {
 public:
  PgStorage(std::string url, StorageOptions options, std::vector<std::string> warnings, Clock& clock)
      : url_(std::move(url)),
        options_(std::move(options)),
        warnings_(std::move(warnings)),
        clock_(clock),
        readers_([this] { return as_base(open_reader(sql::PgRole::reader)); }, {.connections = options_.readers}),
        page_readers_([this] { return as_base(open_reader(sql::PgRole::page_reader)); },
                      {.connections = options_.pg_page_readers}),
        lane_([this] { return as_base(open_writer()); }, {.connections = options_.pg_writers}),
        users_(readers_, lane_, clock),
        rooms_(readers_, lane_),
        history_(readers_, page_readers_, options_.pg_pages_at_once) {}
  ~PgStorage() override { stop(std::chrono::milliseconds(0)); }

  // Any thread. Before a writer is used, the epoch holds for the server it is connected to.
  PgOutcome open_writer() {
    auto opened = open(sql::PgRole::writer);
    if (!opened) return opened;
    auto epoch = settle_epoch(**opened, options_.replication_is_synchronous);
    if (!epoch) return epoch.error();
    {
      const std::lock_guard lock(mutex_);
      if (epoch_ != *epoch && !epoch_.empty()) begin_epoch(*epoch);
      epoch_ = *epoch;
    }
    (*opened)->live_as_long_as(lifetime_);
    return opened;
  }

  void on_epoch_changed(std::function<void(const std::string&)> tell) override {
    const std::lock_guard lock(mutex_);
    tell_ = std::move(tell);
  }

  UserStore& users() override { return users_; }
  RoomStore& rooms() override { return rooms_; }
  HistoryStore& history() override { return history_; }
  Journal& journal() override { return *journal_; }

  Result<void> start_journal(CommitSink& sink, const journal::JournalOptions& options) override {
    if (journal_) return Error{Errc::internal, "the journal has been started already"};
    journal_ = make_postgres_journal([this] { return open_writer(); }, sink, options, clock_);
    users_.use_journal(*journal_);
    return {};
  }

  DatabaseInfo info() const override {
    const std::lock_guard lock(mutex_);
    return {DatabaseKind::postgres, sql::describe_target(url_), epoch_, warnings_};
  }

  Result<void> probe() override {
    auto read = readers_.use([](sql::Connection& connection) { return read_database_row(connection); });
    if (!read) return read.error();
    if (!*read) return Error{Errc::unavailable, "the database has lost its tables"};
    return {};
  }

  void stop(std::chrono::milliseconds drain) override {
    if (stopped_.exchange(true)) return;
    if (journal_) journal_->stop(drain);
    lane_.close();
    readers_.close();
    page_readers_.close();
  }

 private:
  PgOutcome open(sql::PgRole role) { return sql::PgConnection::open(connection_options(url_, options_, role)); }
  PgOutcome open_reader(sql::PgRole role) {
    auto opened = open(role);
    if (opened) (*opened)->live_as_long_as(lifetime_);
    return opened;
  }
  // Connections of before may still reach the server that was given up: none of them is used again.
  void begin_epoch(const std::string& epoch) {
    lifetime_->fetch_add(1);
    log_warn("epoch_changed", {{"from", epoch_}, {"to", epoch}});
    if (tell_) tell_(epoch);
  }
  static sql::Outcome<std::unique_ptr<sql::Connection>> as_base(PgOutcome opened) {
    if (!opened) return opened.error();
    return std::unique_ptr<sql::Connection>(std::move(*opened));
  }

  const std::string url_;
  const StorageOptions options_;
  const std::vector<std::string> warnings_;
  Clock& clock_;
  const sql::PgLifetime lifetime_ = std::make_shared<std::atomic<std::uint64_t>>(0);
  mutable std::mutex mutex_;  // guards the two below
  std::string epoch_;
  std::function<void(const std::string&)> tell_;
  ConnectionPool readers_, page_readers_;
  PooledWriteLane lane_;
  SqlUserStore users_;
  SqlRoomStore rooms_;
  SqlHistoryStore history_;
  std::unique_ptr<Journal> journal_;
  std::atomic<bool> stopped_{false};
};

Result<std::unique_ptr<sql::PgConnection>> connect(const std::string& url, const StorageOptions& options) {
  auto settings = connection_options(url, options, sql::PgRole::writer);
  settings.connect_timeout = std::chrono::seconds(5);
  settings.answer_timeout = {};  // a migration takes as long as it takes
  auto opened = sql::PgConnection::open(settings);
  if (!opened) return cannot_open(url, opened.error());
  return std::move(*opened);
}

}  // namespace

Result<std::unique_ptr<Storage>> open_pg_storage(const std::string& url, const StorageOptions& options, Clock& clock) {
  auto connection = connect(url, options);
  if (!connection) return connection.error();
  const auto status = Migrator(**connection).status();
  if (!status) return status.error();
  if (status->state != SchemaStatus::State::current) {
    const bool empty = status->state == SchemaStatus::State::empty;
    return Error{Errc::conflict,
                 sql::describe_target(url) + ": " + status->sentence + (empty ? ": run \"chatd migrate\"" : "")};
  }
  auto warnings = durability_warnings(**connection);
  if (!warnings) return cannot_open(url, warnings.error());
  if (options.pg_synchronous_commit != "on")
    warnings->push_back("connections run with synchronous_commit = " + options.pg_synchronous_commit +
                        ": a power cut can lose messages that were acknowledged");
  auto storage = std::make_unique<PgStorage>(url, options, std::move(*warnings), clock);
  if (auto writer = storage->open_writer(); !writer) return cannot_open(url, writer.error());
  return std::unique_ptr<Storage>(std::move(storage));
}

Result<SchemaStatus> pg_schema_status(const std::string& url, const StorageOptions& options) {
  auto connection = connect(url, options);
  if (!connection) return connection.error();
  return Migrator(**connection).status();
}

Result<MigrationReport> migrate_pg(const std::string& url, const MigrateOptions& migrate_options, bool dry_run,
                                   const StorageOptions& options) {
  auto connection = connect(url, options);
  if (!connection) return connection.error();
  Migrator migrator(**connection, migrate_options);
  return dry_run ? migrator.dry_run() : migrator.up();
}

}  // namespace chat::storage
