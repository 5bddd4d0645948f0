// A loop on the test's own thread, with fast ticks, and the other end of a connection as a plain blocking-free socket.
#pragma once

#include "transport/event_loop.hpp"
#include "transport/frame_codec.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace chat::transport::test {

using namespace std::chrono_literals;

// The client's end.
class Client {
 public:
  explicit Client(int fd = -1) : fd_(fd) {}
  Client(Client&& other) noexcept : Client() { *this = std::move(other); }
  Client& operator=(Client&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(received_, other.received_);
    std::swap(ended_, other.ended_);
    std::swap(reset_, other.reset_);
    return *this;
  }
  ~Client() { close(); }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // Takes what is there; false once the other side has ended or reset.
  bool read_some() {
    char buffer[65536];
    for (;;) {
      const ssize_t n = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0) {
        received_.append(buffer, static_cast<std::size_t>(n));
        continue;
      }
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
      ended_ = true;
      reset_ = n < 0;
      return false;
    }
  }
  const std::string& received() {
    if (fd_ >= 0 && !ended_) read_some();
    return received_;
  }
  void forget() { received_.clear(); }
  bool ended() {
    received();
    return ended_;
  }
  bool was_reset() const { return reset_; }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd() const { return fd_; }

 private:
  int fd_;
  std::string received_;
  bool ended_ = false;
  bool reset_ = false;
};

// A masked frame, as clients send them.
inline std::string masked(Opcode opcode, std::string_view payload, bool fin = true) {
  std::string frame;
  append_frame_header(frame, opcode, payload.size());
  if (!fin) frame[0] = static_cast<char>(frame[0] & 0x7F);
  frame[1] = static_cast<char>(frame[1] | static_cast<char>(0x80));
  frame += std::string("\x11\x22\x33\x44");
  const char mask[4] = {0x11, 0x22, 0x33, 0x44};
  for (std::size_t i = 0; i < payload.size(); ++i) frame.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  return frame;
}
inline std::string masked_text(std::string_view payload) { return masked(Opcode::text, payload); }
inline std::string masked_close(std::uint16_t code) {
  return masked(Opcode::close, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)});
}

class LoopTest : public testing::Test {
 protected:
  // Runs the loop until `done`; false after the deadline.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds deadline = 5000ms) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (loop.poll() == 0) ::poll(nullptr, 0, 1);
    }
    return true;
  }
  // Everything that is ready now, and what it makes ready.
  void run_ready() {
    while (loop.poll() != 0) {
    }
  }

  EventLoop loop{{.tick = 5ms}};
};

}  // namespace chat::transport::test
