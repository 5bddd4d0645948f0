// Stores in memory for unit tests of the rules and the API: no lanes, no journal, and a switch that takes them away.
// (The contract suites run on the real ones.)
#pragma once

#include "base/casefold.hpp"
#include "ports/stores.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace chat::testing {

// How a store behaves today.
struct Weather {
  std::atomic<bool> away{false};    // every call answers unavailable
  std::atomic<bool> broken{false};  // every call throws
  std::atomic<int> calls{0};

  std::optional<Error> refuse() {
    ++calls;
    if (broken) throw std::runtime_error("the store is broken");
    if (away) return Error{Errc::unavailable, "the database is away"};
    return std::nullopt;
  }
};

class FakeUsers final : public UserStore {
 public:
  Weather weather;

  Result<User> create_user(const User& user) override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    for (const auto& [id, other] : users_)
      if (casefold(other.username) == casefold(user.username)) return Error{Errc::user_exists, "taken"};
    users_[user.id] = user;
    return user;
  }
  Result<User> find_user(UserId id) override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    const auto found = users_.find(id);
    if (found == users_.end()) return Error{Errc::user_not_found, "no such user"};
    return found->second;
  }
  Result<User> find_username(std::string_view username) override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    for (const auto& [id, user] : users_)
      if (user.username == username) return user;
    for (const auto& [id, user] : users_)
      if (casefold(user.username) == casefold(username)) return user;
    return Error{Errc::user_not_found, "no such user"};
  }
  Result<void> set_password(UserId id, std::string_view hash) override {
    return change(id, [&](User& user) {
      user.password_hash = hash;
      ++user.token_version;
    });
  }
  Result<bool> replace_hash(UserId id, std::string_view from, std::string_view to) override {
    bool same = false;
    const auto done = change(id, [&](User& user) {
      same = user.password_hash == from;
      if (same) user.password_hash = to;
    });
    if (!done && done.error().code != Errc::user_not_found) return done.error();
    return same;
  }
  Result<void> set_disabled(UserId id, bool disabled) override {
    return change(id, [&](User& user) {
      if (disabled) {
        user.disabled_at = Timestamp{};
        ++user.token_version;
      } else {
        user.disabled_at.reset();
      }
    });
  }
  Result<std::vector<User>> list_users(std::size_t limit, std::optional<UserId> after) override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    std::vector<User> page;
    for (auto it = after ? users_.upper_bound(*after) : users_.begin(); it != users_.end() && page.size() < limit; ++it)
      page.push_back(it->second);
    return page;
  }
  Result<std::vector<UserStatus>> user_statuses(const std::vector<UserId>& ids) override {
    if (auto no = weather.refuse()) return *no;
    if (ids.size() > 500) throw std::logic_error("more than 500 ids in one call");
    std::lock_guard lock(mutex_);
    std::vector<UserStatus> statuses;
    for (const auto& id : ids) {
      const auto found = users_.find(id);
      if (found != users_.end())
        statuses.push_back({id, found->second.token_version, found->second.disabled_at.has_value()});
    }
    return statuses;
  }

  // As if another process had done it.
  void put(User user) {
    std::lock_guard lock(mutex_);
    users_[user.id] = std::move(user);
  }
  void erase(UserId id) {
    std::lock_guard lock(mutex_);
    users_.erase(id);
  }
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return users_.size();
  }

 private:
  template <class F>
  Result<void> change(UserId id, F f) {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    const auto found = users_.find(id);
    if (found == users_.end()) return Error{Errc::user_not_found, "no such user"};
    f(found->second);
    return {};
  }

  mutable std::mutex mutex_;
  std::map<UserId, User> users_;
};

class FakeRooms final : public RoomStore, public HistoryStore {
 public:
  Weather weather;

  Result<Room> create_room(const Room& room) override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    for (const auto& other : rooms_)
      if (other.name == room.name) return Error{Errc::room_exists, "taken"};
    rooms_.push_back(room);
    return room;
  }
  Result<RoomAccess> find_room(RoomId id, UserId viewer) override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    const auto* room = find(id);
    if (!room) return Error{Errc::room_not_found, "no such room"};
    RoomAccess access{*room, {}};
    if (room->creator_id == viewer) access.role = MemberRole::owner;
    return access;
  }
  Result<std::vector<Room>> list_public_rooms() override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    std::vector<Room> rooms;
    for (const auto& room : rooms_)
      if (room.kind == RoomKind::public_room) rooms.push_back(room);
    return rooms;
  }
  Result<std::vector<RoomAccess>> list_member_rooms(UserId user, std::size_t limit,
                                                    std::optional<RoomId> after) override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    std::vector<RoomAccess> rooms;
    for (const auto& room : rooms_)
      if (room.creator_id == user && (!after || *after < room.id)) rooms.push_back({room, MemberRole::owner});
    std::sort(rooms.begin(), rooms.end(), [](const auto& a, const auto& b) { return a.room.id < b.room.id; });
    if (rooms.size() > limit) rooms.resize(limit);
    return rooms;
  }
  Result<std::vector<UnreadCount>> unread_counts(const std::vector<Membership>& pairs) override {
    if (auto no = weather.refuse()) return *no;
    if (pairs.size() > kMaxUnreadPairs) throw std::logic_error("too many pairs in one call");
    std::lock_guard lock(mutex_);
    std::vector<UnreadCount> counts;
    for (const auto& pair : pairs) {
      const auto* room = find(pair.room);
      if (room && room->creator_id == pair.user) counts.push_back(unread_of(pair));
    }
    return counts;
  }
  Result<std::vector<UnreadCount>> unread_rooms(UserId user, std::size_t limit, std::optional<RoomId> after) override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    std::vector<UnreadCount> counts;
    for (const auto& room : rooms_)
      if (room.creator_id == user && (!after || *after < room.id) && !messages_[room.id].empty())
        counts.push_back(unread_of({user, room.id}));
    std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.room < b.room; });
    if (counts.size() > limit) counts.resize(limit);
    return counts;
  }
  Result<HistoryPage> history_page(RoomId id, UserId viewer, std::int64_t page, std::int64_t size) override {
    if (auto no = weather.refuse()) return *no;
    std::lock_guard lock(mutex_);
    const auto* room = find(id);
    if (!room) return Error{Errc::room_not_found, "no such room"};
    if (room->kind != RoomKind::public_room && room->creator_id != viewer) return Error{Errc::forbidden, "no member"};
    HistoryPage out;
    const auto& all = messages_[id];
    out.total_messages = static_cast<std::int64_t>(all.size());
    if (page - 1 >= (out.total_messages + size - 1) / size) return out;
    const auto first = (page - 1) * size;
    const auto last = std::min(first + size, out.total_messages);
    out.messages.assign(all.begin() + first, all.begin() + last);
    return out;
  }
  Result<EventPage> events_after(const FeedKey&, Seq, PageLimit) override { return EventPage{}; }
  Result<EventPage> events_before(const FeedKey&, Seq, PageLimit) override { return EventPage{}; }
  Result<Seq> seq_before_last(RoomId, std::int64_t) override { return Seq{}; }
  Result<FeedHead> feed_head(const FeedKey&) override { return FeedHead{}; }

  void put(Room room) {
    std::lock_guard lock(mutex_);
    rooms_.push_back(std::move(room));
  }
  void post(Message message) {
    std::lock_guard lock(mutex_);
    auto& all = messages_[message.room_id];
    message.ordinal = Ordinal(static_cast<std::int64_t>(all.size()) + 1);
    message.seq = Seq(message.ordinal.value);
    all.push_back(std::move(message));
  }

 private:
  UnreadCount unread_of(const Membership& pair) {
    const auto count = static_cast<std::int64_t>(messages_[pair.room].size());
    return {pair.user, pair.room, count, Seq(count)};
  }
  const Room* find(RoomId id) const {
    const auto found = std::find_if(rooms_.begin(), rooms_.end(), [&](const Room& room) { return room.id == id; });
    return found == rooms_.end() ? nullptr : &*found;
  }

  std::mutex mutex_;
  std::vector<Room> rooms_;
  std::map<RoomId, std::vector<Message>> messages_;
};

}  // namespace chat::testing
