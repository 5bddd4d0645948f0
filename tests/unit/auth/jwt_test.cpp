#include "auth/jwt.hpp"

#include "base/base64.hpp"
#include "unit/auth/vectors.hpp"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <chrono>
#include <vector>

namespace chat {
namespace {

using std::chrono::seconds;

const Timestamp kNow{seconds(1'950'000'000)};
constexpr char kHeader[] = R"({"alg":"HS256","typ":"JWT"})";

std::string claims_json(const std::string& more = "", const std::string& exp = "2000000000") {
  return std::string(R"({"uid":")") + vectors::kUid + R"(","sub":"ada@example.com","name":"Ada","exp":)" + exp + more +
         "}";
}

std::string hmac_signature(const std::string& signed_part, const std::string& secret, const EVP_MD* md) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(md, secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(signed_part.data()),
       signed_part.size(), mac, &length);
  return base64url_encode({reinterpret_cast<char*>(mac), length});
}

// A token signed with the right secret, whatever it says.
std::string forge(const std::string& header, const std::string& payload, const EVP_MD* md = EVP_sha256(),
                  const std::string& secret = vectors::kSecret) {
  const auto signed_part = base64url_encode(header) + "." + base64url_encode(payload);
  return signed_part + "." + hmac_signature(signed_part, secret, md);
}

JwtKeys keys(JwtAlgorithm algorithm, std::string_view secret) {
  auto made = make_jwt_keys(algorithm, secret);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return *made;
}

JwtVerifier hs256() { return keys(JwtAlgorithm::hs256, vectors::kSecret).verifier; }

std::string why_refused(const JwtVerifier& verifier, const std::string& token, Timestamp now = kNow) {
  const auto result = verifier.verify(token, now);
  if (result) return "accepted";
  EXPECT_EQ(result.error().code, Errc::unauthenticated);
  return result.error().message;
}

AccessClaims full_claims() {
  AccessClaims c;
  c.uid = *UserId::parse(vectors::kUid);
  c.sub = "ada@example.com";
  c.name = "Ada";
  c.expires_at = std::chrono::sys_seconds(seconds(2'000'000'000));
  c.issued_at = std::chrono::sys_seconds(seconds(1'900'000'000));
  c.login_at = std::chrono::sys_seconds(seconds(1'890'000'000));
  c.token_version = 3;
  c.session_id = "s-1";
  return c;
}

struct AlgorithmVector {
  JwtAlgorithm algorithm;
  const char* key;
  const char* token;
};
const AlgorithmVector kVectors[] = {
    {JwtAlgorithm::hs256, vectors::kSecret, vectors::kTokenHs256},
    {JwtAlgorithm::hs384, vectors::kSecret, vectors::kTokenHs384},
    {JwtAlgorithm::hs512, vectors::kSecret, vectors::kTokenHs512},
    {JwtAlgorithm::rs256, vectors::kRsaPrivate, vectors::kTokenRs256},
    {JwtAlgorithm::rs384, vectors::kRsaPrivate, vectors::kTokenRs384},
    {JwtAlgorithm::rs512, vectors::kRsaPrivate, vectors::kTokenRs512},
    {JwtAlgorithm::es256, vectors::kEs256Private, vectors::kTokenEs256},
    {JwtAlgorithm::es384, vectors::kEs384Private, vectors::kTokenEs384},
    {JwtAlgorithm::es512, vectors::kEs512Private, vectors::kTokenEs512},
};

TEST(Jwt, TakesTokensOfTheOriginalInEveryAlgorithm) {
  for (const auto& v : kVectors) {
    const auto claims = keys(v.algorithm, v.key).verifier.verify(v.token, kNow);
    ASSERT_TRUE(claims) << to_string(v.algorithm) << ": " << claims.error().message;
    EXPECT_EQ(claims->uid.str(), vectors::kUid);
    EXPECT_EQ(claims->sub, "ada@example.com");
    EXPECT_EQ(claims->name, "Ada \xC3\xA9 \"Q\"");
    EXPECT_EQ(claims->expires_at.time_since_epoch(), seconds(2'000'000'000));
    EXPECT_FALSE(claims->issued_at);
    EXPECT_FALSE(claims->login_at);
    EXPECT_EQ(claims->token_version, 0);
    EXPECT_EQ(claims->session_id, "");
  }
}

TEST(Jwt, TakesNoTokenOfAnotherAlgorithmOrKey) {
  for (const auto& mine : kVectors) {
    const auto verifier = keys(mine.algorithm, mine.key).verifier;
    for (const auto& other : kVectors) {
      if (mine.algorithm == other.algorithm) continue;
      EXPECT_NE(why_refused(verifier, other.token), "accepted");
    }
  }
}

TEST(Jwt, ReadsBackWhatItSignsInEveryAlgorithm) {
  for (const auto& v : kVectors) {
    const auto both = keys(v.algorithm, v.key);
    const auto token = both.signer.sign(full_claims());
    ASSERT_TRUE(token);
    const auto claims = both.verifier.verify(*token, kNow);
    ASSERT_TRUE(claims) << to_string(v.algorithm) << ": " << claims.error().message;
    EXPECT_EQ(claims->login_at, full_claims().login_at);
    EXPECT_EQ(claims->issued_at, full_claims().issued_at);
    EXPECT_EQ(claims->token_version, 3);
    EXPECT_EQ(claims->session_id, "s-1");
  }
}

TEST(Jwt, WritesByteForByteWhatPyJwtWrites) {
  EXPECT_EQ(*keys(JwtAlgorithm::hs256, vectors::kSecret).signer.sign(full_claims()), vectors::kFullHs256);
  EXPECT_EQ(*keys(JwtAlgorithm::rs384, vectors::kRsaPrivate).signer.sign(full_claims()), vectors::kFullRs384);
}

TEST(Jwt, VerifiesWithThePublicKeyAlone) {
  const auto key = PublicKey::from_pem(vectors::kEs256Public);
  ASSERT_TRUE(key);
  EXPECT_TRUE(JwtVerifier::make(JwtAlgorithm::es256, *key)->verify(vectors::kTokenEs256, kNow));
}

// Every secret length around the digest's block, where HMAC changes its way of padding.
TEST(Jwt, AgreesWithOpenSslOnSecretsOfEveryLength) {
  for (std::size_t length : {1u, 31u, 63u, 64u, 65u, 127u, 128u, 129u, 300u}) {
    const std::string secret(length, 'k');
    EXPECT_TRUE(
        keys(JwtAlgorithm::hs256, secret).verifier.verify(forge(kHeader, claims_json(), EVP_sha256(), secret), kNow));
    EXPECT_TRUE(keys(JwtAlgorithm::hs512, secret)
                    .verifier.verify(forge(R"({"alg":"HS512"})", claims_json(), EVP_sha512(), secret), kNow));
  }
}

TEST(JwtAttack, HeadersThatChooseOrExtendAreRefused) {
  const auto verifier = hs256();
  ASSERT_EQ(why_refused(verifier, forge(kHeader, claims_json())), "accepted");
  for (const char* fine : {R"({"alg":"HS256"})", R"({"typ":"jwt","alg":"HS256"})", R"({"alg":"HS256","typ":"at+jwt"})",
                           R"({"alg":"HS256","kid":"../../etc/passwd' OR 1=1"})", R"( { "alg" : "HS256" } )"}) {
    EXPECT_EQ(why_refused(verifier, forge(fine, claims_json())), "accepted") << fine;
  }
  for (const char* bad : {R"({"alg":"none"})",
                          R"({"alg":"None"})",
                          R"({"alg":"hs256"})",
                          R"({"alg":"HS512"})",
                          R"({"alg":"RS256"})",
                          R"({"alg":"HS256 "})",
                          R"({"alg":"HS256\u0000"})",
                          R"({"alg":["HS256"]})",
                          R"({"alg":null})",
                          R"({"alg":1})",
                          R"({"typ":"JWT"})",
                          R"({})",
                          R"([])",
                          R"("HS256")",
                          R"()",
                          R"({"alg":"HS256","alg":"HS256"})",
                          R"({"alg":"none","alg":"HS256"})",
                          R"({"alg":"HS256","\u0061lg":"none"})",
                          R"({"alg":"HS256","crit":["exp"]})",
                          R"({"alg":"HS256","crit":[]})",
                          R"({"alg":"HS256","crit":null})",
                          R"({"alg":"HS256","typ":"refresh+jwt"})",
                          R"({"alg":"HS256","typ":7})",
                          R"({"alg":"HS256"}x)",
                          R"({"alg":"HS256",})",
                          "{\"alg\":\"HS256\",\"x\":\"\xFF\"}"}) {
    EXPECT_NE(why_refused(verifier, forge(bad, claims_json())), "accepted") << bad;
  }
}

TEST(JwtAttack, AnUnsignedTokenIsRefused) {
  const auto verifier = hs256();
  for (const char* header : {R"({"alg":"none"})", kHeader}) {
    const auto signed_part = base64url_encode(header) + "." + base64url_encode(claims_json());
    EXPECT_NE(why_refused(verifier, signed_part + "."), "accepted");
    EXPECT_NE(why_refused(verifier, signed_part), "accepted");
  }
}

TEST(JwtAttack, AnHs512SignatureIsNoHs256) {
  EXPECT_EQ(why_refused(hs256(), forge(R"({"alg":"HS512","typ":"JWT"})", claims_json(), EVP_sha512())),
            "another algorithm");
  EXPECT_NE(why_refused(hs256(), forge(kHeader, claims_json(), EVP_sha512())), "accepted");
}

TEST(JwtAttack, ThePublicKeyIsNoSecret) {
  const auto verifier = JwtVerifier::make(JwtAlgorithm::rs256, *PublicKey::from_pem(vectors::kRsaPublic));
  ASSERT_TRUE(verifier);
  EXPECT_EQ(why_refused(*verifier, vectors::kTokenHmacWithRsaPublicPem), "another algorithm");
  // And nobody can configure it as one.
  EXPECT_FALSE(HmacKey::make(vectors::kRsaPublic));
  EXPECT_FALSE(HmacKey::make(vectors::kRsaPrivate));
  EXPECT_FALSE(make_jwt_keys(JwtAlgorithm::hs256, vectors::kRsaPublic));
  EXPECT_FALSE(HmacKey::make(""));
}

TEST(JwtAttack, SignaturesThatAreNotExactlyRightAreRefused) {
  const auto verifier = hs256();
  const auto token = forge(kHeader, claims_json());
  const auto dot = token.rfind('.');
  for (std::size_t i = dot + 1; i < token.size(); ++i) {
    auto changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(why_refused(verifier, changed), "accepted");
  }
  EXPECT_NE(why_refused(verifier, token.substr(0, token.size() - 2)), "accepted");
  EXPECT_NE(why_refused(verifier, token + "AA"), "accepted");
  auto elsewhere = token;
  elsewhere[dot - 2] = elsewhere[dot - 2] == 'A' ? 'B' : 'A';
  EXPECT_NE(why_refused(verifier, elsewhere), "accepted");
}

// The last character of 32 bytes has two bits that stand for nothing: other bits there would spell the same signature.
TEST(JwtAttack, Base64IsStrict) {
  const auto verifier = hs256();
  const auto token = forge(kHeader, claims_json());
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  auto stray = token;
  stray.back() = alphabet[alphabet.find(stray.back()) + 1];
  EXPECT_EQ(why_refused(verifier, stray), "the signature is no base64url");
  for (const auto& bad : {token + "=", token + "\n", " " + token, token + ".", token + ".x", "." + token, token + " ",
                          token.substr(0, token.find('.')) + "=" + token.substr(token.find('.'))}) {
    EXPECT_NE(why_refused(verifier, bad), "accepted") << bad;
  }
  auto standard = token;
  bool changed = false;
  for (auto& c : standard) changed = (c == '-' ? (c = '+', true) : c == '_' ? (c = '/', true) : false) || changed;
  ASSERT_TRUE(changed) << "this token has nothing to change";
  EXPECT_NE(why_refused(verifier, standard), "accepted");
  for (const char* bad : {"", ".", "..", "...", "a.b.c", "eyJ", "Bearer x.y.z"}) {
    EXPECT_NE(why_refused(verifier, bad), "accepted") << bad;
  }
  // A payload with padding, signed as it stands.
  const auto padded = base64url_encode(kHeader) + "." + base64url_encode(claims_json(" ")) + "=";
  EXPECT_NE(why_refused(verifier, padded + "." + hmac_signature(padded, vectors::kSecret, EVP_sha256())), "accepted");
}

TEST(JwtAttack, ClaimsOfTheWrongKindAreRefused) {
  const auto verifier = hs256();
  for (const char* exp : {"\"2000000000\"", "2000000000.0", "2e9", "true", "null", "[2000000000]", "-1",
                          "9223372036854775808", "253402300800", "1949999999", "1950000000"}) {
    EXPECT_NE(why_refused(verifier, forge(kHeader, claims_json("", exp))), "accepted") << exp;
  }
  const std::string uid = std::string(R"("uid":")") + vectors::kUid + "\"";
  for (const auto& payload : std::vector<std::string>{
           R"({"sub":"a","name":"b","exp":2000000000})",
           "{" + uid + R"(,"name":"b","exp":2000000000})",
           "{" + uid + R"(,"sub":"a","exp":2000000000})",
           "{" + uid + R"(,"sub":"a","name":"b"})",
           R"({"uid":"","sub":"a","name":"b","exp":2000000000})",
           R"({"uid":"1","sub":"a","name":"b","exp":2000000000})",
           R"({"uid":7,"sub":"a","name":"b","exp":2000000000})",
           R"({"uid":"00000000-0000-0000-0000-000000000000","sub":"a","name":"b","exp":2000000000})",
           "{" + uid + R"(,"sub":"","name":"b","exp":2000000000})",
           "{" + uid + R"(,"sub":"a","name":"","exp":2000000000})",
           "{" + uid + R"(,"sub":null,"name":"b","exp":2000000000})",
           "{" + uid + R"(,"sub":"a","name":["b"],"exp":2000000000})",
           "{" + uid + R"(,"sub":"a\u0000b","name":"b","exp":2000000000})",
           "{" + uid + R"(,"sub":"a","name":"\ud800","exp":2000000000})",
           "{" + uid + ",\"sub\":\"a\",\"name\":\"\xC0\xAF\",\"exp\":2000000000}",
           "[" + claims_json() + "]",
           claims_json() + claims_json(),
           "",
           "null",
           "{}"}) {
    EXPECT_NE(why_refused(verifier, forge(kHeader, payload)), "accepted") << payload;
  }
  for (const char* more :
       {R"(,"exp":2000000001)", R"(,"uid":"x")", R"(,"\u0073ub":"root")", R"(,"nbf":"1")", R"(,"nbf":1950000031)",
        R"(,"iat":1950000031)", R"(,"iat":1.5)", R"(,"iat":"1")", R"(,"auth_time":"x")", R"(,"auth_time":-1)",
        R"(,"ver":"0")", R"(,"ver":-1)", R"(,"ver":1.0)", R"(,"sid":7)", R"(,"typ":"refresh")", R"(,"typ":null)",
        R"(,"aud":"somebody else")", R"(,"aud":[])"}) {
    EXPECT_NE(why_refused(verifier, forge(kHeader, claims_json(more))), "accepted") << more;
  }
  for (const char* more : {R"(,"nbf":1950000030)", R"(,"iat":1950000030)", R"(,"iat":0)", R"(,"ver":7)",
                           R"(,"typ":"access")", R"(,"iss":"x","roles":["a",{"b":[1.5e3]}])"}) {
    EXPECT_EQ(why_refused(verifier, forge(kHeader, claims_json(more))), "accepted") << more;
  }
}

TEST(JwtAttack, ExpiryHasNoLeeway) {
  const auto token = forge(kHeader, claims_json("", "1950000001"));
  EXPECT_EQ(why_refused(hs256(), token, kNow), "accepted");
  EXPECT_EQ(why_refused(hs256(), token, kNow + std::chrono::microseconds(999'999)), "accepted");
  EXPECT_EQ(why_refused(hs256(), token, kNow + seconds(1)), "expired");
}

TEST(Jwt, ExpiredIsOnlyWhatHasNothingElseWrong) {
  const auto token = forge(kHeader, claims_json("", "1950000001"));
  EXPECT_FALSE(hs256().is_expired(token, kNow));
  EXPECT_TRUE(hs256().is_expired(token, kNow + seconds(1)));
  EXPECT_FALSE(hs256().is_expired(token + "x", kNow + seconds(1)));
  EXPECT_FALSE(hs256().is_expired(forge(kHeader, claims_json(R"(,"aud":"x")", "1950000001")), kNow + seconds(1)));
  EXPECT_FALSE(hs256().is_expired("garbage", kNow + seconds(1)));
}

TEST(Jwt, AuthenticClaimsAreWhateverTheySay) {
  const auto claims = hs256().authentic_claims(forge(kHeader, R"({"channel":"c","exp":1})"));
  ASSERT_TRUE(claims);
  EXPECT_EQ(*claims, R"({"channel":"c","exp":1})");
  EXPECT_EQ(*hs256().authentic_claims(forge(kHeader, "no JSON")), "no JSON");
  EXPECT_FALSE(hs256().authentic_claims(forge(kHeader, "{}") + "x"));
  EXPECT_FALSE(hs256().authentic_claims(forge(R"({"alg":"none"})", "{}")));
  EXPECT_FALSE(hs256().authentic_claims("garbage"));
}

TEST(JwtAttack, HugeTokensAreRefusedUnread) {
  const auto fits = forge(kHeader, claims_json(",\"x\":\"" + std::string(5800, 'x') + "\""));
  ASSERT_LE(fits.size(), kMaxTokenBytes);
  EXPECT_EQ(why_refused(hs256(), fits), "accepted");
  EXPECT_EQ(why_refused(hs256(), forge(kHeader, claims_json(",\"x\":\"" + std::string(6100, 'x') + "\""))),
            "longer than a token may be");
  EXPECT_EQ(why_refused(hs256(), std::string(10 << 20, '.')), "longer than a token may be");
  std::string deep = ",\"x\":";
  for (int i = 0; i < 1000; ++i) deep += "[";
  for (int i = 0; i < 1000; ++i) deep += "]";
  EXPECT_NE(why_refused(hs256(), forge(kHeader, claims_json(deep))), "accepted");
}

TEST(Jwt, KeysMustFitTheAlgorithm) {
  const auto rsa = PrivateKey::from_pem(vectors::kRsaPrivate), p256 = PrivateKey::from_pem(vectors::kEs256Private),
             p384 = PrivateKey::from_pem(vectors::kEs384Private), weak = PrivateKey::from_pem(vectors::kRsaWeak);
  ASSERT_TRUE(rsa && p256 && p384 && weak);
  EXPECT_FALSE(JwtSigner::make(JwtAlgorithm::es256, *rsa));
  EXPECT_FALSE(JwtSigner::make(JwtAlgorithm::rs256, *p256));
  EXPECT_FALSE(JwtSigner::make(JwtAlgorithm::es256, *p384));
  EXPECT_FALSE(JwtSigner::make(JwtAlgorithm::es512, *p384));
  EXPECT_FALSE(JwtSigner::make(JwtAlgorithm::rs256, *weak));
  EXPECT_FALSE(JwtSigner::make(JwtAlgorithm::hs256, *rsa));
  EXPECT_FALSE(JwtSigner::make(JwtAlgorithm::rs256, *HmacKey::make("secret")));
  EXPECT_FALSE(JwtVerifier::make(JwtAlgorithm::hs256, rsa->public_key()));
  EXPECT_FALSE(JwtVerifier::make(JwtAlgorithm::es256, rsa->public_key()));
  EXPECT_FALSE(PublicKey::from_pem(vectors::kRsaPrivate));
  EXPECT_FALSE(PrivateKey::from_pem(vectors::kRsaPublic));
  EXPECT_FALSE(PrivateKey::from_pem("not a key"));
  EXPECT_FALSE(make_jwt_keys(JwtAlgorithm::es256, "a plain secret"));
}

TEST(Jwt, EcSignaturesMustBeRawAndOfTheirLength) {
  const auto verifier = keys(JwtAlgorithm::es256, vectors::kEs256Private).verifier;
  const std::string token = vectors::kTokenEs256;
  const auto signed_part = token.substr(0, token.rfind('.'));
  for (const auto& raw : {std::string(64, '\0'), std::string(63, 'x'), std::string(65, 'x'), std::string(0, 'x'),
                          std::string(64, '\xFF'), std::string("\x30\x06\x02\x01\x01\x02\x01\x01", 8)}) {
    EXPECT_NE(why_refused(verifier, signed_part + "." + base64url_encode(raw)), "accepted");
  }
}

TEST(Jwt, SignsNothingThatItWouldRefuse) {
  const auto signer = keys(JwtAlgorithm::hs256, vectors::kSecret).signer;
  const auto refused = [&](auto change) {
    auto claims = full_claims();
    change(claims);
    return signer.sign(claims).error().code;
  };
  EXPECT_EQ(refused([](AccessClaims& c) { c.uid = UserId(); }), Errc::invalid);
  EXPECT_EQ(refused([](AccessClaims& c) { c.sub.clear(); }), Errc::invalid);
  EXPECT_EQ(refused([](AccessClaims& c) { c.name = "\xFF"; }), Errc::invalid);
  EXPECT_EQ(refused([](AccessClaims& c) { c.name = std::string("a\0b", 3); }), Errc::invalid);
  EXPECT_EQ(refused([](AccessClaims& c) { c.token_version = -1; }), Errc::invalid);
  EXPECT_EQ(refused([](AccessClaims& c) { c.session_id = std::string(65, 's'); }), Errc::invalid);
  EXPECT_EQ(refused([](AccessClaims& c) { c.name = std::string(9000, 'n'); }), Errc::too_large);
}

TEST(Jwt, NamesAreEscapedInTheClaims) {
  const auto both = keys(JwtAlgorithm::hs256, vectors::kSecret);
  auto claims = full_claims();
  claims.name = "\"},{\"uid\":\"x\n\\\xF0\x9F\x98\x80";
  EXPECT_EQ(both.verifier.verify(*both.signer.sign(claims), kNow)->name, claims.name);
}

}  // namespace
}  // namespace chat
