#include "storage/journal/sql_room_book.hpp"

#include "storage_sql.hpp"

namespace chat::journal {

using sql::Query;
using sql::Row;
using sql::Value;
namespace text = sql_text;

std::optional<RoomFacts> SqlRoomBook::lock() {
  static constexpr Query query(text::kJournalRoomLockSqliteSql, text::kJournalRoomLockPostgresSql);
  RoomFacts room;
  const bool found = call_.each(query, {room_}, [&](const Row& row) {
    room.kind = parse_room_kind(row.text(0)).value_or(RoomKind::private_room);
    room.name = row.optional_text(1);
    room.description = row.optional_text(2);
    room.last_seq = Seq(row.integer(3));
    room.message_count = row.integer(4);
  });
  return found ? std::optional(room) : std::nullopt;
}

std::optional<Event> SqlRoomBook::event(EventId id) {
  static constexpr Query query(text::kJournalEventByIdSql);
  Event event;
  const bool found = call_.each(query, {room_, id}, [&](const Row& row) {
    event.feed = FeedKey::room(room_);
    event.id = id;
    event.seq = Seq(row.integer(0));
    event.kind = parse_event_kind(row.text(1)).value_or(EventKind::room_changed);
    event.actor_id = UserId(row.uuid(2));
    event.client_id = row.optional_text(3);
    event.at = row.time(4);
    if (const auto seq = row.optional_integer(5)) event.message_seq = Seq(*seq);
    event.payload = row.text(6);
  });
  return found ? std::optional(event) : std::nullopt;
}

std::optional<Stored> SqlRoomBook::event_of(UserId actor, const std::string& client_id) {
  static constexpr Query query(text::kJournalEventByClientIdSql);
  Stored stored;
  const bool found = call_.each(query, {room_, actor, client_id}, [&](const Row& row) {
    stored = {row.uuid(0), Seq(row.integer(1)), Ordinal(0), row.time(2), true};
  });
  return found ? std::optional(stored) : std::nullopt;
}

std::optional<MemberRole> SqlRoomBook::role_of(UserId user) {
  static constexpr Query query(text::kJournalRoleSql);
  std::optional<MemberRole> role;
  call_.each(query, {room_, user}, [&](const Row& row) { role = parse_member_role(row.text(0)); });
  return role;
}

std::optional<MessageFacts> SqlRoomBook::message(MessageId id) {
  static constexpr Query query(text::kJournalMessageFactsSql);
  MessageFacts message;
  const bool found = call_.each(query, {room_, id}, [&](const Row& row) {
    message.seq = Seq(row.integer(0));
    message.author = UserId(row.uuid(1));
    message.content = row.text(2);
    message.metadata = row.optional_text(3);
    message.edited = !row.is_null(4);
    message.deleted = !row.is_null(5);
  });
  return found ? std::optional(message) : std::nullopt;
}

bool SqlRoomBook::has_reaction(Seq message, UserId user, const std::string& reaction) {
  static constexpr Query query(text::kJournalHasReactionSql);
  return call_.each(query, {room_, message, user, reaction}, [](const Row&) {});
}

bool SqlRoomBook::is_pinned(Seq message) {
  static constexpr Query query(text::kJournalIsPinnedSql);
  return call_.each(query, {room_, message}, [](const Row&) {});
}

void SqlRoomBook::set_content(Seq message, const EditMessage& edit, Timestamp at) {
  call_.run(Query(text::kJournalEditMessageSql), {room_, message, edit.content, edit.metadata, at});
}

void SqlRoomBook::erase(Seq message, bool was_edited, const std::string& bare, Timestamp at) {
  call_.run(Query(text::kJournalEraseMessageSql), {room_, message, at});
  if (was_edited) call_.run(Query(text::kJournalEraseEditsSql), {room_, message, bare});
  call_.run(Query(text::kJournalEraseReactionsSql), {room_, message});
  call_.run(Query(text::kJournalErasePinSql), {room_, message});
}

void SqlRoomBook::set_reaction(Seq message, UserId user, const SetReaction& change, Timestamp at) {
  if (change.present)
    call_.run(Query(text::kJournalAddReactionSql), {room_, message, user, change.reaction, at});
  else
    call_.run(Query(text::kJournalRemoveReactionSql), {room_, message, user, change.reaction});
}

void SqlRoomBook::set_pin(Seq message, UserId by, bool pinned, Timestamp at) {
  if (pinned)
    call_.run(Query(text::kJournalAddPinSql), {room_, message, by, at});
  else
    call_.run(Query(text::kJournalErasePinSql), {room_, message});
}

void SqlRoomBook::add_member(const AddMember& member, Seq joined_seq, std::int64_t read_ordinal, Timestamp at) {
  call_.run(Query(text::kJournalAddMemberSql),
            {room_, member.user_id, to_string(member.role), joined_seq, read_ordinal, at});
}

void SqlRoomBook::set_role(UserId user, MemberRole role) {
  call_.run(Query(text::kJournalSetRoleSql), {room_, user, to_string(role)});
}

void SqlRoomBook::remove_member(UserId user) { call_.run(Query(text::kJournalRemoveMemberSql), {room_, user}); }

bool SqlRoomBook::set_room(const RoomFacts& facts) {
  if (call_.failure()) return false;
  auto done = call_.connection().execute(Query(text::kJournalSetRoomSql), {room_, facts.name, facts.description});
  if (done) return true;
  // A refusal, not a failure; the transaction is rolled back as for any other.
  if (done.error().cause == sql::Cause::unique && done.error().constraint == "rooms_public_name") return false;
  call_.fail(done.error());
  return false;
}

void SqlRoomBook::add_event(const Event& e) {
  call_.run(Query(text::kJournalAddEventSql),
            {room_, e.seq, e.id, to_string(e.kind), e.actor_id, e.client_id, e.message_seq, e.payload, e.at});
  call_.run(Query(text::kJournalSetHeadSql), {room_, e.seq});
}

std::optional<sql::Failure> carry_out(WriteItem& item, sql::Connection& connection, Timestamp now) {
  SqlCall call(connection);
  if (item.command) {
    SqlRoomBook book(call, item.command->room_id);
    carry_out(item, book, now);
  } else {
    SqlUserBook book(call);
    carry_out(item, book, now);
  }
  return call.failure();
}

}  // namespace chat::journal
