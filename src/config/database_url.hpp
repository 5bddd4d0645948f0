// DATABASE_URL as the original's users write it. Pure.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace chat {

struct DatabaseUrl {
  enum class Kind { sqlite, postgresql, memory };
  Kind kind = Kind::sqlite;
  std::string path;      // sqlite: the file; relative to the working directory when it does not begin with '/'
  std::string conninfo;  // postgresql: a URI for PQconnectdb, the driver suffix gone, user and password escaped

  // "postgresql://", "postgres://" (each with an SQLAlchemy driver suffix or none), "sqlite:///relative",
  // "sqlite:////absolute" (the same) or "memory:". Errc::invalid with what to write instead, without the password.
  static Result<DatabaseUrl> parse(std::string_view text);
};

}  // namespace chat
