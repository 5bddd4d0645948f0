// Tokens, their JSON and stored password strings: any bytes, correctly signed ones too, end in a verdict.
#include "auth/jwt.hpp"
#include "auth/password.hpp"
#include "base/base64.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>
#include <cstdlib>

namespace {

using namespace chat;
constexpr char kSecret[] = "a-secret-for-the-fuzzer";

const JwtKeys& keys() {
  static const JwtKeys the = *make_jwt_keys(JwtAlgorithm::hs256, kSecret);
  return the;
}

// The claims are reached only behind a valid signature, so the input is signed.
std::string signed_token(std::string_view header, std::string_view payload) {
  auto text = base64url_encode(header) + "." + base64url_encode(payload);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), kSecret, sizeof kSecret - 1, reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac,
       &length);
  return text + "." + base64url_encode({reinterpret_cast<char*>(mac), length});
}

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Timestamp now{std::chrono::seconds(1'900'000'000)};
  (void)keys().verifier.verify(input, now);
  (void)keys().verifier.verify(signed_token(input, R"({"uid":"x"})"), now);
  if (const auto claims = keys().verifier.verify(signed_token(R"({"alg":"HS256"})", input), now)) {
    must(!claims->sub.empty() && !claims->name.empty() && !claims->uid.is_nil() && claims->expires_at > now);
    if (const auto again = keys().signer.sign(*claims)) {
      const auto read = keys().verifier.verify(*again, now);
      must(read.has_value() && read->sub == claims->sub && read->name == claims->name && read->uid == claims->uid);
    }
  }
  // One text for each value.
  if (const auto bytes = base64url_decode(input)) must(base64url_encode(*bytes) == input);
  if (const auto bytes = base64_decode_unpadded(input)) must(base64_encode_unpadded(*bytes) == input);
  // Whatever would be computed must be cheap here: only strings that are refused are interesting.
  if (input.find("m=8,t=1,p=1$") != input.npos || input.find("m=") == input.npos) {
    (void)verify_password("password", input, PasswordCost{});
  }
  return 0;
}
