// The one way to change a feed: numbered, durable, in order.
//
// `append` and `execute` are thread-safe and never block. What is sent to a feed always takes the same lane; its order
// is that lane's.
// After a commit is on disk the journal hands it to the sink, and only then answers the callers: nobody sees or is
// acknowledged before.
#pragma once

#include "base/result.hpp"
#include "model/event.hpp"
#include "model/room.hpp"
#include "model/user.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace chat {

// The connection a change came from, so that its acknowledgement can take its place in the room's order.
struct Origin {
  std::uint32_t shard = 0;
  std::uint64_t connection = 0;  // 0: none; never used twice while the process lives
  bool operator==(const Origin&) const = default;
};

struct AppendMessage {
  MessageId id = MessageId::make();  // ours: how an unknown outcome is looked up
  RoomId room_id;
  Principal author;
  std::optional<std::string> client_id;  // 1..64 bytes; unique for (room, author, kind) for ever
  MessageKind kind = MessageKind::text;
  std::string content;
  std::optional<std::string> metadata;
  std::optional<MessageId> reply_to;
  std::optional<Seq> thread_root_seq;
  Origin origin;
  // Never refused for having waited, not even while the database is away: a room socket's message, whose sender is
  // simply not read meanwhile. Others are refused after JournalOptions::max_wait.
  bool patient = false;
};

// The other changes of a room's feed, each in a transaction of its own on the room's lane: the room row is locked, the
// precondition checked, the state changed, and a number taken only if something changed. Who becomes a member, gets
// another role or stops being one has this in his own feed as well, stored and numbered in the same transaction.
struct EditMessage {
  MessageId message_id;
  std::string content;
  std::optional<std::string> metadata;
};
struct DeleteMessage {
  MessageId message_id;
};
struct SetReaction {
  MessageId message_id;
  std::string reaction;
  bool present = true;
};
struct SetPin {
  MessageId message_id;
  bool pinned = true;
};
struct AddMember {
  UserId user_id;
  MemberRole role = MemberRole::member;
};  // also changes the role of a member
struct RemoveMember {
  UserId user_id;
};
struct ChangeRoom {
  std::optional<std::string> name;
  std::optional<std::string> description;
};

struct FeedCommand {
  EventId id = EventId::make();
  RoomId room_id;
  Principal actor;
  std::optional<std::string> client_id;
  std::variant<EditMessage, DeleteMessage, SetReaction, SetPin, AddMember, RemoveMember, ChangeRoom> change;
  Origin origin;
};

// The changes of a user's feed that no room has part in, likewise on the user's lane.
struct EndSessions {
  SessionEnd reason = SessionEnd::revoked;
};  // raises token_version
struct SetPassword {
  std::string hash;  // argon2id PHC string
};                   // ends all sessions
struct SetDisabled {
  bool disabled = true;
};  // disabling ends all sessions; enabling is no event

struct UserCommand {
  EventId id = EventId::make();
  UserId user_id;
  Principal actor;
  std::variant<EndSessions, SetPassword, SetDisabled> change;
  Origin origin;
};

struct Stored {
  Uuid id;          // the message's or event's
  Seq seq;          // in the feed it was sent to; 0 when a command took no number
  Ordinal ordinal;  // of a message
  Timestamp at{};
  bool repeated = false;  // the answer of an earlier send with this client_id; nothing was stored now
};

// Called exactly once, on a lane's thread, after the sink has had the commit; must not block.
// Errors: forbidden, room_not_found, not_found, conflict, invalid (the database refused the data), overloaded
// (not stored), unavailable (not stored), outcome_unknown; of commands also user_not_found (AddMember, a UserCommand)
// and room_exists (ChangeRoom); internal (not stored: a statement of ours is wrong).
using JournalAnswer = std::function<void(Result<Stored>)>;

struct CommittedEvent {
  std::shared_ptr<const Event> event;
  Origin origin;  // in the feed that the change was sent to; none in others that it reached as well
};

// One commit's events: of each feed in seq order.
struct Commit {
  std::vector<CommittedEvent> events;
};

class CommitSink {
 public:
  virtual ~CommitSink() = default;
  // On a lane's thread; must not block. A room's events come in seq order. Of a user's feed they may come out of order,
  // never twice: rooms of several lanes write to it, and the order in which those commit is not always that in which
  // they tell. The receiver puts them in order by seq: what lies above a gap waits, for the gap is about to come.
  virtual void on_commit(const Commit& commit) = 0;
};

struct JournalHealth {
  bool writable = true;    // false: the database is away, or a lane has stopped
  std::string reason;      // a sentence, when not
  std::size_t queued = 0;  // messages waiting in all lanes
  std::size_t queued_bytes = 0;
};

class Journal {
 public:
  virtual ~Journal() = default;

  // False: the queue (or this feed's or user's share of it) is full; nothing was taken and `answer` is never called.
  [[nodiscard]] virtual bool append(AppendMessage message, JournalAnswer answer) = 0;
  [[nodiscard]] virtual bool execute(FeedCommand command, JournalAnswer answer) = 0;
  [[nodiscard]] virtual bool execute(UserCommand command, JournalAnswer answer) = 0;

  virtual JournalHealth health() const = 0;

  // Refuses new work, commits what is queued (for at most `drain`), answers everything, joins the lanes.
  virtual void stop(std::chrono::milliseconds drain) = 0;
};

}  // namespace chat
