#include "config/database_url.hpp"

#include <algorithm>
#include <optional>

namespace chat {
namespace {

constexpr char kForms[] =
    "write postgresql://user:password@host:5432/name, sqlite:///relative/path.db, sqlite:////absolute/path.db or "
    "memory:";

Error refuse(const std::string& why) { return Error{Errc::invalid, why + "; " + kForms}; }

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// As SQLAlchemy reads it: a % that begins no escape is itself.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string escape(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

// What stands before "://", without the driver ("+psycopg2").
std::optional<std::string> dialect_of(std::string_view scheme) {
  const auto plus = scheme.find('+');
  std::string name(scheme.substr(0, plus));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto driver = plus == scheme.npos ? std::string_view("none") : scheme.substr(plus + 1);
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (driver.empty() || !std::all_of(driver.begin(), driver.end(), is_word)) return std::nullopt;
  return name;
}

Result<DatabaseUrl> sqlite(std::string_view rest) {
  if (!rest.starts_with('/'))
    return refuse("an SQLite URL has three slashes for a relative path and four for an absolute one");
  rest.remove_prefix(1);
  if (rest.find_first_of("?#") != rest.npos) return refuse("an SQLite URL takes no parameters");
  DatabaseUrl url;
  url.path = unescape(rest);
  if (url.path.find('\0') != std::string::npos) return refuse("there is a NUL in the path");
  if (url.path.empty() || url.path == ":memory:") return refuse("a database in memory is written memory:");
  if (url.path.ends_with('/')) return refuse("the path names a folder, not a file");
  return url;
}

Result<DatabaseUrl> postgresql(std::string_view rest) {
  DatabaseUrl url;
  url.kind = DatabaseUrl::Kind::postgresql;
  url.conninfo = "postgresql://";
  // SQLAlchemy ends the user at the first ':' and the password at the first '@', and lets both hold what libpq would
  // trip over ('/', a lone '%'): they are read its way and escaped for libpq.
  const auto at = rest.find('@');
  const auto user_end = rest.find_first_of(":/@?");
  if (at != rest.npos && user_end != rest.npos && (rest[user_end] == ':' || rest[user_end] == '@')) {
    const auto user = unescape(rest.substr(0, user_end));
    const auto password =
        rest[user_end] == ':' ? unescape(rest.substr(user_end + 1, at - user_end - 1)) : std::string();
    if ((user + password).find('\0') != std::string::npos) return refuse("there is a NUL in the user or the password");
    url.conninfo += escape(user);
    if (rest[user_end] == ':') url.conninfo += ":" + escape(password);
    url.conninfo += '@';
    rest.remove_prefix(at + 1);
  }
  const auto host = rest.substr(0, rest.find_first_of("/?"));
  if (host.find('@') != host.npos) return refuse("the password holds an @, which is written %40");
  if (host.empty() && rest.find_first_not_of('/') == rest.npos) return refuse("there is neither a host nor a database");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; };
  if (std::any_of(rest.begin(), rest.end(), is_control)) return refuse("there is a blank in it");
  url.conninfo += rest;
  return url;
}

}  // namespace

Result<DatabaseUrl> DatabaseUrl::parse(std::string_view text) {
  if (text == "memory:" || text == "memory://") {
    DatabaseUrl url;
    url.kind = Kind::memory;
    return url;
  }
  const auto colon = text.find("://");
  if (colon == text.npos) return refuse("it has no scheme");
  const auto dialect = dialect_of(text.substr(0, colon));
  const auto rest = text.substr(colon + 3);
  if (dialect == "postgresql" || dialect == "postgres") return postgresql(rest);
  if (dialect == "sqlite") return sqlite(rest);
  return refuse("only PostgreSQL and SQLite are supported");
}

}  // namespace chat
