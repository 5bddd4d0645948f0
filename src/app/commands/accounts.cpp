// The commands about people: user and token.
#include "app/command_line.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/words.hpp"
#include "app/configuration.hpp"
#include "app/options.hpp"
#include "auth/jwt.hpp"
#include "chat/account_admin.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace chat::app {
namespace {

constexpr std::chrono::milliseconds kNoDrain{0};

// A database opened for one command.
struct Opened {
  Opened(Settings s, std::unique_ptr<storage::Storage> o) : settings(std::move(s)), storage(std::move(o)) {}
  Settings settings;
  std::unique_ptr<storage::Storage> storage;
  ~Opened() {
    if (storage) storage->stop(kNoDrain);
  }
};

// Null when it failed; the complaint has been told and `status` set.
std::unique_ptr<Opened> open(const FlagValues& flags, int& status) {
  const auto loaded = configure(flags, /*data_dir=*/true);
  status = kConfiguration;
  if (!loaded) return nullptr;
  auto storage = storage::open_storage(database_target(loaded->settings), command_storage_options(loaded->settings));
  if (!storage) {
    status = fail(storage.error().message);
    return nullptr;
  }
  return std::make_unique<Opened>(loaded->settings, std::move(*storage));
}

// One line from standard input; not shown when it is typed.
std::string read_password() {
  const bool typed = isatty(STDIN_FILENO) != 0;
  termios before{};
  if (typed) {
    std::fputs("Password: ", stderr);
    tcgetattr(STDIN_FILENO, &before);
    termios hidden = before;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &hidden);
  }
  std::string line;
  std::getline(std::cin, line);
  if (typed) {
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::fputs("\n", stderr);
  }
  return line;
}

int finish(const Result<void>& done, const std::string& sentence) {
  if (!done) return fail(done.error().message);
  std::printf("%s\n", sentence.c_str());
  return kOk;
}

int list(AccountAdmin& admin) {
  auto users = admin.list();
  if (!users) return fail(users.error().message);
  for (const User& user : *users)
    std::printf("%s  %-40s %s%s\n", user.id.str().c_str(), user.username.c_str(), user.name.c_str(),
                user.disabled_at ? "  (disabled)" : "");
  return kOk;
}

int add(AccountAdmin& admin, const std::string& username, const std::optional<std::string>& name) {
  auto user = admin.add(name.value_or(username), username, read_password());
  if (!user) return fail(user.error().message);
  std::printf("%s\n", user->id.str().c_str());
  return kOk;
}

}  // namespace

int user(Words words, const FlagValues& flags) {
  WordReader reader(words);
  auto name = reader.value("--name");
  if (!name) return fail(name.error().message, kUsage);
  const std::string what = reader.positional().value_or("");
  const auto username = reader.positional();
  if (auto end = reader.end({"--name"}); !end) return fail(end.error().message, kUsage);
  const bool known = what == "add" || what == "passwd" || what == "disable" || what == "enable";
  if (!known && what != "list")
    return fail("user takes add, list, passwd, disable or enable; see `chatd user --help`.", kUsage);
  if (known && !username) return fail("user " + what + " needs a USERNAME.", kUsage);

  int status = kOk;
  const auto opened = open(flags, status);
  if (!opened) return status;
  AccountAdmin admin(opened->storage->users(), system_clock(), password_cost(opened->settings));
  if (what == "list") return list(admin);
  if (what == "add") return add(admin, *username, *name);
  if (what == "passwd")
    return finish(admin.set_password(*username, read_password()), "The password is set; older sessions have ended.");
  const bool disable = what == "disable";
  return finish(admin.set_disabled(*username, disable),
                disable ? "Disabled; open sockets close within 2 seconds." : "Enabled; a new login is needed.");
}

int token(Words words, const FlagValues& flags) {
  WordReader reader(words);
  const auto username = reader.positional();
  if (auto end = reader.end(); !end) return fail(end.error().message, kUsage);
  if (!username) return fail("token needs a USERNAME.", kUsage);
  int status = kOk;
  const auto opened = open(flags, status);
  if (!opened) return status;
  auto user = opened->storage->users().find_username(*username);
  if (!user)
    return fail(user.error().code == Errc::user_not_found ? "there is no user " + *username + "."
                                                          : user.error().message);
  if (user->disabled_at) return fail("the user " + *username + " is disabled.");
  auto keys = make_jwt_keys(*parse_jwt_algorithm(opened->settings.algorithm), opened->settings.secret_key);
  if (!keys) return fail("SECRET_KEY does not fit ALGORITHM: " + keys.error().message, kConfiguration);
  BlockingPool unused({.name = "unused", .threads = 1});
  const Sessions sessions(opened->storage->users(), unused, *keys, system_clock(), session_options(opened->settings));
  auto minted = sessions.mint(*user);
  if (!minted) return fail(minted.error().message);
  std::printf("%s\n", minted->c_str());
  return kOk;
}

}  // namespace chat::app
