#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"

#include <utility>

namespace chat::api {
namespace {

using LoginCall = Call<None, None, JsonOrForm<LoginIn, LoginForm>>;
using RefreshCall = Call<None, None, None>;

TokenOut token_out(IssuedToken issued) {
  return {
      issued.user.id, std::move(issued.user.name), std::move(issued.user.username), std::move(issued.access_token), {}};
}

awaitable<Result<TokenOut>> log_in(Accounts& accounts, LoginCall& call) {
  auto& credentials = call.body.value;
  LogIn request{std::move(credentials.username), std::move(credentials.password.value),
                std::move(call.context.address)};
  auto issued = co_await accounts.log_in(std::move(request));
  if (!issued) co_return issued.error();
  co_return token_out(std::move(*issued));
}

awaitable<Result<TokenOut>> refresh(const Sessions& sessions, const Clock& clock, RefreshCall& call) {
  // A realtime connection outlives its token by a while.
  if (call.session().expires_at <= clock.now()) co_return Error{Errc::unauthenticated, "the token has expired"};
  auto issued = sessions.refresh(call.session());
  if (!issued) co_return issued.error();
  co_return token_out(std::move(*issued));
}

}  // namespace

void add_auth_operations(Operations& operations, const Services& services) {
  operations.add<None, None, JsonOrForm<LoginIn, LoginForm>, TokenOut>(
      {.method = Method::post,
       .path = "/api/v1/auth/login",
       .operation_id = "log_in",
       .tag = "auth",
       .summary = "Log in",
       .description =
           "Takes JSON or the OAuth2 password form. A wrong password and an unknown user get the same answer.",
       .answer = "The account and a new access token",
       .errors = {Errc::unauthenticated, Errc::rate_limited, Errc::unavailable},
       .holds_token = true},
      [accounts = services.accounts](LoginCall& call) { return log_in(*accounts, call); });
  operations.add<None, None, None, TokenOut>({.rpc = "auth.refresh_token",
                                              .method = Method::post,
                                              .path = "/api/v1/auth/refresh_token",
                                              .auth = Auth::bearer,
                                              .operation_id = "refresh_token",
                                              .tag = "auth",
                                              .summary = "Get a new token of the same session",
                                              .description = "Refused once the login is older than SESSION_MAX_DAYS.",
                                              .answer = "The account and a new access token",
                                              .errors = {Errc::unavailable},
                                              .holds_token = true},
                                             [sessions = services.sessions, clock = services.clock](RefreshCall& call) {
                                               return refresh(*sessions, *clock, call);
                                             });
}

}  // namespace chat::api
