// What feeds are made of: numbered events. In rooms most of them are messages.
#pragma once

#include "base/time.hpp"
#include "model/feed.hpp"
#include "model/ids.hpp"
#include "model/user.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

enum class MessageKind : std::uint8_t { text, encrypted, system };

enum class EventKind : std::uint8_t {
  message_created,
  message_edited,
  message_deleted,
  reaction_added,
  reaction_removed,
  member_joined,  // membership, not a socket's coming and going
  member_left,
  member_role_changed,
  room_changed,
  message_pinned,
  message_unpinned,
  // Of a user's feed, about that user. The payloads:
  //   invited             {"room_id","room_name" (null: it has none),"room_kind","role","room_seq","actor"}
  //   membership_changed  {"room_id","role","room_seq","actor"}
  //   membership_ended    {"room_id","reason": "left" or "removed","room_seq","actor"}
  //   session_ended       {"reason": "password_changed", "disabled" or "revoked","token_version"}
  // "actor" is {"id","name"} of whoever did it, "room_seq" the number of the same change in the room's feed; tokens of
  // a version below "token_version" are dead.
  invited,  // added to a room
  membership_changed,
  membership_ended,
  session_ended,  // all sessions, on every device
};

// True for the kinds that stand in users' feeds, false for those of rooms.
bool is_user_event(EventKind kind) noexcept;

// A message in its current state: an edited one with its new content, a deleted one with empty content and
// `deleted_at`.
struct Message {
  MessageId id;
  RoomId room_id;
  Seq seq;  // of its creation
  Ordinal ordinal;
  MessageKind kind = MessageKind::text;
  UserId author_id;
  std::string author_name;
  std::optional<std::string> client_id;
  std::string content;
  std::optional<std::string> metadata;  // opaque JSON text
  std::optional<MessageId> reply_to;
  std::optional<Seq> thread_root_seq;
  Timestamp timestamp{};
  std::optional<Timestamp> edited_at;
  std::optional<Timestamp> deleted_at;
};

// One numbered entry of a feed. A creation carries the message; every other kind carries `payload`, and
// `message_seq` where it is about a message. In a user's feed the payload says everything: actor, client_id and
// message_seq are not set.
struct Event {
  FeedKey feed;
  Seq seq;
  EventKind kind = EventKind::message_created;
  EventId id;  // of a creation: the message's id; one change has the same id in the room's and in the user's feed
  UserId actor_id;
  std::string actor_name;
  std::optional<std::string> client_id;
  Timestamp at{};
  std::optional<Message> message;  // exactly when kind == message_created
  std::optional<Seq> message_seq;
  std::string payload;  // JSON object text; empty for creations

  RoomId room_id() const noexcept { return feed.room_id(); }  // nil in a user's feed
};

const char* to_string(MessageKind kind) noexcept;  // "text", ...: as stored
const char* to_string(EventKind kind) noexcept;    // "message_created", ...: as stored
std::optional<MessageKind> parse_message_kind(std::string_view text) noexcept;
std::optional<EventKind> parse_event_kind(std::string_view text) noexcept;

}  // namespace chat
