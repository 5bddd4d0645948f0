#include "storage/journal/room_rules.hpp"
#include "storage/memory/memory_database.hpp"

#include <mutex>
#include <utility>

namespace chat::storage {
namespace {

using journal::Fate;
using journal::FlightReport;
using journal::MessageFacts;
using journal::RoomFacts;
using journal::UserFacts;
using journal::WriteItem;

class MemoryUserBook final : public journal::UserBook {
 public:
  explicit MemoryUserBook(MemoryDatabase& database) : db_(database) {}

  std::optional<UserFacts> lock(UserId user) override {
    const auto found = db_.users.find(user);
    if (found == db_.users.end()) return std::nullopt;
    const User& u = found->second;
    const Seq last(static_cast<std::int64_t>(db_.user_logs[user].size()));
    return UserFacts{u.name, u.token_version, u.disabled_at.has_value(), last};
  }
  std::optional<Event> event(UserId user, EventId id) override {
    for (const Event& event : db_.user_logs[user])
      if (event.id == id) return event;
    return std::nullopt;
  }
  void set_password(UserId user, const std::string& hash) override { db_.users.at(user).password_hash = hash; }
  void set_disabled(UserId user, std::optional<Timestamp> since) override { db_.users.at(user).disabled_at = since; }
  void set_token_version(UserId user, std::int64_t version) override { db_.users.at(user).token_version = version; }
  void add_event(const Event& event) override { db_.user_logs[event.feed.user_id()].push_back(event); }

 private:
  MemoryDatabase& db_;
};

class MemoryBook final : public journal::RoomBook {
 public:
  MemoryBook(MemoryDatabase& database, RoomId room) : db_(database), users_(database) {
    const auto found = db_.rooms.find(room);
    room_ = found == db_.rooms.end() ? nullptr : &found->second;
  }

  std::optional<RoomFacts> lock() override {
    if (!room_) return std::nullopt;
    const Room& r = room_->room;
    return RoomFacts{r.kind, r.name, r.description, r.last_seq, r.message_count};
  }
  std::optional<Event> event(EventId id) override {
    const auto found = room_->by_id.find(id.value);
    return found == room_->by_id.end() ? std::nullopt : std::optional(room_->at(found->second));
  }
  std::optional<Stored> event_of(UserId actor, const std::string& client_id) override {
    const auto found = room_->event_keys.find({actor, client_id});
    if (found == room_->event_keys.end()) return std::nullopt;
    const Event& event = room_->at(found->second);
    return Stored{event.id.value, event.seq, Ordinal(0), event.at, true};
  }
  std::optional<MemberRole> role_of(UserId user) override {
    const auto found = room_->members.find(user);
    return found == room_->members.end() ? std::nullopt : std::optional(found->second.role);
  }
  journal::UserBook& users() override { return users_; }
  std::optional<MessageFacts> message(MessageId id) override {
    const auto found = room_->by_id.find(id.value);
    if (found == room_->by_id.end() || !room_->at(found->second).message) return std::nullopt;
    const Message& m = *room_->at(found->second).message;
    return MessageFacts{m.seq, m.author_id, m.content, m.metadata, m.edited_at.has_value(), m.deleted_at.has_value()};
  }
  bool has_reaction(Seq message, UserId user, const std::string& reaction) override {
    return room_->reactions.contains({message, user, reaction});
  }
  bool is_pinned(Seq message) override { return room_->pins.contains(message); }

  void set_content(Seq message, const EditMessage& edit, Timestamp at) override {
    Message& m = *room_->at(message).message;
    m.content = edit.content;
    m.metadata = edit.metadata;
    m.edited_at = at;
  }
  void erase(Seq message, bool, const std::string& bare, Timestamp at) override {
    Message& m = *room_->at(message).message;
    m.content.clear();
    m.metadata.reset();
    m.deleted_at = at;
    for (Event& event : room_->log)
      if (event.kind == EventKind::message_edited && event.message_seq == message) event.payload = bare;
    std::erase_if(room_->reactions, [&](const auto& reaction) { return std::get<0>(reaction) == message; });
    room_->pins.erase(message);
  }
  void set_reaction(Seq message, UserId user, const SetReaction& change, Timestamp) override {
    if (change.present)
      room_->reactions.insert({message, user, change.reaction});
    else
      room_->reactions.erase({message, user, change.reaction});
  }
  void set_pin(Seq message, UserId by, bool pinned, Timestamp) override {
    if (pinned)
      room_->pins.emplace(message, by);
    else
      room_->pins.erase(message);
  }
  void add_member(const AddMember& member, Seq joined_seq, std::int64_t read_ordinal, Timestamp) override {
    room_->members[member.user_id] = {member.role, joined_seq, read_ordinal};
  }
  void set_role(UserId user, MemberRole role) override { room_->members[user].role = role; }
  void remove_member(UserId user) override { room_->members.erase(user); }
  bool set_room(const RoomFacts& facts) override {
    Room& mine = room_->room;
    if (facts.name && mine.kind == RoomKind::public_room)
      for (const auto& [id, other] : db_.rooms)
        if (id != mine.id && other.room.kind == RoomKind::public_room && other.room.name == facts.name) return false;
    mine.name = facts.name;
    mine.description = facts.description;
    return true;
  }
  void add_event(const Event& event) override {
    room_->log.push_back(event);
    room_->room.last_seq = event.seq;
    room_->by_id.emplace(event.id.value, event.seq);
    if (event.client_id) room_->event_keys.emplace(MemoryRoom::Key(event.actor_id, *event.client_id), event.seq);
  }

 private:
  MemoryDatabase& db_;
  MemoryUserBook users_;
  MemoryRoom* room_;
};

class MemoryWriter final : public journal::FeedWriter {
 public:
  MemoryWriter(std::shared_ptr<MemoryDatabase> database, const Clock& clock)
      : db_(std::move(database)), clock_(clock) {}

  Result<void> open() override { return {}; }

  FlightReport write(std::span<WriteItem> items) override {
    const std::lock_guard lock(db_->mutex);
    const Timestamp now = clock_.now();
    for (WriteItem& item : items) {
      if (!journal::is_storable(item)) {
        item.refuse(Errc::invalid, "text with NUL or invalid UTF-8");
      } else if (item.is_command()) {
        carry_out_in_memory(item, *db_, now);
      } else if (!store(item, now)) {
        return {.away = {}, .halted = "two messages claim one place (messages_id)"};
      }
    }
    return {};
  }

 private:
  // False: its id is taken.
  bool store(WriteItem& item, Timestamp now) {
    const AppendMessage& m = *item.message;
    const auto found = db_->rooms.find(m.room_id);
    if (found == db_->rooms.end()) return item.refuse(Errc::room_not_found, "no such room"), true;
    MemoryRoom& room = found->second;
    if (m.client_id) {
      const auto same = room.message_keys.find({m.author.id, *m.client_id});
      if (same != room.message_keys.end()) {
        const Message& first = *room.at(same->second).message;
        item.fate = Fate::repeated;
        item.stored = {first.id.value, first.seq, first.ordinal, first.timestamp, true};
        return true;
      }
    }
    const auto member = room.members.find(m.author.id);
    journal::Actor actor{m.author.kind, m.author.id, std::nullopt};
    if (member != room.members.end()) actor.role = member->second.role;
    if (const auto allowed = journal::may_post(room.room.kind, actor); !allowed)
      return item.refuse(allowed.error().code, allowed.error().message), true;

    const Seq seq = room.room.last_seq.next();
    if (!room.by_id.emplace(m.id.value, seq).second) return false;
    item.fate = Fate::stored;
    item.stored = {m.id.value, seq, Ordinal(room.room.message_count + 1), now, false};
    room.log.push_back(*journal::created_event(m, item.stored));
    room.by_ordinal.push_back(seq);
    if (m.client_id) room.message_keys.emplace(MemoryRoom::Key(m.author.id, *m.client_id), seq);
    room.room.last_seq = seq;
    ++room.room.message_count;
    return true;
  }

  const std::shared_ptr<MemoryDatabase> db_;
  const Clock& clock_;
};

}  // namespace

void carry_out_in_memory(WriteItem& item, MemoryDatabase& database, Timestamp now) {
  if (item.command) {
    MemoryBook book(database, item.command->room_id);
    journal::carry_out(item, book, now);
  } else {
    MemoryUserBook book(database);
    journal::carry_out(item, book, now);
  }
}

std::unique_ptr<journal::FeedWriter> make_memory_writer(std::shared_ptr<MemoryDatabase> database, const Clock& clock) {
  return std::make_unique<MemoryWriter>(std::move(database), clock);
}

}  // namespace chat::storage
