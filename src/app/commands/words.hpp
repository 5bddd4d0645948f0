// The words of one command: flags of its own, values, and nothing left over.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chat::app {

class WordReader {
 public:
  explicit WordReader(std::span<const std::string> words) : words_(words.begin(), words.end()) {}

  // Takes `--name`; was it there?
  bool flag(std::string_view name);
  // Takes `--name VALUE` or `--name=VALUE`; Errc::invalid when the value is missing.
  Result<std::optional<std::string>> value(std::string_view name);
  // Takes the next word that is no flag.
  std::optional<std::string> positional();
  // Errc::invalid with a sentence when anything is left. `own`: the command's flags, for suggestions.
  Result<void> end(std::vector<std::string> own = {}) const;

 private:
  std::vector<std::string> words_;
};

}  // namespace chat::app
