#include "load/loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "load/report.hpp"
#include "load/stamp.hpp"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

namespace load {

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) die(std::string("epoll_create1: ") + std::strerror(errno));
}

void Loop::watch(int fd, Pollable& what, std::uint32_t events) {
  epoll_event e{.events = events, .data = {.ptr = &what}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e) != 0) die(std::string("epoll_ctl: ") + std::strerror(errno));
}

void Loop::change(int fd, Pollable& what, std::uint32_t events) {
  epoll_event e{.events = events, .data = {.ptr = &what}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &e) != 0) die(std::string("epoll_ctl: ") + std::strerror(errno));
}

void Loop::forget(int fd, const Pollable& what) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  for (int i = taken_; i < count_; ++i)
    if (ready_[i].data.ptr == &what) ready_[i].data.ptr = nullptr;
}

bool Loop::turn(std::uint64_t until_ns) {
  const std::uint64_t now = now_ns();
  const std::uint64_t wait = until_ns > now ? until_ns - now : 0;
  const timespec timeout{static_cast<time_t>(wait / 1'000'000'000u), static_cast<long>(wait % 1'000'000'000u)};
  count_ = ::epoll_pwait2(epoll_, ready_, kBatch, &timeout, nullptr);
  if (count_ < 0 && errno != EINTR) die(std::string("epoll_pwait2: ") + std::strerror(errno));
  const bool any = count_ > 0;
  for (taken_ = 0; taken_ < count_;) {
    const epoll_event e = ready_[taken_++];
    if (e.data.ptr) static_cast<Pollable*>(e.data.ptr)->on_ready(e.events);
  }
  taken_ = count_ = 0;
  return any;
}

int begin_connect(const std::string& host, int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) die(std::string("socket: ") + std::strerror(errno));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, host.c_str(), &to.sin_addr) != 1) die("--host wants an IPv4 address, not " + host);
  const int one = 1;
  if (host.starts_with("127.")) {
    static std::uint32_t made = 0;
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7F000001u + made++ / 20000 % 200);
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0)
      die(std::string("bind: ") + std::strerror(errno));
  }
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
    die(std::string("connect: ") + std::strerror(errno));
  return fd;
}

int connect_result(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

bool send_some(int fd, std::string& out, std::size_t& sent) {
  while (sent < out.size()) {
    const ssize_t n = ::send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    sent += static_cast<std::size_t>(n);
  }
  out.clear();
  sent = 0;
  return true;
}

}  // namespace load
