// Tells connected users how much they have not read, room by room.
//
// Of users with a realtime session on this node it knows the rooms they are members of: read when the first session
// comes, dropped with the last one, kept up to date by the user's own feed. Whatever changes a count (a message, a
// deletion) marks the room; rounds on the read pool then read the counts of its connected members, and each is told of
// all that changed for him at once, at most once in `interval`. A session that connects is told everything that is not
// zero. Of users who are not connected nothing is read.
//
// Nobody is told because of a message of his own alone. It is counted, though, as soon as he is told for another
// reason: counts are those of the store, message_count - read_ordinal - deleted above it, and posting does not move the
// marker.
//
// Thread-safe.
#pragma once

#include "base/blocking_pool.hpp"
#include "base/time.hpp"
#include "chat/watched_rooms.hpp"
#include "model/ids.hpp"
#include "ports/journal.hpp"
#include "ports/stores.hpp"
#include "telemetry/metrics.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace chat {

struct UnreadOptions {
  std::chrono::milliseconds interval{
      1000};                              // at least this between two signals to a user, and before a read is retried
  std::chrono::milliseconds gather{100};  // at least this between the beginnings of two rounds
  std::size_t users_a_round = 2000;
  std::size_t snapshots_a_round = 250;  // a few statements each, one after the other
  std::size_t rooms_a_signal = 500;     // 1..RoomStore::kMaxUnreadPairs; the rest follows in the next one
};

class UnreadBoard final : public CommitSink, public std::enable_shared_from_this<UnreadBoard> {
 public:
  // Tells all sessions of a user here; never empty. Called under the board's lock, so that nothing is said of a room
  // after its membership_ended nor to a user who has gone: must not block nor call the board.
  using Push = std::function<void(UserId, const std::vector<UnreadCount>&)>;

  // All referenced objects outlive this one.
  UnreadBoard(RoomStore& rooms, BlockingPool& read_pool, Push push, const Clock& clock, UnreadOptions options = {});
  ~UnreadBoard() override;

  // A session of this user can be pushed to, from now on or no longer. As often the one as the other.
  void session_opened(UserId user);
  void session_ended(UserId user);

  // This user has become a member, which his feed does not say: he made the room.
  void joined(UserId user, RoomId room);

  // Before the sockets are told (see Push).
  void on_commit(const Commit& commit) override;

  // Rounds happen from now on, on the pool, timed on `executor` (any single-threaded one). Once, before anything else.
  // Keeps this object alive meanwhile.
  void start(boost::asio::any_io_executor executor);
  void stop();

  // One round: reads and tells what is due. How long until something is due again; none: nothing is known to come.
  // Blocks; never twice at a time. It is what `start` does when there is something to do.
  std::optional<std::chrono::microseconds> round();

  std::size_t users() const;  // with a session

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct User {
    std::vector<RoomId> rooms;  // sorted; empty until settled
    TimePoint next_at{};        // not told, nor read for, before
    std::uint32_t sessions = 0;
    bool settled = false;  // his rooms are watched
    bool moved = false;    // while they were being read, he or his rooms changed
  };
  // What a user is owed. Empty: only to be forgotten at next_at, when the last session has ended before.
  struct Work {
    std::vector<RoomId> rooms;  // whose counts may have changed; sorted
    bool snapshot = false;      // everything that is not zero, of rooms behind `after`
    RoomId after;
  };
  // A user's work in hand.
  struct Turn {
    UserId user;
    Work work;
    bool settled = false;
    bool failed = false;
    std::vector<UnreadCount> counts;
    std::optional<RoomId> rest_after;  // a snapshot that is to be continued
  };
  struct Ticker;

  void follow(const Event& event);
  void add_room(UserId id, User& user, RoomId room);
  void drop_rooms(UserId id, User& user);
  void owe(const std::vector<Membership>& changed);
  std::vector<Turn> take_due(TimePoint now);
  bool take_snapshot(Turn& turn);
  bool settle(UserId id, const std::vector<RoomId>& rooms);
  Result<std::vector<RoomId>> read_rooms(UserId id);
  bool read_counts(std::vector<Turn*>& turns);
  void note_failure(const Error& error);
  void finish(Turn& turn);
  void put_back(const Turn& turn);
  std::optional<std::chrono::microseconds> until_next(TimePoint now) const;

  void wake();
  void tick(std::chrono::microseconds delay);
  void begin_round();
  std::optional<std::chrono::microseconds> round_on_pool();
  void round_ended(std::optional<std::chrono::microseconds> next);

  RoomStore& rooms_;
  BlockingPool& read_pool_;
  const Push push_;
  const Clock& clock_;
  const UnreadOptions options_;
  Counter& signals_;
  Counter& failures_;
  WatchedRooms watched_;
  mutable std::mutex mutex_;  // guards what follows; taken before a lock of watched_, never after
  std::unordered_map<UserId, User> users_;
  std::map<UserId, Work> owed_;  // only of users_
  UserId last_taken_;            // rounds go round: the next one begins behind him
  std::atomic<bool> woken_{false};
  std::unique_ptr<Ticker> ticker_;  // set once by start
};

}  // namespace chat
