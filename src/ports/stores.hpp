// What the rules and the feeds read and write, apart from feed changes (those go through the journal).
//
// Every call blocks (a database may be behind it) and is thread-safe: call it on a BlockingPool, never on a shard.
// Errc::unavailable: the store is away, nothing was written, try later.
#pragma once

#include "base/result.hpp"
#include "model/event.hpp"
#include "model/room.hpp"
#include "model/user.hpp"

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

struct UserStatus {
  UserId id;
  std::int64_t token_version = 0;
  bool disabled = false;
};

class UserStore {
 public:
  virtual ~UserStore() = default;

  // Errc::user_exists when the username is taken, compared case-folded; also when two race for it.
  virtual Result<User> create_user(const User& user) = 0;
  virtual Result<User> find_user(UserId id) = 0;  // Errc::user_not_found
  // The exact spelling first (adopted databases may hold accounts that differ only in case), then case-folded.
  virtual Result<User> find_username(std::string_view username) = 0;  // Errc::user_not_found
  // Replaces the stored hash and raises `token_version`: older sessions end, and the user's feed says so
  // (session_ended). Through the journal once it runs, as the UserCommand of the same name; the answer comes after the
  // sink has had the commit.
  virtual Result<void> set_password(UserId id, std::string_view password_hash) = 0;
  // The same password at another cost; sessions go on. False, and nothing changed, when the stored hash is no longer
  // `from`: a password set meanwhile is never undone.
  virtual Result<bool> replace_hash(UserId id, std::string_view from, std::string_view to) = 0;
  // Disabling raises token_version as well, so that enabling again does not revive old tokens; in the feed as above.
  virtual Result<void> set_disabled(UserId id, bool disabled) = 0;
  virtual Result<std::vector<User>> list_users(std::size_t limit, std::optional<UserId> after) = 0;  // by id
  // Those of `ids` that exist; at most 500 a call. How live sockets learn of a disabled user.
  virtual Result<std::vector<UserStatus>> user_statuses(const std::vector<UserId>& ids) = 0;
};

// May this user enter, and in what part?
struct RoomAccess {
  Room room;
  std::optional<MemberRole> role;  // none: not a member
};

// A member and one of his rooms.
struct Membership {
  UserId user;
  RoomId room;
  auto operator<=>(const Membership&) const = default;
};

// How many of a room's messages a member has not read: those above his marker that were not deleted.
struct UnreadCount {
  UserId user;
  RoomId room;
  std::int64_t unread = 0;
  Seq last_seq;  // the room's newest event when this was counted
};

class RoomStore {
 public:
  static constexpr std::size_t kMaxUnreadPairs = 500;

  virtual ~RoomStore() = default;

  // Inserts the room and its creator's membership (owner); it is no event. Errc::room_exists when a public room has the
  // name.
  virtual Result<Room> create_room(const Room& room) = 0;
  virtual Result<RoomAccess> find_room(RoomId id,
                                       UserId viewer) = 0;  // Errc::room_not_found; hidden rooms are not found
  // By (created_at, id); of more than 10,000 the newest.
  virtual Result<std::vector<Room>> list_public_rooms() = 0;
  // The rooms this user is a member of, with his role; by id, those behind `after`, at most `limit` (>= 1).
  virtual Result<std::vector<RoomAccess>> list_member_rooms(UserId user, std::size_t limit,
                                                            std::optional<RoomId> after = std::nullopt) = 0;
  // The counts of these pairs (each once, at most kMaxUnreadPairs), zeros too, in any order; a pair without membership,
  // or of a hidden room, gives nothing. One statement.
  virtual Result<std::vector<UnreadCount>> unread_counts(const std::vector<Membership>& pairs) = 0;
  // The rooms in which this user has something unread; by id, those behind `after`, at most `limit` (>= 1).
  virtual Result<std::vector<UnreadCount>> unread_rooms(UserId user, std::size_t limit,
                                                        std::optional<RoomId> after = std::nullopt) = 0;
};

struct HistoryPage {
  std::int64_t total_messages = 0;
  std::vector<Message> messages;  // oldest first
};

// What one call of history_page asks for.
struct PageRead {
  RoomId room;
  UserId viewer;
  std::int64_t page = 1, size = 1;
};

struct EventPage {
  std::vector<Event> events;  // without a hole: from `after`+1 upwards, or from `before`-1 downwards
  FeedHead head;              // of the same snapshot
  bool at_head = false;       // reading upwards: the last event here is the feed's newest
  bool at_start = false;      // reading downwards: the last event here is the oldest that is kept
};

struct PageLimit {
  std::size_t events = 500;
  std::size_t bytes = 256 * 1024;  // of content and payload; at least one event is always given
};

class HistoryStore {
 public:
  static constexpr Seq kNewest{std::numeric_limits<std::int64_t>::max()};

  virtual ~HistoryStore() = default;

  // Page `page` (from 1) of `size` messages, oldest first: one statement, an ordinal range. Errc::room_not_found.
  // A viewer who may not enter the room gets Errc::forbidden.
  virtual Result<HistoryPage> history_page(RoomId room, UserId viewer, std::int64_t page, std::int64_t size) = 0;
  // Several of them, each answered as if it had been asked alone, in the same order: its own statement on its own fresh
  // snapshot, and no error of one reaches another. Costs less than asking one by one when pages_at_once() says so.
  virtual std::vector<Result<HistoryPage>> history_pages(std::span<const PageRead> reads) {
    std::vector<Result<HistoryPage>> pages;
    for (const PageRead& read : reads) pages.push_back(history_page(read.room, read.viewer, read.page, read.size));
    return pages;
  }
  // How many reads are worth collecting for one call; 1: none, ask each alone.
  virtual std::size_t pages_at_once() const { return 1; }
  // What happened in a feed after `after`, oldest first, from a fresh read of the primary; creations in the message's
  // current state. No events when the next one is not kept any more (`after`+1 < head.first_seq).
  // These three answer Errc::room_not_found or user_not_found when there is no such feed.
  virtual Result<EventPage> events_after(const FeedKey& feed, Seq after, PageLimit limit) = 0;
  // The same backwards: what happened before `before`, newest first. A `before` above the head (kNewest) begins with
  // the newest event.
  virtual Result<EventPage> events_before(const FeedKey& feed, Seq before, PageLimit limit) = 0;
  virtual Result<FeedHead> feed_head(const FeedKey& feed) = 0;
  // The number just before the room's newest `messages` messages: resuming there replays exactly those (and what is
  // among them).
  virtual Result<Seq> seq_before_last(RoomId room, std::int64_t messages) = 0;
};

}  // namespace chat
