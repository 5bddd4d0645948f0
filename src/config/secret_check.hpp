// Whether a secret can be used with the algorithm. Inside config only.
#pragma once

#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace chat {

// Looks at a secret that was written somewhere (`name`: "SECRET_KEY", or a file's path), before OpenSSL does: what
// stops the start goes to `problems`, what is only worth a line to `warnings`. Never quotes it.
void check_secret(std::string_view name, std::string_view secret, std::string_view algorithm,
                  std::vector<std::string>& problems, std::vector<std::string>& warnings);

// A PEM that was written in one line, with \n for its line ends, as it was.
std::string pem_with_line_ends(std::string_view secret);

inline bool is_hmac_name(std::string_view algorithm) { return algorithm.starts_with("HS"); }

}  // namespace chat
