// The stored and spoken names of the domain's enumerations: each list once, read in both directions.
#include "model/event.hpp"
#include "model/room.hpp"
#include "model/user.hpp"

#include <array>
#include <utility>

namespace chat {
namespace {

template <class E, std::size_t N>
using Names = std::array<std::pair<E, const char*>, N>;

constexpr Names<RoomKind, 3> kRoomKinds{
    {{RoomKind::public_room, "public"}, {RoomKind::private_room, "private"}, {RoomKind::direct, "direct"}}};
constexpr Names<MemberRole, 4> kRoles{{{MemberRole::member, "member"},
                                       {MemberRole::moderator, "moderator"},
                                       {MemberRole::admin, "admin"},
                                       {MemberRole::owner, "owner"}}};
constexpr Names<MessageKind, 3> kMessageKinds{
    {{MessageKind::text, "text"}, {MessageKind::encrypted, "encrypted"}, {MessageKind::system, "system"}}};
constexpr Names<EventKind, 15> kEventKinds{{{EventKind::message_created, "message_created"},
                                            {EventKind::message_edited, "message_edited"},
                                            {EventKind::message_deleted, "message_deleted"},
                                            {EventKind::reaction_added, "reaction_added"},
                                            {EventKind::reaction_removed, "reaction_removed"},
                                            {EventKind::member_joined, "member_joined"},
                                            {EventKind::member_left, "member_left"},
                                            {EventKind::member_role_changed, "member_role_changed"},
                                            {EventKind::room_changed, "room_changed"},
                                            {EventKind::message_pinned, "message_pinned"},
                                            {EventKind::message_unpinned, "message_unpinned"},
                                            {EventKind::invited, "invited"},
                                            {EventKind::membership_changed, "membership_changed"},
                                            {EventKind::membership_ended, "membership_ended"},
                                            {EventKind::session_ended, "session_ended"}}};
constexpr Names<SessionEnd, 3> kSessionEnds{{{SessionEnd::password_changed, "password_changed"},
                                             {SessionEnd::disabled, "disabled"},
                                             {SessionEnd::revoked, "revoked"}}};

template <class T, class E>
const char* name_of(const T& names, E value) noexcept {
  for (const auto& [v, n] : names)
    if (v == value) return n;
  return "";
}

template <class E, class T>
std::optional<E> value_of(const T& names, std::string_view text) noexcept {
  for (const auto& [v, n] : names)
    if (text == n) return v;
  return std::nullopt;
}

}  // namespace

const char* to_string(RoomKind kind) noexcept { return name_of(kRoomKinds, kind); }
const char* to_string(MemberRole role) noexcept { return name_of(kRoles, role); }
const char* to_string(MessageKind kind) noexcept { return name_of(kMessageKinds, kind); }
const char* to_string(EventKind kind) noexcept { return name_of(kEventKinds, kind); }
const char* to_string(SessionEnd reason) noexcept { return name_of(kSessionEnds, reason); }
std::optional<RoomKind> parse_room_kind(std::string_view t) noexcept { return value_of<RoomKind>(kRoomKinds, t); }
std::optional<MemberRole> parse_member_role(std::string_view t) noexcept { return value_of<MemberRole>(kRoles, t); }
std::optional<MessageKind> parse_message_kind(std::string_view t) noexcept {
  return value_of<MessageKind>(kMessageKinds, t);
}
std::optional<EventKind> parse_event_kind(std::string_view t) noexcept { return value_of<EventKind>(kEventKinds, t); }

bool is_user_event(EventKind kind) noexcept { return kind >= EventKind::invited && kind <= EventKind::session_ended; }

}  // namespace chat
