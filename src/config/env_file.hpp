// A `.env` file: NAME=value lines, as python-dotenv and compose write them. Pure.
//
//   # a comment, an empty line
//   export NAME=value          # "export" is optional; a comment follows white space
//   NAME='taken as it stands'  # may span lines
//   NAME="with \n \r \t \\ \" and \$ escapes"  # may span lines
//   NAME=                      # empty
//
// There is no interpolation: $ is a dollar. Of a repeated name the last value counts.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace chat {

struct EnvEntry {
  std::string name;
  std::string value;
  int line = 0;  // from 1
};

// Errc::invalid with a sentence that begins "line N:"; it never quotes a value. At most 1 MiB.
Result<std::vector<EnvEntry>> parse_env_file(std::string_view text);

}  // namespace chat
