// What an administrator does with accounts (`chatd user ...`): the rules of Accounts, blocking and without limits.
#pragma once

#include "auth/password.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/user.hpp"
#include "ports/stores.hpp"

#include <string>
#include <vector>

namespace chat {

// Errors everywhere: invalid (the message is the sentence to show), unavailable.
class AccountAdmin {
 public:
  AccountAdmin(UserStore& users, const Clock& clock, PasswordCost cost) : users_(users), clock_(clock), cost_(cost) {}

  // Also user_exists.
  Result<User> add(std::string name, std::string username, std::string password);

  // All, by id, which is about the order of their making.
  Result<std::vector<User>> list();

  // Ends the user's sessions. Also user_not_found.
  Result<void> set_password(const std::string& username, const std::string& password);

  // Disabling ends the user's sessions; enabling again does not revive them. Also user_not_found.
  Result<void> set_disabled(const std::string& username, bool disabled);

 private:
  Result<std::string> hash(const std::string& password) const;

  UserStore& users_;
  const Clock& clock_;
  PasswordCost cost_;
};

}  // namespace chat
