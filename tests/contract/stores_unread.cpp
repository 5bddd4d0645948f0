// How much a member has not read: counted from his marker, without what was deleted above it. On every database.
#include "support/storage_fixture.hpp"

#include <algorithm>
#include <map>

namespace chat::testing {
namespace {

class UnreadContract : public StoreTest {
 protected:
  void add_member(const Room& room, const User& owner, const User& whom) {
    FeedCommand command = by(room, owner);
    command.change = AddMember{whom.id};
    take(execute(std::move(command)));
  }
  void remove_member(const Room& room, const User& owner, const User& whom) {
    FeedCommand command = by(room, owner);
    command.change = RemoveMember{whom.id};
    take(execute(std::move(command)));
  }
  Stored erase(const Room& room, const User& who, const Stored& message) {
    FeedCommand command = by(room, who);
    command.change = DeleteMessage{MessageId(message.id)};
    return take(execute(std::move(command)));
  }
  // By room; no entry: no answer.
  std::map<RoomId, UnreadCount> counts(const User& user, const std::vector<Room>& of) {
    std::vector<Membership> pairs;
    for (const Room& room : of) pairs.push_back({user.id, room.id});
    std::map<RoomId, UnreadCount> out;
    for (const UnreadCount& count : take(rooms().unread_counts(pairs))) {
      EXPECT_EQ(count.user, user.id);
      EXPECT_TRUE(out.emplace(count.room, count).second) << "one answer a pair";
    }
    return out;
  }
  std::int64_t unread(const User& user, const Room& room) { return counts(user, {room}).at(room.id).unread; }
  std::vector<RoomId> listed(const User& user, std::size_t limit, std::optional<RoomId> after = {}) {
    std::vector<RoomId> ids;
    for (const UnreadCount& count : take(rooms().unread_rooms(user.id, limit, after))) {
      EXPECT_EQ(count.user, user.id);
      EXPECT_GT(count.unread, 0);
      ids.push_back(count.room);
    }
    return ids;
  }

 private:
  static FeedCommand by(const Room& room, const User& who) {
    FeedCommand command;
    command.room_id = room.id;
    command.actor = {Principal::Kind::user, who.id, who.name};
    return command;
  }
};
INSTANTIATE_TEST_SUITE_P(Every, UnreadContract, ::testing::ValuesIn(all_databases()), database_name);

TEST_P(UnreadContract, CountsWhatCameSinceTheMemberJoined) {
  const User ada = add_user("ada@example.com"), bob = add_user("bob@example.com");
  const Room room = add_room(ada, "lobby");
  EXPECT_EQ(unread(ada, room), 0);
  say(room, bob, "before");
  add_member(room, ada, bob);
  EXPECT_EQ(unread(ada, room), 1);
  EXPECT_EQ(unread(bob, room), 0) << "joining sets the marker to the newest message";
  say(room, ada, "one");
  say(room, bob, "two");
  const UnreadCount of_ada = counts(ada, {room}).at(room.id);
  EXPECT_EQ(of_ada.unread, 3);
  EXPECT_EQ(of_ada.last_seq, Seq(4)) << "three messages and a member";
  EXPECT_EQ(unread(bob, room), 2);
}

TEST_P(UnreadContract, LeavesOutWhatWasDeletedAboveTheMarkerAndOnlyThat) {
  const User ada = add_user("ada@example.com"), bob = add_user("bob@example.com");
  const Room room = add_room(ada, "lobby");
  const Stored below = say(room, ada, "below"), also_below = say(room, ada, "also below");
  add_member(room, ada, bob);
  const Stored above = say(room, ada, "above");
  say(room, ada, "stays");
  const Stored last = say(room, ada, "last");
  ASSERT_EQ(unread(bob, room), 3);
  erase(room, ada, below);
  EXPECT_EQ(unread(bob, room), 3) << "he had read it";
  EXPECT_EQ(unread(ada, room), 4);
  erase(room, ada, above);
  EXPECT_EQ(unread(bob, room), 2);
  EXPECT_EQ(erase(room, ada, above).seq, Seq(0));
  EXPECT_EQ(unread(bob, room), 2) << "deleted once";
  const Stored newest = erase(room, ada, last);
  EXPECT_EQ(unread(bob, room), 1);
  EXPECT_EQ(counts(bob, {room}).at(room.id).last_seq, newest.seq);
  say(room, ada, "and one more");
  EXPECT_EQ(unread(bob, room), 2);
  erase(room, ada, also_below);
  EXPECT_EQ(unread(bob, room), 2);
  EXPECT_EQ(unread(ada, room), 2);
}

TEST_P(UnreadContract, NobodyButMembersGetsAnAnswer) {
  const User ada = add_user("ada@example.com"), bob = add_user("bob@example.com");
  const Room open = add_room(ada, "open"), closed = add_room(ada, "closed", RoomKind::private_room);
  say(open, bob, "a guest in a public room");
  Room unknown;
  unknown.id = RoomId::make();
  EXPECT_TRUE(counts(bob, {open, closed, unknown}).empty());
  EXPECT_TRUE(take(rooms().unread_counts({})).empty());
  add_member(closed, ada, bob);
  say(closed, ada, "for members");
  auto of_bob = counts(bob, {open, closed});
  EXPECT_EQ(of_bob.size(), 1u);
  EXPECT_EQ(of_bob.at(closed.id).unread, 1);
  remove_member(closed, ada, bob);
  EXPECT_TRUE(counts(bob, {open, closed}).empty());
  EXPECT_TRUE(listed(bob, 10).empty());
  say(closed, ada, "without him");
  add_member(closed, ada, bob);
  EXPECT_EQ(unread(bob, closed), 0) << "who comes back has missed nothing";
}

TEST_P(UnreadContract, AnswersManyUsersAndRoomsAtOnce) {
  const User ada = add_user("ada@example.com");
  std::vector<User> members;
  for (int i = 0; i < 20; ++i) members.push_back(add_user("user" + std::to_string(i) + "@example.com"));
  std::vector<Room> all;
  for (int i = 0; i < 25; ++i) all.push_back(add_room(ada, "room " + std::to_string(i), RoomKind::private_room));
  std::vector<Membership> pairs;
  for (std::size_t r = 0; r < all.size(); ++r) {
    for (std::size_t u = 0; u < members.size(); ++u) {
      pairs.push_back({members[u].id, all[r].id});
      if (u % 2 == r % 2) add_member(all[r], ada, members[u]);
    }
  }
  for (std::size_t r = 0; r < all.size(); ++r)
    for (std::size_t n = 0; n < r; ++n) say(all[r], ada, "x");
  ASSERT_EQ(pairs.size(), RoomStore::kMaxUnreadPairs);
  std::map<Membership, std::int64_t> found;
  for (const UnreadCount& count : take(rooms().unread_counts(pairs))) found[{count.user, count.room}] = count.unread;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::size_t r = i / members.size(), u = i % members.size();
    const auto count = found.find(pairs[i]);
    ASSERT_EQ(count != found.end(), u % 2 == r % 2);
    if (count == found.end()) continue;
    EXPECT_EQ(count->second, static_cast<std::int64_t>(r));
  }
}

TEST_P(UnreadContract, ListsTheRoomsThatAreNotReadToTheEndPageByPage) {
  const User ada = add_user("ada@example.com"), bob = add_user("bob@example.com");
  std::vector<RoomId> expected;
  for (int i = 0; i < 5; ++i) {
    const Room room = add_room(ada, "room " + std::to_string(i));
    say(room, bob, "hello");
    expected.push_back(room.id);
  }
  std::sort(expected.begin(), expected.end());
  const Room quiet = add_room(ada, "quiet"), emptied = add_room(ada, "emptied");
  erase(emptied, ada, say(emptied, bob, "gone"));
  EXPECT_EQ(counts(ada, {quiet, emptied}).size(), 2u) << "asked for, zeros are told";
  EXPECT_EQ(listed(ada, 100), expected);
  EXPECT_EQ(listed(ada, 2), std::vector<RoomId>(expected.begin(), expected.begin() + 2));
  EXPECT_EQ(listed(ada, 2, expected[1]), std::vector<RoomId>(expected.begin() + 2, expected.begin() + 4));
  EXPECT_EQ(listed(ada, 2, expected[3]), std::vector<RoomId>{expected[4]});
  EXPECT_TRUE(listed(ada, 2, expected[4]).empty());
  EXPECT_TRUE(listed(bob, 100).empty());
  EXPECT_TRUE(take(rooms().unread_rooms(UserId::make(), 5)).empty());
}

}  // namespace
}  // namespace chat::testing
