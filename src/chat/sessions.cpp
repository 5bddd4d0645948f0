#include "chat/sessions.hpp"

#include "chat/user_cache.hpp"

#include <algorithm>

namespace chat {
namespace {

// One sentence for whatever is wrong: a caller outside learns nothing from it.
Error not_good() { return Error{Errc::unauthenticated, "the token is not good"}; }

KnownUser known(const User& user) {
  return {user.id, user.name, user.username, user.token_version, user.disabled_at.has_value()};
}

// When the login happened that this token descends from. Tokens of the original do not say: theirs began a lifetime
// before they end.
Timestamp session_start(const AccessClaims& claims, Timestamp now, std::chrono::minutes lifetime) {
  if (claims.login_at) return *claims.login_at;
  if (claims.issued_at) return *claims.issued_at;
  return std::min<Timestamp>(now, claims.expires_at - lifetime);
}

Result<Session> judge(const AccessClaims& claims, const KnownUser& user, Timestamp started) {
  if (user.disabled || user.token_version > claims.token_version) return not_good();
  Session session;
  session.principal = Principal{Principal::Kind::user, user.id, user.name};
  session.username = user.username;
  session.token_version = claims.token_version;
  session.expires_at = claims.expires_at;
  session.session_started_at = started;
  session.session_id = claims.session_id;
  return session;
}

}  // namespace

Sessions::Sessions(UserStore& users, BlockingPool& read_pool, JwtKeys keys, const Clock& clock, SessionOptions options)
    : users_(users),
      read_pool_(read_pool),
      keys_(std::move(keys)),
      clock_(clock),
      options_(options),
      cache_(std::make_unique<UserCache>(options.user_cache_entries, options.user_cache_age)) {}

Sessions::~Sessions() = default;

Result<std::string> Sessions::sign(const User& user, Timestamp started, std::string session_id) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
  AccessClaims claims;
  claims.uid = user.id;
  claims.sub = user.username;
  // An adopted database may hold empty names; a token's must not be empty.
  claims.name = user.name.empty() ? user.username : user.name;
  claims.expires_at = now + options_.token_lifetime;
  claims.issued_at = now;
  claims.login_at = std::chrono::floor<std::chrono::seconds>(started);
  claims.token_version = user.token_version;
  claims.session_id = std::move(session_id);
  return keys_.signer.sign(claims);
}

Result<std::string> Sessions::mint(const User& user) const { return sign(user, clock_.now(), Uuid::v4().str()); }

std::optional<Result<Session>> Sessions::try_authenticate(std::string_view token) const {
  const auto now = clock_.now();
  auto claims = keys_.verifier.verify(token, now);
  if (!claims) return Result<Session>(not_good());
  auto user = cache_->find(claims->uid, clock_.steady());
  if (!user) return std::nullopt;
  return judge(*claims, *user, session_start(*claims, now, options_.token_lifetime));
}

boost::asio::awaitable<Result<Session>> Sessions::authenticate(std::string token) {
  if (auto at_once = try_authenticate(token)) co_return std::move(*at_once);
  const auto now = clock_.now();
  const auto claims = keys_.verifier.verify(token, now);
  if (!claims) co_return not_good();
  const auto read_at = clock_.steady();
  const auto user = co_await run_on(read_pool_, [&users = users_, id = claims->uid] { return users.find_user(id); });
  if (!user) {
    if (user.error().code == Errc::user_not_found) co_return not_good();
    co_return user.error();
  }
  cache_->put(known(*user), read_at);
  co_return judge(*claims, known(*user), session_start(*claims, now, options_.token_lifetime));
}

Result<IssuedToken> Sessions::refresh(const Session& session) const {
  if (clock_.now() - session.session_started_at >= options_.session_max) return not_good();
  IssuedToken issued;
  issued.user.id = session.principal.id;
  issued.user.name = session.principal.name;
  issued.user.username = session.username;
  issued.user.token_version = session.token_version;
  auto session_id = session.session_id.empty() ? Uuid::v4().str() : session.session_id;
  auto token = sign(issued.user, session.session_started_at, std::move(session_id));
  if (!token) return token.error();
  issued.access_token = std::move(*token);
  return issued;
}

}  // namespace chat
