// Accepts TCP connections on a loop; several loops share one port (SO_REUSEPORT).
//
// Home: its loop, except open_listeners, which app calls before the loops run.
#pragma once

#include "base/result.hpp"
#include "transport/byte_stream.hpp"
#include "transport/event_loop.hpp"
#include "transport/peer_address.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace chat::transport {

struct ListenerOptions {
  std::string host = "127.0.0.1";  // a name or an address; "" or "*" = every address, IPv6 and IPv4
  std::uint16_t port = 0;          // 0 = any free one
  int backlog = 4096;
  std::size_t accepts_per_turn = 64;
  std::chrono::milliseconds exhausted_pause{1'000};  // no more descriptors: how long to leave clients waiting
  SocketOptions socket = {};
};

class Listener final : private TimerNode {
 public:
  using OnConnection = std::function<void(std::unique_ptr<ByteStream>, const PeerAddress&)>;
  using OnExhausted = std::function<void(int error)>;  // EMFILE, ENFILE, ENOBUFS or ENOMEM; once an episode
  using OnAccept = std::function<bool(const PeerAddress&)>;

  Listener(EventLoop& loop, int listening_fd, ListenerOptions options);
  ~Listener();

  // Begins to accept. `on_exhausted` and `on_accept` (false = close at once) may be empty.
  void start(OnConnection on_connection, OnExhausted on_exhausted = {}, OnAccept on_accept = {});
  void stop_accepting();  // closes the listening socket; idempotent

  const PeerAddress& local() const noexcept { return local_; }
  std::uint16_t port() const noexcept { return local_.port; }
  bool paused() const noexcept { return scheduled(); }

 private:
  class Watch;

  void on_timer() noexcept override;
  void accept_ready();
  void pause(int error);

  EventLoop& loop_;
  ListenerOptions options_;
  int fd_;
  PeerAddress local_;
  std::unique_ptr<Watch> watch_;  // while it accepts
  OnConnection on_connection_;
  OnExhausted on_exhausted_;
  OnAccept on_accept_;
  bool exhausted_ = false;
};

// One listener a loop, all on one address and port. With port 0 the first picks it for all.
Result<std::vector<std::unique_ptr<Listener>>> open_listeners(const std::vector<EventLoop*>& loops,
                                                              const ListenerOptions& options);

}  // namespace chat::transport
