// How a feed's events look to apps, as types: what protocol::append_event_data writes, parsed and written back by these
// structs, is the same bytes (tests/unit/app/event_shapes_test.cpp). The documents take their schemas from here.
#pragma once

#include "api/operations/wire.hpp"
#include "base/time.hpp"
#include "model/ids.hpp"
#include "schema/schema.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chat::api::shape {

using schema::Fixed;
using schema::Literal;
using schema::Maybe;

// The spellings of model/names.cpp.
enum class MarkedKind : std::uint8_t { encrypted, system };
BOOST_DESCRIBE_ENUM(MarkedKind, encrypted, system)
enum class Role : std::uint8_t { member, moderator, admin, owner };
BOOST_DESCRIBE_ENUM(Role, member, moderator, admin, owner)
enum class Kind : std::uint8_t { public_, private_, direct };
BOOST_DESCRIBE_ENUM(Kind, public_, private_, direct)
enum class Ending : std::uint8_t { left, removed };
BOOST_DESCRIBE_ENUM(Ending, left, removed)
enum class SessionsEnd : std::uint8_t { password_changed, disabled, revoked };
BOOST_DESCRIBE_ENUM(SessionsEnd, password_changed, disabled, revoked)

struct MessageEvent {
  Literal<"message"> type;
  MessageId id;
  std::int64_t seq = 0;
  RoomId room_id;
  AuthorOut user;
  std::string content;
  Maybe<std::string> client_id;
  Timestamp timestamp{};
  Maybe<MarkedKind> kind;
  Maybe<MessageId> reply_to;
  Maybe<std::int64_t> thread_root_seq;
  Maybe<schema::RawJson> metadata;
  Maybe<bool> deleted;
  Maybe<Timestamp> edited_at;

  static constexpr std::string_view kDescription =
      "A message was sent. In recovery, in history and in the tail it stands as it is now: an edited one with its new "
      "content, a deleted one with none.";
  static constexpr FieldDoc kDocs[] = {
      {"seq", "Its number in the room; also the publication's offset.", "42"},
      {"content", "Empty when the message was deleted.", "\"lunch?\""},
      {"client_id", "Its sender's own; only where he gave one.", "\"k1\""},
      {"timestamp", "UTC, with microseconds.", "\"2030-01-02T03:04:05.000000Z\""},
      {"kind", "Only where it is no plain text.", ""},
      {"reply_to", "The id of the message that this one answers; only where it answers one.", ""},
      {"metadata", "Any JSON of its sender; only where there is some.", "{\"mood\":\"sunny\"}"},
      {"deleted", "Present, and true, in a deleted message only.", ""},
      {"edited_at", "Only in an edited message.", ""}};
};
BOOST_DESCRIBE_STRUCT(MessageEvent, (),
                      (type, id, seq, room_id, user, content, client_id, timestamp, kind, reply_to, thread_root_seq,
                       metadata, deleted, edited_at))

inline constexpr FieldDoc kEventDocs[] = {{"seq", "Its number in the feed; also the publication's offset.", "43"},
                                          {"user", "Who did it.", ""},
                                          {"client_id", "Of whoever did it; only where he gave one.", "\"k2\""},
                                          {"timestamp", "UTC, with microseconds.", "\"2030-01-02T03:04:05.000000Z\""},
                                          {"message_seq", "The number of the message that this is about.", "42"}};

// A change of a message.
template <Fixed Name, Fixed Type, class Payload>
struct MessageChange {
  Literal<Type> type;
  EventId id;
  std::int64_t seq = 0;
  RoomId room_id;
  AuthorOut user;
  Maybe<std::string> client_id;
  Timestamp timestamp{};
  std::int64_t message_seq = 0;
  Payload payload;

  static constexpr std::string_view kName = Name.view();
  static constexpr auto& kDocs = kEventDocs;
  BOOST_DESCRIBE_CLASS(MessageChange, (), (type, id, seq, room_id, user, client_id, timestamp, message_seq, payload),
                       (), ())
};

// A change of the room, or of its members.
template <Fixed Name, Fixed Type, class Payload>
struct RoomChange {
  Literal<Type> type;
  EventId id;
  std::int64_t seq = 0;
  RoomId room_id;
  AuthorOut user;
  Maybe<std::string> client_id;
  Timestamp timestamp{};
  Payload payload;

  static constexpr std::string_view kName = Name.view();
  static constexpr auto& kDocs = kEventDocs;
  BOOST_DESCRIBE_CLASS(RoomChange, (), (type, id, seq, room_id, user, client_id, timestamp, payload), (), ())
};

// An event of a user's own feed.
template <Fixed Name, Fixed Type, class Payload>
struct UserChange {
  Literal<Type> type;
  EventId id;
  std::int64_t seq = 0;
  Timestamp timestamp{};
  Payload payload;

  static constexpr std::string_view kName = Name.view();
  static constexpr auto& kDocs = kEventDocs;
  BOOST_DESCRIBE_CLASS(UserChange, (), (type, id, seq, timestamp, payload), (), ())
};

struct EditPayload {
  MessageId message_id;
  Maybe<std::string> content;
  Maybe<schema::RawJson> metadata;
  Maybe<Timestamp> edited_at;

  static constexpr FieldDoc kDocs[] = {
      {"content", "The new one. This and what follows are gone once the message has been deleted.", "\"lunch!\""},
      {"metadata", "The new one; null: none.", "null"}};
};
BOOST_DESCRIBE_STRUCT(EditPayload, (), (message_id, content, metadata, edited_at))

struct AboutMessage {
  MessageId message_id;
};
BOOST_DESCRIBE_STRUCT(AboutMessage, (), (message_id))

struct ReactionPayload {
  MessageId message_id;
  std::string reaction;

  static constexpr FieldDoc kDocs[] = {{"reaction", "", "\"\xF0\x9F\x91\x8D\""}};
};
BOOST_DESCRIBE_STRUCT(ReactionPayload, (), (message_id, reaction))

struct JoinedPayload {
  UserId user_id;
  std::string name;
  Role role = Role::member;

  static constexpr FieldDoc kDocs[] = {{"user_id", "Who became a member.", ""}};
};
BOOST_DESCRIBE_STRUCT(JoinedPayload, (), (user_id, name, role))

struct LeftPayload {
  UserId user_id;

  static constexpr FieldDoc kDocs[] = {{"user_id", "Who is no member any more.", ""}};
};
BOOST_DESCRIBE_STRUCT(LeftPayload, (), (user_id))

struct RolePayload {
  UserId user_id;
  Role role = Role::member;

  static constexpr FieldDoc kDocs[] = {{"user_id", "Whose role it is.", ""}};
};
BOOST_DESCRIBE_STRUCT(RolePayload, (), (user_id, role))

struct RoomPayload {
  Maybe<std::string> name;
  Maybe<std::string> description;

  static constexpr std::string_view kDescription = "What is new; nothing else.";
};
BOOST_DESCRIBE_STRUCT(RoomPayload, (), (name, description))

inline constexpr FieldDoc kOwnDocs[] = {{"room_name", "null: it has none.", "\"Lobby\""},
                                        {"room_seq", "The number of the same change in the room's feed.", "7"},
                                        {"actor", "Who did it.", ""}};

struct InvitedPayload {
  RoomId room_id;
  std::optional<std::string> room_name;
  Kind room_kind = Kind::public_;
  Role role = Role::member;
  std::int64_t room_seq = 0;
  AuthorOut actor;

  static constexpr auto& kDocs = kOwnDocs;
};
BOOST_DESCRIBE_STRUCT(InvitedPayload, (), (room_id, room_name, room_kind, role, room_seq, actor))

struct OwnRolePayload {
  RoomId room_id;
  Role role = Role::member;
  std::int64_t room_seq = 0;
  AuthorOut actor;

  static constexpr auto& kDocs = kOwnDocs;
};
BOOST_DESCRIBE_STRUCT(OwnRolePayload, (), (room_id, role, room_seq, actor))

struct EndedPayload {
  RoomId room_id;
  Ending reason = Ending::left;
  std::int64_t room_seq = 0;
  AuthorOut actor;

  static constexpr auto& kDocs = kOwnDocs;
};
BOOST_DESCRIBE_STRUCT(EndedPayload, (), (room_id, reason, room_seq, actor))

struct SessionsPayload {
  SessionsEnd reason = SessionsEnd::revoked;
  std::int64_t token_version = 0;

  static constexpr FieldDoc kDocs[] = {{"token_version", "Tokens of a lower one are dead.", "2"}};
};
BOOST_DESCRIBE_STRUCT(SessionsPayload, (), (reason, token_version))

using MessageEdited = MessageChange<"MessageEditedEvent", "message_edited", EditPayload>;
using MessageDeleted = MessageChange<"MessageDeletedEvent", "message_deleted", AboutMessage>;
using ReactionAdded = MessageChange<"ReactionAddedEvent", "reaction_added", ReactionPayload>;
using ReactionRemoved = MessageChange<"ReactionRemovedEvent", "reaction_removed", ReactionPayload>;
using MessagePinned = MessageChange<"MessagePinnedEvent", "message_pinned", AboutMessage>;
using MessageUnpinned = MessageChange<"MessageUnpinnedEvent", "message_unpinned", AboutMessage>;
using MemberJoined = RoomChange<"MemberJoinedEvent", "member_joined", JoinedPayload>;
using MemberLeft = RoomChange<"MemberLeftEvent", "member_left", LeftPayload>;
using MemberRoleChanged = RoomChange<"MemberRoleChangedEvent", "member_role_changed", RolePayload>;
using RoomChanged = RoomChange<"RoomChangedEvent", "room_changed", RoomPayload>;
using Invited = UserChange<"InvitedEvent", "invited", InvitedPayload>;
using MembershipChanged = UserChange<"MembershipChangedEvent", "membership_changed", OwnRolePayload>;
using MembershipEnded = UserChange<"MembershipEndedEvent", "membership_ended", EndedPayload>;
using SessionEnded = UserChange<"SessionEndedEvent", "session_ended", SessionsPayload>;

// Calls use(std::type_identity<Shape>, name, sentence) for each kind of event, `name` being its `type`.
template <class Use>
void for_each_room_event(const Use& use) {
  use(std::type_identity<MessageEvent>{}, "message", "A message was sent.");
  use(std::type_identity<MessageEdited>{}, "message_edited", "A message has a new content.");
  use(std::type_identity<MessageDeleted>{}, "message_deleted", "A message was deleted; its content is gone.");
  use(std::type_identity<ReactionAdded>{}, "reaction_added", "Somebody reacted to a message.");
  use(std::type_identity<ReactionRemoved>{}, "reaction_removed", "Somebody took a reaction back.");
  use(std::type_identity<MessagePinned>{}, "message_pinned", "A message was pinned.");
  use(std::type_identity<MessageUnpinned>{}, "message_unpinned", "A message is not pinned any more.");
  use(std::type_identity<MemberJoined>{}, "member_joined", "Somebody became a member.");
  use(std::type_identity<MemberLeft>{}, "member_left", "Somebody is no member any more.");
  use(std::type_identity<MemberRoleChanged>{}, "member_role_changed", "A member has another role.");
  use(std::type_identity<RoomChanged>{}, "room_changed", "The room has another name or description.");
}
template <class Use>
void for_each_user_event(const Use& use) {
  use(std::type_identity<Invited>{}, "invited", "The user was added to a room.");
  use(std::type_identity<MembershipChanged>{}, "membership_changed", "The user has another role in a room.");
  use(std::type_identity<MembershipEnded>{}, "membership_ended", "The user is no member of a room any more.");
  use(std::type_identity<SessionEnded>{}, "session_ended", "All sessions of the user were ended.");
}

}  // namespace chat::api::shape
