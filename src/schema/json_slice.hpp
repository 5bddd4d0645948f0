// The bytes of JSON values in their source. Everything here is given text that a parser has found to be JSON so far.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chat::schema {

struct Slice {
  std::size_t begin = 0, end = 0;
  std::size_t size() const noexcept { return end - begin; }
};

// Walks the tokens of a JSON text in step with a SAX parser that is ahead of it: each call takes the next token, of
// the kind that the parser has just reported, and answers where it stands.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  // `plain_size`: bytes between the quotes where the caller knows that there is no escape.
  Slice string(std::size_t plain_size) noexcept;
  Slice string() noexcept;
  Slice number() noexcept;
  Slice literal(std::size_t length) noexcept;
  std::size_t bracket() noexcept;  // its place

  // Place of the next token.
  std::size_t next() noexcept;
  std::string_view text(Slice s) const noexcept { return text_.substr(s.begin, s.size()); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// Without white space between the tokens; strings and numbers keep their own spelling.
std::string minified(std::string_view json);

// Boost.JSON stops at a \uD800..\uDFFF escape without its partner and at an exponent that leaves `int`. This is `json`
// with \ufffd and zeros in their place, of the same length, so that all the rest can be read and judged.
struct RepairedJson {
  std::string text;
  std::vector<std::size_t> lone_surrogates;  // places, ascending
  bool changed = false;
};
RepairedJson repair(std::string_view json);

}  // namespace chat::schema
