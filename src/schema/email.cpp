#include "schema/email.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

namespace chat::schema {
namespace {

constexpr std::size_t kMaxBytes = 254;   // RFC 3696, errata 1690
constexpr std::size_t kMaxDomain = 253;  // RFC 1035, 2.3.4
constexpr std::size_t kMaxLabel = 63;    // RFC 1035, 2.3.1
constexpr std::size_t kMaxShown = 8;     // characters named in one sentence

bool is_alpha(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alnum(char32_t c) { return is_alpha(c) || (c >= '0' && c <= '9'); }

// RFC 5322, 3.2.3, and RFC 6531, 3.3; dots are looked at elsewhere.
bool in_local_part(char32_t c) {
  return c >= 0x80 || is_alnum(c) ||
         (c != 0 && std::string_view(".!#$%&'*+-/=?^_`{|}~").find(static_cast<char>(c)) != std::string_view::npos);
}
// RFC 952, RFC 1123, 2.1.
bool in_host_name(char32_t c) { return c >= 0x80 || is_alnum(c) || c == '-' || c == '.'; }
bool is_safe(char32_t c) { return is_visible(c); }

std::string shown(char32_t c) {
  if (c == ' ') return "SPACE";
  if (c == '\\') return "\"\\\"";
  std::string out;
  if (!is_visible(c)) {
    char buf[16];
    std::snprintf(buf, sizeof buf, "U+%04X", static_cast<unsigned>(c));
    return buf;
  }
  const char* quote = c == '\'' ? "\"" : "'";
  out += quote;
  append_utf8(out, c);
  out += quote;
  return out;
}

// Those characters of `part` that the rule does not take, for a sentence; empty when there are none.
std::string offenders(std::string_view part, bool (*rule)(char32_t)) {
  std::set<std::string> found;
  while (!part.empty() && found.size() < kMaxShown) {
    const auto c = take_code_point(part);
    if (c && !rule(*c)) found.insert(shown(*c));
  }
  std::string out;
  for (const std::string& s : found) out.append(out.empty() ? "" : ", ").append(s);
  return out;
}

std::string too_many(std::size_t size, std::size_t limit) {
  const std::size_t over = size - limit;
  return "(" + std::to_string(over) + " character" + (over > 1 ? "s" : "") + " too many)";
}

std::optional<std::string> local_part_problem(std::string_view local) {
  if (local.empty()) return "There must be something before the @-sign.";
  if (const auto bad = offenders(local, in_local_part); !bad.empty()) {
    return "The email address contains invalid characters before the @-sign: " + bad + ".";
  }
  if (local.ends_with('.')) return "An email address cannot have a period immediately before the @-sign.";
  if (local.starts_with('.')) return "An email address cannot start with a period.";
  if (local.find("..") != local.npos) return "An email address cannot have two periods in a row.";
  if (const auto bad = offenders(local, is_safe); !bad.empty()) {
    return "The email address contains unsafe characters: " + bad + ".";
  }
  return std::nullopt;
}

std::optional<std::string> periods_and_hyphens_problem(std::string_view domain) {
  const auto has = [&](std::string_view s) { return domain.find(s) != domain.npos; };
  if (domain.ends_with('.')) return "An email address cannot end with a period.";
  if (domain.starts_with('.')) return "An email address cannot have a period immediately after the @-sign.";
  if (has("..")) return "An email address cannot have two periods in a row.";
  if (domain.ends_with('-')) return "An email address cannot end with a hyphen.";
  if (domain.starts_with('-')) return "An email address cannot have a hyphen immediately after the @-sign.";
  if (has(".-") || has("-.")) return "An email address cannot have a period and a hyphen next to each other.";
  return std::nullopt;
}

std::optional<std::string> label_problem(std::string_view label) {
  if (label.size() > 3 && label[2] == '-' && label[3] == '-') {
    const bool punycode = (label[0] == 'x' || label[0] == 'X') && (label[1] == 'n' || label[1] == 'N');
    if (!punycode) {
      return "An email address cannot have two letters followed by two dashes immediately after the @-sign or after a "
             "period, except Punycode.";
    }
  }
  if (const std::size_t size = count_code_points(label); size > kMaxLabel) {
    return "After the @-sign, periods cannot be separated by so many characters " + too_many(size, kMaxLabel) + ".";
  }
  return std::nullopt;
}

std::optional<std::string> domain_problem(std::string_view domain) {
  if (domain.empty()) return "There must be something after the @-sign.";
  if (domain.starts_with('[') && domain.ends_with(']')) {
    return "A bracketed IP address after the @-sign is not allowed here.";
  }
  if (const auto bad = offenders(domain, in_host_name); !bad.empty()) {
    return "The part after the @-sign contains invalid characters: " + bad + ".";
  }
  if (const auto bad = offenders(domain, is_safe); !bad.empty()) {
    return "The email address contains unsafe characters: " + bad + ".";
  }
  if (auto problem = periods_and_hyphens_problem(domain)) return problem;
  if (domain.size() > kMaxDomain) {
    return "The email address is too long after the @-sign " + too_many(domain.size(), kMaxDomain) + ".";
  }
  for (std::string_view rest = domain; !rest.empty();) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    if (auto problem = label_problem(rest.substr(0, dot))) return problem;
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  if (domain.find('.') == domain.npos) return "The part after the @-sign is not valid. It should have a period.";
  const auto last = static_cast<unsigned char>(domain.back());
  if (last < 0x80 && !is_alpha(last)) {
    return "The part after the @-sign is not valid. It is not within a valid top-level domain.";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> email_problem(std::string_view address) {
  if (address.starts_with('"')) {
    const std::size_t end = address.find("\"@");
    if (end != address.npos && end > 0) return "Quoting the part before the @-sign is not allowed here.";
  }
  const std::size_t at = address.find('@');
  if (at == address.npos) return "An email address must have an @-sign.";
  if (auto problem = local_part_problem(address.substr(0, at))) return problem;
  if (auto problem = domain_problem(address.substr(at + 1))) return problem;
  if (address.size() > kMaxBytes) return "The email address is too long " + too_many(address.size(), kMaxBytes) + ".";
  return std::nullopt;
}

}  // namespace chat::schema
