#include "chat/account_admin.hpp"
#include "unit/chat/world.hpp"

#include <gtest/gtest.h>

namespace chat::testing {
namespace {

using namespace std::chrono_literals;

Principal principal(const User& user) { return {Principal::Kind::user, user.id, user.name}; }

TEST(Rooms, ACreatedRoomIsPublicEmptyAndListed) {
  World world;
  const auto ada = world.a_user();
  const auto room = run(world.rooms.create(principal(ada), {"Lobby", "Talk"}));
  ASSERT_TRUE(room);
  EXPECT_EQ(room->kind, RoomKind::public_room);
  EXPECT_EQ(room->last_seq, Seq(0));
  EXPECT_EQ(room->creator_id, ada.id);
  EXPECT_EQ(room->created_at, world.clock.now());
  const auto all = run(world.rooms.list());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().id, room->id);
  EXPECT_EQ(run(world.rooms.create(principal(ada), {"Lobby", {}})).error().code, Errc::room_exists);
}

TEST(Rooms, CreationsHaveARateOfTheirUser) {
  World world;
  const auto ada = world.a_user(), grace = world.a_user("grace@example.com");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(run(world.rooms.create(principal(ada), {"room " + std::to_string(i), {}})));
  const auto over = run(world.rooms.create(principal(ada), {"one more", {}}));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::rate_limited);
  EXPECT_EQ(over.error().retry.limit, 100);
  EXPECT_EQ(over.error().retry.after, 1s);
  EXPECT_TRUE(run(world.rooms.create(principal(grace), {"another's", {}})));
  world.clock.advance(200ms);
  EXPECT_TRUE(run(world.rooms.create(principal(ada), {"one more", {}})));
  EXPECT_FALSE(run(world.rooms.create(principal(ada), {"two more", {}})));
}

TEST(Rooms, WithoutLimitsNothingIsRefused) {
  World world({.rooms = {.creations = {0, 0}}});
  const auto ada = world.a_user();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(run(world.rooms.create(principal(ada), {"room " + std::to_string(i), {}})));
}

TEST(Rooms, APrivateRoomIsEnteredByMembersOnlyAndUnknownToOthersHistory) {
  World world;
  const auto ada = world.a_user(), grace = world.a_user("grace@example.com");
  Room room;
  room.id = RoomId::make();
  room.creator_id = ada.id;
  room.kind = RoomKind::private_room;
  world.rooms_store.put(room);
  EXPECT_TRUE(run(world.rooms.enter(room.id, ada.id)));
  EXPECT_EQ(run(world.rooms.enter(room.id, grace.id)).error().code, Errc::forbidden);
  EXPECT_EQ(run(world.rooms.enter(RoomId::make(), ada.id)).error().code, Errc::room_not_found);
  EXPECT_TRUE(run(world.rooms.history(room.id, ada.id, 1, 10)));
  EXPECT_EQ(run(world.rooms.history(room.id, grace.id, 1, 10)).error().code, Errc::forbidden);
}

TEST(Rooms, AStoreThatIsAwayIsSaidToBe) {
  World world;
  const auto ada = world.a_user();
  world.rooms_store.weather.away = true;
  EXPECT_EQ(run(world.rooms.create(principal(ada), {"Lobby", {}})).error().code, Errc::unavailable);
  EXPECT_EQ(run(world.rooms.list()).error().code, Errc::unavailable);
  EXPECT_EQ(run(world.rooms.history(RoomId::make(), ada.id, 1, 10)).error().code, Errc::unavailable);
  EXPECT_EQ(run(world.rooms.enter(RoomId::make(), ada.id)).error().code, Errc::unavailable);
}

TEST(AccountAdmin, AddsListsChangesAndDisables) {
  World world;
  AccountAdmin admin(world.users, world.clock, kCheap);
  const auto ada = admin.add("Ada", " ada@example.com ", "correct horse");
  ASSERT_TRUE(ada);
  EXPECT_EQ(admin.add("Ada", "ADA@example.com", "correct horse").error().code, Errc::user_exists);
  EXPECT_TRUE(world.log_in("ada@example.com"));
  const auto token = *world.sessions.mint(*ada);

  ASSERT_TRUE(admin.set_password("Ada@example.com", "battery staple"));
  EXPECT_FALSE(world.log_in("ada@example.com", "correct horse"));
  EXPECT_TRUE(world.log_in("ada@example.com", "battery staple"));
  EXPECT_FALSE(run(world.sessions.authenticate(token))) << "a new password ends the old sessions";

  ASSERT_TRUE(admin.set_disabled("ada@example.com", true));
  EXPECT_FALSE(world.log_in("ada@example.com", "battery staple"));
  ASSERT_TRUE(admin.set_disabled("ada@example.com", false));
  EXPECT_TRUE(world.log_in("ada@example.com", "battery staple"));
  EXPECT_EQ(admin.set_disabled("nobody@example.com", true).error().code, Errc::user_not_found);
  EXPECT_EQ(admin.set_password("nobody@example.com", "battery staple").error().code, Errc::user_not_found);
}

TEST(AccountAdmin, RefusesWhatSignUpWouldRefuse) {
  World world;
  AccountAdmin admin(world.users, world.clock, kCheap);
  const std::string long_name(201, 'x');
  EXPECT_EQ(admin.add("", "a@example.com", "correct horse").error().code, Errc::invalid);
  EXPECT_EQ(admin.add(" \u200b", "a@example.com", "correct horse").error().code, Errc::invalid);
  EXPECT_EQ(admin.add("\xff", "a@example.com", "correct horse").error().code, Errc::invalid);
  EXPECT_EQ(admin.add(long_name, "a@example.com", "correct horse").error().code, Errc::invalid);
  EXPECT_EQ(admin.add("Ada", "nobody", "correct horse").error().code, Errc::invalid);
  EXPECT_EQ(admin.add("Ada", "a b@example.com", "correct horse").error().code, Errc::invalid);
  EXPECT_EQ(admin.add("Ada", "a@example.com", "short").error().code, Errc::invalid);
  EXPECT_EQ(world.users.size(), 0u);
}

TEST(AccountAdmin, ListsMoreUsersThanOnePageHolds) {
  World world;
  for (int i = 0; i < 1203; ++i) {
    User user;
    user.id = UserId::make();
    world.users.put(user);
  }
  const auto all = AccountAdmin(world.users, world.clock, kCheap).list();
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 1203u);
}

}  // namespace
}  // namespace chat::testing
