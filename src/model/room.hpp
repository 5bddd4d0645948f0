// Rooms and membership.
#pragma once

#include "base/time.hpp"
#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

enum class RoomKind : std::uint8_t { public_room, private_room, direct };
enum class MemberRole : std::uint8_t { member, moderator, admin, owner };

struct Room {
  RoomId id;
  std::optional<std::string> name;  // unique among public rooms; none in direct ones
  std::optional<std::string> description;
  UserId creator_id;
  Timestamp created_at{};
  RoomKind kind = RoomKind::public_room;
  Seq last_seq;                    // the newest event's number; 0 in a new room
  Seq first_seq{1};                // the oldest event still kept
  std::int64_t message_count = 0;  // deleted ones included
};

const char* to_string(RoomKind kind) noexcept;    // "public", "private", "direct": as stored and on the wire
const char* to_string(MemberRole role) noexcept;  // "member", ...
std::optional<RoomKind> parse_room_kind(std::string_view text) noexcept;
std::optional<MemberRole> parse_member_role(std::string_view text) noexcept;

}  // namespace chat
