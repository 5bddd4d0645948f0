// Databases as the original leaves them: made by the DDL that its Alembic revision emits, filled with awkward rows.
#include "support/storage_fixture.hpp"

#include "storage/adoption.hpp"

#include <array>
#include <chrono>
#include <fstream>
#include <thread>

namespace chat::testing {
namespace {

using storage::MigrateOptions;
using storage::SchemaStatus;

constexpr const char* kPostgresTables = R"(
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
CREATE TABLE users (username VARCHAR NOT NULL, password VARCHAR NOT NULL,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP) NOT NULL, id UUID NOT NULL, name VARCHAR NOT NULL,
  PRIMARY KEY (id), UNIQUE (username));
CREATE TABLE rooms (name VARCHAR NOT NULL, description VARCHAR,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP) NOT NULL, id UUID NOT NULL, creator_id UUID NOT NULL,
  PRIMARY KEY (id), UNIQUE (name), CONSTRAINT fk_rooms_creator_id FOREIGN KEY(creator_id) REFERENCES users (id));
CREATE TABLE messages (content VARCHAR NOT NULL, timestamp TIMESTAMP WITHOUT TIME ZONE NOT NULL,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP) NOT NULL, id UUID NOT NULL, room_id UUID,
  user_id UUID NOT NULL, PRIMARY KEY (id), FOREIGN KEY(room_id) REFERENCES rooms (id),
  FOREIGN KEY(user_id) REFERENCES users (id));
)";
constexpr const char* kSqliteTables = R"(
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
CREATE TABLE "users" (username VARCHAR NOT NULL, password VARCHAR NOT NULL, created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  id CHAR(32) NOT NULL, name VARCHAR NOT NULL, PRIMARY KEY (id), UNIQUE (username));
CREATE TABLE "rooms" (name VARCHAR NOT NULL, description VARCHAR, created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  id CHAR(32) NOT NULL, creator_id CHAR(32) NOT NULL, PRIMARY KEY (id), UNIQUE (name),
  CONSTRAINT fk_rooms_creator_id FOREIGN KEY(creator_id) REFERENCES users (id));
CREATE TABLE messages (content VARCHAR NOT NULL, timestamp DATETIME NOT NULL, created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  id CHAR(32) NOT NULL, room_id CHAR(32), user_id CHAR(32) NOT NULL, PRIMARY KEY (id),
  FOREIGN KEY(room_id) REFERENCES rooms (id), FOREIGN KEY(user_id) REFERENCES users (id));
)";

constexpr const char* kArgon2 =
    "$argon2id$v=19$m=65536,t=3,p=4$MTIzNDU2Nzg5MDEyMzQ1Ng$0R1bVQ0kGUzDG5OXlCfBzE4bXO2gO8P4yq1mV8o2kEo";

// Fills a database of the original. Ids are given as small numbers.
class Original {
 public:
  explicit Original(const TestDatabase& database, const std::string& revision = "b71ab88295b1")
      : postgres_(database.target().kind == DatabaseKind::postgres), connection_(database.connect()) {
    script(postgres_ ? kPostgresTables : kSqliteTables);
    script("INSERT INTO alembic_version VALUES ('" + revision + "')");
  }
  static Uuid id(unsigned number) {
    Uuid out;
    out.bytes[6] = 0x40;
    out.bytes[8] = 0x80;
    for (std::size_t i = 0; i < 4; ++i) out.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return out;
  }
  std::string quoted_id(unsigned number) const { return "'" + (postgres_ ? id(number).str() : id(number).hex()) + "'"; }
  static std::string quoted(std::string text) {
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 2) text.insert(at, 1, '\'');
    return "'" + text + "'";
  }
  void user(unsigned number, const std::string& username, const std::string& name = "Somebody",
            const std::string& password = kArgon2) {
    script("INSERT INTO users (id, name, username, password, created_at) VALUES (" + quoted_id(number) + ", " +
           quoted(name) + ", " + quoted(username) + ", " + quoted(password) + ", '2024-12-06 10:02:14.268328')");
  }
  void room(unsigned number, const std::string& name, unsigned creator) {
    script("INSERT INTO rooms (id, name, description, created_at, creator_id) VALUES (" + quoted_id(number) + ", " +
           quoted(name) + ", NULL, '2024-12-06 10:02:15', " + quoted_id(creator) + ")");
  }
  void message(unsigned number, unsigned room, unsigned user, const std::string& content,
               const std::string& timestamp = "2024-12-06 10:03:00.000000",
               const std::string& created = "2024-12-06 10:03:00") {
    script("INSERT INTO messages (id, content, timestamp, created_at, room_id, user_id) VALUES (" + quoted_id(number) +
           ", " + quoted(content) + ", '" + timestamp + "', '" + created + "', " + (room ? quoted_id(room) : "NULL") +
           ", " + quoted_id(user) + ")");
  }
  void many_messages(unsigned first, unsigned count, unsigned room, unsigned user) {
    if (postgres_)
      script(
          "INSERT INTO messages SELECT 'message ' || n || repeat('x', 100), '2024-12-07'::timestamp + (n % 1000) * "
          "interval '1 s', "
          "'2024-12-07', ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, " +
          quoted_id(room) + ", " + quoted_id(user) + " FROM generate_series(" + std::to_string(first) + ", " +
          std::to_string(first + count - 1) + ") n");
    else
      script(
          "WITH RECURSIVE s(n) AS (SELECT " + std::to_string(first) + " UNION ALL SELECT n + 1 FROM s WHERE n < " +
          std::to_string(first + count - 1) +
          ") INSERT INTO messages SELECT 'message ' || n || printf('%.*c', 100, 'x'), "
          "strftime('%Y-%m-%d %H:%M:%S.000000', '2024-12-07', '+' || (n % 1000) || ' seconds'), '2024-12-07 00:00:00', "
          "'00000000000040008000' || printf('%012x', n), " +
          quoted_id(room) + ", " + quoted_id(user) + " FROM s");
  }
  void script(const std::string& text) { take(connection_->script(text)); }
  sql::Connection& connection() { return *connection_; }
  void close() { connection_.reset(); }

 private:
  bool postgres_;
  std::unique_ptr<sql::Connection> connection_;
};

class Adoption : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  Adoption() : database_(GetParam()) {}
  bool postgres() const { return GetParam() == DatabaseKind::postgres; }
  Result<storage::MigrationReport> migrate(const MigrateOptions& options = {}, bool dry_run = false) {
    return storage::migrate(database_.target(), options, dry_run);
  }
  std::int64_t count(const char* query) {
    std::int64_t out = -1;
    take(database_.connect()->each(sql::Query(std::string_view(query)), {},
                                   [&](const sql::Row& row) { out = row.integer(0); }));
    return out;
  }
  static std::vector<std::string> contents(storage::Storage& storage, unsigned room, unsigned viewer) {
    std::vector<std::string> out;
    const auto page =
        take(storage.history().history_page(RoomId(Original::id(room)), UserId(Original::id(viewer)), 1, 100));
    for (std::size_t i = 0; i < page.messages.size(); ++i) {
      EXPECT_EQ(page.messages[i].seq, Seq(static_cast<std::int64_t>(i) + 1));
      EXPECT_EQ(page.messages[i].ordinal, Ordinal(static_cast<std::int64_t>(i) + 1));
      out.push_back(page.messages[i].content);
    }
    return out;
  }

  TestDatabase database_;
};
INSTANTIATE_TEST_SUITE_P(Every, Adoption, ::testing::ValuesIn(sql_databases()), database_name);

TEST_P(Adoption, KeepsEveryUserRoomAndMessage) {
  {
    Original original(database_);
    original.user(1, "ada@example.com", "Ada 'the' \"Countess\" \xE2\x98\x83");
    original.user(2, "grace@example.com");
    original.room(10, "lobby's; DROP TABLE rooms", 1);
    original.room(11, "empty", 2);
    original.message(20, 10, 1, "it's \xF0\x9F\x90\xA2");
    original.message(21, 10, 2, "");
  }
  const auto report = take(migrate());
  ASSERT_TRUE(report.adoption);
  EXPECT_EQ(report.adoption->users, 2);
  EXPECT_EQ(report.adoption->rooms, 2);
  EXPECT_EQ(report.adoption->messages, 2);
  EXPECT_EQ(report.adoption->messages_without_room, 0);
  EXPECT_EQ(report.adoption->memberships, 3);
  EXPECT_EQ(report.version, storage::latest_schema_version());

  auto storage = database_.open();
  const User ada = take(storage->users().find_username("ADA@example.com"));
  EXPECT_EQ(ada.id, UserId(Original::id(1)));
  EXPECT_EQ(ada.name, "Ada 'the' \"Countess\" \xE2\x98\x83");
  EXPECT_EQ(ada.password_hash, kArgon2);
  EXPECT_EQ(ada.created_at, *parse_timestamp("2024-12-06 10:02:14.268328"));
  EXPECT_EQ(contents(*storage, 10, 1), (std::vector<std::string>{"it's \xF0\x9F\x90\xA2", ""}));
  const auto rooms = take(storage->rooms().list_public_rooms());
  ASSERT_EQ(rooms.size(), 2u);
  EXPECT_EQ(rooms[0].name, "lobby's; DROP TABLE rooms");
  EXPECT_EQ(rooms[0].created_at, *parse_timestamp("2024-12-06 10:02:15"));
  EXPECT_EQ(rooms[0].message_count, 2);
  EXPECT_EQ(rooms[0].last_seq, Seq(2));
}

TEST_P(Adoption, NumbersByTimestampThenCreationThenId) {
  {
    Original original(database_);
    original.user(1, "ada@example.com");
    original.room(10, "lobby", 1);
    // Inserted in another order than that of any column.
    original.message(31, 10, 1, "fourth", "2024-12-06 10:00:01.000000", "2024-12-06 10:00:00");
    original.message(25, 10, 1, "third", "2024-12-06 10:00:01.000000", "2024-12-06 09:00:00");
    original.message(40, 10, 1, "second", "2024-12-06 10:00:00.500000", "2024-12-06 10:00:09");
    original.message(39, 10, 1, "sixth", "2024-12-06 10:00:01.000001", "2024-12-06 08:00:00");
    original.message(32, 10, 1, "fifth", "2024-12-06 10:00:01.000000", "2024-12-06 10:00:00");
    original.message(41, 10, 1, "first", "2024-12-06 10:00:00", "2024-12-06 10:00:09");
  }
  take(migrate());
  auto storage = database_.open();
  EXPECT_EQ(contents(*storage, 10, 1),
            (std::vector<std::string>{"first", "second", "third", "fourth", "fifth", "sixth"}));
}

TEST_P(Adoption, KeepsMessagesWithoutARoomInOneThatNobodySees) {
  {
    Original original(database_);
    original.user(1, "ada@example.com");
    original.room(10, "lobby", 1);
    original.message(20, 0, 1, "lost 2", "2024-12-06 10:00:02.000000");
    original.message(21, 10, 1, "found");
    original.message(22, 0, 1, "lost 1", "2024-12-06 10:00:01.000000");
  }
  EXPECT_EQ(take(migrate()).adoption->messages_without_room, 2);
  auto storage = database_.open();
  EXPECT_EQ(take(storage->rooms().list_public_rooms()).size(), 1u);
  EXPECT_EQ(count("SELECT count(*) FROM messages"), 3);
  const RoomId hidden(*Uuid::parse("00000000-0000-8000-8000-000000000001"));
  const UserId ada(Original::id(1));
  EXPECT_EQ(storage->rooms().find_room(hidden, ada).error().code, Errc::room_not_found);
  EXPECT_EQ(storage->history().history_page(hidden, ada, 1, 10).error().code, Errc::room_not_found);
  EXPECT_EQ(storage->history().events_after(FeedKey::room(hidden), Seq(0), {}).error().code, Errc::room_not_found);
  EXPECT_EQ(count("SELECT count(*) FROM messages m JOIN rooms r ON r.id = m.room_id WHERE r.hidden AND ((m.seq = 1 AND "
                  "m.content = 'lost 1') OR (m.seq = 2 AND m.content = 'lost 2'))"),
            2);
}

TEST_P(Adoption, AuthorsAndCreatorsBecomeMembersWhoHaveReadEverything) {
  {
    Original original(database_);
    for (unsigned i = 1; i <= 3; ++i) original.user(i, "u" + std::to_string(i) + "@example.com");
    original.room(10, "lobby", 1);
    for (unsigned i = 0; i < 5; ++i) original.message(20 + i, 10, 2, "m");
  }
  take(migrate());
  auto storage = database_.open();
  const RoomId room(Original::id(10));
  EXPECT_EQ(take(storage->rooms().find_room(room, UserId(Original::id(1)))).role, MemberRole::owner);
  EXPECT_EQ(take(storage->rooms().find_room(room, UserId(Original::id(2)))).role, MemberRole::member);
  EXPECT_EQ(take(storage->rooms().find_room(room, UserId(Original::id(3)))).role, std::nullopt);
  EXPECT_EQ(count("SELECT count(*) FROM room_members WHERE read_ordinal = 5"), 2);
}

TEST_P(Adoption, AccountsThatDifferOnlyInCaseKeepWorking) {
  {
    Original original(database_);
    original.user(1, "Ada@example.com", "upper");
    original.user(2, "ada@example.com", "lower");
    original.user(3, "other@example.com");
  }
  EXPECT_EQ(take(migrate()).adoption->same_but_for_case, 2);
  auto storage = database_.open();
  EXPECT_EQ(take(storage->users().find_username("Ada@example.com")).name, "upper");
  EXPECT_EQ(take(storage->users().find_username("ada@example.com")).name, "lower");
  EXPECT_TRUE(storage->users().find_username("ADA@EXAMPLE.COM"));
  User third;
  third.id = UserId::make();
  third.username = "aDa@example.com";
  EXPECT_EQ(storage->users().create_user(third).error().code, Errc::user_exists);
}

TEST_P(Adoption, TimesAreOfTheNamedZone) {
  {
    Original original(database_);
    original.user(1, "ada@example.com");
    original.room(10, "lobby", 1);
    original.message(20, 10, 1, "summer", "2024-07-01 12:00:00.000001");
    original.message(21, 10, 1, "winter", "2024-12-01 12:00:00.000000");
    original.message(22, 10, 1, "twice", "2024-10-27 02:30:00.000000");
    original.message(23, 10, 1, "never", "2024-03-31 02:30:00.000000");
  }
  EXPECT_EQ(migrate({.source_timezone = "Mars/Olympus"}).error().code, Errc::invalid);
  // PostgreSQL alone would take it, for three hours east.
  EXPECT_EQ(migrate({.source_timezone = "UTC-3"}).error().code, Errc::invalid);
  take(migrate({.source_timezone = "Europe/Berlin"}));
  auto storage = database_.open();
  const auto page = take(storage->history().history_page(RoomId(Original::id(10)), UserId(Original::id(1)), 1, 10));
  ASSERT_EQ(page.messages.size(), 4u);
  EXPECT_EQ(to_rfc3339(page.messages[0].timestamp), "2024-03-31T01:30:00.000000Z");
  EXPECT_EQ(to_rfc3339(page.messages[1].timestamp), "2024-07-01T10:00:00.000001Z");
  EXPECT_EQ(to_rfc3339(page.messages[2].timestamp), "2024-10-27T01:30:00.000000Z");
  EXPECT_EQ(to_rfc3339(page.messages[3].timestamp), "2024-12-01T11:00:00.000000Z");
}

TEST_P(Adoption, AHundredThousandMessagesTakeSeconds) {
  {
    Original original(database_);
    original.user(1, "ada@example.com");
    original.user(2, "grace@example.com");
    original.room(10, "lobby", 1);
    original.room(11, "other", 1);
    original.many_messages(1000, 60'000, 10, 1);
    original.many_messages(100'000, 40'000, 11, 2);
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(take(migrate()).adoption->messages, 100'000);
  const auto took = std::chrono::steady_clock::now() - start;
  RecordProperty("milliseconds", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  auto storage = database_.open();
  EXPECT_EQ(take(storage->history().feed_head(FeedKey::room(RoomId(Original::id(10))))).message_count, 60'000);
  EXPECT_EQ(
      count("SELECT count(*) FROM (SELECT seq - lag(seq, 1, 0) OVER (PARTITION BY room_id ORDER BY seq) AS step, "
            "\"timestamp\" >= lag(\"timestamp\", 1, \"timestamp\") OVER (PARTITION BY room_id ORDER BY seq) AS sorted "
            "FROM messages) AS steps WHERE step = 1 AND sorted"),
      100'000);
}

TEST_P(Adoption, ADryRunReportsAndChangesNothing) {
  {
    Original original(database_);
    original.user(1, "ada@example.com");
    original.room(10, "lobby", 1);
    original.message(20, 0, 1, "lost");
  }
  const auto report = take(migrate({}, true));
  EXPECT_TRUE(report.dry_run);
  ASSERT_TRUE(report.adoption);
  EXPECT_EQ(report.adoption->users, 1);
  EXPECT_EQ(report.adoption->messages_without_room, 1);
  EXPECT_EQ(report.adoption->memberships, 1);
  EXPECT_EQ(take(storage::schema_status(database_.target())).state, SchemaStatus::State::adoptable);
  EXPECT_EQ(count("SELECT count(*) FROM messages WHERE room_id IS NULL"), 1);
}

TEST_P(Adoption, TheOriginalCannotWriteAfterwards) {
  Original original(database_);
  original.user(1, "ada@example.com");
  original.room(10, "lobby", 1);
  original.message(20, 10, 1, "before");
  take(migrate());
  auto& c = original.connection();
  const std::string one = original.quoted_id(1), ten = original.quoted_id(10);
  EXPECT_FALSE(c.script("INSERT INTO users (id, name, username, password) VALUES (" + original.quoted_id(2) +
                        ", 'n', 'u', 'p')"));
  EXPECT_FALSE(c.script("INSERT INTO rooms (id, name, description, creator_id) VALUES (" + original.quoted_id(11) +
                        ", 'n', NULL, " + one + ")"));
  EXPECT_FALSE(c.script("INSERT INTO messages (id, content, timestamp, room_id, user_id) VALUES (" +
                        original.quoted_id(21) + ", 'x', '2024-12-06 10:03:00', " + ten + ", " + one + ")"));
  EXPECT_EQ(count("SELECT count(*) FROM alembic_version WHERE version_num = 'b71ab88295b1'"), 0);
}

TEST_P(Adoption, AnotherRevisionIsRefusedAndUntouched) {
  {
    Original original(database_, "24d95f1c2847");
    original.user(1, "ada@example.com");
  }
  std::string before;
  if (!postgres())
    before = [&] {
      std::ifstream f(database_.target().path, std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(f), {});
    }();
  for (const bool dry_run : {true, false}) {
    const auto refused = migrate({}, dry_run);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_NE(refused.error().message.find("24d95f1c2847"), std::string::npos) << refused.error().message;
  }
  const auto opened = storage::open_storage(database_.target(), {.migrate = true});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::conflict);
  if (!postgres()) {
    std::ifstream f(database_.target().path, std::ios::binary);
    EXPECT_EQ(before, std::string(std::istreambuf_iterator<char>(f), {}));
  }
  EXPECT_EQ(count("SELECT count(*) FROM users"), 1);
}

TEST_P(Adoption, AForeignSchemaIsRefused) {
  take(database_.connect()->script("CREATE TABLE invoices (id integer)"));
  const auto refused = migrate();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("invoices"), std::string::npos);
  EXPECT_EQ(take(storage::schema_status(database_.target())).state, SchemaStatus::State::foreign);
}

TEST_P(Adoption, ServingAnUnadoptedDatabaseSaysWhatToRun) {
  { Original original(database_); }
  const auto opened = storage::open_storage(database_.target(), {.migrate = true});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("chatd migrate"), std::string::npos) << opened.error().message;
  EXPECT_EQ(take(storage::schema_status(database_.target())).state, SchemaStatus::State::adoptable);
}

TEST_P(Adoption, WhoeverHoldsTheTablesIsNamedAndNothingChanges) {
  Original original(database_);
  original.user(1, "ada@example.com");
  original.script(postgres()
                      ? "SET application_name = 'the old service'; SET idle_in_transaction_session_timeout = 0; BEGIN; "
                        "LOCK TABLE messages IN ROW EXCLUSIVE MODE"
                      : "BEGIN IMMEDIATE");
  const auto start = std::chrono::steady_clock::now();
  const auto blocked = migrate();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(7));
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, Errc::conflict);
  EXPECT_NE(blocked.error().message.find(postgres() ? "the old service" : "another process"), std::string::npos)
      << blocked.error().message;
  original.script("ROLLBACK");
  EXPECT_TRUE(take(migrate()).adoption.has_value());
}

TEST_P(Adoption, OfTwoAtOnceOneAdoptsAndTheOtherFindsItDone) {
  {
    Original original(database_);
    original.user(1, "ada@example.com");
  }
  std::array<std::optional<storage::MigrationReport>, 2> reports;
  std::array<std::thread, 2> threads;
  for (std::size_t i = 0; i < 2; ++i)
    threads[i] = std::thread([&, i] {
      // The lock file is for processes; the database's own lock must do among connections.
      auto report = storage::migrate(database_.target(), {}, false, {.exclusive = false});
      if (report)
        reports[i] = *report;
      else
        ADD_FAILURE() << report.error().message;
    });
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(reports[0] && reports[1]);
  EXPECT_NE(reports[0]->adoption.has_value(), reports[1]->adoption.has_value());
}

TEST(SqliteAdoption, RefusesRowsOfUsersThatAreNotThere) {
  TestDatabase database(DatabaseKind::sqlite);
  {
    Original original(database);
    original.script("PRAGMA foreign_keys=OFF");
    original.user(1, "ada@example.com");
    original.room(10, "lobby", 1);
    original.message(20, 10, 99, "by nobody");
  }
  const auto refused = storage::migrate(database.target(), {}, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(take(storage::schema_status(database.target())).state, SchemaStatus::State::adoptable);
}

TEST(SqliteAdoption, RefusesATimeThatIsNone) {
  TestDatabase database(DatabaseKind::sqlite);
  {
    Original original(database);
    original.user(1, "ada@example.com");
    original.room(10, "lobby", 1);
    original.message(20, 10, 1, "when?", "yesterday");
  }
  const auto refused = storage::migrate(database.target(), {}, false);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("yesterday"), std::string::npos) << refused.error().message;
  EXPECT_EQ(take(storage::schema_status(database.target())).state, SchemaStatus::State::adoptable);
}

}  // namespace
}  // namespace chat::testing
