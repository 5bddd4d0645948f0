#include "storage/sql_user_store.hpp"

#include "base/casefold.hpp"
#include "storage/durable_commit.hpp"
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
constexpr sql::Query kSetPassword{sql_text::kUserSetPasswordSql};
constexpr sql::Query kReplaceHash{sql_text::kUserReplaceHashSql};
constexpr sql::Query kDisable{sql_text::kUserDisableSql};
constexpr sql::Query kEnable{sql_text::kUserEnableSql};
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

// A change of one user's row by its id.
Result<void> change_one(sql::Connection& connection, const sql::Query& query,
                        std::initializer_list<sql::Value> params) {
  return in_write_transaction(connection, [&](sql::Connection& c) -> Result<void> {
    const auto changed = c.execute(query, params);
    if (!changed) return sql::to_error(changed.error());
    if (*changed == 0) return no_such_user();
    return {};
  });
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

Result<void> SqlUserStore::set_password(UserId id, std::string_view password_hash) {
  return writer_.run([&](sql::Connection& connection) {
    return change_one(connection, kSetPassword, {id, password_hash});
  });
}

Result<bool> SqlUserStore::replace_hash(UserId id, std::string_view from, std::string_view to) {
  const auto done = writer_.run([&](sql::Connection& connection) {
    return change_one(connection, kReplaceHash, {id, from, to});
  });
  if (!done && done.error().code != Errc::user_not_found) return done.error();
  return done.has_value();
}

Result<void> SqlUserStore::set_disabled(UserId id, bool disabled) {
  const auto done = writer_.run([&](sql::Connection& connection) {
    return disabled ? change_one(connection, kDisable, {id, clock_.now()}) : change_one(connection, kEnable, {id});
  });
  if (done || done.error().code != Errc::user_not_found) return done;
  if (auto user = find_user(id); !user) return user.error();
  return {};  // it was disabled already
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
