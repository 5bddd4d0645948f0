// The body of an answer that does not end: chunks (RFC 9112, 7.1) pushed to a client for as long as it listens.
//
// What is sent on it are complete chunks, encoded by the caller. Its close appends the last one; the codes of close()
// and fail_slow() are for on_close only, for HTTP has none. What the client sends behind its request is thrown away.
#pragma once

#include "transport/connection.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace chat::transport {

class HttpStream final : public Connection {
 public:
  // Takes over a connection whose request has been read. `head` is that of the answer and goes first. `options` and
  // `loop` must outlive it. Calls on_open at once.
  static ConnectionPtr open(EventLoop& loop, std::unique_ptr<ByteStream> stream,
                            std::shared_ptr<ConnectionHandler> handler, const ConnectionOptions& options,
                            std::string_view head);

 private:
  HttpStream(EventLoop& loop, std::unique_ptr<ByteStream> stream, std::shared_ptr<ConnectionHandler> handler,
             const ConnectionOptions& options)
      : Connection(loop, std::move(stream), std::move(handler), options) {}
  ~HttpStream() override { release_handler(); }

  void read_some() override;
  std::string goodbye(std::uint16_t code, std::string_view reason) const override;

  std::size_t unasked_ = 0;  // bytes that came behind the request
};

}  // namespace chat::transport
