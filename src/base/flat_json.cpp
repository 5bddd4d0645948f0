#include "base/flat_json.hpp"

#include "base/json_scanner.hpp"

#include <algorithm>
#include <charconv>

namespace chat {

namespace {

constexpr std::size_t kMaxMembers = 64;
constexpr int kMaxDepth = 8;

bool read_number(JsonScanner& in, FlatJsonMember& member) {
  std::string_view spelling;
  bool whole = false;
  if (!in.number(spelling, whole)) return false;
  member.kind = FlatJsonMember::Kind::number;
  if (!whole) return true;
  const auto [end, error] = std::from_chars(spelling.data(), spelling.data() + spelling.size(), member.integer);
  if (error == std::errc()) member.kind = FlatJsonMember::Kind::integer;
  return true;
}

bool read_value(JsonScanner& in, FlatJsonMember& member) {
  using Kind = FlatJsonMember::Kind;
  bool truth = false;
  switch (in.next_type()) {
    case JsonScanner::Type::string:
      member.kind = Kind::string;
      return in.string(member.text);
    case JsonScanner::Type::number:
      return read_number(in, member);
    case JsonScanner::Type::boolean:
      member.kind = Kind::boolean;
      if (!in.boolean(truth)) return false;
      member.integer = truth ? 1 : 0;
      return true;
    case JsonScanner::Type::null:
      member.kind = Kind::null;
      return in.null();
    case JsonScanner::Type::object:
    case JsonScanner::Type::array:
      member.kind = Kind::nested;
      return in.check(kMaxDepth - 1, nullptr);
    case JsonScanner::Type::none:
      break;
  }
  return in.fail("malformed JSON value");
}

bool read_members(JsonScanner& in, std::vector<FlatJsonMember>& members) {
  if (!in.open_object()) return false;
  FlatJsonMember member;
  while (in.next_member(member.key)) {
    if (!read_value(in, member)) return false;
    const bool repeated =
        std::any_of(members.begin(), members.end(), [&](const auto& m) { return m.key == member.key; });
    if (repeated) return in.fail("a duplicate key");
    if (members.size() == kMaxMembers) return in.fail("too many members");
    members.push_back(std::move(member));
    member = {};
  }
  return !in.failed() && (in.at_end() || in.fail("text after the JSON object"));
}

}  // namespace

Result<FlatJson> FlatJson::parse(std::string_view text) {
  FlatJson json;
  json.members_.reserve(8);
  JsonScanner in(text);
  if (!read_members(in, json.members_)) return Error{Errc::invalid, in.fault()};
  return json;
}

const FlatJsonMember* FlatJson::find(std::string_view key) const noexcept {
  const auto it = std::find_if(members_.begin(), members_.end(), [&](const auto& m) { return m.key == key; });
  return it == members_.end() ? nullptr : &*it;
}

}  // namespace chat
