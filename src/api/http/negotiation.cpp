#include "api/http/negotiation.hpp"

#include <algorithm>
#include <charconv>

namespace chat::api {
namespace {

struct Preference {
  std::string_view what;  // as sent, without parameters
  double weight = 1;
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool same(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

// "text/html;level=1;q=0.5"
Preference preference(std::string_view member) {
  const auto end = std::min(member.find(';'), member.size());
  Preference out{trimmed(member.substr(0, end)), 1};
  while (!member.empty()) {
    member.remove_prefix(std::min(member.size(), member.find(';')));
    if (member.empty()) break;
    member.remove_prefix(1);
    const auto parameter = trimmed(member.substr(0, std::min(member.find(';'), member.size())));
    if (!same(parameter.substr(0, 2), "q=")) continue;
    const auto number = parameter.substr(2);
    if (std::from_chars(number.data(), number.data() + number.size(), out.weight).ec != std::errc()) out.weight = 0;
  }
  return out;
}

// The weight of what is named exactly so; -1: it is not named.
double weight_of(const transport::HttpHeaders& headers, std::string_view field, std::string_view what) {
  double weight = -1;
  for (const auto member : headers.tokens(field)) {
    const auto one = preference(member);
    if (same(one.what, what)) weight = std::max(weight, one.weight);
  }
  return weight;
}

}  // namespace

bool accepts_encoding(const transport::HttpHeaders& headers, std::string_view coding) {
  return weight_of(headers, "accept-encoding", coding) > 0;
}

bool prefers_html(const transport::HttpHeaders& headers) {
  const double html = weight_of(headers, "accept", "text/html");
  return html > 0 && html >= weight_of(headers, "accept", "application/json");
}

bool accepts_event_stream(const transport::HttpHeaders& headers) {
  return weight_of(headers, "accept", "text/event-stream") > 0;
}

bool etag_matches(const transport::HttpHeaders& headers, std::string_view etag) {
  return std::ranges::any_of(headers.tokens("if-none-match"), [&](std::string_view one) {
    if (one.starts_with("W/")) one.remove_prefix(2);
    return one == "*" || one == etag;
  });
}

}  // namespace chat::api
