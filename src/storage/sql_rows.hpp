// Rows to values; the columns as the statements of queries/ give them.
#pragma once

#include "model/event.hpp"
#include "model/room.hpp"
#include "model/user.hpp"
#include "storage/sql_connection.hpp"

namespace chat::storage {

// id, name, username, password, created_at, disabled_at, token_version
User read_user(const sql::Row& row);
// id, name, description, creator_id, created_at, kind, last_seq, first_seq, message_count
Room read_room(const sql::Row& row);
// from `column`: last_seq, first_seq, message_count
FeedHead read_head(const sql::Row& row, int column);

// What a stored word stands for; an unknown one is a damaged database and throws.
RoomKind stored_room_kind(std::string_view text);
MemberRole stored_role(std::string_view text);
MessageKind stored_message_kind(std::string_view text);
EventKind stored_event_kind(std::string_view text);

}  // namespace chat::storage
