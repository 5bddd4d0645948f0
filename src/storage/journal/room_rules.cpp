#include "storage/journal/room_rules.hpp"

namespace chat::journal {
namespace {

Error no(const char* why) { return Error(Errc::forbidden, why); }

bool at_least(const Actor& actor, MemberRole role) {
  if (actor.kind == Principal::Kind::service) return role <= MemberRole::admin;
  return actor.role && *actor.role >= role;
}

bool stands_above(MemberRole other, const Actor& actor) { return !at_least(actor, other); }

}  // namespace

Result<void> may_post(RoomKind room, const Actor& actor) {
  if (room == RoomKind::public_room || at_least(actor, MemberRole::member)) return {};
  return no("not a member of this room");
}

Result<void> may_change_message(RoomKind room, const Actor& actor, UserId author) {
  if (at_least(actor, MemberRole::moderator)) return {};
  if (actor.id != author) return no("only its author or a moderator may change a message");
  return may_post(room, actor);
}

Result<void> may_pin(RoomKind room, const Actor& actor) {
  if (at_least(actor, room == RoomKind::direct ? MemberRole::member : MemberRole::moderator)) return {};
  return no("only a moderator may pin");
}

Result<void> may_set_member(RoomKind room, const Actor& actor, std::optional<MemberRole> now, MemberRole wanted) {
  if (room == RoomKind::direct) return no("the two of a direct room never change");
  if (!at_least(actor, MemberRole::admin)) return no("only an admin may change members");
  if (stands_above(wanted, actor)) return no("nobody gives a role above his own");
  if (now && stands_above(*now, actor)) return no("this member stands above you");
  return {};
}

Result<void> may_remove_member(RoomKind room, const Actor& actor, UserId member, MemberRole role) {
  if (room == RoomKind::direct) return no("the two of a direct room never change");
  if (actor.id == member) return {};
  if (!at_least(actor, MemberRole::admin)) return no("only an admin may remove a member");
  if (stands_above(role, actor)) return no("this member stands above you");
  return {};
}

Result<void> may_change_room(RoomKind room, const Actor& actor) {
  if (room == RoomKind::direct) return no("a direct room has no name");
  if (at_least(actor, MemberRole::admin)) return {};
  return no("only an admin may change the room");
}

}  // namespace chat::journal
