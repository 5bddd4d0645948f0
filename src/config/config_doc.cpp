// The settings as people read them: config-doc, .env.example, check-config.
#include "config/load.hpp"
#include "config/setting_kinds.hpp"

#include <string_view>

namespace chat {
namespace {

std::string for_table(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '*' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

std::string values_of(const SettingInfo& info) {
  if (info.type == "one of") return info.range;
  std::string out = info.type;
  if (!info.unit.empty()) out += ", " + info.unit;
  if (!info.range.empty()) out += ", " + info.range;
  return out;
}

// Words in lines of at most `width`, each begun with "# ".
std::string commented(std::string_view text, std::size_t width) {
  std::string out, line = "#";
  while (!text.empty()) {
    const auto blank = text.find(' ');
    const auto word = text.substr(0, blank);
    if (line.size() + 1 + word.size() > width && line.size() > 1) {
      out += line + '\n';
      line = "#";
    }
    line += ' ';
    line += word;
    text = blank == text.npos ? std::string_view{} : text.substr(blank + 1);
  }
  return out + line + '\n';
}

}  // namespace

std::string config_doc_markdown() {
  std::string out =
      "# Settings\n\n"
      "Each comes from a flag, else from the environment, else from the file `.env` in the working directory (or that "
      "of "
      "`--env-file`). A setting's flag is its name in lower case with dashes: `DATA_DIR` is `--data-dir`. An empty "
      "value "
      "counts as not set. Times take `ms`, `s`, `m`, `h`, `d`; sizes take `KiB`, `MiB`, `GiB`; plain numbers are in "
      "the "
      "unit of the second column.\n";
  std::string_view group;
  for (const auto& info : all_settings()) {
    if (group != info.group) {
      group = info.group;
      out += "\n## " + info.group + "\n\n| setting | values | default | what for |\n|---|---|---|---|\n";
    }
    out += "| `" + info.name + "` | " + for_table(values_of(info)) + " | " +
           (info.default_value.empty() ? "" : "`" + info.default_value + "`") + " | " + for_table(info.description) +
           " |\n";
  }
  return out;
}

std::string env_example() {
  std::string out =
      "# Settings of chatd: copy to .env and take the # from what you change. Every line shows its default.\n"
      "# Made by `chatd config-doc --env`; README.md has the same as a table.\n";
  std::string_view group;
  for (const auto& info : all_settings()) {
    if (group != info.group) {
      group = info.group;
      out += "\n# ---- " + info.group + " ----\n";
    }
    out += '\n' + commented(info.description, 110);
    out += commented("(" + values_of(info) + ")", 110);
    out += "#" + info.name + "=" + info.default_value + '\n';
  }
  return out;
}

std::string describe_settings(const LoadedSettings& loaded) {
  std::string out;
  for (const auto& definition : setting_table()) {
    const auto& info = definition.info;
    const auto origin = loaded.origin.find(info.name);
    const bool given = origin != loaded.origin.end();
    auto value = definition.write(loaded.settings);
    if (info.secret && given) value = "***";
    out += info.name + "=" + value + "  (" + (given ? origin->second : "default") + ")\n";
  }
  return out;
}

}  // namespace chat
