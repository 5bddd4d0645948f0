#include "app/command_line.hpp"

#include "app/commands/commands.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>

namespace chat::app {
namespace {

constexpr Command kCommands[] = {
    {"serve", "", "Serves REST, the room socket and /docs until SIGTERM or SIGINT.",
     "An SQLite database is brought to the current schema at the start; on PostgreSQL run `chatd migrate` first.",
     serve},
    {"migrate", "[up|status] [--dry-run] [--source-timezone ZONE]", "Brings the database to the current schema.",
     "up (the default) applies what is missing, in one transaction a version, and adopts a database of the FastAPI\n"
     "service in place; status says what is there and what is missing.\n"
     "  --dry-run                what would be done, with the counts of an adoption; changes nothing\n"
     "  --source-timezone ZONE   the zone of an adopted database's naive times (default: UTC)",
     migrate},
    {"user", "add|list|passwd|disable|enable [USERNAME] [--name NAME]", "Manages accounts.",
     "  add USERNAME [--name NAME]   makes an account; the password is read from standard input\n"
     "  list                         every account, a line each\n"
     "  passwd USERNAME              sets a new password (from standard input) and ends the user's sessions\n"
     "  disable USERNAME             ends the user's sessions and sockets; no login from now on\n"
     "  enable USERNAME              lets a disabled user log in again",
     user},
    {"token", "USERNAME", "Prints an access token of that user.", "", token},
    {"check-config", "", "Checks every setting and prints its value and where it came from.", "", check_config},
    {"config-doc", "[--env]", "Prints the settings as a Markdown table (--env: as .env.example).", "", config_doc},
    {"openapi", "", "Prints the OpenAPI document: REST.", "", openapi},
    {"asyncapi", "", "Prints the AsyncAPI document: the realtime protocol, the room socket, the tail of events.", "",
     asyncapi},
    {"healthcheck", "", "Asks the server at LISTEN whether it is ready; for container health checks.", "", healthcheck},
    {"conformance", "[--always-join-leave] [--expiry-grace S]",
     "Serves the realtime protocol in memory, for the SDKs' own test-suites.",
     "No accounts, no storage, no access control: anybody on this machine may do everything. Listens on loopback only\n"
     "and takes no setting but --listen (default: 127.0.0.1:8000). See docs/conformance.md.\n"
     "  --always-join-leave   pushes who joins and leaves to subscribers who did not ask, too\n"
     "  --expiry-grace S      seconds between a token's end and the end of what it allowed (default: 25)",
     conformance},
    {"version", "", "Prints the version.", "", version},
};

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_help() {
  print(
      "chatd: accounts, rooms, live messaging and durable history in one server\n\nUsage: chatd COMMAND "
      "[SETTINGS]\n\nCommands:\n");
  for (const Command& c : kCommands) {
    std::string line = "  " + std::string(c.name);
    line.resize(std::max<std::size_t>(line.size() + 1, 16), ' ');
    print(line + std::string(c.summary) + "\n");
  }
  print(
      "\nSettings are flags (--data-dir PATH), environment variables (DATA_DIR) or lines of .env, in that order.\n"
      "`chatd config-doc` lists them all; `chatd COMMAND --help` says more of a command.\n");
}

int print_help(const Command& c) {
  print("chatd " + std::string(c.name) + (c.arguments.empty() ? "" : " " + std::string(c.arguments)) +
        " [SETTINGS]\n\n" + std::string(c.summary) + "\n");
  if (!c.details.empty()) print("\n" + std::string(c.details) + "\n");
  print("\nSettings: see `chatd config-doc`. Every one is a flag too: --listen, --data-dir, --database-url, ...\n");
  return kOk;
}

bool asks_for_help(std::string_view word) { return word == "--help" || word == "-h"; }

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1] ? 1 : 0)});
      diagonal = std::exchange(row[j], next);
    }
  }
  return row.back();
}

int unknown_command(std::string_view word) {
  const Command* nearest = &kCommands[0];
  for (const Command& c : kCommands)
    if (edit_distance(word, c.name) < edit_distance(word, nearest->name)) nearest = &c;
  std::string sentence = "there is no command \"" + std::string(word) + "\"";
  if (edit_distance(word, nearest->name) <= 2)
    sentence += "; did you mean \"" + std::string(nearest->name) + "\"?";
  else
    sentence += "; `chatd --help` lists them.";
  return fail(sentence, kUsage);
}

int dispatch(const std::vector<std::string>& args) {
  if (args.empty() || asks_for_help(args[0]) || args[0] == "help") {
    print_help();
    return args.empty() ? kUsage : kOk;
  }
  if (args[0] == "--version") return version({}, {});
  const auto command =
      std::find_if(std::begin(kCommands), std::end(kCommands), [&](const Command& c) { return c.name == args[0]; });
  if (command == std::end(kCommands)) return unknown_command(args[0]);
  if (std::any_of(args.begin() + 1, args.end(), asks_for_help)) return print_help(*command);
  auto flags = take_setting_flags(std::span(args).subspan(1));
  if (!flags) return fail(flags.error().message, kUsage);
  return command->run(flags->rest, *flags);
}

}  // namespace

std::span<const Command> all_commands() { return kCommands; }

int fail(std::string_view sentence, int status) {
  std::fprintf(stderr, "chatd: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  return status;
}

int run_command_line(std::vector<std::string> args) {
  try {
    return dispatch(args);
  } catch (const std::exception& e) {
    return fail(e.what());
  }
}

}  // namespace chat::app
