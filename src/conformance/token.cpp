#include "conformance/token.hpp"

#include "base/flat_json.hpp"

#include <chrono>
#include <utility>

namespace chat::conformance {
namespace {

using Kind = FlatJsonMember::Kind;

constexpr std::string_view kSecret = "secret";
constexpr std::int64_t kLastInstant = 253'402'300'799;  // the end of the year 9999

Error bad(std::string why) { return Error(Errc::unauthenticated, std::move(why)); }

// A claim that is text, if it is there; Errc::unauthenticated for one that is something else.
Result<std::optional<std::string>> text(const FlatJson& claims, std::string_view name) {
  const auto* member = claims.find(name);
  if (!member) return std::optional<std::string>();
  if (member->kind != Kind::string) return bad(std::string(name) + " is no string");
  return std::optional(member->text);
}

Result<std::optional<Timestamp>> instant(const FlatJson& claims, std::string_view name) {
  const auto* member = claims.find(name);
  if (!member) return std::optional<Timestamp>();
  if (member->kind != Kind::integer || member->integer < 0 || member->integer > kLastInstant) {
    return bad(std::string(name) + " is no time");
  }
  return std::optional(Timestamp(std::chrono::seconds(member->integer)));
}

}  // namespace

Tokens::Tokens() : verifier_(JwtVerifier::make(JwtAlgorithm::hs256, HmacKey::make(kSecret).value()).value()) {}

Result<Claims> Tokens::read(std::string_view token, Timestamp now) const {
  const auto payload = verifier_.authentic_claims(token);
  if (!payload) return payload.error();
  const auto json = FlatJson::parse(*payload);
  if (!json) return bad("the claims: " + json.error().message);
  auto user = text(*json, "sub");
  auto channel = text(*json, "channel");
  const auto expiry = instant(*json, "exp");
  const auto start = instant(*json, "nbf");
  if (!user || !channel || !expiry || !start) return bad("a claim of another type");
  if (*start && **start > now + kTokenClockLeeway) return bad("not good yet");
  return Claims{user->value_or(""), std::move(*channel), expiry->value_or(Timestamp::max())};
}

}  // namespace chat::conformance
