#include "chat/watched_rooms.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace chat::testing {
namespace {

TEST(WatchedRooms, AreForgottenWithTheirLastMember) {
  WatchedRooms watched;
  const RoomId room = RoomId::make();
  const UserId ada = UserId::make(), bob = UserId::make();
  EXPECT_FALSE(watched.mark(room, UserId{}));
  watched.add(room, ada);
  watched.add(room, bob);
  watched.add(room, bob);
  EXPECT_TRUE(watched.mark(room, ada));
  EXPECT_EQ(watched.take_changed(), (std::vector<Membership>{{bob, room}}));
  EXPECT_TRUE(watched.take_changed().empty());
  EXPECT_TRUE(watched.mark(room, ada));
  EXPECT_TRUE(watched.mark(room, bob));
  EXPECT_EQ(watched.take_changed().size(), 2u) << "two authors: nobody is spared";
  watched.remove(room, ada);
  EXPECT_TRUE(watched.mark(room, UserId{}));
  watched.remove(room, bob);
  watched.remove(room, bob);
  EXPECT_TRUE(watched.take_changed().empty());
  EXPECT_FALSE(watched.mark(room, UserId{})) << "nobody watches it any more";
}

}  // namespace
}  // namespace chat::testing
