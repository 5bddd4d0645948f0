#include "contract/journal_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string_view>
#include <vector>

namespace chat::contract {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::send(fd, data, size, MSG_NOSIGNAL);
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

Proxy::Proxy(int server_port) : server_port_(server_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0)
    throw std::runtime_error("the proxy cannot listen");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

Proxy::~Proxy() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  ::close(listener_);
}

void Proxy::set(Mode mode, int times, std::chrono::milliseconds delay) {
  delay_ = delay;
  times_ = times;
  commits_ = 0;
  risen_ = done_ = false;
  mode_ = mode;
}

void Proxy::accept_all() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, 20) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    if (mode_ == Mode::down) {
      ::close(client);
      continue;
    }
    std::lock_guard lock(mutex_);
    connections_.emplace_back([this, client] { serve(client); });
  }
}

bool Proxy::zombie_breaks_here(int client, int server, const char* data, std::size_t size) {
  const auto until = [this](const std::atomic<bool>& flag) {
    while (!flag && !stopping_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  const int nth = ++commits_;
  if (nth == 2) return false;
  if (nth > 2) {
    risen_ = true;
    until(done_);
    mode_ = Mode::pass;
    return false;
  }
  ++broken_;
  ::shutdown(client, SHUT_RDWR);
  until(risen_);
  send_all(server, data, size);
  char drained[4096];
  pollfd ready{server, POLLIN, 0};
  while (::poll(&ready, 1, 300) > 0 && ::recv(server, drained, sizeof drained, 0) > 0) continue;
  done_ = true;
  return true;
}

// True: this connection ends here.
bool Proxy::breaks_here(int client, int server, const char* data, std::size_t size) {
  const Mode mode = mode_;
  if (mode == Mode::pass || mode == Mode::down) return false;
  if (std::string_view(data, size).find("COMMIT") == std::string_view::npos) return false;
  if (mode == Mode::zombie) return zombie_breaks_here(client, server, data, size);
  if (times_.fetch_sub(1) <= 0) {
    mode_ = Mode::pass;
    return false;
  }
  ++broken_;
  if (mode == Mode::cut_before_commit) return true;
  if (mode == Mode::stall) {
    char byte = 0;
    while (!stopping_ && ::recv(client, &byte, 1, MSG_DONTWAIT) != 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return true;
  }
  if (mode == Mode::late_commit) {
    ::shutdown(client, SHUT_RDWR);
    std::this_thread::sleep_for(delay_.load());
  }
  send_all(server, data, size);
  ::shutdown(client, SHUT_RDWR);
  // Time for the server to work on it before it learns that nobody is there.
  char drained[4096];
  pollfd ready{server, POLLIN, 0};
  while (::poll(&ready, 1, 300) > 0 && ::recv(server, drained, sizeof drained, 0) > 0) continue;
  return true;
}

void Proxy::serve(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(server_port_);
  bool open = ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  std::vector<char> buffer(1 << 16);
  while (open && !stopping_ && mode_ != Mode::down) {
    pollfd ready[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (::poll(ready, 2, 20) <= 0) continue;
    if (ready[0].revents) {
      const ssize_t n = ::recv(client, buffer.data(), buffer.size(), 0);
      open = n > 0 && !breaks_here(client, server, buffer.data(), static_cast<std::size_t>(n)) &&
             send_all(server, buffer.data(), static_cast<std::size_t>(n));
    }
    if (open && ready[1].revents) {
      const ssize_t n = ::recv(server, buffer.data(), buffer.size(), 0);
      open = n > 0 && send_all(client, buffer.data(), static_cast<std::size_t>(n));
    }
  }
  ::close(client);
  ::close(server);
}

}  // namespace chat::contract
