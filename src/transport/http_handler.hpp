// What the server above answers with; transport calls it, api implements it.
//
// Home: one handler serves one loop, or is itself thread-safe; every call comes on the loop of the connection.
#pragma once

#include "transport/http_types.hpp"
#include "transport/websocket.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace chat::transport {

struct WebSocketAccept {
  std::shared_ptr<WebSocketHandler> handler;
  const WebSocketOptions* options = nullptr;                 // must outlive the loop; null = the defaults
  std::string subprotocol;                                   // "" = none selected
  std::vector<std::pair<std::string, std::string>> headers;  // more for the 101 answer
};
using UpgradeAnswer = std::variant<HttpResponse, WebSocketAccept>;

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // One request. Requests of one connection come one after the other. The connection may be gone before it ends; the
  // answer is then dropped. An exception becomes error_response(500). HEAD is asked as HEAD: answer as to GET, the body
  // is left out on the wire.
  virtual boost::asio::awaitable<HttpResponse> serve(HttpRequest request) = 0;
  // A valid WebSocket handshake. The default subprotocol handling is the handler's: see
  // request.headers.tokens("sec-websocket-protocol"), which is empty for an empty header.
  virtual boost::asio::awaitable<UpgradeAnswer> upgrade(HttpRequest request) = 0;
  // Shapes the answers that transport itself must give (400, 408, 413, 414, 417, 426, 431, 500, 505, ...).
  virtual HttpResponse error_response(int status, std::string_view reason) = 0;
  // Adds to such an answer what depends on the request, of which the head is known.
  virtual void decorate(const HttpRequest&, HttpResponse&) {}
  // Bytes of body that this route takes; over it: 413. The head alone is known.
  virtual std::size_t body_limit(const HttpRequest& head) = 0;
};

// One line for each answer.
struct HttpLogEntry {
  std::string_view method;
  std::string_view path;  // without the query, which may hold a token; as sent
  int status = 0;
  std::size_t body_bytes = 0;
  std::chrono::microseconds duration{0};  // from the complete head to the answer
  PeerAddress peer;
  std::string_view request_id;
};

// Called on the loop; must not block.
class HttpObserver {
 public:
  virtual ~HttpObserver() = default;
  virtual void on_request(const HttpLogEntry& entry) = 0;
  virtual void on_exception(std::string_view request_id, std::string_view what) = 0;  // serve or upgrade threw
};

}  // namespace chat::transport
