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
    const std::string who = "{\"user_id\":" + json_string(c.user_id.str());
    const std::string as = ",\"role\":" + json_string(to_string(c.role)) + "}";
    if (role) {
      book_.set_role(c.user_id, c.role);
      return changed(EventKind::member_role_changed, std::nullopt, who + as);
    }
    const auto name = book_.name_of(c.user_id);
    if (!name) return item_.refuse(Errc::user_not_found, "no such user");
    book_.add_member(c, room_.last_seq.next(), room_.message_count, now_);
    changed(EventKind::member_joined, std::nullopt, who + ",\"name\":" + json_string(*name) + as);
  }

  void operator()(const RemoveMember& c) {
    const auto role = book_.role_of(c.user_id);
    if (!allowed(may_remove_member(room_.kind, actor_, c.user_id, role.value_or(MemberRole::member)))) return;
    if (!role) return unchanged();
    book_.remove_member(c.user_id);
    changed(EventKind::member_left, std::nullopt, "{\"user_id\":" + json_string(c.user_id.str()) + "}");
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
    item_.event = std::make_shared<const Event>(std::move(event));
  }

  WriteItem& item_;
  const FeedCommand& command_;
  RoomBook& book_;
  const RoomFacts room_;
  const Timestamp now_;
  Actor actor_;
};

}  // namespace

void carry_out(WriteItem& item, RoomBook& book, Timestamp now) {
  const FeedCommand& command = *item.command;
  auto room = book.lock();
  if (!room) return item.refuse(Errc::room_not_found, "no such room");
  if (item.look_first) {
    if (auto event = book.event(command.id)) {
      event->actor_name = command.actor.name;
      item.fate = Fate::stored;
      item.stored = {event->id.value, event->seq, Ordinal(0), event->at, false};
      item.event = std::make_shared<const Event>(std::move(*event));
      return;
    }
  }
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
