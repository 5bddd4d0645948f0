// The command line: `--key value`, `--flag`. A key that no scenario asked for ends the run, so that no misspelt option
// is silently left out.
#pragma once

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "load/report.hpp"

namespace load {

class Options {
 public:
  Options(int argc, char** argv) {
    for (int i = 2; i < argc; ++i) {
      const std::string_view word = argv[i];
      if (!word.starts_with("--")) die("what is " + std::string(word) + "? (see bench/load/README.md)");
      const bool has_value = i + 1 < argc && !std::string_view(argv[i + 1]).starts_with("--");
      given_.emplace(word.substr(2), has_value ? argv[++i] : "1");
    }
  }

  std::string text(const std::string& key, const std::string& otherwise = {}) const {
    known_.insert(key);
    const auto found = given_.find(key);
    return found == given_.end() ? otherwise : found->second;
  }

  bool has(const std::string& key) const { return !text(key).empty(); }

  double number(const std::string& key, double otherwise) const {
    const std::string value = text(key);
    if (value.empty()) return otherwise;
    char* end = nullptr;
    const double parsed = std::strtod(value.c_str(), &end);
    if (*end != '\0' || parsed < 0) die("--" + key + " wants a number, not " + value);
    return parsed;
  }

  std::size_t count(const std::string& key, std::size_t otherwise) const {
    return static_cast<std::size_t>(number(key, static_cast<double>(otherwise)));
  }

  std::vector<std::string> all(const std::string& key) const {
    known_.insert(key);
    std::vector<std::string> out;
    for (auto [at, end] = given_.equal_range(key); at != end; ++at) out.push_back(at->second);
    return out;
  }

  // The lines of the file that `key` names, without empty ones.
  std::vector<std::string> lines(const std::string& key) const {
    const std::string path = text(key);
    if (path.empty()) return {};
    std::ifstream in(path);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);)
      if (!line.empty()) out.push_back(line);
    if (out.empty()) die("nothing in " + path);
    return out;
  }

  // After every option was asked for, before anything is done.
  void refuse_unknown() const {
    for (const auto& [key, _] : given_)
      if (!known_.contains(key)) die("--" + key + " is no option of this scenario (see bench/load/README.md)");
  }

 private:
  std::multimap<std::string, std::string> given_;
  mutable std::set<std::string> known_;
};

}  // namespace load
