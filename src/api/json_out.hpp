// JSON text of the documents, written piece by piece. Pure.
#pragma once

#include "base/json_text.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace chat::api {

// Writes objects and arrays by appending; puts the commas.
class JsonOut {
 public:
  JsonOut& open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
  }
  JsonOut& close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  JsonOut& key(std::string_view name) {
    separate();
    append_json_string(text_, name);
    text_ += ':';
    first_ = true;  // the value follows without a comma
    return *this;
  }
  JsonOut& string(std::string_view value) {
    separate();
    append_json_string(text_, value);
    return *this;
  }
  JsonOut& raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
  }
  JsonOut& member(std::string_view name, std::string_view value) { return key(name).string(value); }
  std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  std::string text_;
  bool first_ = true;
};

}  // namespace chat::api
