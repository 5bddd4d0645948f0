#include "storage/journal/room_book.hpp"
#include "storage/journal/room_rules.hpp"

#include <gtest/gtest.h>

namespace chat::journal {
namespace {

const UserId kAda = UserId::make(), kBob = UserId::make();

Actor as(MemberRole role) { return {Principal::Kind::user, kAda, role}; }
const Actor kStranger{Principal::Kind::user, kAda, std::nullopt};

TEST(RoomRules, EverybodyPostsInAPublicRoomMembersElsewhere) {
  EXPECT_TRUE(may_post(RoomKind::public_room, kStranger).has_value());
  EXPECT_FALSE(may_post(RoomKind::private_room, kStranger).has_value());
  EXPECT_FALSE(may_post(RoomKind::direct, kStranger).has_value());
  EXPECT_TRUE(may_post(RoomKind::private_room, as(MemberRole::member)).has_value());
}

TEST(RoomRules, AnAuthorOrAModeratorChangesAMessage) {
  EXPECT_TRUE(may_change_message(RoomKind::public_room, kStranger, kAda).has_value());
  EXPECT_FALSE(may_change_message(RoomKind::public_room, kStranger, kBob).has_value());
  EXPECT_FALSE(may_change_message(RoomKind::public_room, as(MemberRole::member), kBob).has_value());
  EXPECT_TRUE(may_change_message(RoomKind::public_room, as(MemberRole::moderator), kBob).has_value());
  EXPECT_FALSE(may_change_message(RoomKind::private_room, kStranger, kAda).has_value()) << "removed since";
}

TEST(RoomRules, NobodyGivesOrTakesARoleAboveHisOwn) {
  const auto room = RoomKind::private_room;
  EXPECT_FALSE(may_set_member(room, as(MemberRole::moderator), std::nullopt, MemberRole::member).has_value());
  EXPECT_TRUE(may_set_member(room, as(MemberRole::admin), std::nullopt, MemberRole::admin).has_value());
  EXPECT_FALSE(may_set_member(room, as(MemberRole::admin), std::nullopt, MemberRole::owner).has_value());
  EXPECT_FALSE(may_set_member(room, as(MemberRole::admin), MemberRole::owner, MemberRole::member).has_value());
  EXPECT_FALSE(may_remove_member(room, as(MemberRole::admin), kBob, MemberRole::owner).has_value());
  EXPECT_TRUE(may_remove_member(room, as(MemberRole::member), kAda, MemberRole::member).has_value()) << "leaving";
  EXPECT_FALSE(may_remove_member(RoomKind::direct, as(MemberRole::owner), kAda, MemberRole::owner).has_value());
}

TEST(RoomRules, AServiceActsAsAnAdmin) {
  const Actor service{Principal::Kind::service, kAda, std::nullopt};
  EXPECT_TRUE(may_post(RoomKind::private_room, service).has_value());
  EXPECT_TRUE(may_change_room(RoomKind::public_room, service).has_value());
  EXPECT_FALSE(may_remove_member(RoomKind::public_room, service, kBob, MemberRole::owner).has_value());
}

TEST(TextRules, TakesWhatRfc3629DoesAndNoNul) {
  EXPECT_TRUE(is_text("plain, \xC3\xA9, \xE2\x82\xAC, \xF0\x9F\x98\x80"));
  EXPECT_FALSE(is_text(std::string_view("a\0b", 3)));
  for (const char* bad : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82"})
    EXPECT_FALSE(is_text(bad));
}

}  // namespace
}  // namespace chat::journal
