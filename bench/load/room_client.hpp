// A socket as a load generator wants it, of a room or of the realtime protocol: non-blocking, no library, every frame
// counted and checked.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace load {

using Clock = std::chrono::steady_clock;

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "load: %s\n", what.c_str());
  std::exit(1);
}

inline std::string masked_frame(std::string_view payload, std::uint8_t opcode = 1) {
  std::string out;
  out += static_cast<char>(0x80 | opcode);
  const std::size_t n = payload.size();
  if (n < 126) {
    out += static_cast<char>(0x80 | n);
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(n >> 8);
    out += static_cast<char>(n & 255);
  }
  out.append(4, '\0');  // a mask of zeros is a mask (RFC 6455, 5.3), and costs this side nothing
  out.append(payload);
  return out;
}

class RoomClient {
 public:
  int fd = -1;
  std::int64_t last_seq = 0;   // of what came; checked to be dense from the second on
  std::uint64_t messages = 0;  // and acks
  std::uint64_t received = 0;  // bytes

  // Connects and upgrades, blocking; what came behind the 101 is kept.
  void open(int port, const std::string& room, const std::string& token, const std::string& query) {
    upgrade(port, "/api/v1/chat/" + room + "?token=" + token + query);
  }

  // The realtime protocol over JSON. Connects and subscribes to the room (not when it is empty); `position` goes into
  // the subscribe command. Nothing is awaited: the replies come as frames.
  void open_realtime(int port, const std::string& room, const std::string& token, const std::string& position = {}) {
    realtime_ = true;
    upgrade(port, "/connection/websocket");
    std::string commands = R"({"id":1,"connect":{"token":")" + token + R"("}})";
    if (!room.empty())
      commands +=
          "\n"
          R"({"id":2,"subscribe":{"channel":"room:)" +
          room + "\"" + position + "}}";
    send_text(commands);
  }

  // Asks for a message to be stored: over the realtime protocol by the command of that number.
  void publish(const std::string& room, std::uint64_t number, std::string_view message) {
    if (!realtime_) return send_text(message);
    send_text(R"({"id":)" + std::to_string(number) + R"(,"publish":{"channel":"room:)" + room + R"(","data":)" +
              std::string(message) + "}}");
  }

  void upgrade(int port, const std::string& target) {
    connect_to(port);
    send_all("GET " + target +
             " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!read_some(10'000)) die("no answer to the upgrade");
    if (!buffer_.starts_with("HTTP/1.1 101")) die("refused: " + buffer_.substr(0, end));
    buffer_.erase(0, end + 4);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  void send_text(std::string_view text) { send_all(masked_frame(text)); }

  // Hands every complete text frame to `on_frame`; false when the connection is over.
  template <class F>
  bool drain(F&& on_frame) {
    char chunk[262144];
    for (;;) {
      const ssize_t n = ::recv(fd, chunk, sizeof chunk, 0);
      if (n == 0) return false;
      if (n < 0) {
        if (errno == EAGAIN) break;
        return false;
      }
      received += static_cast<std::uint64_t>(n);
      if (buffer_.empty()) {
        const std::size_t used = parse({chunk, static_cast<std::size_t>(n)}, on_frame);
        buffer_.assign(chunk + used, static_cast<std::size_t>(n) - used);
      } else {
        buffer_.append(chunk, static_cast<std::size_t>(n));
        buffer_.erase(0, parse(buffer_, on_frame));
      }
      if (static_cast<std::size_t>(n) < sizeof chunk) break;
    }
    return true;
  }

  // Frames that came glued to the upgrade's answer.
  template <class F>
  void drain_kept(F&& on_frame) {
    buffer_.erase(0, parse(buffer_, on_frame));
  }

  bool wait_readable(int milliseconds) const {
    pollfd p{fd, POLLIN, 0};
    return ::poll(&p, 1, milliseconds) > 0;
  }

  // The number behind `"seq":`, 0 without one.
  static std::int64_t seq_of(std::string_view frame) {
    const auto at = frame.rfind("\"seq\":");
    return at == std::string_view::npos ? 0 : std::strtoll(frame.data() + at + 6, nullptr, 10);
  }

  // Messages and acks of one socket are dense: a hole, a repeat or disorder ends the run.
  void check(std::string_view frame) {
    const std::int64_t seq = seq_of(frame);
    if (seq == 0) return;
    if (last_seq != 0 && seq != last_seq + 1)
      die("seq " + std::to_string(seq) + " came after " + std::to_string(last_seq));
    last_seq = seq;
    ++messages;
  }

 private:
  void connect_to(int port) {
    fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // 10,000 connections to one port need more than one source address' ports.
    static int made = 0;
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7F000001u + static_cast<std::uint32_t>(made++ / 20000));
    ::bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      die(std::string("connect: ") + std::strerror(errno));
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }

  void send_all(std::string_view data) {
    while (!data.empty()) {
      const ssize_t n = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
      if (n < 0) {
        if (errno != EAGAIN) die(std::string("send: ") + std::strerror(errno));
        pollfd p{fd, POLLOUT, 0};
        ::poll(&p, 1, 10'000);
        continue;
      }
      data.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  bool read_some(int milliseconds) {
    if (!wait_readable(milliseconds)) return false;
    char chunk[16384];
    const ssize_t n = ::recv(fd, chunk, sizeof chunk, 0);
    if (n <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(n));
    return true;
  }

  template <class F>
  std::size_t parse(std::string_view data, F&& on_frame) {
    std::size_t at = 0;
    while (data.size() - at >= 2) {
      const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(data[at + i]); };
      std::size_t n = byte(1) & 0x7F, head = 2;
      if (n == 126) {
        if (data.size() - at < 4) break;
        n = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
        head = 4;
      } else if (n == 127) {
        if (data.size() - at < 10) break;
        n = 0;
        for (std::size_t i = 2; i < 10; ++i) n = n << 8 | byte(i);
        head = 10;
      }
      if (data.size() - at < head + n) break;
      const std::uint8_t opcode = byte(0) & 0x0F;
      const std::string_view payload = data.substr(at + head, n);
      if (opcode == 9) send_all(masked_frame(payload, 10));
      if (opcode == 8) die("the server closed a socket");
      if (opcode == 1 && realtime_ && payload == "{}") {
        send_text("{}");  // a ping of the protocol's own
      } else if (opcode == 1) {
        on_frame(payload);
      }
      at += head + n;
    }
    return at;
  }

  std::string buffer_;
  bool realtime_ = false;
};

}  // namespace load
