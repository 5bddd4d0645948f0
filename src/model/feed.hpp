// A feed is a room or a user: one sequence of events, numbered 1, 2, 3, ... without a gap.
#pragma once

#include "model/ids.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

// Which feed. A room's holds what happens there; a user's what concerns this one person and must not be missed
// (invitations, own membership changes, ended sessions).
struct FeedKey {
  enum class Kind : std::uint8_t { room, user };

  Kind kind = Kind::room;
  Uuid id;

  static FeedKey room(RoomId room) noexcept { return {Kind::room, room.value}; }
  static FeedKey user(UserId user) noexcept { return {Kind::user, user.value}; }
  // "room:<uuid>" or "user:<uuid>" in the one spelling that str() gives (a name that clients subscribe to must come
  // back to them byte for byte); nothing else.
  static std::optional<FeedKey> parse(std::string_view text) noexcept;
  std::string str() const;

  bool is_room() const noexcept { return kind == Kind::room; }
  bool is_user() const noexcept { return kind == Kind::user; }
  RoomId room_id() const noexcept { return is_room() ? RoomId(id) : RoomId(); }  // nil: not a room's
  UserId user_id() const noexcept { return is_user() ? UserId(id) : UserId(); }  // nil: not a user's

  auto operator<=>(const FeedKey&) const = default;
};

// The newest numbers of a feed.
struct FeedHead {
  Seq last_seq;                    // 0: nothing has happened yet
  Seq first_seq{1};                // the oldest event still kept; of a user's feed always 1
  std::int64_t message_count = 0;  // of a room, deleted ones included; of a user 0
};

}  // namespace chat

template <>
struct std::hash<chat::FeedKey> {
  // A room's is that of its id, so that lanes and home shards stay where they were; a user may have a room's bytes.
  std::size_t operator()(const chat::FeedKey& key) const noexcept {
    const std::size_t id = std::hash<chat::Uuid>{}(key.id);
    return key.is_room() ? id : ~id;
  }
};
