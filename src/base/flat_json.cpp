#include "base/flat_json.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <charconv>

namespace chat {

namespace {

constexpr std::size_t kMaxMembers = 64;
constexpr int kMaxDepth = 8;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // True, or false with `fault` set.
  bool document(std::vector<FlatJsonMember>& members) {
    space();
    if (!take('{')) return fail("not a JSON object");
    if (!object(&members, 1)) return false;
    space();
    return at_ == text_.size() || fail("text after the JSON object");
  }
  const char* fault = "malformed JSON";

 private:
  bool fail(const char* why) {
    fault = why;
    return false;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return fail("malformed JSON value");
    at_ += w.size();
    return true;
  }

  // After '{'. `members` is null inside nested values, which are checked and forgotten.
  bool object(std::vector<FlatJsonMember>* members, int depth) {
    space();
    if (take('}')) return true;
    do {
      FlatJsonMember member;
      space();
      if (!take('"')) return fail("a key is not a string");
      if (!string(member.key)) return false;
      space();
      if (!take(':')) return fail("a key without a value");
      space();
      if (!value(member, depth)) return false;
      if (members) {
        const bool repeated =
            std::any_of(members->begin(), members->end(), [&](const auto& m) { return m.key == member.key; });
        if (repeated) return fail("a duplicate key");
        if (members->size() == kMaxMembers) return fail("too many members");
        members->push_back(std::move(member));
      }
      space();
    } while (take(','));
    return take('}') || fail("an object without an end");
  }

  bool array(int depth) {
    space();
    if (take(']')) return true;
    do {
      FlatJsonMember ignored;
      space();
      if (!value(ignored, depth)) return false;
      space();
    } while (take(','));
    return take(']') || fail("an array without an end");
  }

  bool value(FlatJsonMember& member, int depth) {
    using Kind = FlatJsonMember::Kind;
    if (at_ >= text_.size()) return fail("malformed JSON value");
    switch (text_[at_]) {
      case '"':
        ++at_;
        member.kind = Kind::string;
        return string(member.text);
      case 't':
        member.kind = Kind::boolean;
        member.integer = 1;
        return word("true");
      case 'f':
        member.kind = Kind::boolean;
        return word("false");
      case 'n':
        member.kind = Kind::null;
        return word("null");
      case '{':
      case '[': {
        if (depth >= kMaxDepth) return fail("nested too deeply");
        member.kind = Kind::nested;
        return text_[at_++] == '{' ? object(nullptr, depth + 1) : array(depth + 1);
      }
      default:
        return number(member);
    }
  }

  bool digits() {
    const auto begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }

  bool number(FlatJsonMember& member) {
    const auto begin = at_;
    take('-');
    if (take('0')) {
      if (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') return fail("a number with a leading zero");
    } else if (!digits()) {
      return fail("malformed JSON value");
    }
    bool whole = true;
    if (take('.')) {
      whole = false;
      if (!digits()) return fail("malformed number");
    }
    if (take('e') || take('E')) {
      whole = false;
      if (!take('+')) take('-');
      if (!digits()) return fail("malformed number");
    }
    member.kind = FlatJsonMember::Kind::number;
    if (!whole) return true;
    const auto [end, error] = std::from_chars(text_.data() + begin, text_.data() + at_, member.integer);
    if (error == std::errc() && end == text_.data() + at_) member.kind = FlatJsonMember::Kind::integer;
    return true;
  }

  bool hex4(std::uint32_t& code) {
    if (text_.size() - at_ < 4) return fail("a bad escape");
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, code, 16);
    if (error != std::errc() || end != text_.data() + at_ + 4) return fail("a bad escape");
    at_ += 4;
    return true;
  }

  bool unicode_escape(std::string& out) {
    std::uint32_t code = 0;
    if (!hex4(code)) return false;
    if (code == 0) return fail("a NUL in a string");
    if (code >= 0xDC00 && code <= 0xDFFF) return fail("a lone surrogate");
    if (code >= 0xD800 && code <= 0xDBFF) {
      std::uint32_t low = 0;
      if (!take('\\') || !take('u') || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return fail("a lone surrogate");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, code);
    return true;
  }

  bool escape(std::string& out) {
    if (at_ >= text_.size()) return fail("a string without an end");
    switch (text_[at_++]) {
      case '"':
        out += '"';
        return true;
      case '\\':
        out += '\\';
        return true;
      case '/':
        out += '/';
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'u':
        return unicode_escape(out);
      default:
        return fail("a bad escape");
    }
  }

  static bool is_plain(char c) { return c >= 0x20 && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\'; }

  // After the opening quote.
  bool string(std::string& out) {
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return fail("a control character in a string");
      if (c == '\\') {
        ++at_;
        if (!escape(out)) return false;
        continue;
      }
      if (c < 0x80) {
        const auto begin = at_;
        while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
        out.append(text_, begin, at_ - begin);
        continue;
      }
      auto rest = text_.substr(at_);
      if (!take_code_point(rest)) return fail("invalid UTF-8");
      out.append(text_, at_, text_.size() - at_ - rest.size());
      at_ = text_.size() - rest.size();
    }
    return fail("a string without an end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<FlatJson> FlatJson::parse(std::string_view text) {
  FlatJson json;
  json.members_.reserve(8);
  Reader reader(text);
  if (!reader.document(json.members_)) return Error{Errc::invalid, reader.fault};
  return json;
}

const FlatJsonMember* FlatJson::find(std::string_view key) const noexcept {
  const auto it = std::find_if(members_.begin(), members_.end(), [&](const auto& m) { return m.key == key; });
  return it == members_.end() ? nullptr : &*it;
}

}  // namespace chat
