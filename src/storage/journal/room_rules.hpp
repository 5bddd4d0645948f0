// Who may change what in a room: pure, asked under the room's lock with what the database says then.
//
// | change                     | who                                                                       |
// | post, react                | everybody in a public room, members elsewhere                             |
// | edit or delete a message   | its author while he may post, moderators and above                        |
// | pin, unpin                 | moderators and above; in a direct room both                               |
// | add, change or remove a    | admins and above, never above their own role, nor on somebody who stands  |
// | member                     | above them; everybody may leave; direct rooms never change                |
// | rename or describe a room  | admins and above; not direct rooms                                        |
//
// A service acts with the rights of an admin (service keys bring their own scopes).
#pragma once

#include "base/result.hpp"
#include "model/room.hpp"
#include "model/user.hpp"

#include <optional>

namespace chat::journal {

struct Actor {
  Principal::Kind kind = Principal::Kind::user;
  UserId id;
  std::optional<MemberRole> role;  // none: not a member
};

Result<void> may_post(RoomKind room, const Actor& actor);
Result<void> may_change_message(RoomKind room, const Actor& actor, UserId author);
Result<void> may_pin(RoomKind room, const Actor& actor);
Result<void> may_set_member(RoomKind room, const Actor& actor, std::optional<MemberRole> now, MemberRole wanted);
Result<void> may_remove_member(RoomKind room, const Actor& actor, UserId member, MemberRole role);
Result<void> may_change_room(RoomKind room, const Actor& actor);

}  // namespace chat::journal
