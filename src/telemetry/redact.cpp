#include "telemetry/redact.hpp"

#include <algorithm>
#include <array>

namespace chat {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// As a server would read a parameter's name: %74oken is token.
std::string decoded_lower(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += lower(static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
      i += 2;
    } else {
      out += lower(text[i]);
    }
  }
  return out;
}

// Any name that contains one of these: access_token, refresh_token, client_secret, new_password, sslpassword, ...
bool is_secret_name(std::string_view encoded) {
  static constexpr std::array<std::string_view, 9> kWords = {"token",  "password", "passwd",     "secret", "jwt",
                                                             "bearer", "api_key",  "credential", "auth"};
  const auto name = decoded_lower(encoded);
  return std::any_of(kWords.begin(), kWords.end(), [&](auto word) { return name.find(word) != name.npos; });
}

// "eyJ" is the base64url of '{"', with which every JWT begins.
std::string without_jwts(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i, 3) != "eyJ") {
      out += text[i++];
      continue;
    }
    out += kRedacted;
    while (i < text.size() && text[i] != '/' && text[i] != '&' && text[i] != '?' && text[i] != '#') ++i;
  }
  return out;
}

std::string redact_query(std::string_view query) {
  std::string out;
  for (bool first = true;; first = false) {
    const auto end = query.find_first_of("&;");
    const auto pair = query.substr(0, end);
    const auto equals = pair.find('=');
    if (!first) out += '&';
    if (equals != pair.npos && is_secret_name(pair.substr(0, equals))) {
      out += pair.substr(0, equals + 1);
      out += kRedacted;
    } else {
      out += without_jwts(pair);
    }
    if (end == query.npos) return out;
    query.remove_prefix(end + 1);
  }
}

}  // namespace

std::string redact_target(std::string_view target) {
  const auto question = target.find('?');
  std::string out = without_jwts(target.substr(0, question));
  if (question != target.npos) out += "?" + redact_query(target.substr(question + 1));
  return out;
}

std::string redact_url(std::string_view url) {
  std::string out;
  auto rest = url;
  if (const auto scheme = rest.find("://"); scheme != rest.npos) {
    out += rest.substr(0, scheme + 3);
    rest.remove_prefix(scheme + 3);
    // A password may hold anything but '@' as SQLAlchemy reads it, so what stands before the last '@' of the whole is
    // taken for the user part: rather too much hidden than a piece of a password shown.
    const auto question = rest.find('?');
    auto at = rest.rfind('@');
    if (at != rest.npos && question != rest.npos && question < at && rest.find('@') < question) {
      at = rest.substr(0, question).rfind('@');
    }
    if (at != rest.npos) {
      const auto user = rest.substr(0, at);
      const auto colon = user.find(':');
      out += user.substr(0, colon);
      if (colon != user.npos) (out += ':') += kRedacted;
      out += '@';
      rest.remove_prefix(at + 1);
    }
  }
  const auto question = rest.find('?');
  out += rest.substr(0, question);
  if (question != rest.npos) out += "?" + redact_query(rest.substr(question + 1));
  return out;
}

std::string redact_header(std::string_view name, std::string_view value) {
  static constexpr std::array<std::string_view, 5> kSecret = {"authorization", "proxy-authorization", "cookie",
                                                              "set-cookie", "sec-websocket-protocol"};
  std::string key(name);
  std::transform(key.begin(), key.end(), key.begin(), lower);
  if (std::find(kSecret.begin(), kSecret.end(), key) != kSecret.end()) return std::string(kRedacted);
  return redact_target(value);
}

}  // namespace chat
