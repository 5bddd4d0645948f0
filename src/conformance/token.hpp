// The tokens of the SDKs' suites: JWTs with HS256 and the secret "secret", of which any claim may be missing.
// Immutable; any thread.
#pragma once

#include "auth/jwt.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace chat::conformance {

struct Claims {
  std::string user;                    // sub; "" when absent: nobody in particular
  std::optional<std::string> channel;  // of a subscription token
  Timestamp expires_at = Timestamp::max();

  bool expires() const noexcept { return expires_at != Timestamp::max(); }
};

class Tokens {
 public:
  Tokens();

  // What a token says that is authentic and already good. Its end is for the caller to look at.
  // Errc::unauthenticated otherwise.
  Result<Claims> read(std::string_view token, Timestamp now) const;

 private:
  JwtVerifier verifier_;
};

}  // namespace chat::conformance
