// What the command line says about settings.
#include "config/load.hpp"

#include <algorithm>
#include <numeric>

namespace chat {
namespace {

constexpr std::string_view kEnvFileFlag = "--env-file";

const SettingInfo* setting_of_flag(std::string_view flag) {
  for (const auto& info : all_settings()) {
    if (flag_of(info.name) == flag) return &info;
  }
  return nullptr;
}

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string flag_of(std::string_view setting_name) {
  std::string flag = "--";
  for (const char c : setting_name) {
    flag += c == '_' ? '-' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return flag;
}

std::string closest_word(std::string_view word, std::span<const std::string> words) {
  constexpr std::size_t kLongest = 64;  // nobody mistypes more, and the distance is quadratic
  if (word.size() > kLongest) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 4) + 1;
  for (const auto& candidate : words) {
    const auto d = distance(word, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

Result<FlagValues> take_setting_flags(std::span<const std::string> args) {
  FlagValues flags;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto& arg = args[i];
    if (arg == "--") {
      flags.rest.insert(flags.rest.end(), args.begin() + static_cast<std::ptrdiff_t>(i), args.end());
      break;
    }
    const auto equals = arg.find('=');
    const auto name = arg.substr(0, equals);
    const auto* info = name.starts_with("--") ? setting_of_flag(name) : nullptr;
    if (!info && name != kEnvFileFlag) {
      flags.rest.push_back(arg);
      continue;
    }
    std::string value;
    if (equals != arg.npos) {
      value = arg.substr(equals + 1);
    } else if (i + 1 < args.size() && !args[i + 1].starts_with("--")) {
      value = args[++i];
    } else {
      return Error{Errc::invalid, name + " needs a value: write " + name + "=VALUE."};
    }
    const bool first = info ? flags.values.emplace(info->name, value).second : !flags.env_file.has_value();
    if (!first) return Error{Errc::invalid, name + " is given twice: write it once."};
    if (!info) flags.env_file = value;
  }
  return flags;
}

std::string unknown_flag_sentence(std::string_view flag, std::span<const std::string> others) {
  const std::string name(flag.substr(0, flag.find('=')));
  std::vector<std::string> known(others.begin(), others.end());
  known.emplace_back(kEnvFileFlag);
  for (const auto& info : all_settings()) known.push_back(flag_of(info.name));
  const auto best = closest_word(name, known);
  return "There is no flag " + name +
         (best.empty() ? "; --help lists those there are." : "; did you mean " + best + "?");
}

}  // namespace chat
