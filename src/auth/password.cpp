#include "auth/password.hpp"

#include "base/base64.hpp"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <optional>

namespace chat {
namespace {

constexpr std::size_t kSaltBytes = 16, kHashBytes = 32;  // as argon2-cffi writes them
constexpr std::size_t kMinSaltBytes = 8, kMaxSaltBytes = 64, kMinHashBytes = 16, kMaxHashBytes = 64;
constexpr std::size_t kMaxPhcBytes = 512;

struct Phc {
  PasswordCost cost;
  std::string salt, hash;
};

bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Decimal as the PHC format wants it: digits, no leading zero.
bool number(std::string_view& text, std::uint32_t& value) {
  if (text.empty() || text.front() == '0') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// Only what argon2-cffi and this program write: argon2id, version 19, m,t,p in this order, no keyid or data.
std::optional<Phc> parse_phc(std::string_view text) {
  Phc phc;
  if (text.size() > kMaxPhcBytes || !skip(text, "$argon2id$v=19$m=") || !number(text, phc.cost.memory_kib) ||
      !skip(text, ",t=") || !number(text, phc.cost.passes) || !skip(text, ",p=") || !number(text, phc.cost.lanes) ||
      !skip(text, "$")) {
    return std::nullopt;
  }
  const auto dollar = text.find('$');
  if (dollar == text.npos) return std::nullopt;
  auto salt = base64_decode_unpadded(text.substr(0, dollar));
  auto hash = base64_decode_unpadded(text.substr(dollar + 1));
  if (!salt || salt->size() < kMinSaltBytes || salt->size() > kMaxSaltBytes) return std::nullopt;
  if (!hash || hash->size() < kMinHashBytes || hash->size() > kMaxHashBytes) return std::nullopt;
  if (!check_password_cost(phc.cost)) return std::nullopt;
  phc.salt = std::move(*salt);
  phc.hash = std::move(*hash);
  return phc;
}

std::uint8_t* bytes_of(std::string& s) { return reinterpret_cast<std::uint8_t*>(s.data()); }

// argon2id over `password` into `out`, whose size is asked for. The password is copied, because the library's
// interface wants it writable, and the copy is wiped.
Result<void> compute(std::string_view password, std::string& salt, const PasswordCost& cost, std::string& out) {
  std::string copy(password);
  argon2_context context{};
  context.out = bytes_of(out);
  context.outlen = static_cast<std::uint32_t>(out.size());
  context.pwd = bytes_of(copy);
  context.pwdlen = static_cast<std::uint32_t>(copy.size());
  context.salt = bytes_of(salt);
  context.saltlen = static_cast<std::uint32_t>(salt.size());
  context.t_cost = cost.passes;
  context.m_cost = cost.memory_kib;
  context.lanes = cost.lanes;
  context.threads = 1;  // the pool's size is the limit on CPU; lanes alone decide the result
  context.version = ARGON2_VERSION_13;
  const int status = argon2id_ctx(&context);
  wipe(copy);
  if (status == ARGON2_OK) return {};
  if (status == ARGON2_MEMORY_ALLOCATION_ERROR) return Error{Errc::overloaded, "no memory for a password hash"};
  return Error{Errc::internal, argon2_error_message(status)};
}

}  // namespace

Result<void> check_password_cost(const PasswordCost& cost) {
  if (cost.passes < 1 || cost.passes > kMaxPasswordPasses) return Error{Errc::invalid, "passes must be 1 to 10"};
  if (cost.lanes < 1 || cost.lanes > kMaxPasswordLanes) return Error{Errc::invalid, "lanes must be 1 to 64"};
  if (cost.memory_kib < 8 * cost.lanes || cost.memory_kib > kMaxPasswordMemoryKib) {
    return Error{Errc::invalid, "memory must be 8 KiB a lane to 256 MiB"};
  }
  return {};
}

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
  if (auto fits = check_password_cost(cost); !fits) return fits.error();
  if (password.size() > kMaxPasswordBytes) return Error{Errc::invalid, "the password is too long"};
  std::string salt(kSaltBytes, '\0'), hash(kHashBytes, '\0');
  if (RAND_bytes(bytes_of(salt), kSaltBytes) != 1) return Error{Errc::internal, "no random numbers"};
  if (auto done = compute(password, salt, cost, hash); !done) return done.error();
  auto phc = "$argon2id$v=19$m=" + std::to_string(cost.memory_kib) + ",t=" + std::to_string(cost.passes) +
             ",p=" + std::to_string(cost.lanes) + "$" + base64_encode_unpadded(salt) + "$" +
             base64_encode_unpadded(hash);
  wipe(hash);
  return phc;
}

Result<PasswordVerdict> verify_password(std::string_view password, std::string_view phc, const PasswordCost& wanted) {
  auto stored = parse_phc(phc);
  if (!stored || password.size() > kMaxPasswordBytes) return PasswordVerdict{};
  std::string hash(stored->hash.size(), '\0');
  if (auto done = compute(password, stored->salt, stored->cost, hash); !done) return done.error();
  PasswordVerdict verdict;
  verdict.ok = CRYPTO_memcmp(hash.data(), stored->hash.data(), hash.size()) == 0;
  // The cost alone: argon2-cffi's older, shorter hashes are as good.
  verdict.needs_rehash = verdict.ok && stored->cost != wanted;
  wipe(hash);
  wipe(stored->hash);
  return verdict;
}

void dummy_verify(std::string_view password, const PasswordCost& cost) {
  if (password.size() > kMaxPasswordBytes || !check_password_cost(cost)) return;
  std::string salt(kSaltBytes, 's'), hash(kHashBytes, '\0');
  (void)compute(password, salt, cost, hash);
  wipe(hash);
}

void wipe(std::string& secret) noexcept {
  secret.resize(secret.capacity());
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace chat
