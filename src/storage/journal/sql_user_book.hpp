// UserBook on a sql::Connection, inside a transaction that is open; both dialects.
#pragma once

#include "storage/journal/sql_call.hpp"
#include "storage/journal/user_book.hpp"

namespace chat::journal {

class SqlUserBook final : public UserBook {
 public:
  explicit SqlUserBook(SqlCall& call) : call_(call) {}

  std::optional<UserFacts> lock(UserId user) override;
  std::optional<Event> event(UserId user, EventId id) override;
  void set_password(UserId user, const std::string& hash) override;
  void set_disabled(UserId user, std::optional<Timestamp> since) override;
  void set_token_version(UserId user, std::int64_t version) override;
  void add_event(const Event& event) override;

 private:
  SqlCall& call_;
};

}  // namespace chat::journal
