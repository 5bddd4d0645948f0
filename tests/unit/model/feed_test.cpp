#include "model/feed.hpp"
#include "model/event.hpp"

#include <gtest/gtest.h>

#include <set>
#include <unordered_set>

namespace chat {
namespace {

const RoomId kRoom(*Uuid::parse("0190b1f2-3c4d-7e5f-8a6b-0123456789ab"));

TEST(FeedKey, SaysWhichFeedInOneSpelling) {
  EXPECT_EQ(FeedKey::room(kRoom).str(), "room:0190b1f2-3c4d-7e5f-8a6b-0123456789ab");
  EXPECT_EQ(FeedKey::user(UserId(kRoom.value)).str(), "user:0190b1f2-3c4d-7e5f-8a6b-0123456789ab");
  for (const FeedKey& feed : {FeedKey::room(kRoom), FeedKey::user(UserId::make()), FeedKey::room(RoomId())})
    EXPECT_EQ(FeedKey::parse(feed.str()), feed);
}

TEST(FeedKey, ReadsNoOtherSpelling) {
  for (const char* text :
       {"", "room", "room:", "user:", "rooms:0190b1f2-3c4d-7e5f-8a6b-0123456789ab",
        "room:0190B1F2-3C4D-7E5F-8A6B-0123456789AB", "room:0190b1f23c4d7e5f8a6b0123456789ab",
        "room:{0190b1f2-3c4d-7e5f-8a6b-0123456789ab}", "room:urn:uuid:0190b1f2-3c4d-7e5f-8a6b-0123456789ab",
        "room: 0190b1f2-3c4d-7e5f-8a6b-0123456789ab", "room:0190b1f2-3c4d-7e5f-8a6b-0123456789ab ",
        "room:0190b1f2-3c4d-7e5f-8a6b-0123456789a", "room:0190b1f2-3c4d-7e5f-8a6b-0123456789ag",
        "room:0190b1f23-c4d-7e5f-8a6b-0123456789ab", "Room:0190b1f2-3c4d-7e5f-8a6b-0123456789ab",
        "room:------------------------------------", "0190b1f2-3c4d-7e5f-8a6b-0123456789ab"})
    EXPECT_EQ(FeedKey::parse(text), std::nullopt) << text;
}

TEST(FeedKey, TellsARoomFromAUserOfTheSameBytes) {
  const FeedKey room = FeedKey::room(kRoom), user = FeedKey::user(UserId(kRoom.value));
  EXPECT_NE(room, user);
  EXPECT_LT(room, user);
  EXPECT_NE(std::hash<FeedKey>{}(room), std::hash<FeedKey>{}(user));
  EXPECT_EQ((std::unordered_set<FeedKey>{room, user, room}).size(), 2u);
  EXPECT_EQ((std::set<FeedKey>{room, user, user}).size(), 2u);
  EXPECT_EQ(room.room_id(), kRoom);
  EXPECT_TRUE(room.user_id().is_nil());
  EXPECT_EQ(user.user_id(), UserId(kRoom.value));
  EXPECT_TRUE(user.room_id().is_nil());
}

TEST(EventKinds, EachHasANameOfItsOwnThatIsReadBack) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(EventKind::session_ended); ++i) {
    const auto kind = static_cast<EventKind>(i);
    EXPECT_FALSE(std::string(to_string(kind)).empty()) << i;
    EXPECT_TRUE(names.insert(to_string(kind)).second) << i;
    EXPECT_EQ(parse_event_kind(to_string(kind)), kind);
    EXPECT_EQ(is_user_event(kind), kind > EventKind::message_unpinned) << to_string(kind);
  }
  EXPECT_EQ(parse_event_kind("invite"), std::nullopt);
}

}  // namespace
}  // namespace chat
