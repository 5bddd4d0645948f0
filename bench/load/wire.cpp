#include "load/wire.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "load/loop.hpp"
#include "load/report.hpp"

namespace load {

namespace {

SSL_CTX* context() {
  static SSL_CTX* made = [] {
    SSL_CTX* c = SSL_CTX_new(TLS_client_method());
    if (!c) die("OpenSSL gives no context");
    SSL_CTX_set_verify(c, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(c, 1);  // a recv for all that is there, not two for each record
    SSL_CTX_set_default_read_buffer_len(c, 64 << 10);
    SSL_CTX_set_options(c, SSL_OP_IGNORE_UNEXPECTED_EOF);
    return c;
  }();
  return made;
}

// What an SSL_read or SSL_write that brought nothing means, in recv's words.
ssize_t without_bytes(SSL* tls, int result) {
  const int system_error = errno;
  switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      errno = system_error ? system_error : EPIPE;
      return -1;
    default:
      errno = EPROTO;
      return -1;
  }
}

}  // namespace

void Wire::Free::operator()(ssl_st* tls) const { SSL_free(tls); }

Wire::~Wire() { close(); }

void Wire::connect(const std::string& host, int port, bool tls) {
  fd_ = begin_connect(host, port);
  if (!tls) return;
  tls_.reset(SSL_new(context()));
  if (!tls_ || SSL_set_fd(tls_.get(), fd_) != 1) die("OpenSSL gives no connection");
  SSL_set_connect_state(tls_.get());
}

ssize_t Wire::read(char* into, std::size_t n) {
  if (!tls_) return ::recv(fd_, into, n, 0);
  ERR_clear_error();
  const int got = SSL_read(tls_.get(), into, static_cast<int>(n));
  return got > 0 ? got : without_bytes(tls_.get(), got);
}

bool Wire::send(std::string& out, std::size_t& sent) {
  if (!tls_) return send_some(fd_, out, sent);
  while (sent < out.size()) {
    ERR_clear_error();
    const std::size_t n = std::min<std::size_t>(out.size() - sent, 1 << 30);
    const int gone = SSL_write(tls_.get(), out.data() + sent, static_cast<int>(n));
    if (gone <= 0) return without_bytes(tls_.get(), gone) < 0 && errno == EAGAIN;
    sent += static_cast<std::size_t>(gone);
  }
  out.clear();
  sent = 0;
  return true;
}

void Wire::shut_down_sending() {
  if (tls_) SSL_shutdown(tls_.get());
  ::shutdown(fd_, SHUT_WR);
}

void Wire::close() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace load
