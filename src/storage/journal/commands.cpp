// The commands, each the same sentence: who may, is there anything to change, change it, say so.
#include "base/json_text.hpp"
#include "storage/journal/room_book.hpp"
#include "storage/journal/room_rules.hpp"

#include <utility>

namespace chat::journal {
namespace {

std::string about(const MessageId& id) { return "{\"message_id\":" + json_string(id.str()); }

class Command {
 public:
  Command(WriteItem& item, RoomBook& book, RoomFacts room, Timestamp now)
      : item_(item), command_(*item.command), book_(book), room_(std::move(room)), now_(now) {
    actor_ = {command_.actor.kind, command_.actor.id, book_.role_of(command_.actor.id)};
  }

  void operator()(const EditMessage& c) {
    const auto message = find(c.message_id);
    if (!message || !allowed(may_change_message(room_.kind, actor_, message->author))) return;
    if (message->deleted) return item_.refuse(Errc::conflict, "the message has been deleted");
    if (message->content == c.content && message->metadata == c.metadata) return unchanged();
    book_.set_content(message->seq, c, now_);
    changed(EventKind::message_edited, message->seq,
            about(c.message_id) + ",\"content\":" + json_string(c.content) + ",\"metadata\":" +
                c.metadata.value_or("null") + ",\"edited_at\":" + json_string(to_rfc3339(now_)) + "}");
  }

  void operator()(const DeleteMessage& c) {
    const auto message = find(c.message_id);
    if (!message || !allowed(may_change_message(room_.kind, actor_, message->author))) return;
    if (message->deleted) return unchanged();
    const std::string bare = about(c.message_id) + "}";
    book_.erase(message->seq, message->edited, bare, now_);
    changed(EventKind::message_deleted, message->seq, bare);
  }

  void operator()(const SetReaction& c) {
    const auto message = find(c.message_id);
    if (!message || !allowed(may_post(room_.kind, actor_))) return;
    if (book_.has_reaction(message->seq, actor_.id, c.reaction) == c.present) return unchanged();
    if (message->deleted) return item_.refuse(Errc::conflict, "the message has been deleted");
    book_.set_reaction(message->seq, actor_.id, c, now_);
    changed(c.present ? EventKind::reaction_added : EventKind::reaction_removed, message->seq,
            about(c.message_id) + ",\"reaction\":" + json_string(c.reaction) + "}");
  }

  void operator()(const SetPin& c) {
    const auto message = find(c.message_id);
    if (!message || !allowed(may_pin(room_.kind, actor_))) return;
    if (book_.is_pinned(message->seq) == c.pinned) return unchanged();
    if (message->deleted) return item_.refuse(Errc::conflict, "the message has been deleted");
    book_.set_pin(message->seq, actor_.id, c.pinned, now_);
    changed(c.pinned ? EventKind::message_pinned : EventKind::message_unpinned, message->seq,
            about(c.message_id) + "}");
  }

  void operator()(const AddMember& c) {
    const auto role = book_.role_of(c.user_id);
    if (!allowed(may_set_member(room_.kind, actor_, role, c.role))) return;
    if (role == c.role) return unchanged();
    const auto user = book_.users().lock(c.user_id);
    if (!user) return item_.refuse(Errc::user_not_found, "no such user");
    const std::string who = "{\"user_id\":" + json_string(c.user_id.str());
    const std::string as = ",\"role\":" + json_string(to_string(c.role));
    if (role) {
      book_.set_role(c.user_id, c.role);
      changed(EventKind::member_role_changed, std::nullopt, who + as + "}");
      return tell(c.user_id, *user, EventKind::membership_changed, as);
    }
    book_.add_member(c, room_.last_seq.next(), room_.message_count, now_);
    changed(EventKind::member_joined, std::nullopt, who + ",\"name\":" + json_string(user->name) + as + "}");
    tell(c.user_id, *user, EventKind::invited,
         ",\"room_name\":" + (room_.name ? json_string(*room_.name) : "null") +
             ",\"room_kind\":" + json_string(to_string(room_.kind)) + as);
  }

  void operator()(const RemoveMember& c) {
    const auto role = book_.role_of(c.user_id);
    if (!allowed(may_remove_member(room_.kind, actor_, c.user_id, role.value_or(MemberRole::member)))) return;
    if (!role) return unchanged();
    const auto user = book_.users().lock(c.user_id);
    if (!user) return item_.refuse(Errc::user_not_found, "no such user");
    book_.remove_member(c.user_id);
    changed(EventKind::member_left, std::nullopt, "{\"user_id\":" + json_string(c.user_id.str()) + "}");
    const bool own_wish = c.user_id == actor_.id;
    tell(c.user_id, *user, EventKind::membership_ended, own_wish ? ",\"reason\":\"left\"" : ",\"reason\":\"removed\"");
  }

  void operator()(const ChangeRoom& c) {
    if (!allowed(may_change_room(room_.kind, actor_))) return;
    RoomFacts wanted = room_;
    std::string payload;
    const auto take = [&payload](std::optional<std::string>& now, const std::optional<std::string>& then,
                                 const char* field) {
      if (!then || now == then) return;
      now = then;
      payload += (payload.empty() ? "{\"" : ",\"") + std::string(field) + "\":" + json_string(*then);
    };
    take(wanted.name, c.name, "name");
    take(wanted.description, c.description, "description");
    if (payload.empty()) return unchanged();
    if (!book_.set_room(wanted)) return item_.refuse(Errc::room_exists, "another room has this name");
    changed(EventKind::room_changed, std::nullopt, payload + "}");
  }

 private:
  std::optional<MessageFacts> find(const MessageId& id) {
    auto message = book_.message(id);
    // Strangers do not learn which messages a closed room has.
    if (!message && allowed(may_post(room_.kind, actor_)))
      item_.refuse(Errc::not_found, "no such message in this room");
    return message;
  }

  bool allowed(const Result<void>& rule) {
    if (!rule) item_.refuse(rule.error().code, rule.error().message);
    return rule.has_value();
  }

  // Stores nothing, the client_id neither. A repeat is then judged anew, by the state it meets: it may change what the
  // first found as wanted, if others have undone it in between. That is harmless, because only a client that was never
  // answered repeats, and to it both are one change that took effect once, between its asking and its answer; and from
  // there on its key is stored.
  void unchanged() {
    item_.fate = Fate::stored;
    item_.stored = {command_.id.value, Seq(0), Ordinal(0), now_, false};
  }

  void changed(EventKind kind, std::optional<Seq> message_seq, std::string payload) {
    Event event;
    event.feed = FeedKey::room(command_.room_id);
    event.seq = room_.last_seq.next();
    event.kind = kind;
    event.id = command_.id;
    event.actor_id = command_.actor.id;
    event.actor_name = command_.actor.name;
    event.client_id = command_.client_id;
    event.at = now_;
    event.message_seq = message_seq;
    event.payload = std::move(payload);
    book_.add_event(event);
    item_.fate = Fate::stored;
    item_.stored = {event.id.value, event.seq, Ordinal(0), now_, false};
    item_.changed = true;
    item_.events.push_back(std::make_shared<const Event>(std::move(event)));
  }

  // The same change in the feed of whom it concerns. `what`: members of the payload between room and actor.
  void tell(UserId id, const UserFacts& user, EventKind kind, const std::string& what) {
    std::string payload = "{\"room_id\":" + json_string(command_.room_id.str()) + what + ",\"room_seq\":";
    append_json_int(payload, item_.stored.seq.value);
    payload += ",\"actor\":{\"id\":" + json_string(command_.actor.id.str()) +
               ",\"name\":" + json_string(command_.actor.name) + "}}";
    item_.events.push_back(add_user_event(book_.users(), id, user, command_.id, kind, std::move(payload), now_));
  }

  WriteItem& item_;
  const FeedCommand& command_;
  RoomBook& book_;
  const RoomFacts room_;
  const Timestamp now_;
  Actor actor_;
};

// Whom a change of membership concerns.
std::optional<UserId> concerned(const FeedCommand& command) {
  if (const auto* add = std::get_if<AddMember>(&command.change)) return add->user_id;
  if (const auto* remove = std::get_if<RemoveMember>(&command.change)) return remove->user_id;
  return std::nullopt;
}

// A former flight stored it after all: what it left is what is told now.
bool was_stored(WriteItem& item, RoomBook& book) {
  const FeedCommand& command = *item.command;
  auto event = book.event(command.id);
  if (!event) return false;
  event->actor_name = command.actor.name;
  item.fate = Fate::stored;
  item.stored = {event->id.value, event->seq, Ordinal(0), event->at, false};
  item.changed = true;  // the locks are committed: that waits for the standbys that the first commit did not wait for
  item.events.push_back(std::make_shared<const Event>(std::move(*event)));
  if (const auto user = concerned(command))
    if (auto told = book.users().event(*user, command.id))
      item.events.push_back(std::make_shared<const Event>(std::move(*told)));
  return true;
}

}  // namespace

void carry_out(WriteItem& item, RoomBook& book, Timestamp now) {
  const FeedCommand& command = *item.command;
  auto room = book.lock();
  if (!room) return item.refuse(Errc::room_not_found, "no such room");
  if (item.look_first && was_stored(item, book)) return;
  if (command.client_id) {
    if (auto first = book.event_of(command.actor.id, *command.client_id)) {
      item.fate = Fate::repeated;
      item.stored = *first;
      return;
    }
  }
  std::visit(Command(item, book, std::move(*room), now), command.change);
}

}  // namespace chat::journal
