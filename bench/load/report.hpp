// What a scenario prints: one JSON object, its keys in the order they were said.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "load/histogram.hpp"

namespace load {

// Ends the run with status 1 and one sentence.
[[noreturn]] inline void die(const std::string& what) {
  std::fflush(stdout);
  std::fprintf(stderr, "load: %s\n", what.c_str());
  std::_Exit(1);  // nothing to tidy up: the kernel closes ten thousand sockets faster than destructors
}

class Json {
 public:
  template <std::integral T>
  Json& set(std::string_view key, T value) {
    if constexpr (std::same_as<T, bool>) return raw(key, value ? "true" : "false");
    return raw(key, std::to_string(value));
  }
  Json& set(std::string_view key, double value) {
    if (!std::isfinite(value)) return raw(key, "null");  // a share of nothing
    char text[40];
    std::snprintf(text, sizeof text, "%.6g", value);
    return raw(key, text);
  }
  Json& set(std::string_view key, std::string_view value) {
    std::string quoted = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      if (static_cast<unsigned char>(c) >= 0x20) quoted += c;
    }
    return raw(key, quoted + '"');
  }
  Json& set(std::string_view key, const char* value) { return set(key, std::string_view(value)); }
  Json& set(std::string_view key, const Json& value) { return raw(key, value.text()); }

  // Microseconds.
  Json& set(std::string_view key, const Histogram& h) {
    const auto us = [](double ns) { return ns / 1000; };
    Json out;
    out.set("n", h.count()).set("mean", us(h.mean()));
    out.set("p50", us(static_cast<double>(h.at(0.5)))).set("p90", us(static_cast<double>(h.at(0.9))));
    out.set("p99", us(static_cast<double>(h.at(0.99)))).set("p999", us(static_cast<double>(h.at(0.999))));
    return set(key, out.set("max", us(static_cast<double>(h.max()))));
  }

  Json& raw(std::string_view key, std::string_view json) {
    body_.append(body_.empty() ? "\"" : ",\"").append(key).append("\":").append(json);
    return *this;
  }

  std::string text() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};

}  // namespace load
