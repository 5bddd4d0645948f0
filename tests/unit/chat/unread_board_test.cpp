#include "chat/unread_board.hpp"
#include "support/fake_stores.hpp"
#include "support/manual_clock.hpp"

#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace chat::testing {
namespace {

using namespace std::chrono_literals;

// Members, messages and markers as the store keeps them; everything else of a room is of no matter here.
class UnreadStore final : public RoomStore {
 public:
  Weather weather;
  // On the reader's thread, with no lock held; once.
  std::function<void()> before_rooms_are_answered, before_counts_are_answered;

  Result<Room> create_room(const Room& room) override { return room; }
  Result<RoomAccess> find_room(RoomId, UserId) override { return Error{Errc::room_not_found}; }
  Result<std::vector<Room>> list_public_rooms() override { return std::vector<Room>{}; }

  Result<std::vector<RoomAccess>> list_member_rooms(UserId user, std::size_t limit,
                                                    std::optional<RoomId> after) override {
    if (auto no = weather.refuse()) return *no;
    std::vector<RoomAccess> found;
    {
      const std::lock_guard lock(mutex_);
      ++room_reads_[user];
      for (auto at = after ? rooms_.upper_bound(*after) : rooms_.begin(); at != rooms_.end(); ++at) {
        if (found.size() < limit && at->second.unread.contains(user)) found.push_back({a_room(at->first), {}});
      }
    }
    if (before_rooms_are_answered) std::exchange(before_rooms_are_answered, {})();
    return found;
  }
  Result<std::vector<UnreadCount>> unread_counts(const std::vector<Membership>& pairs) override {
    if (auto no = weather.refuse()) return *no;
    if (pairs.size() > kMaxUnreadPairs) throw std::logic_error("too many pairs");
    std::unique_lock lock(mutex_);
    std::vector<UnreadCount> counts;
    for (const auto& [user, id] : pairs) {
      const auto room = rooms_.find(id);
      if (room == rooms_.end() || !room->second.unread.contains(user)) continue;
      counts.push_back({user, id, room->second.unread.at(user), Seq(room->second.last_seq)});
      ++pairs_read_;
    }
    lock.unlock();
    if (before_counts_are_answered) std::exchange(before_counts_are_answered, {})();
    return counts;
  }
  Result<std::vector<UnreadCount>> unread_rooms(UserId user, std::size_t limit, std::optional<RoomId> after) override {
    if (auto no = weather.refuse()) return *no;
    const std::lock_guard lock(mutex_);
    std::vector<UnreadCount> counts;
    for (const auto& [id, room] : rooms_) {
      const auto member = room.unread.find(user);
      if (counts.size() == limit || member == room.unread.end() || member->second == 0 || (after && id <= *after))
        continue;
      counts.push_back({user, id, member->second, Seq(room.last_seq)});
    }
    return counts;
  }

  void join(RoomId room, UserId user, std::int64_t unread = 0) {
    const std::lock_guard lock(mutex_);
    rooms_[room].unread[user] = unread;
  }
  void leave(RoomId room, UserId user) {
    const std::lock_guard lock(mutex_);
    rooms_[room].unread.erase(user);
  }
  void post(RoomId id) { change(id, +1); }
  void erase(RoomId id) { change(id, -1); }
  int room_reads(UserId user) {
    const std::lock_guard lock(mutex_);
    return room_reads_[user];
  }
  std::size_t pairs_read() {
    const std::lock_guard lock(mutex_);
    return pairs_read_;
  }

 private:
  struct Stored {
    std::map<UserId, std::int64_t> unread;
    std::int64_t last_seq = 0;
  };
  static Room a_room(RoomId id) {
    Room room;
    room.id = id;
    return room;
  }
  void change(RoomId id, std::int64_t by) {
    const std::lock_guard lock(mutex_);
    Stored& room = rooms_[id];
    ++room.last_seq;
    for (auto& [user, unread] : room.unread) unread += by;
  }

  std::mutex mutex_;
  std::map<RoomId, Stored> rooms_;
  std::map<UserId, int> room_reads_;
  std::size_t pairs_read_ = 0;
};

// What was pushed, and when.
class Told {
 public:
  struct Signal {
    UserId user;
    std::vector<UnreadCount> counts;
    std::chrono::steady_clock::time_point at;
  };

  explicit Told(const Clock& clock) : clock_(clock) {}
  UnreadBoard::Push push() {
    return [this](UserId user, const std::vector<UnreadCount>& counts) {
      const std::lock_guard lock(mutex_);
      EXPECT_FALSE(counts.empty());
      for (const Signal& earlier : signals_) {
        if (earlier.user != user) continue;
        EXPECT_GE(clock_.steady() - earlier.at, 1s) << "more than one a second";
      }
      signals_.push_back({user, counts, clock_.steady()});
    };
  }
  // Since the last call.
  std::vector<Signal> take() {
    const std::lock_guard lock(mutex_);
    std::vector<Signal> fresh(signals_.begin() + static_cast<std::ptrdiff_t>(seen_), signals_.end());
    seen_ = signals_.size();
    return fresh;
  }

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<Signal> signals_;
  std::size_t seen_ = 0;
};

CommittedEvent event_of(const FeedKey& feed, EventKind kind, UserId actor, std::string payload = {}) {
  auto event = std::make_shared<Event>();
  event->feed = feed;
  event->kind = kind;
  event->actor_id = actor;
  event->payload = std::move(payload);
  return {event, {}};
}

class UnreadBoardTest : public ::testing::Test {
 protected:
  void said(RoomId id, UserId by) {
    store.post(id);
    board.on_commit({{event_of(FeedKey::room(id), EventKind::message_created, by)}});
  }
  void deleted(RoomId id, UserId by) {
    store.erase(id);
    board.on_commit({{event_of(FeedKey::room(id), EventKind::message_deleted, by)}});
  }
  void invited(RoomId id, UserId whom) {
    store.join(id, whom);
    membership(EventKind::invited, id, whom);
  }
  void removed(RoomId id, UserId whom) {
    store.leave(id, whom);
    membership(EventKind::membership_ended, id, whom);
  }
  void membership(EventKind kind, RoomId id, UserId whom) {
    board.on_commit({{event_of(FeedKey::user(whom), kind, UserId{}, R"({"room_id":")" + id.str() + R"(","x":{}})")}});
  }
  std::vector<Told::Signal> round_after(std::chrono::milliseconds time) {
    clock.advance(time);
    next = board.round();
    return told.take();
  }
  // Connected, with what there was to tell him behind us.
  void connected(UserId user) {
    board.session_opened(user);
    round_after(0ms);
    round_after(1s);
  }
  // The one signal, which is about this room alone.
  static void expect_only(const std::vector<Told::Signal>& signals, UserId user, RoomId about, std::int64_t unread) {
    ASSERT_EQ(signals.size(), 1u);
    EXPECT_EQ(signals[0].user, user);
    ASSERT_EQ(signals[0].counts.size(), 1u);
    EXPECT_EQ(signals[0].counts[0].room, about);
    EXPECT_EQ(signals[0].counts[0].unread, unread);
  }

  ManualClock clock;
  UnreadStore store;
  BlockingPool pool{{.name = "read"}};
  Told told{clock};
  UnreadBoard board{store, pool, told.push(), clock};
  std::optional<std::chrono::microseconds> next;
  const UserId ada = UserId::make(), bob = UserId::make(), eve = UserId::make();
  const RoomId room = RoomId::make(), other = RoomId::make();
};

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
TEST(UnreadBoardThreads, TellsTheLastStateWhateverHappensAtTheSameTime) {
  boost::asio::io_context context;
  auto work = boost::asio::make_work_guard(context);
  UnreadStore store;
  BlockingPool pool{{.name = "read", .threads = 2}};
  std::mutex mutex;
  std::map<std::pair<UserId, RoomId>, std::int64_t> shown;
  std::map<UserId, std::chrono::steady_clock::time_point> last;
  bool too_often = false;
  const UnreadOptions options{.interval = 20ms, .gather = 2ms};
  auto board = std::make_shared<UnreadBoard>(
      store, pool,
      [&](UserId user, const std::vector<UnreadCount>& counts) {
        const std::lock_guard lock(mutex);
        const auto now = std::chrono::steady_clock::now();
        if (const auto before = last.find(user); before != last.end()) too_often |= now - before->second < 20ms;
        last[user] = now;
        for (const UnreadCount& count : counts) shown[{user, count.room}] = count.unread;
      },
      system_clock(), options);
  board->start(context.get_executor());
  std::thread loop([&] { context.run(); });

  std::vector<UserId> stable, fickle;
  std::vector<RoomId> rooms;
  for (int i = 0; i < 8; ++i) rooms.push_back(RoomId::make());
  for (int i = 0; i < 4; ++i) {
    stable.push_back(UserId::make());
    fickle.push_back(UserId::make());
    for (const RoomId& room : rooms) {
      store.join(room, stable.back());
      store.join(room, fickle.back());
    }
    board->session_opened(stable.back());
  }
  const UserId author = UserId::make();
  std::vector<std::thread> threads;
  for (std::size_t lane = 0; lane < 3; ++lane) {
    threads.emplace_back([&, lane] {
      for (std::size_t i = 0; i < 400; ++i) {
        const RoomId room = rooms[(i * 3 + lane) % rooms.size()];
        store.post(room);
        board->on_commit({{event_of(FeedKey::room(room), EventKind::message_created, author)}});
        if (i % 16 == 0) std::this_thread::sleep_for(1ms);
      }
    });
  }
  for (const UserId& user : fickle) {
    threads.emplace_back([&, user] {
      const RoomId extra = RoomId::make();
      const std::string payload = R"({"room_id":")" + extra.str() + "\"}";
      for (int i = 0; i < 60; ++i) {
        board->session_opened(user);
        store.join(extra, user);
        board->on_commit({{event_of(FeedKey::user(user), EventKind::invited, UserId{}, payload)}});
        std::this_thread::sleep_for(1ms);
        store.leave(extra, user);
        board->on_commit({{event_of(FeedKey::user(user), EventKind::membership_ended, UserId{}, payload)}});
        if (i + 1 < 60) board->session_ended(user);
      }
    });
  }
  for (auto& thread : threads) thread.join();

  std::map<std::pair<UserId, RoomId>, std::int64_t> expected;
  for (const auto& users : {stable, fickle})
    for (const UserId& user : users)
      for (const RoomId& room : rooms) expected[{user, room}] = 150;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  const auto settled = [&] {
    const std::lock_guard lock(mutex);
    return std::all_of(expected.begin(), expected.end(), [&](const auto& entry) {
      const auto found = shown.find(entry.first);
      return found != shown.end() && found->second == entry.second;
    });
  };
  while (!settled() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(2ms);
  EXPECT_TRUE(settled());
  EXPECT_EQ(board->users(), 8u);
  board->stop();
  work.reset();
  pool.stop();
  loop.join();  // returns: nothing is left to do
  EXPECT_FALSE(too_often);
}

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
