// From words on the command line to one command, and its exit status.
#pragma once

#include "config/load.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chat::app {

// Exit statuses, as sysexits.h has them.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;          // the command was understood and could not be carried out
inline constexpr int kUsage = 64;          // a word on the command line is wrong
inline constexpr int kConfiguration = 78;  // a setting is wrong

// One command of chatd. `run` gets the words behind the command's name that are no settings, and the settings as
// flags gave them.
struct Command {
  std::string_view name;
  std::string_view arguments;  // "[up|status] [--dry-run]"
  std::string_view summary;    // one line
  std::string_view details;    // more for `chatd <command> --help`; may be empty
  int (*run)(std::span<const std::string> words, const FlagValues& flags);
};
std::span<const Command> all_commands();

// The whole program: reports on stderr, never throws.
int run_command_line(std::vector<std::string> args);

// "chatd: <sentence>" on stderr; answers `status`.
int fail(std::string_view sentence, int status = kFailed);

}  // namespace chat::app
