// Accounts and their feeds, as commands read and change them; and the commands of a user's feed, written once for every
// database.
//
// Home: the thread of the transaction it is in (a lane's, or a store's). As of RoomBook: after a failure of the
// database every later call answers nothing, and no outcome is believed before the failure was asked for.
#pragma once

#include "base/time.hpp"
#include "model/event.hpp"
#include "ports/journal.hpp"
#include "storage/journal/feed_writer.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace chat::journal {

struct UserFacts {
  std::string name;
  std::int64_t token_version = 0;
  bool disabled = false;
  Seq last_seq;
};

class UserBook {
 public:
  virtual ~UserBook() = default;

  // First of all that is done to this user, and after the room was locked: locks the account until the transaction
  // ends. None: no such user.
  virtual std::optional<UserFacts> lock(UserId user) = 0;

  virtual std::optional<Event> event(UserId user, EventId id) = 0;

  virtual void set_password(UserId user, const std::string& hash) = 0;
  virtual void set_disabled(UserId user, std::optional<Timestamp> since) = 0;
  virtual void set_token_version(UserId user, std::int64_t version) = 0;
  virtual void add_event(const Event& event) = 0;  // and the head of its feed moves to its seq
};

// Carries out the item's UserCommand: its fate is stored or refused afterwards.
void carry_out(WriteItem& item, UserBook& book, Timestamp now);

// Numbers an event of this user's feed and stores it: the next after `user.last_seq`, under the command's id.
std::shared_ptr<const Event> add_user_event(UserBook& book, UserId id, const UserFacts& user, EventId command,
                                            EventKind kind, std::string payload, Timestamp now);

}  // namespace chat::journal
