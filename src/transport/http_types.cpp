#include "transport/http_types.hpp"

#include "transport/frame_codec.hpp"

#include <algorithm>

namespace chat::transport {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_without_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view s) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Calls `f` with each piece of `text` between `separator`s.
template <class F>
void for_each_piece(std::string_view text, char separator, F f) {
  for (;;) {
    const std::size_t end = text.find(separator);
    f(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

constexpr std::pair<Method, std::string_view> kMethods[] = {
    {Method::get, "GET"},     {Method::head, "HEAD"},  {Method::post, "POST"},      {Method::put, "PUT"},
    {Method::patch, "PATCH"}, {Method::del, "DELETE"}, {Method::options, "OPTIONS"}};

}  // namespace

std::string_view to_string(Method method) noexcept {
  for (const auto& [m, text] : kMethods)
    if (m == method) return text;
  return {};
}

Method parse_method(std::string_view text) noexcept {
  for (const auto& [m, name] : kMethods)
    if (name == text) return m;
  return Method::other;
}

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const noexcept {
  for (const Field& field : fields_)
    if (equal_without_case(field.name, name)) return field.value;
  return std::nullopt;
}

std::size_t HttpHeaders::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](const Field& f) { return equal_without_case(f.name, name); }));
}

std::vector<std::string_view> HttpHeaders::tokens(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const Field& field : fields_) {
    if (!equal_without_case(field.name, name)) continue;
    for_each_piece(field.value, ',', [&](std::string_view piece) {
      if (piece = trim(piece); !piece.empty()) out.push_back(piece);
    });
  }
  return out;
}

bool HttpHeaders::has_token(std::string_view name, std::string_view token) const noexcept {
  bool found = false;
  for (const Field& field : fields_) {
    if (!equal_without_case(field.name, name)) continue;
    for_each_piece(field.value, ',',
                   [&](std::string_view piece) { found = found || equal_without_case(trim(piece), token); });
  }
  return found;
}

std::string_view HttpRequest::raw_path() const noexcept {
  const std::string_view text = target;
  return text.substr(0, text.find('?'));
}

std::optional<std::string_view> HttpRequest::query_value(std::string_view name) const noexcept {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::size_t HttpRequest::query_count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(query.begin(), query.end(), [&](const QueryPair& p) { return p.first == name; }));
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex(text[i + 1]);
      const int low = hex(text[i + 2]);
      if (high < 0 || low < 0 || (high | low) == 0) return std::nullopt;
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  if (!valid_utf8(out)) return std::nullopt;
  return out;
}

std::optional<std::vector<std::string>> decode_path(std::string_view raw_path) {
  std::vector<std::string> segments;
  if (!raw_path.empty() && raw_path.front() == '/') raw_path.remove_prefix(1);
  if (raw_path.empty()) return segments;
  if (raw_path.back() == '/') raw_path.remove_suffix(1);
  bool good = true;
  for_each_piece(raw_path, '/', [&](std::string_view piece) {
    auto segment = percent_decode(piece);
    good = good && segment.has_value();
    if (segment) segments.push_back(std::move(*segment));
  });
  if (!good) return std::nullopt;
  return segments;
}

std::optional<std::vector<HttpRequest::QueryPair>> decode_query(std::string_view raw_query) {
  std::vector<HttpRequest::QueryPair> pairs;
  bool good = true;
  for_each_piece(raw_query, '&', [&](std::string_view piece) {
    if (piece.empty()) return;
    const std::size_t equals = piece.find('=');
    auto key = percent_decode(piece.substr(0, equals), true);
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view() : piece.substr(equals + 1), true);
    good = good && key && value;
    if (good) pairs.emplace_back(std::move(*key), std::move(*value));
  });
  if (!good) return std::nullopt;
  return pairs;
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return {};
  }
}

}  // namespace chat::transport
