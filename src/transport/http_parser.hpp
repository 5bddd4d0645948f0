// Requests out of bytes: heads by our checks first (http_head), then Beast's parser; bodies by length or chunked_body.
// Pure: no socket, no clock.
//
// Home: one connection; used again for its next request after reset().
#pragma once

#include "transport/chunked_body.hpp"
#include "transport/http_head.hpp"
#include "transport/http_types.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chat::transport {

class HttpParser {
 public:
  enum class Status : std::uint8_t {
    need_more,  // give the same bytes again, less `consumed`, with more behind
    head,       // the head is complete: set_body_limit, answer Expect, then go on
    complete,   // request() is whole; take it, then reset()
    error,      // answer `http_status` and close
  };
  struct Step {
    Status status = Status::need_more;
    std::size_t consumed = 0;  // bytes at the front that are done with
    int http_status = 0;
    std::string_view reason;  // a constant sentence
  };

  // `limits` must outlive the parser.
  explicit HttpParser(const HttpLimits& limits);
  ~HttpParser();

  // `bytes`: all that was received and not consumed.
  Step parse(std::string_view bytes);
  void reset();
  // Bodies over it are error 413. Call between Status::head and the next parse.
  void set_body_limit(std::size_t bytes) noexcept;

  // Of a request that is refused before its head is whole: sets request().method if that much of `bytes`, which are
  // those of the last parse, has been understood. What answers HEAD has no body, whatever was wrong.
  void read_method(std::string_view bytes);

  bool begun() const noexcept { return scanner_.begun(); }  // has a request's first byte been seen?
  HttpRequest& request() noexcept { return request_; }
  bool keep_alive() const noexcept { return keep_alive_; }
  bool expects_continue() const noexcept { return expects_continue_; }
  bool has_body() const noexcept { return has_body_; }
  bool wants_websocket() const noexcept { return wants_websocket_; }  // Upgrade: websocket and Connection: upgrade

 private:
  class Beast;

  Step parse_head(std::string_view bytes);
  Step parse_body(std::string_view bytes);
  Step failure();
  int check_head();
  int check_framing();
  int check_target();
  int refuse(int status, std::string_view reason) noexcept;

  const HttpLimits* limits_;
  HeadScanner scanner_;
  HttpRequest request_;
  ChunkedBody chunks_;
  std::size_t body_limit_ = 0;
  std::uint64_t body_left_ = 0;  // with a Content-Length
  std::string_view reason_;
  int error_ = 0;
  bool in_body_ = false;
  bool chunked_ = false;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  bool has_body_ = false;
  bool wants_websocket_ = false;
};

}  // namespace chat::transport
