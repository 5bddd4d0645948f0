// From flags, environment and `.env`, in that order, to checked Settings; and their documentation.
#pragma once

#include "base/result.hpp"
#include "config/settings.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

// One setting as it is described and documented. The table is in settings_table.cpp.
struct SettingInfo {
  std::string name;           // DATA_DIR; its flag is --data-dir
  std::string group;          // heading in the documentation
  std::string type;           // text, number, decimal, size, duration, on|off, list, one of ...
  std::string unit;           // of a plain number: bytes, ms, minutes, a second, ...; may be empty
  std::string range;          // "1 to 86400"; may be empty
  std::string default_value;  // as it would be written; may be empty
  std::string description;    // a sentence or two
  bool secret = false;        // never shown, logged or quoted in an error
};
std::span<const SettingInfo> all_settings();
std::string flag_of(std::string_view setting_name);  // DATA_DIR -> --data-dir

// What the command line says about settings: `--data-dir x`, `--data-dir=x`, and `--env-file path`. Everything else is
// left in `rest`, in order; everything after "--" too. Errc::invalid when a value is missing or a flag is given twice.
struct FlagValues {
  std::map<std::string, std::string> values;  // by setting name
  std::optional<std::string> env_file;
  std::vector<std::string> rest;
};
Result<FlagValues> take_setting_flags(std::span<const std::string> args);

// "There is no flag --dta-dir; did you mean --data-dir?" `others`: the command's own flags, with dashes.
std::string unknown_flag_sentence(std::string_view flag, std::span<const std::string> others = {});

// The one of `words` that `word` is most likely a slip of, or nothing when none is near.
std::string closest_word(std::string_view word, std::span<const std::string> words);

struct LoadSources {
  std::map<std::string, std::string> flags;                                   // by setting name
  std::function<std::optional<std::string>(const std::string&)> environment;  // std::getenv by default
  std::vector<std::pair<std::string, std::string>> env_file;                  // name, value
};

struct LoadedSettings {
  Settings settings;                          // usable only when there are no problems
  std::vector<std::string> problems;          // one sentence each: which setting, what to write instead; no secrets
  std::vector<std::string> warnings;          // for the log
  std::map<std::string, std::string> origin;  // setting name -> "flag", "environment" or ".env"; defaults are absent
};

// An empty value counts as not set. Touches no file.
LoadedSettings load_settings(const LoadSources& sources);

// The same from a real command line: reads `env_file` (by default ".env" in the working directory, which may be
// missing; a named one may not).
LoadedSettings load_settings(const FlagValues& flags);

// Every setting, its value and where it came from; secrets as ***. For `check-config`.
std::string describe_settings(const LoadedSettings& loaded);

std::string config_doc_markdown();  // a Markdown table for each group
std::string env_example();          // the text of .env.example

}  // namespace chat
