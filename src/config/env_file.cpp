#include "config/env_file.hpp"

#include <cstddef>

namespace chat {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

bool is_name_char(char c, bool first) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark, as some editors leave it
  }

  Result<std::vector<EnvEntry>> file() {
    std::vector<EnvEntry> entries;
    while (at_ < text_.size()) {
      blanks();
      if (!done() && text_[at_] != '#') {
        if (!entry(entries)) return Error{Errc::invalid, "line " + std::to_string(fault_line_) + ": " + fault_};
      }
      rest_of_line();
    }
    return entries;
  }

 private:
  bool done() const { return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  void rest_of_line() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    if (at_ < text_.size()) ++at_, ++line_;
  }
  bool fail(const char* why, int line) {
    fault_ = why;
    fault_line_ = line;
    return false;
  }

  std::string_view name() {
    const auto begin = at_;
    while (at_ < text_.size() && is_name_char(text_[at_], at_ == begin)) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  bool entry(std::vector<EnvEntry>& entries) {
    EnvEntry e;
    e.line = line_;
    auto word = name();
    if (word == "export" && at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) {
      blanks();
      word = name();
    }
    if (word.empty()) return fail("a name of letters, digits and _ is missing", line_);
    e.name = word;
    blanks();
    if (at_ >= text_.size() || text_[at_] != '=') return fail("write NAME=value; there is no =", line_);
    ++at_;
    blanks();
    if (!value(e.value)) return false;
    entries.push_back(std::move(e));
    return true;
  }

  bool value(std::string& out) {
    if (!done() && text_[at_] == '\'') return quoted('\'', out);
    if (!done() && text_[at_] == '"') return quoted('"', out);
    const auto begin = at_;
    auto end = at_;
    for (; !done(); ++at_) {
      const char c = text_[at_];
      // Only after white space: a # inside a word is part of it (a password, a URL).
      if (c == '#' && (at_ == begin || text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t')) break;
      if (c == '\0') return fail("a NUL byte", line_);
      if (c != ' ' && c != '\t') end = at_ + 1;
    }
    out = text_.substr(begin, end - begin);
    return true;
  }

  bool quoted(char quote, std::string& out) {
    const int began = line_;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == quote) {
        ++at_;
        return after_quote();
      }
      if (c == '\0') return fail("a NUL byte", line_);
      if (c == '\n') ++line_;
      if (c == '\\' && quote == '"') {
        if (!escape(out)) return false;
      } else {
        out += c;
      }
    }
    return fail("a quote is opened and never closed", began);
  }

  // At the backslash; leaves at_ on the escape's last character.
  bool escape(std::string& out) {
    if (++at_ >= text_.size()) return fail("a quote is opened and never closed", line_);
    switch (text_[at_]) {
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case '\\':
      case '"':
      case '$':
      case '\'':
        out += text_[at_];
        return true;
      default:
        return fail("an unknown escape in double quotes; single quotes take text as it stands", line_);
    }
  }

  bool after_quote() {
    const bool spaced = !done() && (text_[at_] == ' ' || text_[at_] == '\t');
    blanks();
    if (done() || (spaced && text_[at_] == '#')) return true;
    return fail("text after the closing quote", line_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1, fault_line_ = 0;
  const char* fault_ = "";
};

}  // namespace

Result<std::vector<EnvEntry>> parse_env_file(std::string_view text) {
  if (text.size() > kMaxFileBytes) return Error{Errc::invalid, "line 1: a file of more than 1 MiB is no settings file"};
  return Reader(text).file();
}

}  // namespace chat
