// What a room's feed is made of: numbered events, most of them messages.
#pragma once

#include "base/time.hpp"
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
};

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

// One numbered entry of a room's feed. A creation carries the message; every other kind carries `payload`, and
// `message_seq` where it is about a message.
struct Event {
  RoomId room_id;
  Seq seq;
  EventKind kind = EventKind::message_created;
  EventId id;  // of a creation: the message's id
  UserId actor_id;
  std::string actor_name;
  std::optional<std::string> client_id;
  Timestamp at{};
  std::optional<Message> message;  // exactly when kind == message_created
  std::optional<Seq> message_seq;
  std::string payload;  // JSON object text; empty for creations
};

const char* to_string(MessageKind kind) noexcept;  // "text", ...: as stored
const char* to_string(EventKind kind) noexcept;    // "message_created", ...: as stored
std::optional<MessageKind> parse_message_kind(std::string_view text) noexcept;
std::optional<EventKind> parse_event_kind(std::string_view text) noexcept;

}  // namespace chat
