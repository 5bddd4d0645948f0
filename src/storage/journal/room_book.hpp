// One room's state, locked, as a command reads and changes it; and the commands themselves, written once for every
// database.
//
// Home: the lane's thread, inside the command's transaction. A database that fails makes every later call answer
// nothing; whoever made the book asks it for the failure before it believes the outcome.
#pragma once

#include "base/time.hpp"
#include "model/event.hpp"
#include "model/room.hpp"
#include "ports/journal.hpp"
#include "storage/journal/feed_writer.hpp"
#include "storage/journal/user_book.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace chat::journal {

struct RoomFacts {
  RoomKind kind = RoomKind::public_room;
  std::optional<std::string> name, description;
  Seq last_seq;
  std::int64_t message_count = 0;
};

struct MessageFacts {
  Seq seq;
  UserId author;
  std::string content;
  std::optional<std::string> metadata;
  bool edited = false, deleted = false;
};

class RoomBook {
 public:
  virtual ~RoomBook() = default;

  // First of all: locks the room until the transaction ends. None: no such room, or a hidden one.
  virtual std::optional<RoomFacts> lock() = 0;

  virtual std::optional<Event> event(EventId id) = 0;
  virtual std::optional<Stored> event_of(UserId actor, const std::string& client_id) = 0;
  virtual std::optional<MemberRole> role_of(UserId user) = 0;
  virtual UserBook& users() = 0;  // whom a change of membership concerns; after lock()
  virtual std::optional<MessageFacts> message(MessageId id) = 0;
  virtual bool has_reaction(Seq message, UserId user, const std::string& reaction) = 0;
  virtual bool is_pinned(Seq message) = 0;

  virtual void set_content(Seq message, const EditMessage& edit, Timestamp at) = 0;
  // Leaves a tombstone: content, metadata, reactions and pin go; `bare` replaces the payload of its edits.
  virtual void erase(Seq message, bool was_edited, const std::string& bare, Timestamp at) = 0;
  virtual void set_reaction(Seq message, UserId user, const SetReaction& change, Timestamp at) = 0;
  virtual void set_pin(Seq message, UserId by, bool pinned, Timestamp at) = 0;
  virtual void add_member(const AddMember& member, Seq joined_seq, std::int64_t read_ordinal, Timestamp at) = 0;
  virtual void set_role(UserId user, MemberRole role) = 0;
  virtual void remove_member(UserId user) = 0;
  virtual bool set_room(const RoomFacts& facts) = 0;  // false: another public room has the name
  virtual void add_event(const Event& event) = 0;     // and the room's head moves to its seq
};

// Carries out the item's FeedCommand: sets its fate to stored (events, or seq 0 when nothing changed), repeated or
// refused. Nothing is durable before the transaction commits.
void carry_out(WriteItem& item, RoomBook& book, Timestamp now);

// What every database must refuse alike: no NUL, and UTF-8 as RFC 3629 has it.
bool is_text(std::string_view bytes);
// The same of everything a message or command carries.
bool is_storable(const AppendMessage& message);
bool is_storable(const FeedCommand& command);
bool is_storable(const UserCommand& command);
bool is_storable(const WriteItem& item);

}  // namespace chat::journal
