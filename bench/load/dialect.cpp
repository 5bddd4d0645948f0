#include "load/dialect.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace load {

namespace {
std::map<std::string_view, MakeDialect>& table() {  // made on first use: files register before main, in any order
  static std::map<std::string_view, MakeDialect> dialects;
  return dialects;
}
}  // namespace

Registered::Registered(std::string_view name, MakeDialect make) { table().emplace(name, make); }

std::unique_ptr<Dialect> make_dialect(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto found = table().find(text.substr(0, colon));
  if (found == table().end()) return nullptr;
  return found->second(text.substr(std::min(colon + 1, text.size())));
}

std::vector<std::string_view> dialect_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, _] : table()) names.push_back(name);
  return names;
}

long parameter(std::string_view parameters, std::string_view key, long otherwise) {
  while (!parameters.empty()) {
    const std::size_t comma = std::min(parameters.find(','), parameters.size());
    const std::string_view one = parameters.substr(0, comma);
    if (one.size() > key.size() && one.starts_with(key) && one[key.size()] == '=')
      return std::strtol(std::string(one.substr(key.size() + 1)).c_str(), nullptr, 10);
    parameters.remove_prefix(std::min(comma + 1, parameters.size()));
  }
  return otherwise;
}

}  // namespace load
