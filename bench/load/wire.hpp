// The byte stream of one connection: TCP, or TLS on it (`--tls`; OpenSSL, as it comes, no certificate is judged).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

struct ssl_st;

namespace load {

class Wire {
 public:
  Wire() = default;
  Wire(const Wire&) = delete;
  ~Wire();

  // Begins to connect, without blocking (see begin_connect); the handshake of TLS happens under the first reads and
  // sends.
  void connect(const std::string& host, int port, bool tls);
  int fd() const { return fd_; }

  // As recv(2) without blocking: bytes, 0 at the end, or -1 and errno. Over TLS a read brings one record at most: what
  // epoll has told is done with only when a read says EAGAIN.
  ssize_t read(char* into, std::size_t n);
  // As send_some. Over TLS it may be a read that it waits for.
  bool send(std::string& out, std::size_t& sent);
  bool whole_reads() const { return !tls_; }  // a read that does not fill its space has emptied the socket

  void shut_down_sending();
  void close();

 private:
  struct Free {
    void operator()(ssl_st* tls) const;
  };
  int fd_ = -1;
  std::unique_ptr<ssl_st, Free> tls_;
};

}  // namespace load
