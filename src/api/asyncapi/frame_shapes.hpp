// The room socket's frames as types: what protocol/room_frames.hpp writes, parsed and written back by these structs, is
// the same bytes (tests/unit/api/asyncapi_test.cpp). Times are "YYYY-MM-DD HH:MM:SS" in UTC.
#pragma once

#include "api/asyncapi/event_shapes.hpp"

namespace chat::api::shape {

inline constexpr FieldDoc kFrameDocs[] = {
    {"content", "Empty when the message was deleted.", "\"Hello!\""},
    {"user", "The name of whoever said or did it.", "\"Ada Lovelace\""},
    {"timestamp", "UTC, in seconds.", "\"2026-11-23 01:02:03\""},
    {"seq", "Its number in the room: `?after=<seq>` resumes behind it.", "17"},
    {"deleted", "Present, and true, in a deleted message only.", ""},
    {"message_seq", "The number of the message that this is about, where it is about one.", "16"},
    {"payload", "That of the same event over the realtime protocol.", ""},
    {"client_id", "The one that came with the message.", "\"a3f1\""}};

struct RoomSocketMessage {
  std::string content;
  std::string user;
  std::string timestamp;
  Literal<"message"> type;
  UserId user_id;
  MessageId id;
  std::int64_t seq = 0;
  Maybe<MarkedKind> kind;
  Maybe<MessageId> reply_to;
  Maybe<std::int64_t> thread_root_seq;
  Maybe<schema::RawJson> metadata;
  Maybe<bool> deleted;
  Maybe<std::string> edited_at;

  static constexpr auto& kDocs = kFrameDocs;
};
BOOST_DESCRIBE_STRUCT(RoomSocketMessage, (),
                      (content, user, timestamp, type, user_id, id, seq, kind, reply_to, thread_root_seq, metadata,
                       deleted, edited_at))

enum class ChangeKind : std::uint8_t {
  message_edited,
  message_deleted,
  reaction_added,
  reaction_removed,
  message_pinned,
  message_unpinned,
  member_joined,
  member_left,
  member_role_changed,
  room_changed
};
BOOST_DESCRIBE_ENUM(ChangeKind, message_edited, message_deleted, reaction_added, reaction_removed, message_pinned,
                    message_unpinned, member_joined, member_left, member_role_changed, room_changed)

struct RoomSocketChange {
  std::string user;
  std::string timestamp;
  ChangeKind type = ChangeKind::message_edited;
  UserId user_id;
  EventId id;
  std::int64_t seq = 0;
  Maybe<std::int64_t> message_seq;
  schema::RawJson payload;

  static constexpr std::string_view kDescription = "Only with `?events=all`.";
  static constexpr auto& kDocs = kFrameDocs;
};
BOOST_DESCRIBE_STRUCT(RoomSocketChange, (), (user, timestamp, type, user_id, id, seq, message_seq, payload))

enum class Passing : std::uint8_t { join, leave };
BOOST_DESCRIBE_ENUM(Passing, join, leave)

struct RoomSocketNotice {
  std::string content;
  std::string user;
  std::string timestamp;
  Passing type = Passing::join;
  UserId user_id;

  static constexpr std::string_view kDescription = "Another socket came or went. No event: it has no number.";
  static constexpr FieldDoc kDocs[] = {{"content", "A sentence.", "\"User Ada has joined the chat.\""},
                                       {"timestamp", "UTC, in seconds.", "\"2026-11-23 01:02:03\""}};
};
BOOST_DESCRIBE_STRUCT(RoomSocketNotice, (), (content, user, timestamp, type, user_id))

struct RoomSocketAck {
  Literal<"ack"> type;
  std::string client_id;
  MessageId id;
  std::int64_t seq = 0;
  std::string timestamp;

  static constexpr std::string_view kDescription =
      "The message with this client_id is on disk; for its sender alone, in the message's place.";
  static constexpr auto& kDocs = kFrameDocs;
};
BOOST_DESCRIBE_STRUCT(RoomSocketAck, (), (type, client_id, id, seq, timestamp))

struct RoomSocketError {
  std::string error;

  static constexpr FieldDoc kDocs[] = {{"error", "A sentence.", "\"Invalid message format.\""}};
};
BOOST_DESCRIBE_STRUCT(RoomSocketError, (), (error))

// What a client says; other members are ignored.
struct RoomSocketIn {
  schema::Text<1, SIZE_MAX> content;
  std::optional<schema::ByteText<1, kMaxClientIdBytes>> client_id;

  static constexpr FieldDoc kDocs[] = {{"content", "Never empty, never trimmed or changed.", "\"Hello!\""},
                                       {"client_id",
                                        "1 to 64 bytes of the sender's own: asks for an acknowledgement, and the same "
                                        "one again is not stored again.",
                                        "\"a3f1\""}};
};
BOOST_DESCRIBE_STRUCT(RoomSocketIn, (), (content, client_id))

}  // namespace chat::api::shape
