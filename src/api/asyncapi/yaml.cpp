#include "api/asyncapi/yaml.hpp"

#include "base/json_scanner.hpp"
#include "base/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace chat::api {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Words that some reader of YAML takes for something else than a string.
bool is_reserved(std::string_view text) {
  static constexpr std::array<std::string_view, 10> kWords{"true", "false", "null", "yes", "no",
                                                           "on",   "off",   "y",    "n",   "nan"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

// Begins with a letter and has nothing in it that YAML could see a meaning in.
bool is_plain(std::string_view text) {
  if (text.empty() || !is_letter(text.front()) || text.back() == ' ' || is_reserved(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c) || (c >= '0' && c <= '9')) continue;
    if (std::string_view("_-./,;()'=+<>?!*$").find(c) != std::string_view::npos) continue;
    if ((c == ' ' || c == ':') && i + 1 < text.size() && text[i + 1] != ' ' && text[i + 1] != '#') continue;
    return false;
  }
  return true;
}

// A text of lines that a block shows as they are.
bool is_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n') return false;
  if (text.back() == '\n') return false;
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
}

class Writer {
 public:
  explicit Writer(std::string_view json) : in_(json) {}

  std::string write() {
    value(0, false);
    return std::move(out_);
  }

 private:
  void spaces(std::size_t count) { out_.append(count, ' '); }

  // The next value, behind "key:" or at the begin of the document, or behind a dash.
  void value(std::size_t indent, bool behind_dash) {
    switch (in_.next_type()) {
      case JsonScanner::Type::object:
        return object(indent, behind_dash);
      case JsonScanner::Type::array:
        return array(indent, behind_dash);
      case JsonScanner::Type::string:
        text_.clear();
        in_.string(text_);
        if (!behind_dash) out_ += ' ';
        return scalar(indent);
      default: {
        std::string_view source;
        in_.skip(source);
        if (!behind_dash) out_ += ' ';
        out_.append(source) += '\n';
      }
    }
  }

  void scalar(std::size_t indent) {
    if (is_plain(text_)) {
      out_.append(text_) += '\n';
    } else if (is_block(text_)) {
      out_ += "|-\n";
      block(indent);
    } else {
      append_json_string(out_, text_);
      out_ += '\n';
    }
  }

  void block(std::size_t indent) {
    std::string_view rest = text_;
    for (bool more = true; more;) {
      const auto end = rest.find('\n');
      more = end != std::string_view::npos;
      const auto line = rest.substr(0, end);
      if (!line.empty()) spaces(indent);
      out_.append(line) += '\n';
      if (more) rest.remove_prefix(end + 1);
    }
  }

  void key(const std::string& name) {
    if (is_plain(name)) {
      out_ += name;
    } else {
      append_json_string(out_, name);
    }
    out_ += ':';
  }

  void object(std::size_t indent, bool behind_dash) {
    in_.open_object();
    std::string name;
    bool first = true;
    while (in_.next_member(name)) {
      if (first && !behind_dash && indent > 0) out_ += '\n';
      if (!first || !behind_dash) spaces(indent);
      first = false;
      key(name);
      value(indent + 2, false);
    }
    if (first) out_ += behind_dash ? "{}\n" : " {}\n";
  }

  void array(std::size_t indent, bool behind_dash) {
    in_.open_array();
    bool first = true;
    while (in_.next_element()) {
      if (first && !behind_dash && indent > 0) out_ += '\n';
      if (!first || !behind_dash) spaces(indent);
      first = false;
      out_ += "- ";
      value(indent + 2, true);
    }
    if (first) out_ += behind_dash ? "[]\n" : " []\n";
  }

  JsonScanner in_;
  std::string out_;
  std::string text_;
};

}  // namespace

std::string yaml_of(std::string_view json) { return Writer(json).write(); }

}  // namespace chat::api
