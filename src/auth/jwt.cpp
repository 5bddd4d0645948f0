#include "auth/jwt.hpp"

#include "auth/jwt_core.hpp"
#include "base/base64.hpp"
#include "base/flat_json.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"

#include <array>

namespace chat {
namespace {

using Kind = FlatJsonMember::Kind;
using Seconds = std::chrono::sys_seconds;

constexpr std::int64_t kLastInstant = 253'402'300'799;  // the end of the year 9999
constexpr std::size_t kMaxSessionIdBytes = 64;

Error bad(std::string why) { return Error{Errc::unauthenticated, std::move(why)}; }

struct Parts {
  std::string_view header, payload, signature, signed_part;
};

std::optional<Parts> split(std::string_view token) {
  const auto first = token.find('.');
  if (first == token.npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

bool same_ignoring_case(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// The header says nothing we act on; it must only not contradict us (RFC 8725, 3.1; RFC 7515, 4.1.11). Key hints (kid,
// jku, jwk, x5u) are never looked at: there is one key.
Result<void> check_header(std::string_view encoded, JwtAlgorithm algorithm) {
  const auto bytes = base64url_decode(encoded);
  if (!bytes) return bad("the header is no base64url");
  const auto json = FlatJson::parse(*bytes);
  if (!json) return bad("the header: " + json.error().message);
  const auto* alg = json->find("alg");
  if (!alg || alg->kind != Kind::string || alg->text != to_string(algorithm)) return bad("another algorithm");
  if (json->find("crit")) return bad("a critical extension");
  if (const auto* typ = json->find("typ")) {
    const bool known =
        typ->kind == Kind::string && (same_ignoring_case(typ->text, "jwt") || same_ignoring_case(typ->text, "at+jwt"));
    if (!known) return bad("another type of token");
  }
  return {};
}

// A claim that counts seconds since 1970: an integer, and one a calendar has.
Result<std::optional<Seconds>> instant(const FlatJson& claims, std::string_view name) {
  const auto* member = claims.find(name);
  if (!member) return std::optional<Seconds>();
  if (member->kind != Kind::integer || member->integer < 0 || member->integer > kLastInstant) {
    return bad(std::string(name) + " is no time");
  }
  return std::optional<Seconds>(Seconds(std::chrono::seconds(member->integer)));
}

Result<void> check_times(const FlatJson& claims, Timestamp now, AccessClaims& out, bool& expired) {
  const auto exp = instant(claims, "exp");
  if (!exp) return exp.error();
  if (!*exp) return bad("exp is missing");
  out.expires_at = **exp;
  expired = now >= out.expires_at;
  for (const char* name : {"nbf", "iat"}) {
    const auto at = instant(claims, name);
    if (!at) return at.error();
    if (*at && **at > now + kTokenClockLeeway) return bad(std::string(name) + " is in the future");
    if (std::string_view(name) == "iat") out.issued_at = *at;
  }
  const auto login_at = instant(claims, "auth_time");
  if (!login_at) return login_at.error();
  out.login_at = *login_at;
  return {};
}

Result<void> read_identity(const FlatJson& claims, AccessClaims& out) {
  const auto text = [&](std::string_view name) -> const std::string* {
    const auto* member = claims.find(name);
    return member && member->kind == Kind::string && !member->text.empty() ? &member->text : nullptr;
  };
  const auto* uid = text("uid");
  const auto id = uid ? UserId::parse(*uid) : std::nullopt;
  if (!id || id->is_nil()) return bad("uid is no user id");
  out.uid = *id;
  const auto *sub = text("sub"), *name = text("name");
  if (!sub) return bad("sub is missing or empty");
  if (!name) return bad("name is missing or empty");
  out.sub = *sub;
  out.name = *name;
  return {};
}

Result<void> read_session(const FlatJson& claims, AccessClaims& out) {
  // Audiences are for services that share a key; none is ours (RFC 8725, 3.9).
  if (claims.find("aud")) return bad("meant for another audience");
  if (const auto* typ = claims.find("typ"); typ && (typ->kind != Kind::string || typ->text != "access")) {
    return bad("no access token");
  }
  if (const auto* ver = claims.find("ver")) {
    if (ver->kind != Kind::integer || ver->integer < 0) return bad("ver is no version");
    out.token_version = ver->integer;
  }
  if (const auto* sid = claims.find("sid")) {
    if (sid->kind != Kind::string || sid->text.size() > kMaxSessionIdBytes) return bad("sid is no session id");
    out.session_id = sid->text;
  }
  return {};
}

bool is_claim_text(std::string_view text) { return !text.empty() && is_utf8(text) && text.find('\0') == text.npos; }

void append_claim(std::string& json, std::string_view key, std::string_view value) {
  append_json_string(json, key);
  json += ':';
  append_json_string(json, value);
  json += ',';
}

void append_claim(std::string& json, std::string_view key, std::int64_t value) {
  append_json_string(json, key);
  json += ':';
  json += std::to_string(value);
  json += ',';
}

std::string payload_of(const AccessClaims& claims) {
  std::string json = "{";
  append_claim(json, "uid", claims.uid.str());
  append_claim(json, "sub", claims.sub);
  append_claim(json, "name", claims.name);
  append_claim(json, "exp", claims.expires_at.time_since_epoch().count());
  if (claims.issued_at) append_claim(json, "iat", claims.issued_at->time_since_epoch().count());
  if (claims.login_at) append_claim(json, "auth_time", claims.login_at->time_since_epoch().count());
  append_claim(json, "ver", claims.token_version);
  if (!claims.session_id.empty()) append_claim(json, "sid", claims.session_id);
  append_claim(json, "typ", "access");
  json.back() = '}';
  return json;
}

}  // namespace

Result<std::string> JwtSigner::sign(const AccessClaims& claims) const {
  const auto in_range = [](Seconds t) {
    return t.time_since_epoch().count() >= 0 && t.time_since_epoch().count() <= kLastInstant;
  };
  if (claims.uid.is_nil() || !is_claim_text(claims.sub) || !is_claim_text(claims.name) || claims.token_version < 0 ||
      claims.session_id.size() > kMaxSessionIdBytes ||
      (!claims.session_id.empty() && !is_claim_text(claims.session_id)) || !in_range(claims.expires_at) ||
      (claims.issued_at && !in_range(*claims.issued_at)) || (claims.login_at && !in_range(*claims.login_at))) {
    return Error{Errc::invalid, "claims that no verifier would take"};
  }
  std::string token = core_->header + base64url_encode(payload_of(claims));
  const auto signature = core_->signature(token);
  if (signature.empty()) return Error{Errc::internal, "OpenSSL cannot sign"};
  token += '.';
  token += base64url_encode(signature);
  if (token.size() > kMaxTokenBytes) return Error{Errc::too_large, "the token would be too long"};
  return token;
}

Result<AccessClaims> JwtVerifier::verify(std::string_view token, Timestamp now) const {
  bool expired = false;
  auto claims = read(token, now, expired);
  if (claims && expired) return bad("expired");
  return claims;
}

bool JwtVerifier::is_expired(std::string_view token, Timestamp now) const {
  bool expired = false;
  return read(token, now, expired).has_value() && expired;
}

Result<std::string> JwtVerifier::authentic_claims(std::string_view token) const {
  if (token.size() > kMaxTokenBytes) return bad("longer than a token may be");
  const auto parts = split(token);
  if (!parts) return bad("not three parts");
  // Our own header, byte for byte, has been checked when it was made.
  if (!token.starts_with(core_->header)) {
    if (auto header = check_header(parts->header, core_->algorithm); !header) return header.error();
  }
  const auto signature = base64url_decode(parts->signature);
  if (!signature) return bad("the signature is no base64url");
  if (!core_->signature_matches(parts->signed_part, *signature)) return bad("the signature does not match");

  auto payload = base64url_decode(parts->payload);
  if (!payload) return bad("the claims are no base64url");
  return std::move(*payload);
}

Result<AccessClaims> JwtVerifier::read(std::string_view token, Timestamp now, bool& expired) const {
  const auto payload = authentic_claims(token);
  if (!payload) return payload.error();
  const auto json = FlatJson::parse(*payload);
  if (!json) return bad("the claims: " + json.error().message);
  AccessClaims claims;
  if (auto times = check_times(*json, now, claims, expired); !times) return times.error();
  if (auto identity = read_identity(*json, claims); !identity) return identity.error();
  if (auto session = read_session(*json, claims); !session) return session.error();
  return claims;
}

}  // namespace chat
