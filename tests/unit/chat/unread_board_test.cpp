#include "unit/chat/unread_world.hpp"

namespace chat::testing {
namespace {

TEST_F(UnreadBoardTest, ASessionThatConnectsIsToldAllThatIsNotZero) {
  const RoomId read = RoomId::make();
  store.join(room, ada, 3);
  store.join(other, ada, 1);
  store.join(read, ada, 0);
  board.session_opened(ada);
  const auto first = round_after(0ms);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].user, ada);
  std::map<RoomId, std::int64_t> counts;
  for (const UnreadCount& count : first[0].counts) counts[count.room] = count.unread;
  EXPECT_EQ(counts, (std::map<RoomId, std::int64_t>{{room, 3}, {other, 1}}));
  EXPECT_FALSE(next.has_value()) << "nothing is left to do";
}

TEST_F(UnreadBoardTest, WhoHasNothingUnreadIsToldNothing) {
  store.join(room, ada);
  board.session_opened(ada);
  EXPECT_TRUE(round_after(0ms).empty());
  said(room, bob);
  expect_only(round_after(0ms), ada, room, 1);  // at once: the second runs from what was told
}

TEST_F(UnreadBoardTest, AMessageIsToldToConnectedMembersAndToNobodyElse) {
  store.join(room, ada);
  store.join(room, bob);
  connected(ada);
  connected(eve);
  const auto reads = store.pairs_read();
  said(room, eve);
  expect_only(round_after(0ms), ada, room, 1);
  EXPECT_EQ(store.pairs_read(), reads + 1) << "bob is not connected, eve no member: nothing is read for them";
  EXPECT_EQ(store.room_reads(bob), 0);
}

TEST_F(UnreadBoardTest, WithoutConnectedMembersNothingIsReadAtAll) {
  store.join(room, ada);
  said(room, bob);
  const int calls = store.weather.calls;
  EXPECT_FALSE(board.round().has_value());
  EXPECT_EQ(store.weather.calls, calls);
}

TEST_F(UnreadBoardTest, TellsAtMostOnceASecondAndThenEverythingAtOnce) {
  store.join(room, ada);
  store.join(other, ada);
  connected(ada);
  said(room, bob);
  expect_only(round_after(0ms), ada, room, 1);
  for (int i = 0; i < 9; ++i) {
    said(room, bob);
    said(other, bob);
    EXPECT_TRUE(round_after(100ms).empty());
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(*next, 1s - (i + 1) * 100ms);
  }
  const auto after = round_after(100ms);
  ASSERT_EQ(after.size(), 1u);
  ASSERT_EQ(after[0].counts.size(), 2u);
  for (const auto& count : after[0].counts) {
    EXPECT_EQ(count.unread, count.room == room ? 10 : 9);
    EXPECT_EQ(count.last_seq, Seq(count.unread));
  }
  EXPECT_TRUE(round_after(5s).empty()) << "told once";
}

TEST_F(UnreadBoardTest, ADeletionIsToldToEverybodyAndToZeroAsWell) {
  store.join(room, ada);
  connected(ada);
  said(room, bob);
  expect_only(round_after(0ms), ada, room, 1);
  deleted(room, ada);
  expect_only(round_after(1s), ada, room, 0);
}

TEST_F(UnreadBoardTest, NobodyIsToldBecauseOfHisOwnMessageAlone) {
  store.join(room, ada);
  store.join(room, bob);
  connected(ada);
  connected(bob);
  said(room, ada);
  said(room, ada);
  expect_only(round_after(1s), bob, room, 2);
  EXPECT_TRUE(round_after(1s).empty());
  said(room, ada);
  said(room, bob);
  const auto both = round_after(1s);
  EXPECT_EQ(both.size(), 2u) << "each by the other's";
}

TEST_F(UnreadBoardTest, NothingIsToldAfterTheLastSessionHasEnded) {
  store.join(room, ada, 5);
  connected(ada);
  board.session_opened(ada);
  EXPECT_EQ(round_after(0ms).size(), 1u) << "the second session gets its snapshot";
  board.session_ended(ada);
  said(room, bob);
  EXPECT_EQ(round_after(1s).size(), 1u) << "one session is still there";
  said(room, bob);
  board.session_ended(ada);
  said(room, bob);
  EXPECT_EQ(board.users(), 0u);
  const int calls = store.weather.calls;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(round_after(500ms).empty());
  EXPECT_EQ(store.weather.calls, calls);
  EXPECT_FALSE(next.has_value()) << "forgotten";
}

TEST_F(UnreadBoardTest, ComingBackAtOnceIsNoWayToBeToldMoreOften) {
  store.join(room, ada, 5);
  board.session_opened(ada);
  EXPECT_EQ(round_after(0ms).size(), 1u);
  const int reads = store.room_reads(ada);
  for (int i = 0; i < 9; ++i) {
    board.session_ended(ada);
    board.session_opened(ada);
    EXPECT_TRUE(round_after(100ms).empty());
  }
  EXPECT_EQ(store.room_reads(ada), reads);
  expect_only(round_after(100ms), ada, room, 5);
  EXPECT_EQ(store.room_reads(ada), reads + 1);
}

TEST_F(UnreadBoardTest, FollowsTheUserIntoRoomsAndOutOfThem) {
  connected(ada);
  said(room, bob);
  EXPECT_TRUE(round_after(1s).empty());
  invited(room, ada);
  EXPECT_TRUE(round_after(1s).empty()) << "joining leaves nothing unread";
  said(room, bob);
  expect_only(round_after(1s), ada, room, 1);
  said(room, bob);
  removed(room, ada);
  EXPECT_TRUE(round_after(1s).empty()) << "what was marked before does not count any more";
  said(room, bob);
  EXPECT_TRUE(round_after(1s).empty());
  EXPECT_EQ(store.room_reads(ada), 1);
}

TEST_F(UnreadBoardTest, KnowsOfARoomThatTheUserMade) {
  connected(ada);
  store.join(room, ada);
  store.post(room);  // by somebody who saw the room in the list before it was told here
  board.joined(ada, room);
  board.joined(bob, room);  // not connected: of no interest
  expect_only(round_after(0ms), ada, room, 1);
  said(room, bob);
  expect_only(round_after(1s), ada, room, 2);
}

TEST_F(UnreadBoardTest, RoomsThatChangeWhileTheyAreReadAreReadAgain) {
  store.join(other, ada);
  board.session_opened(ada);
  store.before_rooms_are_answered = [&] {
    invited(room, ada);
    removed(other, ada);
  };
  EXPECT_TRUE(round_after(0ms).empty());
  ASSERT_EQ(next, 0us) << "again, and soon";
  round_after(0ms);
  EXPECT_EQ(store.room_reads(ada), 2);
  said(other, bob);
  said(room, bob);
  expect_only(round_after(1s), ada, room, 1);
}

TEST_F(UnreadBoardTest, NothingIsSaidOfARoomThatWasLeftWhileItWasCounted) {
  store.join(room, ada);
  store.join(other, ada);
  connected(ada);
  said(room, bob);
  said(other, bob);
  store.before_counts_are_answered = [&] { removed(room, ada); };
  expect_only(round_after(0ms), ada, other, 1);
  said(other, bob);
  store.before_counts_are_answered = [&] { removed(other, ada); };
  EXPECT_TRUE(round_after(1s).empty());
  EXPECT_FALSE(next.has_value());
}

TEST_F(UnreadBoardTest, WhoGoesWhileHisRoomsAreReadIsNotTold) {
  store.join(room, ada, 2);
  board.session_opened(ada);
  store.before_rooms_are_answered = [&] { board.session_ended(ada); };
  EXPECT_TRUE(round_after(0ms).empty());
  said(room, bob);
  EXPECT_TRUE(round_after(1s).empty());
  EXPECT_FALSE(next.has_value());
}

TEST_F(UnreadBoardTest, WhoComesBackWhileHisRoomsAreReadIsToldOfThemAsTheyAreThen) {
  store.join(room, ada, 2);
  board.session_opened(ada);
  store.before_rooms_are_answered = [&] {
    board.session_ended(ada);
    store.leave(room, ada);  // nobody was there to be told
    store.join(other, ada, 7);
    board.session_opened(ada);
  };
  EXPECT_TRUE(round_after(0ms).empty());
  expect_only(round_after(0ms), ada, other, 7);
}

TEST_F(UnreadBoardTest, AReadThatFailsIsRepeatedASecondLater) {
  for (auto fault : {&Weather::away, &Weather::broken}) {
    const UserId user = UserId::make();
    store.join(room, user);
    connected(user);
    said(room, bob);
    (store.weather.*fault) = true;
    EXPECT_TRUE(round_after(0ms).empty());
    EXPECT_EQ(next, 1s);
    said(room, bob);
    EXPECT_TRUE(round_after(1s).empty());
    (store.weather.*fault) = false;
    EXPECT_TRUE(round_after(999ms).empty());
    expect_only(round_after(1ms), user, room, 2);
    board.session_ended(user);
    store.leave(room, user);
  }
}

TEST_F(UnreadBoardTest, AStoreThatIsAwayIsAskedOnceARound) {
  for (int i = 0; i < 20; ++i) {
    const UserId user = UserId::make();
    store.join(room, user, 1);
    board.session_opened(user);
  }
  store.weather.away = true;
  const int calls = store.weather.calls;
  EXPECT_TRUE(round_after(0ms).empty());
  EXPECT_EQ(store.weather.calls, calls + 1);
  store.weather.away = false;
  EXPECT_EQ(round_after(1s).size(), 20u);
}

TEST_F(UnreadBoardTest, MoreRoomsThanFitOneSignalFollowASecondLater) {
  std::set<RoomId> expected;
  for (int i = 0; i < 1203; ++i) {
    const RoomId id = RoomId::make();
    store.join(id, ada, 1);
    expected.insert(id);
  }
  board.session_opened(ada);
  for (int pass = 0; pass < 2; ++pass) {
    std::set<RoomId> seen;
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 3; ++i) {
      const auto part = round_after(1s);
      ASSERT_EQ(part.size(), 1u);
      sizes.push_back(part[0].counts.size());
      for (const auto& count : part[0].counts) EXPECT_TRUE(seen.insert(count.room).second);
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{500, 500, 203}));
    EXPECT_EQ(seen, expected);
    EXPECT_TRUE(round_after(1s).empty());
    for (const RoomId& id : expected) said(id, bob);  // the second pass: all of them changed
  }
}

TEST_F(UnreadBoardTest, AskesForManyMembersInPortionsAndPassesNobodyOver) {
  UnreadBoard small{store, pool, told.push(), clock, {.users_a_round = 700, .snapshots_a_round = 400}};
  std::set<UserId> members;
  for (int i = 0; i < 1500; ++i) {
    const UserId user = UserId::make();
    members.insert(user);
    store.join(room, user);
    small.session_opened(user);
  }
  for (int i = 0; i < 4; ++i) EXPECT_EQ(small.round().has_value(), i < 3) << "400 snapshots a round";
  EXPECT_TRUE(told.take().empty());
  store.post(room);
  small.on_commit({{event_of(FeedKey::room(room), EventKind::message_created, eve)}});
  std::set<UserId> reached;
  const std::size_t rounds[] = {700, 700, 100};
  for (const std::size_t expected : rounds) {
    (void)small.round();
    const auto part = told.take();
    EXPECT_EQ(part.size(), expected);
    for (const auto& signal : part) reached.insert(signal.user);
  }
  EXPECT_EQ(reached, members);
}

TEST_F(UnreadBoardTest, WhenThereIsAlwaysMoreToDoThanFitsARoundEverybodyHasHisTurn) {
  std::map<UserId, int> turns;
  const auto count = [&](UserId user, const std::vector<UnreadCount>&) { ++turns[user]; };
  UnreadBoard small{store, pool, count, clock, {.interval = 0ms, .users_a_round = 1}};
  for (const UserId& user : {ada, bob, eve}) {
    store.join(room, user);
    small.session_opened(user);
    (void)small.round();
  }
  for (int i = 0; i < 30; ++i) {
    store.post(room);
    small.on_commit({{event_of(FeedKey::room(room), EventKind::message_created, UserId::make())}});
    (void)small.round();
  }
  EXPECT_EQ(turns, (std::map<UserId, int>{{ada, 10}, {bob, 10}, {eve, 10}}));
}

// By itself, on real threads and clocks: sessions come and go, lanes commit, and in the end each knows the true count.

}  // namespace
}  // namespace chat::testing
