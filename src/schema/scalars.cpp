#include "schema/scalars.hpp"

#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "schema/email.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace chat::schema {
namespace {

using Kind = Scalar::Kind;
constexpr std::size_t kMaxIntDigits = 4300;  // pydantic's limit

bool refuse(Issue& issue, const Scalar& in, std::string_view type, std::string_view msg, std::string ctx = {}) {
  issue.type = type;
  issue.msg = msg;
  issue.ctx_json = std::move(ctx);
  issue.show_input = !in.bad_unicode;
  return false;
}

std::string ctx_of(std::string_view name, std::int64_t value) {
  std::string out = "{";
  append_json_string(out, name);
  out += ':';
  append_json_int(out, value);
  return out + '}';
}

std::string ctx_of(std::string_view name, std::string_view value) {
  std::string out = "{";
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
  return out + '}';
}

bool refuse_length(Issue& issue, const Scalar& in, const TextRule& rule, bool too_short) {
  const std::size_t limit = too_short ? rule.min : rule.max;
  std::string msg = "String should have at ";
  msg += too_short ? "least " : "most ";
  msg += std::to_string(limit);
  msg += rule.unit == LengthUnit::bytes ? " byte" : " character";
  if (limit != 1) msg += 's';
  return refuse(issue, in, too_short ? "string_too_short" : "string_too_long", msg,
                ctx_of(too_short ? "min_length" : "max_length", static_cast<std::int64_t>(limit)));
}

bool refuse_value(Issue& issue, const Scalar& in, std::string_view sentence) {
  issue = value_error(sentence);
  issue.show_input = !in.bad_unicode;
  return false;
}

// A string that any column can hold: Unicode, without NUL.
bool check_string(const Scalar& in, Issue& issue) {
  if (in.kind != Kind::string) return refuse(issue, in, "string_type", "Input should be a valid string");
  if (in.bad_unicode) return issue = not_unicode(), false;
  if (in.text.find('\0') != in.text.npos) return refuse_value(issue, in, "NUL characters are not allowed");
  return true;
}

// "+1_000.00": what pydantic takes for an integer in a string. Saturates.
bool int_of_text(std::string_view text, Scalar& out) {
  text = trim(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t dot = text.find('.');
  if (dot != text.npos) {
    const std::string_view zeros = text.substr(dot + 1);
    if (zeros.empty() || zeros.find_first_not_of('0') != zeros.npos) return false;
    text = text.substr(0, dot);
  }
  using L = std::numeric_limits<std::int64_t>;
  const std::uint64_t limit = negative ? 1ull << 63 : static_cast<std::uint64_t>(L::max());
  std::uint64_t value = 0;
  bool after_digit = false;
  for (const char c : text) {
    if (c == '_' && after_digit) {
      after_digit = false;
      continue;
    }
    if (c < '0' || c > '9') return false;
    after_digit = true;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (limit - digit) / 10) out.overflow = true;
    if (!out.overflow) value = value * 10 + digit;
  }
  if (!after_digit) return false;
  if (out.overflow) value = limit;
  out.integer = negative ? static_cast<std::int64_t>(0 - value) : static_cast<std::int64_t>(value);
  return true;
}

// Brings every form of an integer to Kind::integer, or refuses.
bool to_integer(Scalar& in, Issue& issue) {
  switch (in.kind) {
    case Kind::integer:
      return true;
    case Kind::boolean:
      in.integer = in.boolean ? 1 : 0;
      return true;
    case Kind::string:
      if (in.text.size() > kMaxIntDigits) {
        return refuse(issue, in, "int_parsing_size",
                      "Unable to parse input string as an integer, exceeded maximum size");
      }
      if (int_of_text(in.text, in)) return true;
      return refuse(issue, in, "int_parsing", "Input should be a valid integer, unable to parse string as an integer");
    case Kind::number:
      if (!std::isfinite(in.number)) return refuse(issue, in, "finite_number", "Input should be a finite number");
      if (std::trunc(in.number) != in.number) {
        return refuse(issue, in, "int_from_float",
                      "Input should be a valid integer, got a number with a fractional part");
      }
      in.overflow = std::abs(in.number) >= 0x1p63;
      if (in.overflow) {
        using L = std::numeric_limits<std::int64_t>;
        in.integer = in.number < 0 ? L::min() : L::max();
      } else {
        in.integer = static_cast<std::int64_t>(in.number);
      }
      return true;
    case Kind::null:
      break;
  }
  return refuse(issue, in, "int_type", "Input should be a valid integer");
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

// Why a text is no UUID, in the words of the library that pydantic uses.
std::string uuid_problem(std::string_view text) {
  std::string_view digits = text;
  std::size_t offset = 0;
  bool simple = true;
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') {
    digits = text.substr(1, text.size() - 2), offset = 1, simple = false;
  } else if (text.starts_with("urn:uuid:")) {
    digits = text.substr(9), offset = 9, simple = false;
  }
  std::size_t hyphens = 0, bounds[4] = {};
  for (std::string_view rest = digits; !rest.empty();) {
    const std::size_t index = digits.size() - rest.size();
    const char32_t c = take_code_point(rest).value_or(0xFFFD);
    if (c == '-') {
      if (hyphens < 4) bounds[hyphens] = index;
      ++hyphens;
    } else if (c >= 0x80 || !std::isxdigit(static_cast<int>(c))) {
      std::string out = "invalid character: found `";
      append_utf8(out, c);
      return out + "` at " + std::to_string(index + offset + 1);
    }
  }
  if (hyphens == 0 && simple) {
    return "invalid length: expected length 32 for simple format, found " + std::to_string(text.size());
  }
  if (hyphens != 4) return "invalid group count: expected 5, found " + std::to_string(hyphens + 1);
  static constexpr std::size_t kStarts[] = {0, 9, 14, 19, 24};
  static constexpr std::size_t kLengths[] = {8, 4, 4, 4, 12};
  std::size_t group = 0;
  while (group < 4 && bounds[group] == kStarts[group + 1] - 1) ++group;
  const std::size_t end = group < 4 ? bounds[group] : digits.size();
  return "invalid group length in group " + std::to_string(group) + ": expected " + std::to_string(kLengths[group]) +
         ", found " + std::to_string(end - kStarts[group]);
}

// "'a', 'b' or 'c'"
std::string choice_list(const std::string_view* choices, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0) out += i + 1 == size ? " or " : ", ";
    out.append("'").append(choices[i]).append("'");
  }
  return out;
}

}  // namespace

bool read_text(std::string& out, const Scalar& in, const TextRule& rule, Issue& issue) {
  if (!check_string(in, issue)) return false;
  // Counting is needed only where bytes do not settle it: a code point has one to four of them.
  std::size_t size = in.text.size();
  if (rule.unit == LengthUnit::characters && (size > rule.max || size / 4 < rule.min))
    size = count_code_points(in.text);
  if (size < rule.min) return refuse_length(issue, in, rule, true);
  if (size > rule.max) return refuse_length(issue, in, rule, false);
  if (rule.visible && !has_visible_character(in.text)) {
    return refuse_value(issue, in, "at least one visible character is required");
  }
  out.assign(in.text);
  return true;
}

bool read_secret(std::string& out, const Scalar& in, const TextRule& rule, Issue& issue) {
  const bool good = read_text(out, in, rule, issue);
  issue.show_input = false;
  return good;
}

bool read_email(std::string& out, const Scalar& in, Issue& issue) {
  if (!check_string(in, issue)) return false;
  const std::string_view address = trim(in.text);
  if (const auto problem = email_problem(address)) {
    return refuse(issue, in, "value_error", "value is not a valid email address: " + *problem,
                  ctx_of("reason", std::string_view(*problem)));
  }
  out.assign(address);
  return true;
}

bool read_int(std::int64_t& out, const Scalar& in, std::int64_t min, std::int64_t max, Issue& issue) {
  Scalar value = in;
  if (!to_integer(value, issue)) return false;
  const bool below = value.integer < min || (value.overflow && value.integer < 0);
  const bool above = value.integer > max || (value.overflow && value.integer > 0);
  if (below) {
    return refuse(issue, in, "greater_than_equal", "Input should be greater than or equal to " + std::to_string(min),
                  ctx_of("ge", min));
  }
  if (above) {
    return refuse(issue, in, "less_than_equal", "Input should be less than or equal to " + std::to_string(max),
                  ctx_of("le", max));
  }
  out = value.integer;
  return true;
}

bool read_double(double& out, const Scalar& in, Issue& issue) {
  double value = in.number;
  switch (in.kind) {
    case Kind::integer:
    case Kind::number:
      break;
    case Kind::boolean:
      value = in.boolean ? 1 : 0;
      break;
    case Kind::null:
      return refuse(issue, in, "float_type", "Input should be a valid number");
    case Kind::string: {
      std::string_view text = trim(in.text);
      if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (text.empty() || end != text.data() + text.size() || ec == std::errc::invalid_argument) {
        return refuse(issue, in, "float_parsing", "Input should be a valid number, unable to parse string as a number");
      }
      if (ec == std::errc::result_out_of_range) value = double_of_text(text);
    }
  }
  if (!std::isfinite(value)) return refuse(issue, in, "finite_number", "Input should be a finite number");
  out = value;
  return true;
}

double double_of_text(std::string_view text) noexcept {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc::result_out_of_range) return value;
  // Too large or too small? The decimal exponent of the first significant digit tells.
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  long long exponent = 0;
  if (e < text.size()) {
    std::string_view digits = text.substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (r.ec == std::errc::result_out_of_range) exponent = digits.starts_with('-') ? -(1ll << 40) : 1ll << 40;
  }
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t dot = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t first = std::min(mantissa.find_first_not_of("0."), mantissa.size());
  const long long place = static_cast<long long>(dot) - static_cast<long long>(first);
  value = exponent + place > 0 ? std::numeric_limits<double>::infinity() : 0;
  return negative ? -value : value;
}

bool read_bool(bool& out, const Scalar& in, Issue& issue) {
  static constexpr std::string_view kTrue[] = {"true", "1", "yes", "on", "t", "y"};
  static constexpr std::string_view kFalse[] = {"false", "0", "no", "off", "f", "n"};
  if (in.kind == Kind::boolean) {
    out = in.boolean;
    return true;
  }
  const bool numeric = in.kind == Kind::integer || in.kind == Kind::number;
  if (numeric && (in.number == 0 || in.number == 1)) {
    out = in.number == 1;
    return true;
  }
  if (in.kind == Kind::string) {
    for (const auto word : kTrue) {
      if (equals_ignoring_case(in.text, word)) return out = true, true;
    }
    for (const auto word : kFalse) {
      if (equals_ignoring_case(in.text, word)) return out = false, true;
    }
  }
  if (in.kind == Kind::string || in.kind == Kind::integer) {
    return refuse(issue, in, "bool_parsing", "Input should be a valid boolean, unable to interpret input");
  }
  return refuse(issue, in, "bool_type", "Input should be a valid boolean");
}

bool read_uuid(Uuid& out, const Scalar& in, Issue& issue) {
  if (in.kind != Kind::string) {
    return refuse(issue, in, "uuid_type", "UUID input should be a string, bytes or UUID object");
  }
  if (const auto id = Uuid::parse(in.text)) {
    out = *id;
    return true;
  }
  const std::string problem = uuid_problem(in.text);
  return refuse(issue, in, "uuid_parsing", "Input should be a valid UUID, " + problem,
                ctx_of("error", std::string_view(problem)));
}

bool read_timestamp(Timestamp& out, const Scalar& in, Issue& issue) {
  if (in.kind != Kind::string) return refuse(issue, in, "datetime_type", "Input should be a valid datetime");
  if (const auto t = parse_timestamp(in.text)) {
    out = *t;
    return true;
  }
  static constexpr std::string_view kProblem = "RFC 3339 is expected, such as 2026-01-31T12:00:00Z";
  return refuse(issue, in, "datetime_parsing", "Input should be a valid datetime, " + std::string(kProblem),
                ctx_of("error", kProblem));
}

bool read_choice(std::size_t& out, const Scalar& in, const std::string_view* choices, std::size_t size, Issue& issue) {
  for (out = 0; in.kind == Kind::string && !in.bad_unicode && out < size; ++out) {
    if (in.text == choices[out]) return true;
  }
  const std::string expected = choice_list(choices, size);
  return refuse(issue, in, "literal_error", "Input should be " + expected,
                ctx_of("expected", std::string_view(expected)));
}

bool check_exactly(std::string_view only, const Scalar& in, Issue& issue) {
  if (!check_string(in, issue)) return false;
  if (in.text == only) return true;
  const std::string pattern = "^" + std::string(only) + "$";
  return refuse(issue, in, "string_pattern_mismatch", "String should match pattern '" + pattern + "'",
                ctx_of("pattern", std::string_view(pattern)));
}

Issue wrong_kind(const TypeOps& expected) {
  if (expected.kind == TypeOps::Kind::array) return {"list_type", "Input should be a valid list", {}};
  return {"model_attributes_type", "Input should be a valid dictionary or object to extract fields from", {}};
}

Issue not_unicode() {
  Issue issue{"string_unicode", "Input should be a valid string, unable to parse raw data as a unicode string", {}};
  issue.show_input = false;
  return issue;
}

Issue value_error(std::string_view sentence) {
  return {"value_error", "Value error, " + std::string(sentence), ctx_of("error", sentence)};
}

}  // namespace chat::schema
