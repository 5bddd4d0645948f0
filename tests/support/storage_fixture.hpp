// A database for one test, on any of the implementations.
//
// PostgreSQL: CHATD_TEST_POSTGRES_URL names a server where each test makes a database of its own and drops it.
// Without it the PostgreSQL tests fail; CHATD_TEST_NO_POSTGRES=1 leaves them out.
#pragma once

#include "base/time.hpp"
#include "storage/open.hpp"
#include "storage/postgres/pg_connection.hpp"
#include "storage/sqlite/sqlite_connection.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace chat::testing {

using storage::DatabaseKind;

inline bool without_postgres() {
  const char* off = std::getenv("CHATD_TEST_NO_POSTGRES");
  return off && std::string(off) == "1";
}

// All implementations, or those with a file or server behind them.
inline std::vector<DatabaseKind> sql_databases() {
  if (without_postgres()) return {DatabaseKind::sqlite};
  return {DatabaseKind::sqlite, DatabaseKind::postgres};
}
inline std::vector<DatabaseKind> all_databases() {
  auto out = sql_databases();
  out.push_back(DatabaseKind::memory);
  return out;
}
inline std::string database_name(const ::testing::TestParamInfo<DatabaseKind>& info) {
  return storage::to_string(info.param);
}

// The value, or the test's end with the error's sentence.
template <class T>
T take(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(to_string(result.error().code)) + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
template <class T>
T take(sql::Outcome<T> outcome) {
  if (!outcome)
    throw std::runtime_error(std::string(sql::to_string(outcome.error().cause)) + ": " + outcome.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

// A folder of its own, removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "chatd-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// An empty database without tables, gone at the end.
class TestDatabase {
 public:
  explicit TestDatabase(DatabaseKind kind, const std::string& create_options = "ENCODING 'UTF8' TEMPLATE template0") {
    target_.kind = kind;
    if (kind == DatabaseKind::sqlite) target_.path = folder_.file("chat.db");
    if (kind != DatabaseKind::postgres) return;
    name_ = "chatd_test_" + Uuid::v4().hex();
    take(take(sql::PgConnection::open({.url = server_url()}))
             ->script("CREATE DATABASE " + name_ + " " + create_options));
    target_.url = with_database(server_url(), name_);
  }
  ~TestDatabase() {
    if (name_.empty()) return;
    auto server = sql::PgConnection::open({.url = server_url()});
    if (server) (void)(*server)->script("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
  }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const storage::DatabaseTarget& target() const { return target_; }
  const std::string& name() const { return name_; }
  const TempFolder& folder() const { return folder_; }

  void migrate() const {
    if (target_.kind != DatabaseKind::memory) take(storage::migrate(target_, {}, false));
  }
  std::unique_ptr<storage::Storage> open(const storage::StorageOptions& options = {},
                                         Clock& clock = system_clock()) const {
    return take(storage::open_storage(target_, options, clock));
  }
  // A connection beside the storage, to set a stage or look behind it.
  std::unique_ptr<sql::Connection> connect() const {
    if (target_.kind == DatabaseKind::postgres)
      return take(sql::PgConnection::open({.url = target_.url, .role = sql::PgRole::writer}));
    return take(sql::SqliteConnection::open({.path = target_.path, .create = true, .wal = false}));
  }

  static std::string server_url() {
    const char* url = std::getenv("CHATD_TEST_POSTGRES_URL");
    if (!url || !*url)
      throw std::runtime_error(
          "CHATD_TEST_POSTGRES_URL is not set: run through tools/pg-cluster with ..., or set "
          "CHATD_TEST_NO_POSTGRES=1 to leave PostgreSQL out");
    return url;
  }
  static std::string with_database(const std::string& url, const std::string& name) {
    const std::size_t query = url.find('?');
    const std::size_t slash = url.rfind('/', query);
    return url.substr(0, slash + 1) + name + (query == std::string::npos ? "" : url.substr(query));
  }

 private:
  TempFolder folder_;
  storage::DatabaseTarget target_;
  std::string name_;
};

// Keeps what was committed, in order. Thread-safe only by the journal's own promises: one lane, or one room.
class RecordingSink final : public CommitSink {
 public:
  void on_commit(const Commit& commit) override {
    const std::lock_guard lock(mutex_);
    for (const auto& event : commit.events) events_.push_back(event.event);
  }
  std::vector<std::shared_ptr<const Event>> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const Event>> events_;
};

// A migrated database with a running journal; words for the usual steps.
class StoreTest : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  StoreTest() : database_(GetParam()) {
    database_.migrate();
    storage_ = database_.open();
    take(storage_->start_journal(sink_, {}));
  }
  ~StoreTest() override {
    if (storage_) storage_->stop(std::chrono::seconds(5));
  }

  UserStore& users() { return storage_->users(); }
  RoomStore& rooms() { return storage_->rooms(); }
  HistoryStore& history() { return storage_->history(); }

  User add_user(const std::string& username, const std::string& name = "Somebody") {
    User user;
    user.id = UserId::make();
    user.name = name;
    user.username = username;
    user.password_hash = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA";
    user.created_at = system_clock().now();
    return take(users().create_user(user));
  }
  Room add_room(const User& creator, const std::string& name, RoomKind kind = RoomKind::public_room) {
    Room room;
    room.id = RoomId::make();
    room.name = name;
    room.creator_id = creator.id;
    room.created_at = system_clock().now();
    room.kind = kind;
    return take(rooms().create_room(room));
  }

  Result<Stored> append(AppendMessage message) {
    auto promise = std::make_shared<std::promise<Result<Stored>>>();
    auto answer = promise->get_future();
    if (!storage_->journal().append(std::move(message),
                                    [promise](Result<Stored> r) { promise->set_value(std::move(r)); }))
      return Error{Errc::overloaded, "the queue is full"};
    return answer.get();
  }
  Result<Stored> execute(FeedCommand command) {
    auto promise = std::make_shared<std::promise<Result<Stored>>>();
    auto answer = promise->get_future();
    if (!storage_->journal().execute(std::move(command),
                                     [promise](Result<Stored> r) { promise->set_value(std::move(r)); }))
      return Error{Errc::overloaded, "the queue is full"};
    return answer.get();
  }
  AppendMessage message(const Room& room, const User& author, const std::string& content) {
    AppendMessage out;
    out.room_id = room.id;
    out.author = {Principal::Kind::user, author.id, author.name};
    out.content = content;
    return out;
  }
  Stored say(const Room& room, const User& author, const std::string& content) {
    return take(append(message(room, author, content)));
  }

  TestDatabase database_;
  RecordingSink sink_;
  std::unique_ptr<storage::Storage> storage_;
};

}  // namespace chat::testing
