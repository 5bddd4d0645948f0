#include "auth/jwt_core.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace chat {
namespace {

// OpenSSL asks the terminal for a passphrase unless told what it is: none.
int no_passphrase(char*, int, int, void*) { return 0; }

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
Bio memory_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
}

constexpr std::size_t kMaxPemBytes = 64 * 1024;

bool looks_like_a_key_file(std::string_view secret) {
  return secret.find("-----BEGIN") != secret.npos || secret.starts_with("ssh-") || secret.starts_with("ecdsa-sha2-");
}

struct Named {
  JwtAlgorithm algorithm;
  const char* name;
};
constexpr Named kNames[] = {
    {JwtAlgorithm::hs256, "HS256"}, {JwtAlgorithm::hs384, "HS384"}, {JwtAlgorithm::hs512, "HS512"},
    {JwtAlgorithm::rs256, "RS256"}, {JwtAlgorithm::rs384, "RS384"}, {JwtAlgorithm::rs512, "RS512"},
    {JwtAlgorithm::es256, "ES256"}, {JwtAlgorithm::es384, "ES384"}, {JwtAlgorithm::es512, "ES512"},
};

}  // namespace

const char* to_string(JwtAlgorithm algorithm) noexcept { return kNames[static_cast<std::size_t>(algorithm)].name; }

std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view name) noexcept {
  for (const auto& [algorithm, text] : kNames) {
    if (name == text) return algorithm;
  }
  return std::nullopt;
}

bool is_hmac(JwtAlgorithm algorithm) noexcept { return algorithm <= JwtAlgorithm::hs512; }

Result<HmacKey> HmacKey::make(std::string_view secret) {
  if (secret.empty()) return Error{Errc::invalid, "the secret is empty"};
  if (looks_like_a_key_file(secret)) {
    return Error{Errc::invalid, "the secret is a key file (PEM or SSH), which is no secret for HS256, HS384 or HS512"};
  }
  HmacKey key;
  key.secret_ = std::shared_ptr<const std::string>(new std::string(secret), [](const std::string* s) {
    OPENSSL_cleanse(const_cast<char*>(s->data()), s->size());
    delete s;
  });
  return key;
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  if (pem.size() > kMaxPemBytes) return Error{Errc::invalid, "the PEM is too long"};
  if (pem.find("PRIVATE KEY") != pem.npos) {
    return Error{Errc::invalid, "this is a private key where a public one belongs"};
  }
  EVP_PKEY* key = PEM_read_bio_PUBKEY(memory_of(pem).get(), nullptr, no_passphrase, nullptr);
  ERR_clear_error();
  if (!key) return Error{Errc::invalid, "this is no public key in PEM form"};
  PublicKey made;
  made.key_ = std::shared_ptr<void>(key, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); });
  return made;
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  if (pem.size() > kMaxPemBytes) return Error{Errc::invalid, "the PEM is too long"};
  EVP_PKEY* key = PEM_read_bio_PrivateKey(memory_of(pem).get(), nullptr, no_passphrase, nullptr);
  ERR_clear_error();
  if (!key) return Error{Errc::invalid, "this is no unencrypted private key in PEM form"};
  PrivateKey made;
  made.key_ = std::shared_ptr<void>(key, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); });
  return made;
}

PublicKey PrivateKey::public_key() const {
  PublicKey key;
  key.key_ = key_;
  return key;
}

Result<JwtKeys> make_jwt_keys(JwtAlgorithm algorithm, std::string_view secret_key) {
  const auto both = [&](const auto& signing, const auto& verifying) -> Result<JwtKeys> {
    auto signer = JwtSigner::make(algorithm, signing);
    if (!signer) return signer.error();
    auto verifier = JwtVerifier::make(algorithm, verifying);
    if (!verifier) return verifier.error();
    return JwtKeys{*signer, *verifier};
  };
  if (is_hmac(algorithm)) {
    const auto key = HmacKey::make(secret_key);
    if (!key) return key.error();
    return both(*key, *key);
  }
  const auto key = PrivateKey::from_pem(secret_key);
  if (!key) return key.error();
  return both(*key, key->public_key());
}

}  // namespace chat
