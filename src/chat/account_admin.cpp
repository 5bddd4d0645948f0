#include "chat/account_admin.hpp"

#include "base/utf8.hpp"
#include "chat/accounts.hpp"

#include <utility>

namespace chat {
namespace {

constexpr std::size_t kMaxNameCharacters = 200;
constexpr std::size_t kPageOfUsers = 500;

Result<void> check_name(const std::string& name) {
  if (!is_utf8(name)) return Error{Errc::invalid, "The name is not valid UTF-8."};
  if (name.find('\0') != std::string::npos) return Error{Errc::invalid, "The name must not contain NUL."};
  if (!has_visible_character(name)) return Error{Errc::invalid, "The name needs at least one visible character."};
  if (count_code_points(name) > kMaxNameCharacters) return Error{Errc::invalid, "The name has at most 200 characters."};
  return {};
}

Result<void> check_username(const std::string& username) {
  const auto at = username.find('@');
  const bool good = is_utf8(username) && at != std::string::npos && at > 0 && at + 1 < username.size() &&
                    username.find('@', at + 1) == std::string::npos &&
                    username.find_first_of(std::string_view(" \t\r\n\0", 5)) == std::string::npos;
  if (!good) return Error{Errc::invalid, "The username must be an e-mail address, such as ada@example.com."};
  return {};
}

}  // namespace

Result<std::string> AccountAdmin::hash(const std::string& password) const {
  if (password.size() < kMinPasswordBytes || password.size() > kMaxPasswordBytes)
    return Error{Errc::invalid, "A password has 8 to 1024 bytes."};
  return hash_password(password, cost_);
}

Result<User> AccountAdmin::add(std::string name, std::string username, std::string password) {
  username = trim_username(username);
  if (auto good = check_name(name); !good) return good.error();
  if (auto good = check_username(username); !good) return good.error();
  if (auto taken = users_.find_username(username))
    return Error{Errc::user_exists, "There is an account of that name already."};
  auto hashed = hash(password);
  if (!hashed) return hashed.error();
  User user;
  user.id = UserId::make();
  user.name = std::move(name);
  user.username = std::move(username);
  user.password_hash = std::move(*hashed);
  user.created_at = clock_.now();
  return users_.create_user(user);
}

Result<std::vector<User>> AccountAdmin::list() {
  std::vector<User> all;
  std::optional<UserId> after;
  for (;;) {
    auto page = users_.list_users(kPageOfUsers, after);
    if (!page) return page.error();
    if (page->empty()) return all;
    after = page->back().id;
    for (auto& user : *page) all.push_back(std::move(user));
  }
}

Result<void> AccountAdmin::set_password(const std::string& username, const std::string& password) {
  const auto user = users_.find_username(trim_username(username));
  if (!user) return user.error();
  const auto hashed = hash(password);
  if (!hashed) return hashed.error();
  return users_.set_password(user->id, *hashed);
}

Result<void> AccountAdmin::set_disabled(const std::string& username, bool disabled) {
  const auto user = users_.find_username(trim_username(username));
  if (!user) return user.error();
  return users_.set_disabled(user->id, disabled);
}

}  // namespace chat
