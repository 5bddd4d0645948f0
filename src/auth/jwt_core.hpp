// What a signer and a verifier share: the algorithm, its key ready for use, and the signature over bytes.
// Inside auth only.
#pragma once

#include "auth/jwt.hpp"

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace chat {

struct JwtSigner::Core {
  JwtAlgorithm algorithm = JwtAlgorithm::hs256;
  const EVP_MD* digest = nullptr;
  std::string header;  // of tokens we make, encoded, with its dot

  // HMAC: the digests after the padded key (RFC 2104), copied for each token, so that none hashes the key again.
  std::shared_ptr<EVP_MD_CTX> inner, outer;
  // RS*, ES*
  std::shared_ptr<void> key;
  std::size_t half_bytes = 0;  // ES*: bytes of r and of s in a signature

  // The raw signature of JWS (RFC 7518): a MAC, PKCS#1 v1.5, or r followed by s. Nothing when OpenSSL fails.
  std::string signature(std::string_view signed_part) const;
  bool signature_matches(std::string_view signed_part, std::string_view signature) const;

  static Result<std::shared_ptr<const Core>> make(JwtAlgorithm algorithm, const std::string& secret);
  static Result<std::shared_ptr<const Core>> make(JwtAlgorithm algorithm, const std::shared_ptr<void>& key);

 private:
  std::string mac(std::string_view signed_part) const;
};

}  // namespace chat
