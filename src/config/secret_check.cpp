#include "config/secret_check.hpp"

#include <algorithm>
#include <array>

namespace chat {
namespace {

constexpr std::size_t kShortSecretBytes = 16;

// What examples and tutorials put there; compared by letters and digits alone.
constexpr std::array<std::string_view, 14> kPlaceholders = {
    "changeme", "changethis",  "secret",         "secretkey", "yoursecretkey",     "yoursecret", "mysecretkey",
    "mysecret", "supersecret", "supersecretkey", "replaceme", "yoursecretkeyhere", "example",    "todo"};

std::string letters_of(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

}  // namespace

std::string pem_with_line_ends(std::string_view secret) {
  std::string out;
  const bool one_line = secret.starts_with("-----BEGIN") && secret.find('\n') == secret.npos;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    if (one_line && secret.substr(i, 2) == "\\n") {
      out += '\n';
      ++i;
    } else {
      out += secret[i];
    }
  }
  return out;
}

void check_secret(std::string_view name, std::string_view secret, std::string_view algorithm,
                  std::vector<std::string>& problems, std::vector<std::string>& warnings) {
  const std::string where(name), alg(algorithm);
  const bool pem = secret.find("-----BEGIN") != secret.npos;
  if (is_hmac_name(algorithm)) {
    const auto letters = letters_of(secret);
    if (pem) {
      problems.push_back(where + " holds a key in PEM form, but ALGORITHM is " + alg +
                         ": write the key's own algorithm (RS256 or ES256), or a plain secret.");
    } else if (secret.empty()) {
      problems.push_back(where + " is empty: write at least 32 random characters, or nothing at all to have one made.");
    } else if (std::find(kPlaceholders.begin(), kPlaceholders.end(), letters) != kPlaceholders.end()) {
      problems.push_back(where +
                         " is a placeholder that anybody can guess: write at least 32 random characters "
                         "(openssl rand -hex 32), or nothing at all to have one made.");
    } else if (secret.size() < kShortSecretBytes) {
      warnings.push_back(where + " is shorter than 16 bytes: whoever has a token can try to guess it.");
    }
    return;
  }
  if (!pem) {
    problems.push_back(where + " is no key in PEM form, which ALGORITHM=" + alg +
                       " needs: write a private key, or ALGORITHM=HS256.");
  } else if (secret.find("PRIVATE KEY") == secret.npos) {
    problems.push_back(where +
                       " holds no private key: the server signs tokens, so write the private key, not the public one.");
  } else if (secret.find("ENCRYPTED") != secret.npos) {
    problems.push_back(where + " holds an encrypted private key: write one without a passphrase.");
  }
}

}  // namespace chat
