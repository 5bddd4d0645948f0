#include "base/json_scanner.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <vector>

namespace chat {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
// What may stand in a string as it is, in one byte.
bool is_plain(char c) { return c >= 0x20 && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\'; }

}  // namespace

bool JsonScanner::fail(const char* why) noexcept {
  if (!fault_) fault_ = why;
  at_ = text_.size();
  return false;
}

bool JsonScanner::take(char c) noexcept {
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void JsonScanner::space() noexcept {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool JsonScanner::at_end() noexcept {
  space();
  return at_ == text_.size();
}

JsonScanner::Type JsonScanner::next_type() noexcept {
  space();
  if (at_ == text_.size()) return Type::none;
  switch (text_[at_]) {
    case '{':
      return Type::object;
    case '[':
      return Type::array;
    case '"':
      return Type::string;
    case 't':
    case 'f':
      return Type::boolean;
    case 'n':
      return Type::null;
    default:
      return text_[at_] == '-' || is_digit(text_[at_]) ? Type::number : Type::none;
  }
}

bool JsonScanner::open_object() {
  space();
  fresh_ = true;
  return take('{') || fail("not a JSON object");
}

bool JsonScanner::open_array() {
  space();
  fresh_ = true;
  return take('[') || fail("not a JSON array");
}

// True when another member or element follows.
bool JsonScanner::next_of(char end) {
  if (fault_) return false;
  space();
  const bool first = fresh_;
  fresh_ = false;
  if (take(end)) return false;
  return first || take(',') || fail("a comma or the end is missing");
}

bool JsonScanner::next_member(std::string& key) {
  if (!next_of('}')) return false;
  space();
  if (at_ >= text_.size() || text_[at_] != '"') return fail("a key is not a string");
  key.clear();
  if (!string(key)) return false;
  space();
  return take(':') || fail("a key without a value");
}

bool JsonScanner::next_element() { return next_of(']'); }

bool JsonScanner::word(std::string_view w) {
  space();
  if (text_.substr(at_, w.size()) != w) return fail("malformed JSON value");
  at_ += w.size();
  return true;
}

bool JsonScanner::null() { return word("null"); }

bool JsonScanner::boolean(bool& out) {
  space();
  out = at_ < text_.size() && text_[at_] == 't';
  return word(out ? "true" : "false");
}

bool JsonScanner::digits() noexcept {
  const auto begin = at_;
  while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  return at_ > begin;
}

bool JsonScanner::number(std::string_view& spelling, bool& whole) {
  space();
  const auto begin = at_;
  take('-');
  if (take('0')) {
    if (at_ < text_.size() && is_digit(text_[at_])) return fail("a number with a leading zero");
  } else if (!digits()) {
    return fail("malformed JSON value");
  }
  whole = true;
  if (take('.')) {
    whole = false;
    if (!digits()) return fail("malformed number");
  }
  if (take('e') || take('E')) {
    whole = false;
    if (!take('+')) take('-');
    if (!digits()) return fail("malformed number");
  }
  spelling = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonScanner::hex4(std::uint32_t& code) {
  if (text_.size() - at_ < 4) return fail("a bad escape");
  const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, code, 16);
  if (error != std::errc() || end != text_.data() + at_ + 4) return fail("a bad escape");
  at_ += 4;
  return true;
}

bool JsonScanner::unicode_escape(std::string& out) {
  std::uint32_t code = 0;
  if (!hex4(code)) return false;
  if (code == 0) return fail("a NUL in a string");
  if (code >= 0xDC00 && code <= 0xDFFF) return fail("a lone surrogate");
  if (code >= 0xD800 && code <= 0xDBFF) {
    std::uint32_t low = 0;
    if (!take('\\') || !take('u')) return fail("a lone surrogate");
    if (!hex4(low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return fail("a lone surrogate");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(out, code);
  return true;
}

// After the backslash.
bool JsonScanner::escape(std::string& out) {
  static constexpr std::string_view kLetters = "\"\\/bfnrt";
  static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (at_ >= text_.size()) return fail("a string without an end");
  const char letter = text_[at_++];
  if (letter == 'u') return unicode_escape(out);
  const auto index = kLetters.find(letter);
  if (index == kLetters.npos) return fail("a bad escape");
  out += kMeanings[index];
  return true;
}

bool JsonScanner::string(std::string& out) {
  space();
  if (!take('"')) return fail("not a string");
  while (at_ < text_.size()) {
    const auto begin = at_;
    while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
    out.append(text_, begin, at_ - begin);
    if (take('"')) return true;
    if (at_ == text_.size()) break;
    if (take('\\')) {
      if (!escape(out)) return false;
      continue;
    }
    if (static_cast<unsigned char>(text_[at_]) < 0x20) return fail("a control character in a string");
    auto rest = text_.substr(at_);
    if (!take_code_point(rest)) return fail("invalid UTF-8");
    out.append(text_, at_, text_.size() - at_ - rest.size());
    at_ = text_.size() - rest.size();
  }
  return fail("a string without an end");
}

// As `string`, for a text that nobody wants: its escapes are well formed, whatever they stand for.
bool JsonScanner::pass_string() {
  if (!take('"')) return fail("not a string");
  while (at_ < text_.size()) {
    while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
    if (take('"')) return true;
    if (at_ == text_.size()) break;
    if (take('\\')) {
      std::uint32_t ignored = 0;
      if (at_ == text_.size()) break;
      const char letter = text_[at_++];
      if (letter == 'u' ? !hex4(ignored) : std::string_view("\"\\/bfnrt").find(letter) == std::string_view::npos)
        return fail("a bad escape");
      continue;
    }
    if (static_cast<unsigned char>(text_[at_]) < 0x20) return fail("a control character in a string");
    auto rest = text_.substr(at_);
    if (!take_code_point(rest)) return fail("invalid UTF-8");
    at_ = text_.size() - rest.size();
  }
  return fail("a string without an end");
}

bool JsonScanner::pass_scalar() {
  std::string_view spelling;
  bool ignored = false;
  switch (next_type()) {
    case Type::string:
      return pass_string();
    case Type::number:
      return number(spelling, ignored);
    case Type::boolean:
      return boolean(ignored);
    case Type::null:
      return null();
    default:
      return fail("malformed JSON value");
  }
}

// Without recursion: the depth of what is skipped is the sender's choice.
bool JsonScanner::skip(std::string_view& source) {
  space();
  const auto begin = at_;
  std::string open;  // the brackets that will close what is open
  do {
    const Type type = next_type();
    if (type == Type::object || type == Type::array) {
      open += type == Type::object ? '}' : ']';
      ++at_;
      fresh_ = true;
    } else if (!pass_scalar()) {
      return false;
    }
    // On to the next value, through the ends of all that ends here.
    while (!open.empty() && !next_of(open.back())) {
      if (fault_) return false;
      open.pop_back();
    }
    if (open.empty()) break;
    if (open.back() == '}') {
      space();
      if (at_ == text_.size() || text_[at_] != '"') return fail("a key is not a string");
      if (!pass_string()) return false;
      space();
      if (!take(':')) return fail("a key without a value");
    }
  } while (true);
  source = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonScanner::check_object(int levels, std::string* minified) {
  if (levels == 0) return fail("nested too deeply");
  if (!open_object()) return false;
  if (minified) *minified += '{';
  std::vector<std::string> names;
  bool first = true;
  for (;;) {
    // The name as it is spelled goes over; as it is read it is compared.
    const auto before = at_;
    std::string name;
    if (!next_member(name)) break;
    if (minified) {
      if (!first) *minified += ',';
      const auto quote = text_.find('"', before);
      minified->append(text_, quote, text_.rfind('"', at_ - 1) + 1 - quote);
      *minified += ':';
    }
    first = false;
    names.push_back(std::move(name));
    if (!check(levels - 1, minified)) return false;
  }
  if (fault_) return false;
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) return fail("a duplicate key");
  if (minified) *minified += '}';
  return true;
}

bool JsonScanner::check_array(int levels, std::string* minified) {
  if (levels == 0) return fail("nested too deeply");
  if (!open_array()) return false;
  if (minified) *minified += '[';
  for (bool first = true; next_element(); first = false) {
    if (minified && !first) *minified += ',';
    if (!check(levels - 1, minified)) return false;
  }
  if (fault_) return false;
  if (minified) *minified += ']';
  return true;
}

bool JsonScanner::check(int levels, std::string* minified) {
  const Type type = next_type();
  if (type == Type::object) return check_object(levels, minified);
  if (type == Type::array) return check_array(levels, minified);
  const auto begin = at_;
  if (type == Type::string) {
    std::string ignored;
    if (!string(ignored)) return false;
  } else if (!pass_scalar()) {
    return false;
  }
  if (minified) minified->append(text_, begin, at_ - begin);
  return true;
}

}  // namespace chat
