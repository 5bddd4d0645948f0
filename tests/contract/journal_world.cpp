#include "contract/journal_world.hpp"

#include "storage/connection_pool.hpp"
#include "storage/journal/lane_journal.hpp"
#include "storage/memory/memory_stores.hpp"
#include "storage/migrator.hpp"
#include "storage/sql_history_store.hpp"
#include "storage/sql_room_store.hpp"
#include "storage/sql_user_store.hpp"
#include "storage/sqlite/sqlite_connection.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace chat::contract {
namespace {

class MemoryWorld final : public World {
 public:
  std::unique_ptr<Journal> journal(CommitSink& sink, const journal::JournalOptions& options) override {
    std::vector<std::unique_ptr<journal::FeedWriter>> writers;
    writers.push_back(storage::make_memory_writer(database_, system_clock()));
    return std::make_unique<journal::LaneJournal>(options, std::move(writers), sink, system_clock());
  }
  UserStore& users() override { return stores_; }
  RoomStore& rooms() override { return stores_; }
  HistoryStore& history() override { return stores_; }

 private:
  std::shared_ptr<storage::MemoryDatabase> database_ = std::make_shared<storage::MemoryDatabase>();
  storage::MemoryStores stores_{database_, system_clock()};
};

class SqlWorld : public World {
 protected:
  using Open = std::function<sql::Outcome<std::unique_ptr<sql::Connection>>()>;
  void build(const Open& open) {
    auto writer = open().value();
    if (auto up = storage::Migrator(*writer).up(); !up) throw std::runtime_error(up.error().message);
    lane_ = std::make_unique<storage::DirectWriteLane>(std::move(writer));
    pool_ = std::make_unique<storage::ConnectionPool>(open, storage::PoolOptions{});
    users_ = std::make_unique<storage::SqlUserStore>(*pool_, *lane_, system_clock());
    rooms_ = std::make_unique<storage::SqlRoomStore>(*pool_, *lane_);
    history_ = std::make_unique<storage::SqlHistoryStore>(*pool_);
  }
  void close() {
    history_.reset();
    rooms_.reset();
    users_.reset();
    pool_.reset();
    lane_.reset();
  }
  UserStore& users() override { return *users_; }
  RoomStore& rooms() override { return *rooms_; }
  HistoryStore& history() override { return *history_; }

 private:
  std::unique_ptr<storage::DirectWriteLane> lane_;
  std::unique_ptr<storage::ConnectionPool> pool_;
  std::unique_ptr<UserStore> users_;
  std::unique_ptr<RoomStore> rooms_;
  std::unique_ptr<HistoryStore> history_;
};

class SqliteWorld final : public SqlWorld {
 public:
  SqliteWorld() {
    std::string pattern = (std::filesystem::temp_directory_path() / "chatd-journal-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    build([this] { return connect(); });
  }
  ~SqliteWorld() override {
    close();
    std::filesystem::remove_all(folder_);
  }
  std::unique_ptr<Journal> journal(CommitSink& sink, const journal::JournalOptions& options) override {
    return storage::make_sqlite_journal(connect().value(), sink, options).journal;
  }
  std::unique_ptr<sql::Connection> connect_beside() override { return connect().value(); }

 private:
  sql::Outcome<std::unique_ptr<sql::Connection>> connect() {
    sql::SqliteOptions options;
    options.path = (folder_ / "chat.db").string();
    options.create = true;
    auto opened = sql::SqliteConnection::open(options);
    if (!opened) return opened.error();
    return std::unique_ptr<sql::Connection>(std::move(*opened));
  }
  std::filesystem::path folder_;
};

class PostgresWorld final : public SqlWorld {
 public:
  explicit PostgresWorld(std::string server) : server_(std::move(server)) {
    name_ = "journal_" + Uuid::v4().hex();
    admin("CREATE DATABASE " + name_ + " ENCODING 'UTF8' TEMPLATE template0");
    const auto slash = server_.find_last_of('/');
    const auto query = server_.find('?', slash);
    url_ = server_.substr(0, slash + 1) + name_ + (query == std::string::npos ? "" : server_.substr(query));
    build([this]() -> sql::Outcome<std::unique_ptr<sql::Connection>> {
      auto opened = writers_at(url_)();
      if (!opened) return opened.error();
      return std::unique_ptr<sql::Connection>(std::move(*opened));
    });
  }
  ~PostgresWorld() override {
    close();
    admin("DROP DATABASE " + name_ + " WITH (FORCE)");
  }
  std::unique_ptr<Journal> journal(CommitSink& sink, const journal::JournalOptions& options) override {
    return storage::make_postgres_journal(writers_at(url_), sink, options);
  }
  std::string url() const override { return url_; }
  std::unique_ptr<sql::Connection> connect_beside() override { return writers_at(url_)().value(); }

 private:
  void admin(const std::string& sql) {
    auto connection = writers_at(server_)().value();
    if (auto done = connection->script(sql); !done) ADD_FAILURE() << done.error().message;
  }
  std::string server_, name_, url_;
};

}  // namespace

std::string name_of(const testing::TestParamInfo<Kind>& info) {
  return info.param == Kind::memory ? "memory" : info.param == Kind::sqlite ? "sqlite" : "postgres";
}

std::vector<Kind> kinds() {
  const char* without = std::getenv("CHATD_TEST_NO_POSTGRES");
  if (without && std::string(without) == "1") return {Kind::memory, Kind::sqlite};
  return {Kind::memory, Kind::sqlite, Kind::postgres};
}

std::unique_ptr<World> World::make(Kind kind) {
  if (kind == Kind::memory) return std::make_unique<MemoryWorld>();
  if (kind == Kind::sqlite) return std::make_unique<SqliteWorld>();
  const char* server = std::getenv("CHATD_TEST_POSTGRES_URL");
  if (!server) throw std::runtime_error("CHATD_TEST_POSTGRES_URL is not set (CHATD_TEST_NO_POSTGRES=1 leaves it out)");
  return on_postgres(server);
}

std::unique_ptr<World> World::on_postgres(const std::string& server_url) {
  return std::make_unique<PostgresWorld>(server_url);
}

Principal World::user(const std::string& name) {
  User user;
  user.id = UserId::make();
  user.name = name;
  user.username = user.id.value.hex() + "@example.com";
  user.created_at = system_clock().now();
  EXPECT_TRUE(users().create_user(user).has_value());
  return {Principal::Kind::user, user.id, name};
}

RoomId World::room(const Principal& creator, RoomKind kind) {
  Room room;
  room.id = RoomId::make();
  room.name = "room " + room.id.str();
  room.creator_id = creator.id;
  room.created_at = system_clock().now();
  room.kind = kind;
  EXPECT_TRUE(rooms().create_room(room).has_value());
  return room.id;
}

std::vector<Event> World::replay(const FeedKey& feed) {
  std::vector<Event> all;
  while (true) {
    auto page = history().events_after(feed, all.empty() ? Seq(0) : all.back().seq, {});
    if (!page) return ADD_FAILURE() << page.error().message, all;
    all.insert(all.end(), page->events.begin(), page->events.end());
    if (page->at_head || page->events.empty()) return all;
  }
}

storage::PgWriterSource writers_at(std::string url, std::chrono::milliseconds answer_timeout) {
  return [url, answer_timeout] {
    sql::PgOptions options;
    options.url = url;
    options.role = sql::PgRole::writer;
    options.answer_timeout = answer_timeout;
    return sql::PgConnection::open(options);
  };
}

int port_of(const std::string& url) {
  const auto host = url.find('@') == std::string::npos ? url.find("//") + 2 : url.find('@') + 1;
  return std::stoi(url.substr(url.find(':', host) + 1));
}

std::string with_port(const std::string& url, int port) {
  const auto host = url.find('@') == std::string::npos ? url.find("//") + 2 : url.find('@') + 1;
  const auto colon = url.find(':', host), slash = url.find('/', host);
  return url.substr(0, colon + 1) + std::to_string(port) + url.substr(slash);
}

void Recorder::on_commit(const Commit& commit) {
  std::lock_guard lock(mutex_);
  for (const CommittedEvent& committed : commit.events) {
    const FeedKey& feed = committed.event->feed;
    auto& events = feeds_[feed];
    in_order_ &= feed.is_user() || events.empty() || events.back().seq < committed.event->seq;
    events.push_back(*committed.event);
  }
}

std::vector<Event> Recorder::of(const FeedKey& feed) const {
  std::lock_guard lock(mutex_);
  const auto found = feeds_.find(feed);
  auto events = found == feeds_.end() ? std::vector<Event>{} : found->second;
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.seq < b.seq; });
  return events;
}

bool Recorder::in_order() const {
  std::lock_guard lock(mutex_);
  return in_order_;
}

AppendMessage text(RoomId room, const Principal& author, std::string content) {
  AppendMessage message;
  message.room_id = room;
  message.author = author;
  message.content = std::move(content);
  return message;
}

Pending append(Journal& journal, AppendMessage message) {
  auto promise = std::make_shared<std::promise<Result<Stored>>>();
  while (!journal.append(message, [promise](Result<Stored> r) { promise->set_value(std::move(r)); }))
    std::this_thread::yield();
  return promise->get_future();
}

Pending execute(Journal& journal, RoomId room, const Principal& actor, decltype(FeedCommand::change) change) {
  FeedCommand command;
  command.room_id = room;
  command.actor = actor;
  command.change = std::move(change);
  auto promise = std::make_shared<std::promise<Result<Stored>>>();
  EXPECT_TRUE(journal.execute(std::move(command), [promise](Result<Stored> r) { promise->set_value(std::move(r)); }));
  return promise->get_future();
}

Pending execute(Journal& journal, UserId user, decltype(UserCommand::change) change) {
  UserCommand command;
  command.user_id = user;
  command.actor = {Principal::Kind::user, user, "themselves"};
  command.change = std::move(change);
  auto promise = std::make_shared<std::promise<Result<Stored>>>();
  EXPECT_TRUE(journal.execute(std::move(command), [promise](Result<Stored> r) { promise->set_value(std::move(r)); }));
  return promise->get_future();
}

Errc code(Result<Stored> result) { return result ? Errc::internal : result.error().code; }

void expect_gap_free(const std::vector<Event>& events) {
  std::int64_t seq = 0, ordinal = 0;
  for (const Event& event : events) {
    ASSERT_EQ(event.seq.value, ++seq);
    if (!event.message) continue;
    ASSERT_EQ(event.message->ordinal.value, ++ordinal);
  }
}

bool same(const Event& a, const Event& b) {
  const auto fields = [](const Event& e) {
    return std::tie(e.feed, e.seq, e.kind, e.id, e.actor_id, e.actor_name, e.client_id, e.at, e.message_seq, e.payload);
  };
  if (fields(a) != fields(b) || a.message.has_value() != b.message.has_value()) return false;
  if (!a.message) return true;
  const auto inside = [](const Message& m) {
    return std::tie(m.id, m.room_id, m.seq, m.ordinal, m.kind, m.author_id, m.author_name, m.client_id, m.content,
                    m.metadata, m.reply_to, m.thread_root_seq, m.timestamp, m.edited_at, m.deleted_at);
  };
  return inside(*a.message) == inside(*b.message);
}

}  // namespace chat::contract
