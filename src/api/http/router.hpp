// Which route is meant? Immutable once it serves, so any thread may ask.
#pragma once

#include "api/http/route.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chat::api {

class Router {
 public:
  // Throws std::logic_error for a path that is declared twice with one method.
  void add(std::unique_ptr<const Route> route);

  template <class Path, class Query, class Body, class Out, class Handler>
  void add(RouteSpec spec, Handler handler) {
    add(make_route<Path, Query, Body, Out>(std::move(spec), std::move(handler)));
  }

  struct Match {
    const Route* route = nullptr;  // none: no route at this path takes the method
    schema::Pairs path;            // parameters of the route
    std::string_view allow = {};   // the methods of this path, for Allow: "GET, HEAD, OPTIONS"; empty: no such path
  };
  // `segments`: the path, split at "/" first and decoded then. HEAD is GET's.
  Match find(Method method, std::span<const std::string> segments) const;

  // In the order of their declaration.
  std::span<const std::unique_ptr<const Route>> routes() const noexcept { return routes_; }

 private:
  struct Segment {
    std::string text;  // a literal, or the parameter's name
    bool parameter = false;
  };
  struct Place {
    std::vector<Segment> segments;
    std::vector<const Route*> routes;  // one a method
    std::string allow;
  };
  static std::vector<Segment> split(std::string_view path);
  static bool matches(const Place& place, std::span<const std::string> segments);

  std::vector<std::unique_ptr<const Route>> routes_;
  std::vector<Place> places_;  // one a path; literal segments win over parameters because they are declared first
};

}  // namespace chat::api
