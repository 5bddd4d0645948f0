// Which operation does a request mean? Immutable once it serves, so any thread may ask.
#pragma once

#include "api/operations/operation.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chat::api {

class Router {
 public:
  // An operation with a path, which outlives this. Throws std::logic_error for a path that is declared twice with one
  // method.
  void add(const Operation& operation);

  struct Match {
    const Operation* operation = nullptr;  // none: nothing at this path takes the method
    schema::Pairs path;                    // parameters of the path
    std::string_view allow = {};  // the methods of this path, for Allow: "GET, HEAD, OPTIONS"; empty: no such path
  };
  // `segments`: the path, split at "/" first and decoded then. HEAD is GET's.
  Match find(Method method, std::span<const std::string> segments) const;

 private:
  struct Segment {
    std::string text;  // a literal, or the parameter's name
    bool parameter = false;
  };
  struct Place {
    std::vector<Segment> segments;
    std::vector<const Operation*> operations;  // one a method
    std::string allow;
  };
  static std::vector<Segment> split(std::string_view path);
  static bool matches(const Place& place, std::span<const std::string> segments);

  std::vector<Place> places_;  // one a path; literal segments win over parameters because they are declared first
};

}  // namespace chat::api
