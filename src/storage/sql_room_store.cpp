#include "storage/sql_room_store.hpp"

#include "storage/durable_commit.hpp"
#include "storage/postgres/pg_array.hpp"
#include "storage/sql_rows.hpp"
#include "storage_sql.hpp"

namespace chat::storage {
namespace {

constexpr sql::Query kInsert{sql_text::kRoomInsertSql};
constexpr sql::Query kInsertMember{sql_text::kRoomMemberInsertSql};
constexpr sql::Query kById{sql_text::kRoomByIdSql};
constexpr sql::Query kPublic{sql_text::kRoomsPublicSql};
constexpr sql::Query kOfMember{sql_text::kRoomsOfMemberSql};
constexpr sql::Query kUnreadCounts{sql_text::kUnreadCountsSqliteSql, sql_text::kUnreadCountsPostgresSql};
constexpr sql::Query kUnreadRooms{sql_text::kUnreadRoomsSql};

Error refused(const sql::Failure& failure) {
  if (failure.constraint == "rooms_public_name") return {Errc::room_exists, "a public room has this name"};
  // SQLite does not say which foreign key; a room has one.
  if (failure.cause == sql::Cause::constraint) return {Errc::user_not_found, "the room's creator does not exist"};
  return sql::to_error(failure);
}

UnreadCount read_unread(const sql::Row& row) {
  return {UserId(row.uuid(0)), RoomId(row.uuid(1)), row.integer(3), Seq(row.integer(2))};
}

}  // namespace

Result<Room> SqlRoomStore::create_room(const Room& room) {
  const auto insert = [&](sql::Connection& c) -> Result<void> {
    const auto made = c.execute(
        kInsert, {room.id, room.name, room.description, room.creator_id, room.created_at, to_string(room.kind), false});
    if (!made) return refused(made.error());
    const auto joined =
        c.execute(kInsertMember, {room.id, room.creator_id, to_string(MemberRole::owner), room.created_at});
    if (!joined) return refused(joined.error());
    return {};
  };
  auto done = writer_.run([&](sql::Connection& connection) { return in_write_transaction(connection, insert); });
  if (!done) return done.error();
  Room made = room;
  made.last_seq = Seq(0);
  made.first_seq = Seq(1);
  made.message_count = 0;
  return made;
}

Result<RoomAccess> SqlRoomStore::find_room(RoomId id, UserId viewer) {
  auto found = readers_.use([&](sql::Connection& connection) -> sql::Outcome<std::optional<RoomAccess>> {
    std::optional<RoomAccess> access;
    auto done = connection.each(kById, {id, viewer}, [&](const sql::Row& row) {
      access.emplace(RoomAccess{read_room(row), std::nullopt});
      if (!row.is_null(9)) access->role = stored_role(row.text(9));
    });
    if (!done) return done.error();
    return access;
  });
  if (!found) return found.error();
  if (!*found) return Error{Errc::room_not_found, "no such room"};
  return std::move(**found);
}

Result<std::vector<Room>> SqlRoomStore::list_public_rooms() {
  return readers_.use([&](sql::Connection& connection) -> sql::Outcome<std::vector<Room>> {
    std::vector<Room> rooms;
    auto done = connection.each(kPublic, {}, [&](const sql::Row& row) { rooms.push_back(read_room(row)); });
    if (!done) return done.error();
    return rooms;
  });
}

Result<std::vector<RoomAccess>> SqlRoomStore::list_member_rooms(UserId user, std::size_t limit,
                                                                std::optional<RoomId> after) {
  return readers_.use([&](sql::Connection& connection) -> sql::Outcome<std::vector<RoomAccess>> {
    std::vector<RoomAccess> rooms;
    auto done = connection.each(kOfMember, {user, after.value_or(RoomId{}), static_cast<std::int64_t>(limit)},
                                [&](const sql::Row& row) {
                                  rooms.push_back(RoomAccess{read_room(row), stored_role(row.text(9))});
                                });
    if (!done) return done.error();
    return rooms;
  });
}

Result<std::vector<UnreadCount>> SqlRoomStore::unread_counts(const std::vector<Membership>& pairs) {
  if (pairs.empty()) return std::vector<UnreadCount>{};
  sql::PgArray users = sql::PgArray::of_uuids(), rooms = sql::PgArray::of_uuids();
  std::string json = "[";
  for (const Membership& pair : pairs) {
    users.add(pair.user.value);
    rooms.add(pair.room.value);
    json += (json.size() > 1 ? ",\"" : "\"") + pair.user.value.hex() + pair.room.value.hex() + '"';
  }
  json += ']';
  return readers_.use([&](sql::Connection& connection) -> sql::Outcome<std::vector<UnreadCount>> {
    std::vector<UnreadCount> counts;
    counts.reserve(pairs.size());
    auto take = [&](const sql::Row& row) { counts.push_back(read_unread(row)); };
    const bool postgres = connection.dialect() == sql::Dialect::postgres;
    auto done = postgres ? connection.each(kUnreadCounts, {users.value(), rooms.value()}, take)
                         : connection.each(kUnreadCounts, {json}, take);
    if (!done) return done.error();
    return counts;
  });
}

Result<std::vector<UnreadCount>> SqlRoomStore::unread_rooms(UserId user, std::size_t limit,
                                                            std::optional<RoomId> after) {
  return readers_.use([&](sql::Connection& connection) -> sql::Outcome<std::vector<UnreadCount>> {
    std::vector<UnreadCount> counts;
    auto done = connection.each(kUnreadRooms, {user, after.value_or(RoomId{}), static_cast<std::int64_t>(limit)},
                                [&](const sql::Row& row) { counts.push_back(read_unread(row)); });
    if (!done) return done.error();
    return counts;
  });
}

}  // namespace chat::storage
