// RoomBook on a sql::Connection, inside a transaction that is open; both dialects.
#pragma once

#include "storage/journal/room_book.hpp"
#include "storage/sql_connection.hpp"

#include <optional>

namespace chat::journal {

class SqlRoomBook final : public RoomBook {
 public:
  SqlRoomBook(sql::Connection& connection, RoomId room) : db_(connection), room_(room) {}

  // The first thing that went wrong: roll back, and believe no outcome.
  const std::optional<sql::Failure>& failure() const { return failure_; }

  std::optional<RoomFacts> lock() override;
  std::optional<Event> event(EventId id) override;
  std::optional<Stored> event_of(UserId actor, const std::string& client_id) override;
  std::optional<MemberRole> role_of(UserId user) override;
  std::optional<std::string> name_of(UserId user) override;
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
  template <class Visit>
  bool each(const sql::Query& query, std::initializer_list<sql::Value> params, Visit visit);
  void run(const sql::Query& query, std::initializer_list<sql::Value> params);

  sql::Connection& db_;
  const RoomId room_;
  std::optional<sql::Failure> failure_;
};

}  // namespace chat::journal
