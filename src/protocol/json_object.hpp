// One JSON object, written member by member at the end of a string. Pure.
#pragma once

#include "base/json_text.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace chat::protocol {

class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }

  // The member's value is to be appended next. `name` needs no escapes.
  void key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_.append(name).append("\":");
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void number(std::string_view name, std::int64_t value) {
    key(name);
    append_json_int(out_, value);
  }
  void json(std::string_view name, std::string_view value) {
    key(name);
    out_ += value;
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace chat::protocol
