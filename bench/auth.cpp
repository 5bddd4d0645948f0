// What each request and each handshake costs before anything else: is the token good?
#include "auth/jwt.hpp"

#include <benchmark/benchmark.h>

namespace chat {
namespace {

void jwt_verify(benchmark::State& state) {
  const auto key = HmacKey::make("a benchmark's own secret key, long enough").value();
  const auto signer = JwtSigner::make(JwtAlgorithm::hs256, key).value();
  const auto verifier = JwtVerifier::make(JwtAlgorithm::hs256, key).value();
  const Timestamp now = system_clock().now();
  AccessClaims claims;
  claims.uid = UserId::make();
  claims.sub = "ada@example.com";
  claims.name = "Ada Lovelace";
  claims.expires_at = std::chrono::floor<std::chrono::seconds>(now) + std::chrono::hours(1);
  const std::string token = signer.sign(claims).value();
  for (auto _ : state) {
    const auto read = verifier.verify(token, now);
    if (!read) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(&*read);
  }
}
BENCHMARK(jwt_verify);

}  // namespace
}  // namespace chat

BENCHMARK_MAIN();
