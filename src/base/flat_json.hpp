// One JSON object of plain values, read strictly: what modules below schema/ need of JSON. Pure.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

struct FlatJsonMember {
  enum class Kind : std::uint8_t { string, integer, number, boolean, null, nested };
  std::string key;
  Kind kind = Kind::null;
  std::string text;          // a string's value, decoded; empty for the others
  std::int64_t integer = 0;  // an integer's or a boolean's value
};

// One object (RFC 8259) with nothing before or after it but white space: valid UTF-8, no lone surrogate, no NUL in a
// string, no duplicate key, at most 64 members and 8 levels. Integers are those without fraction or exponent that fit
// 64 bits signed; every other number is only checked. Arrays and objects inside are checked and skipped.
// Errc::invalid with a phrase otherwise; never throws but for lack of memory.
class FlatJson {
 public:
  static Result<FlatJson> parse(std::string_view text);

  const FlatJsonMember* find(std::string_view key) const noexcept;
  const std::vector<FlatJsonMember>& members() const noexcept { return members_; }

 private:
  std::vector<FlatJsonMember> members_;
};

}  // namespace chat
