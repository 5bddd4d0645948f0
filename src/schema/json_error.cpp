#include "schema/json_error.hpp"

#include "base/utf8.hpp"

#include <array>
#include <cctype>

namespace chat::schema {
namespace {

// Reads by the grammar of RFC 8259 until it fails; `at_` is then where, `msg_` why.
class Finder {
 public:
  Finder(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  JsonError find() {
    skip_space();
    if (value(0)) {
      skip_space();
      fail(at_, "Extra data");
    }
    return {count_code_points(text_.substr(0, at_)), msg_};
  }

 private:
  bool fail(std::size_t at, const char* msg) {
    at_ = at;
    msg_ = msg;
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool is_digit() const { return peek() >= '0' && peek() <= '9'; }

  bool value(std::size_t depth) {
    const char c = peek();
    if (c == '"') return string();
    if (c == '{' || c == '[') {
      if (depth >= max_depth_) return fail(at_, "Nested too deep");
      return c == '{' ? object(depth + 1) : array(depth + 1);
    }
    for (const std::string_view word : {"null", "true", "false"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return true;
      }
    }
    return number();
  }

  bool object(std::size_t depth) {
    ++at_;
    skip_space();
    if (take('}')) return true;
    while (true) {
      if (peek() != '"') return fail(at_, "Expecting property name enclosed in double quotes");
      if (!string()) return false;
      skip_space();
      if (!take(':')) return fail(at_, "Expecting ':' delimiter");
      skip_space();
      if (!value(depth)) return false;
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return fail(at_, "Expecting ',' delimiter");
      skip_space();
    }
  }

  bool array(std::size_t depth) {
    ++at_;
    skip_space();
    if (take(']')) return true;
    while (true) {
      if (!value(depth)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return fail(at_, "Expecting ',' delimiter");
      skip_space();
    }
  }

  bool string() {
    const std::size_t begin = at_++;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') return ++at_, true;
      if (c < 0x20) return fail(at_, "Invalid control character at");
      if (c == '\\') {
        if (!escape(begin)) return false;
      } else {
        std::string_view rest = text_.substr(at_);
        if (!take_code_point(rest)) return fail(at_, "Invalid UTF-8");
        at_ = text_.size() - rest.size();
      }
    }
    return fail(begin, "Unterminated string starting at");
  }

  bool escape(std::size_t begin) {
    const std::size_t backslash = at_++;
    if (at_ >= text_.size()) return fail(begin, "Unterminated string starting at");
    const char c = text_[at_++];
    if (c != 'u') {
      return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos || fail(backslash, "Invalid \\escape");
    }
    for (int i = 0; i < 4; ++i, ++at_) {
      if (!std::isxdigit(static_cast<unsigned char>(peek()))) return fail(backslash + 1, "Invalid \\uXXXX escape");
    }
    return true;
  }

  // As far as it is a number; what follows is somebody else's fault.
  bool number() {
    const std::size_t begin = at_;
    take('-');
    if (!is_digit()) return fail(begin, "Expecting value");
    if (!take('0')) {
      while (is_digit()) ++at_;
    }
    const std::size_t whole = at_;
    if (take('.')) {
      if (!is_digit()) return at_ = whole, true;
      while (is_digit()) ++at_;
    }
    const std::size_t fraction = at_;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!is_digit()) return at_ = fraction, true;
      while (is_digit()) ++at_;
    }
    return true;
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
  const char* msg_ = "";
};

}  // namespace

JsonError find_json_error(std::string_view text, std::size_t max_depth) { return Finder(text, max_depth).find(); }

}  // namespace chat::schema
