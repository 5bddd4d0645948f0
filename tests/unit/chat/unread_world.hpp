// Rooms, members and counts in memory, and what users were told of them: the world of the unread board's tests.
#pragma once

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

namespace chat::testing {

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

inline CommittedEvent event_of(const FeedKey& feed, EventKind kind, UserId actor, std::string payload = {}) {
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

}  // namespace chat::testing
