#include "chat/accounts.hpp"

#include "base/casefold.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace chat {
namespace {

Error rate_limited(std::chrono::seconds after, std::int64_t limit) {
  return Error{Errc::rate_limited, "too many requests", RetryHint{after, limit}};
}

Error invalid_credentials() { return Error{Errc::unauthenticated, "wrong username or password"}; }

// What the hashing thread found out about one log-in.
struct Checked {
  bool ok = false;
  std::string new_hash;  // not empty: the stored one's cost is not the configured one
};

// On the hashing thread. Unknown users, users without a password and disabled ones cost what the others cost.
Result<Checked> check_password(LoginGuard& guard, const Clock& clock, const std::optional<User>& user,
                               const std::string& account, const LogIn& request, const PasswordCost& cost) {
  auto attempt = guard.begin(account, request.address, clock.steady());
  if (!attempt.allowed()) return rate_limited(attempt.decision().retry_after, attempt.decision().limit);
  PasswordVerdict verdict;
  if (user && user->password_hash) {
    auto verified = verify_password(request.password, *user->password_hash, cost);
    if (!verified) return verified.error();
    verdict = *verified;
  } else {
    dummy_verify(request.password, cost);
  }
  if (!verdict.ok || user->disabled_at) {
    attempt.failed(clock.steady());
    return Checked{};
  }
  attempt.succeeded(clock.steady());
  Checked checked{true, {}};
  if (verdict.needs_rehash) {
    // The log-in is good whether or not there is memory for a second hash now.
    if (auto hash = hash_password(request.password, cost)) checked.new_hash = std::move(*hash);
  }
  return checked;
}

}  // namespace

std::string trim_username(std::string_view username) {
  constexpr std::string_view kBlank = " \t\n\v\f\r";
  const auto first = username.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return std::string(username.substr(first, username.find_last_not_of(kBlank) - first + 1));
}

Accounts::Accounts(UserStore& users, Sessions& sessions, LoginGuard& guard, HashingQueue& hashing,
                   BlockingPool& read_pool, BlockingPool& write_pool, const Clock& clock, AccountsOptions options)
    : users_(users),
      sessions_(sessions),
      guard_(guard),
      hashing_(hashing),
      read_pool_(read_pool),
      write_pool_(write_pool),
      clock_(clock),
      options_(options),
      sign_ups_(options.sign_ups, options.rate_entries) {}

boost::asio::awaitable<Result<User>> Accounts::sign_up(SignUp request) {
  if (request.password.size() < kMinPasswordBytes || request.password.size() > kMaxPasswordBytes)
    co_return Error{Errc::invalid, "a password has 8 to 1024 bytes"};
  // Only accounts that are made count; one that is being made is counted meanwhile, so that many at once cannot slip
  // through together.
  const auto decision = sign_ups_.take(request.address, clock_.steady());
  if (!decision.allowed) co_return rate_limited(std::chrono::seconds(decision.retry_after_seconds()), decision.limit);
  const auto address = request.address;
  auto made = co_await make_account(std::move(request));
  if (!made) sign_ups_.refund(address, clock_.steady());
  co_return made;
}

boost::asio::awaitable<Result<User>> Accounts::make_account(SignUp request) {
  auto username = trim_username(request.username);
  // A name that is taken costs no hash. Two that race for a free one are told apart by create_user.
  auto look = [&users = users_, username] { return users.find_username(username); };
  const auto taken = co_await run_on(read_pool_, std::move(look));
  if (taken) co_return Error{Errc::user_exists, "the username is taken"};
  if (taken.error().code != Errc::user_not_found) co_return taken.error();

  auto hashing = [password = std::move(request.password), cost = options_.password_cost] {
    return hash_password(password, cost);
  };
  auto hash = co_await hashing_.run(std::move(request.address), std::move(hashing));
  if (!hash) co_return hash.error();
  User user;
  user.id = UserId::make();
  user.name = std::move(request.name);
  user.username = std::move(username);
  user.password_hash = std::move(*hash);
  user.created_at = clock_.now();
  auto create = [&users = users_, user = std::move(user)] { return users.create_user(user); };
  co_return co_await run_on(write_pool_, std::move(create));
}

boost::asio::awaitable<Result<IssuedToken>> Accounts::log_in(LogIn request) {
  if (request.password.size() > kMaxPasswordBytes) co_return invalid_credentials();
  request.username = trim_username(request.username);
  const auto account = casefold(request.username);
  const auto decision = guard_.check(account, request.address, clock_.steady());
  if (!decision.allowed) co_return rate_limited(decision.retry_after, decision.limit);

  auto look = [&users = users_, username = request.username] { return users.find_username(username); };
  auto found = co_await run_on(read_pool_, std::move(look));
  if (!found && found.error().code != Errc::user_not_found) co_return found.error();
  std::optional<User> user;
  if (found) user = std::move(*found);

  const auto address = request.address;
  auto work = [&guard = guard_, &clock = clock_, user, account, request = std::move(request),
               cost = options_.password_cost] { return check_password(guard, clock, user, account, request, cost); };
  auto checked = co_await hashing_.run(address, std::move(work));
  if (!checked) co_return checked.error();
  if (!checked->ok) co_return invalid_credentials();
  if (!checked->new_hash.empty()) co_await keep_new_hash(*user, std::move(checked->new_hash));

  auto token = sessions_.mint(*user);
  if (!token) co_return token.error();
  co_return IssuedToken{std::move(*user), std::move(*token)};
}

boost::asio::awaitable<void> Accounts::keep_new_hash(User user, std::string hash) {
  auto work = [&users = users_, id = user.id, old = *user.password_hash, hash = std::move(hash)] {
    return users.replace_hash(id, old, hash);
  };
  const auto kept = co_await run_on(write_pool_, std::move(work));
  if (!kept) log_info("rehash_failed", {{"user_id", user.id.str()}, {"error", to_string(kept.error().code)}});
}

}  // namespace chat
