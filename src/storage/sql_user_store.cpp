#include "storage/sql_user_store.hpp"

#include "base/casefold.hpp"
#include "storage/durable_commit.hpp"
#include "storage/journal/execute_and_wait.hpp"
#include "storage/journal/sql_room_book.hpp"
#include "storage/postgres/pg_array.hpp"
#include "storage/sql_rows.hpp"
#include "storage_sql.hpp"

namespace chat::storage {
namespace {

constexpr sql::Query kInsert{sql_text::kUserInsertSql};
constexpr sql::Query kLockUsername{sql_text::kUsernameLockPostgresSql};
constexpr sql::Query kById{sql_text::kUserByIdSql};
constexpr sql::Query kByUsername{sql_text::kUserByUsernameSql};
constexpr sql::Query kAfter{sql_text::kUsersAfterSql};
constexpr sql::Query kReplaceHash{sql_text::kUserReplaceHashSql};
constexpr sql::Query kStatuses{sql_text::kUserStatusesSqliteSql, sql_text::kUserStatusesPostgresSql};

Error no_such_user() { return {Errc::user_not_found, "no such user"}; }

// One user, or user_not_found.
Result<User> find_one(ConnectionPool& readers, const sql::Query& query, std::initializer_list<sql::Value> params) {
  auto found = readers.use([&](sql::Connection& connection) -> sql::Outcome<std::optional<User>> {
    std::optional<User> user;
    auto done = connection.each(query, params, [&](const sql::Row& row) { user = read_user(row); });
    if (!done) return done.error();
    return user;
  });
  if (!found) return found.error();
  if (!*found) return no_such_user();
  return std::move(**found);
}

}  // namespace

Result<User> SqlUserStore::create_user(const User& user) {
  const std::string folded = casefold(user.username);
  const auto insert = [&](sql::Connection& c) -> Result<void> {
    // Two that race for one name: the second waits here for the first's commit. SQLite has one writer anyway.
    if (c.dialect() == sql::Dialect::postgres)
      if (auto locked = c.execute(kLockUsername, {folded}); !locked) return sql::to_error(locked.error());
    const auto made = c.execute(kInsert, {user.id, user.name, user.username, folded, user.password_hash,
                                          user.created_at, user.disabled_at, user.token_version});
    if (!made && made.error().constraint == "users_username") return Error{Errc::user_exists, "the username is taken"};
    if (!made) return sql::to_error(made.error());
    if (*made == 0) return Error{Errc::user_exists, "the username is taken"};
    return {};
  };
  auto done = writer_.run([&](sql::Connection& connection) { return in_write_transaction(connection, insert); });
  if (!done) return done.error();
  return user;
}

Result<User> SqlUserStore::find_user(UserId id) { return find_one(readers_, kById, {id}); }

Result<User> SqlUserStore::find_username(std::string_view username) {
  const std::string folded = casefold(username);
  return find_one(readers_, kByUsername, {username, folded});
}

Result<void> SqlUserStore::carry_out(UserCommand command) {
  if (Journal* journal = journal_) return journal::execute_and_wait(*journal, std::move(command));
  return writer_.run([&](sql::Connection& connection) {
    return in_write_transaction(connection, [&](sql::Connection& c) -> Result<void> {
      journal::WriteItem item;
      item.user_command = &command;
      if (const auto failure = journal::carry_out(item, c, clock_.now())) return sql::to_error(*failure);
      if (item.fate == journal::Fate::refused) return item.error;
      return {};
    });
  });
}

Result<void> SqlUserStore::set_password(UserId id, std::string_view password_hash) {
  return carry_out(journal::own_command(id, SetPassword{std::string(password_hash)}));
}

Result<void> SqlUserStore::set_disabled(UserId id, bool disabled) {
  return carry_out(journal::own_command(id, SetDisabled{disabled}));
}

Result<bool> SqlUserStore::replace_hash(UserId id, std::string_view from, std::string_view to) {
  bool replaced = false;
  const auto done = writer_.run([&](sql::Connection& connection) {
    return in_write_transaction(connection, [&](sql::Connection& c) -> Result<void> {
      const auto changed = c.execute(kReplaceHash, {id, from, to});
      if (!changed) return sql::to_error(changed.error());
      replaced = *changed > 0;
      return {};
    });
  });
  if (!done) return done.error();
  return replaced;
}

Result<std::vector<User>> SqlUserStore::list_users(std::size_t limit, std::optional<UserId> after) {
  return readers_.use([&](sql::Connection& connection) -> sql::Outcome<std::vector<User>> {
    std::vector<User> users;
    auto done = connection.each(kAfter, {after.value_or(UserId{}), static_cast<std::int64_t>(limit)},
                                [&](const sql::Row& row) { users.push_back(read_user(row)); });
    if (!done) return done.error();
    return users;
  });
}

Result<std::vector<UserStatus>> SqlUserStore::user_statuses(const std::vector<UserId>& ids) {
  sql::PgArray array = sql::PgArray::of_uuids();
  std::string json = "[";
  for (const UserId& id : ids) {
    array.add(id.value);
    json += (json.size() > 1 ? ",\"" : "\"") + id.value.hex() + '"';
  }
  json += ']';
  return readers_.use([&](sql::Connection& connection) -> sql::Outcome<std::vector<UserStatus>> {
    std::vector<UserStatus> out;
    const bool postgres = connection.dialect() == sql::Dialect::postgres;
    auto done = connection.each(kStatuses, {postgres ? array.value() : sql::Value(json)}, [&](const sql::Row& row) {
      out.push_back({UserId(row.uuid(0)), row.integer(1), row.boolean(2)});
    });
    if (!done) return done.error();
    return out;
  });
}

}  // namespace chat::storage
