// The commands of a user's feed.
#include "base/json_text.hpp"
#include "storage/journal/user_book.hpp"

#include <utility>

namespace chat::journal {
namespace {

class Command {
 public:
  Command(WriteItem& item, UserBook& book, UserFacts user, Timestamp now)
      : item_(item), command_(*item.user_command), book_(book), user_(std::move(user)), now_(now) {}

  void operator()(const EndSessions& c) { end_sessions(c.reason); }

  void operator()(const SetPassword& c) {
    book_.set_password(command_.user_id, c.hash);
    end_sessions(SessionEnd::password_changed);
  }

  void operator()(const SetDisabled& c) {
    if (c.disabled == user_.disabled) return done(Seq(0));
    book_.set_disabled(command_.user_id, c.disabled ? std::optional(now_) : std::nullopt);
    item_.changed = true;
    if (!c.disabled) return done(Seq(0));
    end_sessions(SessionEnd::disabled);
  }

 private:
  void end_sessions(SessionEnd reason) {
    const std::int64_t version = user_.token_version + 1;
    book_.set_token_version(command_.user_id, version);
    std::string payload = "{\"reason\":" + json_string(to_string(reason)) + ",\"token_version\":";
    append_json_int(payload, version);
    payload += '}';
    auto event =
        add_user_event(book_, command_.user_id, user_, command_.id, EventKind::session_ended, std::move(payload), now_);
    done(event->seq);
    item_.changed = true;
    item_.events.push_back(std::move(event));
  }

  void done(Seq seq) {
    item_.fate = Fate::stored;
    item_.stored = {command_.id.value, seq, Ordinal(0), now_, false};
  }

  WriteItem& item_;
  const UserCommand& command_;
  UserBook& book_;
  const UserFacts user_;
  const Timestamp now_;
};

}  // namespace

void carry_out(WriteItem& item, UserBook& book, Timestamp now) {
  const UserCommand& command = *item.user_command;
  auto user = book.lock(command.user_id);
  if (!user) return item.refuse(Errc::user_not_found, "no such user");
  if (item.look_first) {
    if (auto event = book.event(command.user_id, command.id)) {
      item.fate = Fate::stored;
      item.stored = {event->id.value, event->seq, Ordinal(0), event->at, false};
      item.changed = true;  // as of a room's command
      item.events.push_back(std::make_shared<const Event>(std::move(*event)));
      return;
    }
  }
  std::visit(Command(item, book, std::move(*user), now), command.change);
}

std::shared_ptr<const Event> add_user_event(UserBook& book, UserId id, const UserFacts& user, EventId command,
                                            EventKind kind, std::string payload, Timestamp now) {
  auto event = std::make_shared<Event>();
  event->feed = FeedKey::user(id);
  event->seq = user.last_seq.next();
  event->kind = kind;
  event->id = command;
  event->at = now;
  event->payload = std::move(payload);
  book.add_event(*event);
  return event;
}

}  // namespace chat::journal
