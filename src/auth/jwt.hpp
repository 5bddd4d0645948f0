// Access tokens: JWTs (RFC 7519) read and written by the rules of RFC 8725. Pure codec: whether the user still exists
// and the token's version is the current one is asked elsewhere.
//
// A Verifier knows one algorithm and one key and never lets the token choose. HMAC secrets and public keys are types of
// their own, so that an RSA public key can never be used as a secret.
//
// Signer and Verifier are immutable, cheap to copy and may be used from any thread at once.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

enum class JwtAlgorithm : std::uint8_t { hs256, hs384, hs512, rs256, rs384, rs512, es256, es384, es512 };

const char* to_string(JwtAlgorithm algorithm) noexcept;  // "HS256"
std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view name) noexcept;
bool is_hmac(JwtAlgorithm algorithm) noexcept;

inline constexpr std::size_t kMaxTokenBytes = 8 * 1024;       // longer ones are refused unread
inline constexpr std::chrono::seconds kTokenClockLeeway{30};  // on nbf and iat; none on exp

struct AccessClaims {
  UserId uid;                           // the user
  std::string sub;                      // username, not empty
  std::string name;                     // not empty
  std::chrono::sys_seconds expires_at;  // exp
  // What a token of the original does not carry:
  std::optional<std::chrono::sys_seconds> issued_at;  // iat
  std::optional<std::chrono::sys_seconds> login_at;   // auth_time: when the session began, kept through refreshes
  std::int64_t token_version = 0;                     // ver: users.token_version; absent counts as 0
  std::string session_id;                             // sid; may be empty
};

class HmacKey {
 public:
  // Errc::invalid for an empty secret and for anything that looks like a PEM or an SSH key.
  static Result<HmacKey> make(std::string_view secret);

 private:
  friend class JwtSigner;
  friend class JwtVerifier;
  std::shared_ptr<const std::string> secret_;  // wiped with its last owner
};

class PublicKey {
 public:
  // A PEM with a public key. A private key is refused: it has no business where tokens are only verified.
  static Result<PublicKey> from_pem(std::string_view pem);

 private:
  friend class PrivateKey;
  friend class JwtVerifier;
  std::shared_ptr<void> key_;
};

class PrivateKey {
 public:
  // A PEM with an unencrypted private key (PKCS#8, PKCS#1 or SEC1).
  static Result<PrivateKey> from_pem(std::string_view pem);
  PublicKey public_key() const;

 private:
  friend class JwtSigner;
  std::shared_ptr<void> key_;
};

class JwtSigner {
 public:
  // Errc::invalid when key and algorithm do not fit (RS*: RSA of at least 2048 bits; ES256/384/512: that curve).
  static Result<JwtSigner> make(JwtAlgorithm algorithm, const HmacKey& key);
  static Result<JwtSigner> make(JwtAlgorithm algorithm, const PrivateKey& key);

  // Errc::too_large when the token would be longer than kMaxTokenBytes, Errc::invalid for claims that verify refuses.
  Result<std::string> sign(const AccessClaims& claims) const;

 private:
  friend class JwtVerifier;
  struct Core;
  std::shared_ptr<const Core> core_;
};

class JwtVerifier {
 public:
  static Result<JwtVerifier> make(JwtAlgorithm algorithm, const HmacKey& key);
  static Result<JwtVerifier> make(JwtAlgorithm algorithm, const PublicKey& key);

  // Errc::unauthenticated with the reason (for a debug log; callers outside are told nothing) when the token is not
  // good now. Never throws on input.
  Result<AccessClaims> verify(std::string_view token, Timestamp now) const;
  // Is this one of ours, with nothing wrong but that its time is over?
  bool is_expired(std::string_view token, Timestamp now) const;
  // The claims, as JSON text, of a token whose header and signature are good, whatever they say and whenever: for
  // tokens with other claims than ours. Errc::unauthenticated otherwise.
  Result<std::string> authentic_claims(std::string_view token) const;

 private:
  // All but the end of its time, which is told in `expired`.
  Result<AccessClaims> read(std::string_view token, Timestamp now, bool& expired) const;

  std::shared_ptr<const JwtSigner::Core> core_;
};

struct JwtKeys {
  JwtSigner signer;
  JwtVerifier verifier;
};

// Both from the settings: SECRET_KEY is the secret for HS*, the private key's PEM for RS* and ES*.
Result<JwtKeys> make_jwt_keys(JwtAlgorithm algorithm, std::string_view secret_key);

}  // namespace chat
