#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"

#include <utility>

namespace chat::api {
namespace {

using SignUpCall = Call<None, None, UserIn>;

awaitable<Result<UserOut>> sign_up(Accounts& accounts, SignUpCall& call) {
  call.subject = call.body.username.value;
  SignUp request{std::move(call.body.name.value), std::move(call.body.username.value),
                 std::move(call.body.password.value), std::move(call.context.address)};
  auto made = co_await accounts.sign_up(std::move(request));
  if (!made) co_return made.error();
  co_return UserOut{made->id, std::move(made->name), std::move(made->username)};
}

using MeCall = Call<None, None, None>;

awaitable<Result<UserOut>> me(MeCall& call) {
  const auto& session = call.session();
  co_return UserOut{session.principal.id, session.principal.name, session.username};
}

}  // namespace

void add_user_operations(Operations& operations, const Services& services) {
  operations.add<None, None, UserIn, UserOut>(
      {.method = Method::post,
       .path = "/api/v1/users",
       .success = 201,
       .operation_id = "sign_up",
       .tag = "users",
       .summary = "Sign up",
       .description = "Makes an account. The username is compared case-folded with all others.",
       .answer = "The new account",
       .errors = {Errc::user_exists, Errc::rate_limited, Errc::unavailable}},
      [accounts = services.accounts](SignUpCall& call) { return sign_up(*accounts, call); });
  operations.add<None, None, None, UserOut>({.rpc = "user.me",
                                             .path = "/api/v1/users/me",
                                             .auth = Auth::bearer,
                                             .operation_id = "me",
                                             .tag = "users",
                                             .summary = "Who am I?",
                                             .answer = "The token's account",
                                             .errors = {Errc::unavailable}},
                                            [](MeCall& call) { return me(call); });
}

}  // namespace chat::api
