#include "transport/listener.hpp"

#include "transport/io_watch.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

namespace chat::transport {

namespace {

bool out_of_resources(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

Error failure(const std::string& what, const ListenerOptions& options) {
  const std::string host = options.host.empty() ? "*" : options.host;
  return {Errc::unavailable, what + " " + host + ":" + std::to_string(options.port) + ": " + std::strerror(errno)};
}

PeerAddress local_address(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return PeerAddress::from(reinterpret_cast<const sockaddr*>(&address));
}

// The address to bind: the first that the name has, the unspecified IPv6 one (IPv4 included) for "every address".
Result<std::pair<sockaddr_storage, socklen_t>> resolve(const ListenerOptions& options, std::uint16_t port) {
  const bool any = options.host.empty() || options.host == "*";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string host = any ? "::" : options.host;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) return Error{Errc::invalid, "cannot resolve " + host + ": " + gai_strerror(code)};
  sockaddr_storage address{};
  std::memcpy(&address, found->ai_addr, found->ai_addrlen);
  const socklen_t size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return std::pair{address, size};
}

// SO_REUSEPORT would let a second server of the same user share the port unnoticed.
bool port_is_taken(const sockaddr* target, socklen_t size) {
  const int fd = ::socket(target->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool taken = ::bind(fd, target, size) != 0 && errno == EADDRINUSE;
  ::close(fd);
  errno = EADDRINUSE;
  return taken;
}

Result<int> open_socket(const ListenerOptions& options, std::uint16_t port, bool first) {
  const auto address = resolve(options, port);
  if (!address) return address.error();
  const auto* target = reinterpret_cast<const sockaddr*>(&address->first);
  if (first && port != 0 && port_is_taken(target, address->second)) return failure("cannot listen on", options);
  const int fd = ::socket(target->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure("cannot open a socket for", options);
  const auto set = [fd](int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); };
  set(SOL_SOCKET, SO_REUSEADDR, 1);
  set(SOL_SOCKET, SO_REUSEPORT, 1);
  if (target->sa_family == AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY, 0);
  apply_socket_options(fd, options.socket);
  if (::bind(fd, target, address->second) != 0 || ::listen(fd, options.backlog) != 0) {
    const Error error = failure("cannot listen on", options);
    ::close(fd);
    return error;
  }
  return fd;
}

}  // namespace

class Listener::Watch final : public IoWatch {
 public:
  explicit Watch(Listener& listener) : IoWatch(listener.loop_, listener.fd_), listener_(listener) {}

 private:
  void on_read_ready() override { listener_.accept_ready(); }

  Listener& listener_;
};

Listener::Listener(EventLoop& loop, int listening_fd, ListenerOptions options)
    : loop_(loop), options_(std::move(options)), fd_(listening_fd), local_(local_address(listening_fd)) {}

Listener::~Listener() { stop_accepting(); }

void Listener::start(OnConnection on_connection, OnExhausted on_exhausted, OnAccept on_accept) {
  on_connection_ = std::move(on_connection);
  on_exhausted_ = std::move(on_exhausted);
  on_accept_ = std::move(on_accept);
  watch_ = std::make_unique<Watch>(*this);
  watch_->wait_read();
}

void Listener::stop_accepting() {
  if (fd_ < 0) return;
  cancel();
  watch_.reset();
  ::close(std::exchange(fd_, -1));
}

void Listener::on_timer() noexcept { accept_ready(); }

void Listener::pause(int error) {
  if (!exhausted_ && on_exhausted_) on_exhausted_(error);
  exhausted_ = true;
  loop_.schedule(*this, options_.exhausted_pause);
}

void Listener::accept_ready() {
  for (std::size_t i = 0; i < options_.accepts_per_turn; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        exhausted_ = false;
        break;
      }
      if (out_of_resources(errno)) return pause(errno);
      continue;  // that client is gone already, or the network sent an error (accept(2)): the next one
    }
    loop_.stats().accepted.add();
    auto stream = std::make_unique<PlainStream>(fd);
    const PeerAddress peer = PeerAddress::from(reinterpret_cast<const sockaddr*>(&address));
    try {
      if (!on_accept_ || on_accept_(peer)) on_connection_(std::move(stream), peer);
    } catch (const std::exception&) {
      return pause(ENOMEM);  // no memory, or epoll's limit: the same as no descriptor
    }
    if (fd_ < 0) return;  // stopped by a callback
  }
  watch_->wait_read();
}

Result<std::vector<std::unique_ptr<Listener>>> open_listeners(const std::vector<EventLoop*>& loops,
                                                              const ListenerOptions& options) {
  std::vector<std::unique_ptr<Listener>> listeners;
  std::uint16_t port = options.port;
  for (EventLoop* loop : loops) {
    const auto fd = open_socket(options, port, listeners.empty());
    if (!fd) return fd.error();
    listeners.push_back(std::make_unique<Listener>(*loop, *fd, options));
    port = listeners.back()->port();
  }
  return listeners;
}

}  // namespace chat::transport
