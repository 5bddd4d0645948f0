// Where a text stops being JSON, in the words and at the place that Python's json module (so FastAPI) would give.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chat::schema {

struct JsonError {
  std::size_t offset = 0;  // in code points
  std::string msg;         // "Expecting ',' delimiter"
};

// Of a text that is no JSON, nested at most `max_depth` deep before its error. Slow path: reads the text again.
JsonError find_json_error(std::string_view text, std::size_t max_depth);

}  // namespace chat::schema
