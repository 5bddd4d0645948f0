// The connections of one loop: HTTP sessions, and the WebSockets and streams they became.
//
// Home: its loop. Must outlive the loop's run(); sessions still open when the loop is destroyed are closed with it.
#pragma once

#include "transport/http_handler.hpp"

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace chat::transport {

struct HttpServerOptions {
  std::size_t head_bytes = 16 * 1024;                // request line and headers; over it: 431
  std::size_t target_bytes = 8 * 1024;               // over it: 414
  std::size_t header_fields = 100;                   // over it: 431
  std::size_t trailer_bytes = 4 * 1024;              // chunk extensions and trailers together; over it: 400
  std::size_t small_body_bytes = 16 * 1024;          // a body up to here is taken whatever the others hold
  std::size_t held_body_bytes = 32 * 1024 * 1024;    // all larger ones together, on this loop; over it: 503
  std::size_t drain_bytes = 8 * 1024 * 1024;         // read and thrown away after an early error answer
  std::chrono::milliseconds header_timeout{10'000};  // request line and headers, from the first byte (or the accept)
  std::chrono::milliseconds body_timeout{30'000};    // body, from the end of the head
  std::chrono::milliseconds idle_timeout{60'000};    // keep-alive, between requests
  std::chrono::milliseconds write_timeout{60'000};   // an answer of which the client takes nothing
  std::chrono::milliseconds linger_timeout{2'000};   // after the last answer, for the client to close
  std::string server_name = "chatd";                 // without a version
};

class HttpSession;
struct HttpSessionState;

class HttpServer {
 public:
  // All must outlive the server; `observer` may be null.
  HttpServer(EventLoop& loop, HttpHandler& handler, HttpServerOptions options = {}, HttpObserver* observer = nullptr);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Starts a session on a fresh connection.
  void adopt(std::unique_ptr<ByteStream> stream, const PeerAddress& peer);

  // Closes idle connections, lets requests in hand finish (their answers say Connection: close), tells every
  // WebSocket's and stream's handler. Connections that come later are closed after one answer.
  void begin_shutdown();
  // Cuts everything that is still open. Handlers hear of it in the loop's next turn: let it have one.
  void abort_all();

  std::size_t open_http() const noexcept { return http_count_; }
  // Bytes of the larger bodies that are arriving or in a handler's hands.
  std::size_t held_body_bytes() const noexcept { return held_body_bytes_; }
  std::size_t open_connections() const noexcept { return connections_.size(); }  // WebSockets and streams

 private:
  friend class HttpSession;

  void keep(Connection& connection);
  std::unique_ptr<HttpSessionState> take_state();
  void give_back(std::unique_ptr<HttpSessionState> state);

  EventLoop& loop_;
  HttpHandler& handler_;
  HttpServerOptions options_;
  HttpObserver* observer_;
  bool shutting_down_ = false;
  std::size_t http_count_ = 0;
  std::size_t held_body_bytes_ = 0;
  std::vector<std::unique_ptr<HttpSessionState>> pool_;
  struct Sessions;
  std::unique_ptr<Sessions> sessions_;
  boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>> connections_;
};

}  // namespace chat::transport
