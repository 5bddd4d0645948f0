// What RawJson must not hold: NUL, and a key twice in one object. Told of every text and bracket of one opaque value.
#pragma once

#include "schema/scalars.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::schema {

class OpaqueWatch {
 public:
  // Starts on a new value; one that is ignored or refused anyway is not looked at.
  void begin(bool looking) {
    looking_ = looking;
    issue_.reset();
    keys_.clear();
    starts_.clear();
  }

  void open_object() {
    if (looking_) starts_.push_back(keys_.size());
  }

  void key(std::string_view key) {
    text(key);
    if (looking_) keys_.emplace_back(key);
  }

  void text(std::string_view text) {
    if (looking_ && !issue_ && text.find('\0') != text.npos) issue_ = value_error("NUL characters are not allowed");
  }

  void close_object() {
    if (!looking_) return;
    const auto first = keys_.begin() + static_cast<std::ptrdiff_t>(starts_.back());
    std::sort(first, keys_.end());
    if (!issue_ && std::adjacent_find(first, keys_.end()) != keys_.end()) {
      issue_ = value_error("a key occurs more than once");
    }
    keys_.erase(first, keys_.end());
    starts_.pop_back();
  }

  // The first thing found.
  const std::optional<Issue>& issue() const noexcept { return issue_; }

 private:
  bool looking_ = false;
  std::optional<Issue> issue_;
  std::vector<std::string> keys_;    // of the open objects, innermost last
  std::vector<std::size_t> starts_;  // where each one's begin
};

}  // namespace chat::schema
