// ports/stores.hpp's UserStore on either database.
#pragma once

#include "ports/journal.hpp"
#include "ports/stores.hpp"
#include "storage/connection_pool.hpp"
#include "storage/write_lane.hpp"

#include <atomic>

namespace chat::storage {

class SqlUserStore final : public UserStore {
 public:
  SqlUserStore(ConnectionPool& readers, WriteLane& writer, Clock& clock)
      : readers_(readers), writer_(writer), clock_(clock) {}

  // From now on what changes a user's feed goes through it; before (the command line) it is a transaction of the
  // writer's own, that other processes learn of from the database. `journal` outlives this.
  void use_journal(Journal& journal) { journal_ = &journal; }

  Result<User> create_user(const User& user) override;
  Result<User> find_user(UserId id) override;
  Result<User> find_username(std::string_view username) override;
  Result<void> set_password(UserId id, std::string_view password_hash) override;
  Result<bool> replace_hash(UserId id, std::string_view from, std::string_view to) override;
  Result<void> set_disabled(UserId id, bool disabled) override;
  Result<std::vector<User>> list_users(std::size_t limit, std::optional<UserId> after) override;
  Result<std::vector<UserStatus>> user_statuses(const std::vector<UserId>& ids) override;

 private:
  Result<void> carry_out(UserCommand command);

  ConnectionPool& readers_;
  WriteLane& writer_;
  Clock& clock_;
  std::atomic<Journal*> journal_{nullptr};
};

}  // namespace chat::storage
