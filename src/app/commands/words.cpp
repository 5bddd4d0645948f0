#include "app/commands/words.hpp"

#include "config/load.hpp"

#include <algorithm>

namespace chat::app {

bool WordReader::flag(std::string_view name) {
  const auto it = std::find(words_.begin(), words_.end(), name);
  if (it == words_.end()) return false;
  words_.erase(it);
  return true;
}

Result<std::optional<std::string>> WordReader::value(std::string_view name) {
  for (auto it = words_.begin(); it != words_.end(); ++it) {
    if (it->starts_with(name) && it->size() > name.size() && (*it)[name.size()] == '=') {
      std::string found = it->substr(name.size() + 1);
      words_.erase(it);
      return std::optional(std::move(found));
    }
    if (*it != name) continue;
    if (it + 1 == words_.end()) return Error{Errc::invalid, std::string(name) + " needs a value behind it."};
    std::string found = *(it + 1);
    words_.erase(it, it + 2);
    return std::optional(std::move(found));
  }
  return std::optional<std::string>();
}

std::optional<std::string> WordReader::positional() {
  const auto it = std::find_if(words_.begin(), words_.end(), [](const std::string& w) { return !w.starts_with("--"); });
  if (it == words_.end()) return std::nullopt;
  std::string found = std::move(*it);
  words_.erase(it);
  return found;
}

Result<void> WordReader::end(std::vector<std::string> own) const {
  if (words_.empty()) return {};
  if (words_.front().starts_with("--")) return Error{Errc::invalid, unknown_flag_sentence(words_.front(), own)};
  return Error{Errc::invalid, "there is a word too many: \"" + words_.front() + "\"."};
}

}  // namespace chat::app
