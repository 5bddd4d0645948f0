#include "storage/memory/memory_stores.hpp"

#include "base/casefold.hpp"
#include "storage/journal/execute_and_wait.hpp"

#include <algorithm>
#include <mutex>

namespace chat::storage {
namespace {

using Reading = std::shared_lock<std::shared_mutex>;
using Writing = std::unique_lock<std::shared_mutex>;

Error no_such_user() { return {Errc::user_not_found, "no such user"}; }
Error no_such_room() { return {Errc::room_not_found, "no such room"}; }

Error no_such_feed(const FeedKey& feed) { return feed.is_room() ? no_such_room() : no_such_user(); }

// Adds an event; false: that is enough.
bool add_to(EventPage& page, Event event, PageLimit limit, std::size_t& bytes) {
  bytes += event.payload.size() + (event.message ? event.message->content.size() : 0);
  page.events.push_back(std::move(event));
  return page.events.size() < limit.events && bytes < limit.bytes;
}

// Those above the marker that were not deleted.
std::int64_t unread_in(const MemoryRoom& room, const MemoryMember& member) {
  const auto first = room.by_ordinal.begin() + static_cast<std::ptrdiff_t>(member.read_ordinal);
  return std::count_if(first, room.by_ordinal.end(), [&](Seq seq) { return !room.at(seq).message->deleted_at; });
}

}  // namespace

Result<User> MemoryStores::create_user(const User& user) {
  const Writing lock(db_->mutex);
  if (!db_->by_folded.emplace(casefold(user.username), user.id).second)
    return Error{Errc::user_exists, "the username is taken"};
  db_->by_username.emplace(user.username, user.id);
  db_->users.emplace(user.id, user);
  return user;
}

Result<User> MemoryStores::find_user(UserId id) {
  const Reading lock(db_->mutex);
  const auto found = db_->users.find(id);
  if (found == db_->users.end()) return no_such_user();
  return found->second;
}

Result<User> MemoryStores::find_username(std::string_view username) {
  const Reading lock(db_->mutex);
  auto found = db_->by_username.find(std::string(username));
  if (found == db_->by_username.end()) {
    found = db_->by_folded.find(casefold(username));
    if (found == db_->by_folded.end()) return no_such_user();
  }
  return db_->users.at(found->second);
}

Result<void> MemoryStores::carry_out(UserCommand command) {
  if (Journal* journal = journal_) return journal::execute_and_wait(*journal, std::move(command));
  const Writing lock(db_->mutex);
  journal::WriteItem item;
  item.user_command = &command;
  carry_out_in_memory(item, *db_, clock_.now());
  if (item.fate == journal::Fate::refused) return item.error;
  return {};
}

Result<void> MemoryStores::set_password(UserId id, std::string_view password_hash) {
  return carry_out(journal::own_command(id, SetPassword{std::string(password_hash)}));
}

Result<void> MemoryStores::set_disabled(UserId id, bool disabled) {
  return carry_out(journal::own_command(id, SetDisabled{disabled}));
}

Result<bool> MemoryStores::replace_hash(UserId id, std::string_view from, std::string_view to) {
  const Writing lock(db_->mutex);
  const auto found = db_->users.find(id);
  if (found == db_->users.end() || found->second.password_hash != from) return false;
  found->second.password_hash = std::string(to);
  return true;
}

Result<std::vector<User>> MemoryStores::list_users(std::size_t limit, std::optional<UserId> after) {
  const Reading lock(db_->mutex);
  std::vector<User> users;
  auto next = after ? db_->users.upper_bound(*after) : db_->users.begin();
  for (; next != db_->users.end() && users.size() < limit; ++next) users.push_back(next->second);
  return users;
}

Result<std::vector<UserStatus>> MemoryStores::user_statuses(const std::vector<UserId>& ids) {
  const Reading lock(db_->mutex);
  std::vector<UserStatus> out;
  for (const UserId& id : ids)
    if (const auto found = db_->users.find(id); found != db_->users.end())
      out.push_back({id, found->second.token_version, found->second.disabled_at.has_value()});
  return out;
}

Result<Room> MemoryStores::create_room(const Room& room) {
  const Writing lock(db_->mutex);
  if (!db_->users.contains(room.creator_id)) return Error{Errc::user_not_found, "the room's creator does not exist"};
  if (room.kind == RoomKind::public_room && room.name)
    for (const auto& [id, other] : db_->rooms)
      if (other.room.kind == RoomKind::public_room && other.room.name == room.name)
        return Error{Errc::room_exists, "a public room has this name"};
  MemoryRoom& made = db_->rooms[room.id];
  made.room = room;
  made.room.last_seq = Seq(0);
  made.room.first_seq = Seq(1);
  made.room.message_count = 0;
  made.members[room.creator_id].role = MemberRole::owner;
  return made.room;
}

const MemoryRoom* MemoryStores::room_of(RoomId id) const {
  const auto found = db_->rooms.find(id);
  return found == db_->rooms.end() ? nullptr : &found->second;
}

Result<RoomAccess> MemoryStores::find_room(RoomId id, UserId viewer) {
  const Reading lock(db_->mutex);
  const MemoryRoom* room = room_of(id);
  if (!room) return no_such_room();
  RoomAccess access{room->room, std::nullopt};
  if (const auto member = room->members.find(viewer); member != room->members.end()) access.role = member->second.role;
  return access;
}

Result<std::vector<Room>> MemoryStores::list_public_rooms() {
  const Reading lock(db_->mutex);
  std::vector<Room> rooms;
  for (const auto& [id, room] : db_->rooms)
    if (room.room.kind == RoomKind::public_room) rooms.push_back(room.room);
  std::sort(rooms.begin(), rooms.end(),
            [](const Room& a, const Room& b) { return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id); });
  return rooms;
}

Result<std::vector<RoomAccess>> MemoryStores::list_member_rooms(UserId user, std::size_t limit,
                                                                std::optional<RoomId> after) {
  const Reading lock(db_->mutex);
  std::vector<RoomAccess> rooms;
  for (const auto& [id, room] : db_->rooms) {
    const auto member = room.members.find(user);
    if (member != room.members.end() && (!after || *after < id)) rooms.push_back({room.room, member->second.role});
  }
  std::sort(rooms.begin(), rooms.end(), [](const auto& a, const auto& b) { return a.room.id < b.room.id; });
  if (rooms.size() > limit) rooms.resize(limit);
  return rooms;
}

Result<std::vector<UnreadCount>> MemoryStores::unread_counts(const std::vector<Membership>& pairs) {
  const Reading lock(db_->mutex);
  std::vector<UnreadCount> counts;
  for (const auto& [user, id] : pairs) {
    const MemoryRoom* room = room_of(id);
    if (!room) continue;
    const auto member = room->members.find(user);
    if (member == room->members.end()) continue;
    counts.push_back({user, id, unread_in(*room, member->second), room->room.last_seq});
  }
  return counts;
}

Result<std::vector<UnreadCount>> MemoryStores::unread_rooms(UserId user, std::size_t limit,
                                                            std::optional<RoomId> after) {
  const Reading lock(db_->mutex);
  std::vector<UnreadCount> counts;
  for (const auto& [id, room] : db_->rooms) {
    const auto member = room.members.find(user);
    if (member == room.members.end() || (after && id <= *after)) continue;
    const std::int64_t unread = unread_in(room, member->second);
    if (unread > 0) counts.push_back({user, id, unread, room.room.last_seq});
  }
  std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.room < b.room; });
  if (counts.size() > limit) counts.resize(limit);
  return counts;
}

Event MemoryStores::as_read(const Event& event) const {
  Event out = event;
  if (event.feed.is_user()) return out;
  const auto user = db_->users.find(event.actor_id);
  out.actor_name = user == db_->users.end() ? std::string() : user->second.name;
  if (out.message) out.message->author_name = out.actor_name;
  return out;
}

Result<HistoryPage> MemoryStores::history_page(RoomId id, UserId viewer, std::int64_t page, std::int64_t size) {
  if (size < 1) return Error{Errc::invalid, "a page has at least one message"};
  const Reading lock(db_->mutex);
  const MemoryRoom* room = room_of(id);
  if (!room) return no_such_room();
  if (!room->may_enter(viewer)) return Error{Errc::forbidden, "not a member of this room"};
  HistoryPage out;
  out.total_messages = room->room.message_count;
  const std::int64_t before = std::max<std::int64_t>(page - 1, 0);
  if (before > out.total_messages / size) return out;
  const std::int64_t end = std::min(out.total_messages, before * size + size);
  for (std::int64_t i = before * size; i < end; ++i)
    out.messages.push_back(*as_read(room->at(room->by_ordinal[static_cast<std::size_t>(i)])).message);
  return out;
}

const EventLog* MemoryStores::log_of(const FeedKey& feed, FeedHead& head) const {
  static const EventLog kNothingYet;
  if (feed.is_room()) {
    const MemoryRoom* room = room_of(feed.room_id());
    if (!room) return nullptr;
    head = {room->room.last_seq, room->room.first_seq, room->room.message_count};
    return &room->log;
  }
  if (!db_->users.contains(feed.user_id())) return nullptr;
  const auto found = db_->user_logs.find(feed.user_id());
  const EventLog* log = found == db_->user_logs.end() ? &kNothingYet : &found->second;
  head.last_seq = Seq(static_cast<std::int64_t>(log->size()));
  return log;
}

Result<EventPage> MemoryStores::events_after(const FeedKey& feed, Seq after, PageLimit limit) {
  const Reading lock(db_->mutex);
  EventPage page;
  const auto* log = log_of(feed, page.head);
  if (!log) return no_such_feed(feed);
  after = std::max(after, Seq(0));
  std::size_t bytes = 0;
  for (Seq seq = std::min(after, page.head.last_seq).next(); seq <= page.head.last_seq; seq = seq.next())
    if (!add_to(page, as_read((*log)[static_cast<std::size_t>(seq.value - 1)]), limit, bytes)) break;
  const Seq last = page.events.empty() ? after : page.events.back().seq;
  page.at_head = last >= page.head.last_seq;
  return page;
}

Result<EventPage> MemoryStores::events_before(const FeedKey& feed, Seq before, PageLimit limit) {
  const Reading lock(db_->mutex);
  EventPage page;
  const auto* log = log_of(feed, page.head);
  if (!log) return no_such_feed(feed);
  Seq last = std::min(before, page.head.last_seq.next());
  std::size_t bytes = 0;
  while (last > Seq(1)) {
    last = last.prev();
    if (!add_to(page, as_read((*log)[static_cast<std::size_t>(last.value - 1)]), limit, bytes)) break;
  }
  page.at_start = last <= Seq(1);
  return page;
}

Result<FeedHead> MemoryStores::feed_head(const FeedKey& feed) {
  const Reading lock(db_->mutex);
  FeedHead head;
  if (!log_of(feed, head)) return no_such_feed(feed);
  return head;
}

Result<Seq> MemoryStores::seq_before_last(RoomId id, std::int64_t messages) {
  const Reading lock(db_->mutex);
  const MemoryRoom* room = room_of(id);
  if (!room) return no_such_room();
  const std::int64_t count = room->room.message_count;
  if (messages <= 0 || count == 0) return room->room.last_seq;
  const std::int64_t first = std::max<std::int64_t>(count - messages, 0);
  return room->by_ordinal[static_cast<std::size_t>(first)].prev();
}

}  // namespace chat::storage
