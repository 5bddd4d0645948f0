// RoomBook on a sql::Connection, inside a transaction that is open; both dialects.
#pragma once

#include "storage/journal/room_book.hpp"
#include "storage/journal/sql_user_book.hpp"

#include <optional>

namespace chat::journal {

class SqlRoomBook final : public RoomBook {
 public:
  SqlRoomBook(SqlCall& call, RoomId room) : call_(call), users_(call), room_(room) {}

  std::optional<RoomFacts> lock() override;
  std::optional<Event> event(EventId id) override;
  std::optional<Stored> event_of(UserId actor, const std::string& client_id) override;
  std::optional<MemberRole> role_of(UserId user) override;
  UserBook& users() override { return users_; }
  std::optional<MessageFacts> message(MessageId id) override;
  bool has_reaction(Seq message, UserId user, const std::string& reaction) override;
  bool is_pinned(Seq message) override;
  void set_content(Seq message, const EditMessage& edit, Timestamp at) override;
  void erase(Seq message, bool was_edited, const std::string& bare, Timestamp at) override;
  void set_reaction(Seq message, UserId user, const SetReaction& change, Timestamp at) override;
  void set_pin(Seq message, UserId by, bool pinned, Timestamp at) override;
  void add_member(const AddMember& member, Seq joined_seq, std::int64_t read_ordinal, Timestamp at) override;
  void set_role(UserId user, MemberRole role) override;
  void remove_member(UserId user) override;
  bool set_room(const RoomFacts& facts) override;
  void add_event(const Event& event) override;

 private:
  SqlCall& call_;
  SqlUserBook users_;
  const RoomId room_;
};

// Carries out the item's command of either kind in the transaction that is open. After a failure nothing that the item
// says holds: roll back, and undo it.
std::optional<sql::Failure> carry_out(WriteItem& item, sql::Connection& connection, Timestamp now);

}  // namespace chat::journal
