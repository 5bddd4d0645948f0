// epoll and the sockets under it, on one thread.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace load {

class Loop;

// What waits for a socket. Its address must not change while it is watched.
class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void on_ready(std::uint32_t events) = 0;
};

class Loop {
 public:
  Loop();

  void watch(int fd, Pollable& what, std::uint32_t events);
  void change(int fd, Pollable& what, std::uint32_t events);
  // Call before closing `fd`: what epoll has already reported of it in this turn is dropped with it.
  void forget(int fd, const Pollable& what);

  // One turn: waits until something is ready or the clock (now_ns) says `until_ns`, then hands out all that is ready.
  // Returns whether anything was.
  bool turn(std::uint64_t until_ns);

 private:
  static constexpr int kBatch = 512;
  int epoll_;
  epoll_event ready_[kBatch];
  int taken_ = 0, count_ = 0;  // of ready_, in this turn
};

// A non-blocking TCP connection under way to host:port; writable when it is there. Source addresses rotate through
// 127.0.0.0/8 on loopback, for one address has too few ports for tens of thousands of connections.
int begin_connect(const std::string& host, int port);
// 0 or the errno with which a connection failed.
int connect_result(int fd);

// Sends what it can of `out`, beginning at `sent`; clears both when all is gone. False when the connection is broken.
bool send_some(int fd, std::string& out, std::size_t& sent);

}  // namespace load
