#include "storage/sql_rows.hpp"

#include <stdexcept>

namespace chat::storage {
namespace {

template <class T>
T known(std::optional<T> value, std::string_view text) {
  if (!value) throw std::runtime_error("the database holds an unknown word: " + std::string(text));
  return *value;
}

}  // namespace

User read_user(const sql::Row& row) {
  User user;
  user.id = UserId(row.uuid(0));
  user.name = row.text(1);
  user.username = row.text(2);
  user.password_hash = row.optional_text(3);
  user.created_at = row.time(4);
  user.disabled_at = row.optional_time(5);
  user.token_version = row.integer(6);
  return user;
}

Room read_room(const sql::Row& row) {
  Room room;
  room.id = RoomId(row.uuid(0));
  room.name = row.optional_text(1);
  room.description = row.optional_text(2);
  room.creator_id = UserId(row.uuid(3));
  room.created_at = row.time(4);
  room.kind = stored_room_kind(row.text(5));
  room.last_seq = Seq(row.integer(6));
  room.first_seq = Seq(row.integer(7));
  room.message_count = row.integer(8);
  return room;
}

FeedHead read_head(const sql::Row& row, int column) {
  return {Seq(row.integer(column)), Seq(row.integer(column + 1)), row.integer(column + 2)};
}

RoomKind stored_room_kind(std::string_view text) { return known(parse_room_kind(text), text); }
MemberRole stored_role(std::string_view text) { return known(parse_member_role(text), text); }
MessageKind stored_message_kind(std::string_view text) { return known(parse_message_kind(text), text); }
EventKind stored_event_kind(std::string_view text) { return known(parse_event_kind(text), text); }

}  // namespace chat::storage
