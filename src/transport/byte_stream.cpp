#include "transport/byte_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace chat::transport {

namespace {

IoResult failure() noexcept {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::would_block, false, 0, 0};
  return {IoStatus::failed, false, errno, 0};
}

}  // namespace

PlainStream::~PlainStream() { ::close(fd_); }

IoResult PlainStream::try_read(std::span<char> into) {
  for (;;) {
    const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
    if (n > 0) {
      const auto bytes = static_cast<std::size_t>(n);
      return {IoStatus::ok, bytes == into.size(), 0, bytes};
    }
    if (n == 0) return {IoStatus::eof, false, 0, 0};
    if (errno != EINTR) return failure();
  }
}

IoResult PlainStream::try_write(std::span<const iovec> from) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = from.size();
  for (;;) {
    // Nearly always there is one range, and the kernel is quicker without a list to read.
    const ssize_t n = from.size() == 1 ? ::send(fd_, from[0].iov_base, from[0].iov_len, MSG_NOSIGNAL)
                                       : ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (n >= 0) return {IoStatus::ok, false, 0, static_cast<std::size_t>(n)};
    if (errno != EINTR) return failure();
  }
}

void PlainStream::shutdown_send() noexcept { ::shutdown(fd_, SHUT_WR); }

void PlainStream::reset() noexcept {
  const linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

void apply_socket_options(int fd, const SocketOptions& options) noexcept {
  const auto set = [fd](int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.unsent_low_water_bytes > 0) set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, options.unsent_low_water_bytes);
  if (options.send_buffer_bytes > 0) set(SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);
  if (options.receive_buffer_bytes > 0) set(SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
}

}  // namespace chat::transport
