#include "api/http/router.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace chat::api {

std::vector<Router::Segment> Router::split(std::string_view path) {
  std::vector<Segment> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto end = std::min(path.find('/'), path.size());
    const auto text = path.substr(0, end);
    path.remove_prefix(end);
    if (text.empty()) continue;
    const bool parameter = text.front() == '{';
    segments.push_back({std::string(parameter ? text.substr(1, text.size() - 2) : text), parameter});
  }
  return segments;
}

void Router::add(const Operation& operation) {
  auto segments = split(operation.spec.path);
  const auto same = [&](const Place& place) {
    return std::ranges::equal(place.segments, segments, [](const Segment& a, const Segment& b) {
      return a.parameter == b.parameter && a.text == b.text;
    });
  };
  auto place = std::ranges::find_if(places_, same);
  if (place == places_.end()) place = places_.insert(places_.end(), {std::move(segments), {}, {}});
  for (const auto* other : place->operations) {
    if (other->spec.method == operation.spec.method)
      throw std::logic_error("declared twice: " + std::string(operation.spec.path));
  }
  place->operations.push_back(&operation);

  constexpr std::array kOrder = {Method::get, Method::post, Method::put, Method::patch, Method::del};
  place->allow.clear();
  for (const auto method : kOrder) {
    if (std::ranges::none_of(place->operations, [&](const Operation* o) { return o->spec.method == method; })) continue;
    place->allow += transport::to_string(method);
    place->allow += method == Method::get ? ", HEAD, " : ", ";
  }
  place->allow += "OPTIONS";
}

bool Router::matches(const Place& place, std::span<const std::string> segments) {
  return std::ranges::equal(place.segments, segments, [](const Segment& wanted, const std::string& given) {
    return wanted.parameter ? !given.empty() : wanted.text == given;
  });
}

Router::Match Router::find(Method method, std::span<const std::string> segments) const {
  Match match;
  const auto place = std::ranges::find_if(places_, [&](const Place& p) { return matches(p, segments); });
  if (place == places_.end()) return match;
  match.allow = place->allow;
  const auto wanted = method == Method::head ? Method::get : method;
  for (const auto* operation : place->operations) {
    if (operation->spec.method == wanted) match.operation = operation;
  }
  if (!match.operation) return match;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (place->segments[i].parameter) match.path.emplace_back(place->segments[i].text, segments[i]);
  }
  return match;
}

}  // namespace chat::api
