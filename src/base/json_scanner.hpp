// JSON (RFC 8259) read token by token as its reader asks for it: strict, bounded, no tree. Pure.
//
//   JsonScanner in(text);
//   std::string key;
//   if (!in.open_object()) ...
//   while (in.next_member(key)) key == "id" ? in.integer(id) : in.skip();
//   if (in.failed() || !in.at_end()) ...
//
// Every call that reads answers false at a fault, which `fault` then names, and from then on.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace chat {

class JsonScanner {
 public:
  enum class Type : std::uint8_t { object, array, string, number, boolean, null, none };

  // `text` is not copied.
  explicit JsonScanner(std::string_view text) noexcept : text_(text) {}

  // Of the value that comes next; none: the end, or what begins no value.
  Type next_type() noexcept;

  // Members and elements are taken in turn: after each true, one value is to be read.
  bool open_object();
  bool next_member(std::string& key);  // false at the object's end too
  bool open_array();
  bool next_element();  // false at the array's end too

  // Appends a string's text. Valid UTF-8, without U+0000 and lone surrogates.
  bool string(std::string& out);
  bool boolean(bool& out);
  bool null();
  // A number's spelling; `whole`: neither fraction nor exponent.
  bool number(std::string_view& spelling, bool& whole);
  // A whole number that fits.
  template <class Int>
  bool integer(Int& out) {
    std::string_view spelling;
    bool whole = false;
    if (!number(spelling, whole)) return false;
    const auto [end, error] = std::from_chars(spelling.data(), spelling.data() + spelling.size(), out);
    return (whole && error == std::errc() && end == spelling.data() + spelling.size()) || fail("not a number in range");
  }

  // Passes over a value, which is checked to be JSON and valid UTF-8 and no more: any depth, any escape, any names.
  bool skip() {
    std::string_view ignored;
    return skip(ignored);
  }
  bool skip(std::string_view& source);
  // Passes over a value of at most `levels` levels whose strings are as `string` takes them and where no object has a
  // name twice. Appends it to `minified`, unless null.
  bool check(int levels, std::string* minified);

  // True when nothing but white space is left.
  bool at_end() noexcept;
  bool failed() const noexcept { return fault_ != nullptr; }
  const char* fault() const noexcept { return fault_ ? fault_ : ""; }
  // Makes a fault of what the reader does not like. Answers false.
  bool fail(const char* why) noexcept;

 private:
  bool take(char c) noexcept;
  void space() noexcept;
  bool word(std::string_view w);
  bool digits() noexcept;
  bool next_of(char end);
  bool escape(std::string& out);
  bool unicode_escape(std::string& out);
  bool hex4(std::uint32_t& code);
  bool pass_string();
  bool pass_scalar();
  bool check_object(int levels, std::string* minified);
  bool check_array(int levels, std::string* minified);

  std::string_view text_;
  std::size_t at_ = 0;
  bool fresh_ = false;  // an object or array was opened and nothing of it read
  const char* fault_ = nullptr;
};

}  // namespace chat
