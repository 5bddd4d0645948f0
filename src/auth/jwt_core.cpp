#include "auth/jwt_core.hpp"

#include "base/base64.hpp"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include <array>

namespace chat {
namespace {

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
DigestContext new_digest_context() { return {EVP_MD_CTX_new(), &EVP_MD_CTX_free}; }

const unsigned char* bytes_of(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
unsigned char* bytes_of(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }

const EVP_MD* digest_of(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::hs256:
    case JwtAlgorithm::rs256:
    case JwtAlgorithm::es256:
      return EVP_sha256();
    case JwtAlgorithm::hs384:
    case JwtAlgorithm::rs384:
    case JwtAlgorithm::es384:
      return EVP_sha384();
    default:
      return EVP_sha512();
  }
}

struct Curve {
  JwtAlgorithm algorithm;
  int nid;
  std::size_t half_bytes;
};
constexpr Curve kCurves[] = {{JwtAlgorithm::es256, NID_X9_62_prime256v1, 32},
                             {JwtAlgorithm::es384, NID_secp384r1, 48},
                             {JwtAlgorithm::es512, NID_secp521r1, 66}};

const Curve* curve_of(JwtAlgorithm algorithm) {
  for (const auto& curve : kCurves) {
    if (curve.algorithm == algorithm) return &curve;
  }
  return nullptr;
}

// The digest state after one block of the key xored with `pad`.
std::shared_ptr<EVP_MD_CTX> keyed(const EVP_MD* digest, const std::string& block, unsigned char pad) {
  auto context = std::shared_ptr<EVP_MD_CTX>(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string padded = block;
  for (auto& c : padded) c = static_cast<char>(static_cast<unsigned char>(c) ^ pad);
  const bool ok = context && EVP_DigestInit_ex(context.get(), digest, nullptr) == 1 &&
                  EVP_DigestUpdate(context.get(), padded.data(), padded.size()) == 1;
  OPENSSL_cleanse(padded.data(), padded.size());
  return ok ? context : nullptr;
}

std::string ecdsa_to_raw(std::string_view der, std::size_t half) {
  const unsigned char* at = bytes_of(der);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> sig(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
  if (!sig) return {};
  std::string raw(2 * half, '\0');
  const int width = static_cast<int>(half);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), bytes_of(raw), width) != width ||
      BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), bytes_of(raw) + half, width) != width) {
    return {};
  }
  return raw;
}

std::string ecdsa_from_raw(std::string_view raw, std::size_t half) {
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> sig(ECDSA_SIG_new(), &ECDSA_SIG_free);
  BIGNUM* r = BN_bin2bn(bytes_of(raw), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(raw) + half, static_cast<int>(half), nullptr);
  if (!sig || !r || !s || ECDSA_SIG_set0(sig.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(sig.get(), &der);
  if (length <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

// Why `key` cannot be used with `algorithm`, or nothing.
const char* misfit(JwtAlgorithm algorithm, EVP_PKEY* key) {
  if (const Curve* curve = curve_of(algorithm)) {
    char name[64] = {};
    std::size_t length = 0;
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || EVP_PKEY_get_group_name(key, name, sizeof name, &length) != 1 ||
        OBJ_txt2nid(name) != curve->nid) {
      return "ES256 needs a key on P-256, ES384 on P-384, ES512 on P-521";
    }
    return nullptr;
  }
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return "RS256, RS384 and RS512 need an RSA key";
  if (EVP_PKEY_get_bits(key) < 2048) return "an RSA key needs at least 2048 bits";
  return nullptr;
}

}  // namespace

Result<std::shared_ptr<const JwtSigner::Core>> JwtSigner::Core::make(JwtAlgorithm algorithm,
                                                                     const std::string& secret) {
  if (!is_hmac(algorithm)) return Error{Errc::invalid, "this algorithm needs a key pair, not a secret"};
  auto core = std::make_shared<Core>();
  core->algorithm = algorithm;
  core->digest = digest_of(algorithm);
  std::string block(static_cast<std::size_t>(EVP_MD_get_block_size(core->digest)), '\0');
  if (secret.size() <= block.size()) {
    block.replace(0, secret.size(), secret);
  } else if (EVP_Digest(secret.data(), secret.size(), bytes_of(block), nullptr, core->digest, nullptr) != 1) {
    return Error{Errc::internal, "OpenSSL cannot compute a digest"};
  }
  core->inner = keyed(core->digest, block, 0x36);
  core->outer = keyed(core->digest, block, 0x5C);
  OPENSSL_cleanse(block.data(), block.size());
  if (!core->inner || !core->outer) return Error{Errc::internal, "OpenSSL cannot compute a digest"};
  core->header = base64url_encode(std::string(R"({"alg":")") + to_string(algorithm) + R"(","typ":"JWT"})") + ".";
  return std::shared_ptr<const Core>(core);
}

Result<std::shared_ptr<const JwtSigner::Core>> JwtSigner::Core::make(JwtAlgorithm algorithm,
                                                                     const std::shared_ptr<void>& key) {
  if (is_hmac(algorithm)) return Error{Errc::invalid, "this algorithm needs a secret, not a key pair"};
  if (const char* why = misfit(algorithm, static_cast<EVP_PKEY*>(key.get()))) return Error{Errc::invalid, why};
  auto core = std::make_shared<Core>();
  core->algorithm = algorithm;
  core->digest = digest_of(algorithm);
  core->key = key;
  if (const Curve* curve = curve_of(algorithm)) core->half_bytes = curve->half_bytes;
  core->header = base64url_encode(std::string(R"({"alg":")") + to_string(algorithm) + R"(","typ":"JWT"})") + ".";
  return std::shared_ptr<const Core>(core);
}

std::string JwtSigner::Core::mac(std::string_view signed_part) const {
  static thread_local const DigestContext work = new_digest_context();
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  if (!work || EVP_MD_CTX_copy_ex(work.get(), inner.get()) != 1 ||
      EVP_DigestUpdate(work.get(), signed_part.data(), signed_part.size()) != 1 ||
      EVP_DigestFinal_ex(work.get(), hash.data(), &length) != 1 || EVP_MD_CTX_copy_ex(work.get(), outer.get()) != 1 ||
      EVP_DigestUpdate(work.get(), hash.data(), length) != 1 ||
      EVP_DigestFinal_ex(work.get(), hash.data(), &length) != 1) {
    ERR_clear_error();
    return {};
  }
  return std::string(reinterpret_cast<char*>(hash.data()), length);
}

std::string JwtSigner::Core::signature(std::string_view signed_part) const {
  if (inner) return mac(signed_part);
  const auto context = new_digest_context();
  auto* pkey = static_cast<EVP_PKEY*>(key.get());
  std::size_t length = 0;
  std::string out;
  bool ok = context && EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, pkey) == 1 &&
            EVP_DigestSign(context.get(), nullptr, &length, bytes_of(signed_part), signed_part.size()) == 1;
  if (ok) {
    out.resize(length);
    ok = EVP_DigestSign(context.get(), bytes_of(out), &length, bytes_of(signed_part), signed_part.size()) == 1;
    out.resize(ok ? length : 0);
  }
  ERR_clear_error();
  return ok && half_bytes ? ecdsa_to_raw(out, half_bytes) : out;
}

bool JwtSigner::Core::signature_matches(std::string_view signed_part, std::string_view signature) const {
  if (inner) {
    const auto expected = mac(signed_part);
    return !expected.empty() && expected.size() == signature.size() &&
           CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
  }
  std::string der;
  if (half_bytes) {
    if (signature.size() != 2 * half_bytes) return false;
    der = ecdsa_from_raw(signature, half_bytes);
    if (der.empty()) return false;
    signature = der;
  }
  const auto context = new_digest_context();
  auto* pkey = static_cast<EVP_PKEY*>(key.get());
  const bool ok = context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, pkey) == 1 &&
                  EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(signed_part),
                                   signed_part.size()) == 1;
  ERR_clear_error();
  return ok;
}

Result<JwtSigner> JwtSigner::make(JwtAlgorithm algorithm, const HmacKey& key) {
  auto core = Core::make(algorithm, *key.secret_);
  if (!core) return core.error();
  JwtSigner signer;
  signer.core_ = *core;
  return signer;
}

Result<JwtSigner> JwtSigner::make(JwtAlgorithm algorithm, const PrivateKey& key) {
  auto core = Core::make(algorithm, key.key_);
  if (!core) return core.error();
  JwtSigner signer;
  signer.core_ = *core;
  return signer;
}

Result<JwtVerifier> JwtVerifier::make(JwtAlgorithm algorithm, const HmacKey& key) {
  auto core = JwtSigner::Core::make(algorithm, *key.secret_);
  if (!core) return core.error();
  JwtVerifier verifier;
  verifier.core_ = *core;
  return verifier;
}

Result<JwtVerifier> JwtVerifier::make(JwtAlgorithm algorithm, const PublicKey& key) {
  auto core = JwtSigner::Core::make(algorithm, key.key_);
  if (!core) return core.error();
  JwtVerifier verifier;
  verifier.core_ = *core;
  return verifier;
}

}  // namespace chat
