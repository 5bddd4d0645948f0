// A request as handlers see it, and the answer they give. Plain values.
#pragma once

#include "transport/peer_address.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chat::transport {

class ConnectionHandler;
class EventLoop;
struct ConnectionOptions;

enum class Method : std::uint8_t { other, get, head, post, put, patch, del, options };
std::string_view to_string(Method method) noexcept;  // "GET"; "" for other
Method parse_method(std::string_view text) noexcept;

// Fields in their order, repeats kept; names compare without case.
class HttpHeaders {
 public:
  struct Field {
    std::string name;
    std::string value;  // without surrounding blanks
  };

  void add(std::string_view name, std::string_view value) {
    fields_.push_back({std::string(name), std::string(value)});
  }
  // The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return count(name) != 0; }
  // Is `token` a member of the comma-separated lists of that name (without case)?
  bool has_token(std::string_view name, std::string_view token) const noexcept;
  // All members of the comma-separated lists of that name, in order; empty ones skipped.
  std::vector<std::string_view> tokens(std::string_view name) const;
  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  std::size_t size() const noexcept { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

struct HttpRequest {
  using QueryPair = std::pair<std::string, std::string>;

  Method method = Method::other;
  std::string method_text;                     // as sent
  std::string target;                          // as sent: path and query
  std::string_view raw_path() const noexcept;  // the target without its query, not decoded
  std::vector<std::string> path;               // decoded segments; "/a/b/" and "/a/b" are {"a","b"}, "/" is {}
  std::vector<QueryPair> query;                // decoded, in order, repeats kept
  HttpHeaders headers;
  std::string body;
  unsigned minor_version = 1;  // HTTP/1.x
  bool secure = false;         // came over TLS
  PeerAddress peer;            // the socket's other end; proxies are the upper layer's business
  std::string request_id;      // made here; goes out as X-Request-Id
  EventLoop* loop = nullptr;   // home of the connection

  // First value of a query parameter.
  std::optional<std::string_view> query_value(std::string_view name) const noexcept;
  std::size_t query_count(std::string_view name) const noexcept;
};

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // without those that transport adds itself
  std::string content_type;                                  // "" = none
  std::string body;
  std::string_view static_body;  // used when not empty, instead of `body`; must live for ever
  bool no_store = false;         // adds Cache-Control: no-store (the answer holds a token)
  bool close = false;            // close the connection afterwards
  // Instead of a body: what follows is pushed by this one, in chunks (http_stream.hpp). HTTP/1.1 only; others, and
  // HEAD, get 400. `stream_options` must outlive the loop; null = the defaults.
  std::shared_ptr<ConnectionHandler> stream = {};
  const ConnectionOptions* stream_options = nullptr;

  HttpResponse& header(std::string_view name, std::string_view value) & {
    headers.emplace_back(name, value);
    return *this;
  }
  HttpResponse&& header(std::string_view name, std::string_view value) && {
    headers.emplace_back(name, value);
    return std::move(*this);
  }
  std::string_view content() const noexcept { return static_body.empty() ? std::string_view(body) : static_body; }
};

std::string_view reason_phrase(int status) noexcept;  // "Not Found"; "" if unknown

// Percent-decoding, once. Nothing: a bad escape, %00 or what is no UTF-8. `plus_is_space` for queries and forms.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// Splits at '/' first and decodes each segment then. Empty segments inside (a//b) are kept, a trailing one is dropped.
std::optional<std::vector<std::string>> decode_path(std::string_view raw_path);
std::optional<std::vector<HttpRequest::QueryPair>> decode_query(std::string_view raw_query);

}  // namespace chat::transport
