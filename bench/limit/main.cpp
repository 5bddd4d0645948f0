// The limit: what the kernel asks for the same bytes, and nothing else. One thread on epoll; what a sender writes is
// sent on, as it came, to everybody in its room. Nothing is parsed but the request line of the upgrade.
//
//   limit --port N --frame BYTES [--mode single|coalesced] [--core N]
//         [--fault loss|repeat|swap|foreign|garble|cut --fault-at N]
//
// BYTES is the length of every frame, that of the server it is compared with (the generator's dialect:
// limit:frame=BYTES).
//   single     a send(2) for each receiver and message
//   coalesced  what came in one turn of the loop is one send(2) for each receiver
// A connection says by its path what it is: /ROOM/receive, /ROOM/send or /ROOM/both. --port 0 takes a free one;
// "listening on N" is printed. A fault spoils the N-th message for the room's first receiver: it proves that the
// generator notices.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "limit: %s\n", what.c_str());
  std::exit(1);
}

struct Settings {
  int port = 0, core = -1;
  std::size_t frame = 0;
  bool coalesced = false;
  std::string fault;
  std::uint64_t fault_at = 0;
};

struct Room;

struct Client {
  int fd = -1;
  Room* room = nullptr;  // null until it has upgraded
  bool sends = false, receives = false, broken = false;
  std::string in;    // an unfinished request or frame
  std::string late;  // what the kernel would not take
};

struct Room {
  std::vector<Client*> receivers;
  std::string turn;  // coalesced: the frames of this turn
  bool dirty = false;
};

// As chatd's answer, byte for byte in length.
constexpr std::string_view kUpgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nServer: limit\r\nDate: Mon, 23 Nov 2026 07:55:43 GMT\r\n"
    "X-Content-Type-Options: nosniff\r\nX-Request-Id: 01a20767-5998-70d7-97a3-c41d24fcbe79\r\n\r\n";

class Limit {
 public:
  explicit Limit(Settings settings) : settings_(std::move(settings)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    listen();
  }

  [[noreturn]] void run() {
    epoll_event ready[512];
    for (;;) {
      const int n = ::epoll_wait(epoll_, ready, 512, -1);
      if (n < 0 && errno != EINTR) die("epoll_wait");
      for (int i = 0; i < n; ++i) {
        if (ready[i].data.ptr == nullptr) {
          accept();
        } else {
          on_ready(*static_cast<Client*>(ready[i].data.ptr), ready[i].events);
        }
      }
      for (Room* room : dirty_) {
        send_to_all(*room, room->turn);
        room->turn.clear();
        room->dirty = false;
      }
      dirty_.clear();
      for (Client* client : broken_) remove(*client);
      broken_.clear();
    }
  }

 private:
  void listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int one = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(settings_.port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener_, 4096) != 0)
      die(std::string("cannot listen: ") + std::strerror(errno));
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &length);
    epoll_event e{.events = EPOLLIN, .data = {.ptr = nullptr}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &e);
    std::printf("listening on %d\n", ntohs(at.sin_port));
    std::fflush(stdout);
  }

  void accept() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
        die(std::string("accept: ") + std::strerror(errno));
      }
      const int one = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      if (clients_.size() <= static_cast<std::size_t>(fd)) clients_.resize(static_cast<std::size_t>(fd) + 1);
      auto& client = clients_[static_cast<std::size_t>(fd)];
      client = std::make_unique<Client>();
      client->fd = fd;
      epoll_event e{.events = EPOLLIN, .data = {.ptr = client.get()}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e);
    }
  }

  void on_ready(Client& client, std::uint32_t events) {
    if (client.broken) return;
    if (events & EPOLLOUT) send(client, {});
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    const ssize_t n = ::recv(client.fd, buffer_, sizeof buffer_, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return give_up(client);
    const std::string_view came(buffer_, static_cast<std::size_t>(n));
    if (!client.room) return upgrade(client, came);
    if (!client.sends) return;  // pongs and goodbyes
    if (client.in.empty() && came.size() % settings_.frame == 0) return spread(*client.room, came);
    client.in.append(came);
    const std::size_t whole = client.in.size() / settings_.frame * settings_.frame;
    spread(*client.room, std::string_view(client.in).substr(0, whole));
    client.in.erase(0, whole);
  }

  void upgrade(Client& client, std::string_view came) {
    client.in.append(came);
    if (client.in.find("\r\n\r\n") == std::string::npos) return;
    const std::size_t end = client.in.find(' ', 5), slash = client.in.rfind('/', end);
    if (!client.in.starts_with("GET /") || end == std::string::npos || slash < 5) return give_up(client);
    const std::string kind = client.in.substr(slash + 1, end - slash - 1);
    client.sends = kind == "send" || kind == "both";
    client.receives = kind == "receive" || kind == "both";
    client.room = &rooms_[client.in.substr(5, slash - 5)];
    client.in.clear();
    if (client.receives) client.room->receivers.push_back(&client);
    send(client, kUpgraded);
  }

  void spread(Room& room, std::string_view frames) {
    if (!settings_.fault.empty()) return spread_with_fault(room, frames);
    if (settings_.coalesced) {
      room.turn.append(frames);
      if (room.dirty) return;
      room.dirty = true;
      dirty_.push_back(&room);
      return;
    }
    for (; !frames.empty(); frames.remove_prefix(settings_.frame)) send_to_all(room, frames.substr(0, settings_.frame));
  }

  void send_to_all(Room& room, std::string_view bytes) {
    for (Client* client : room.receivers) send(*client, bytes);
  }

  void send(Client& client, std::string_view bytes) {
    if (client.broken) return;
    if (!client.late.empty()) {
      client.late.append(bytes);
      bytes = client.late;
    }
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = ::send(client.fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) break;
      if (n < 0) return give_up(client);
      sent += static_cast<std::size_t>(n);
    }
    if (sent == bytes.size() && client.late.empty()) return;
    const bool waited = !client.late.empty();
    client.late = std::string(bytes.substr(sent));
    if (waited == !client.late.empty()) return;
    epoll_event e{.events = EPOLLIN, .data = {.ptr = &client}};
    if (!client.late.empty()) e.events |= EPOLLOUT;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.fd, &e);
  }

  // One by one, the first receiver apart: it gets what the fault makes of it.
  void spread_with_fault(Room& room, std::string_view frames) {
    for (; !frames.empty(); frames.remove_prefix(settings_.frame)) {
      const std::string_view frame = frames.substr(0, settings_.frame);
      for (std::size_t i = 1; i < room.receivers.size(); ++i) send(*room.receivers[i], frame);
      if (!room.receivers.empty()) spoil(room, *room.receivers[0], frame);
    }
  }

  void spoil(Room& room, Client& first, std::string_view frame) {
    if (held_for_ == &first) {  // swap: what was held back comes behind its successor
      send(first, frame);
      send(first, held_);
      held_for_ = nullptr;
      return;
    }
    if (++spread_ != settings_.fault_at) return send(first, frame);
    const std::string& fault = settings_.fault;
    if (fault == "loss") return;
    if (fault == "cut") return give_up(first);
    if (fault == "swap") {
      held_ = frame;
      held_for_ = &first;
      return;
    }
    std::string altered(frame);
    if (fault == "garble") altered[altered.rfind('~') + 9] = '9';  // of the sender's index
    send(first, altered);
    if (fault == "repeat") send(first, frame);
    if (fault != "foreign") return;
    for (auto& [name, other] : rooms_)
      if (&other != &room && !other.receivers.empty()) return send(*other.receivers[0], frame);
  }

  void give_up(Client& client) {
    if (client.broken) return;
    client.broken = true;
    broken_.push_back(&client);
  }

  void remove(Client& client) {
    if (client.receives) std::erase(client.room->receivers, &client);
    if (held_for_ == &client) held_for_ = nullptr;
    ::close(client.fd);
    clients_[static_cast<std::size_t>(client.fd)].reset();
  }

  Settings settings_;
  int epoll_, listener_ = -1;
  std::vector<std::unique_ptr<Client>> clients_;  // by descriptor
  std::unordered_map<std::string, Room> rooms_;   // its addresses last
  std::vector<Room*> dirty_;
  std::vector<Client*> broken_;
  std::uint64_t spread_ = 0;
  std::string held_;
  const Client* held_for_ = nullptr;
  char buffer_[256 << 10];
};

Settings read(int argc, char** argv) {
  Settings s;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    const std::string value = argv[i + 1];
    if (key == "--port") {
      s.port = std::atoi(value.c_str());
    } else if (key == "--core") {
      s.core = std::atoi(value.c_str());
    } else if (key == "--frame") {
      s.frame = static_cast<std::size_t>(std::atol(value.c_str()));
    } else if (key == "--mode" && (value == "single" || value == "coalesced")) {
      s.coalesced = value == "coalesced";
    } else if (key == "--fault") {
      s.fault = value;
    } else if (key == "--fault-at") {
      s.fault_at = static_cast<std::uint64_t>(std::atoll(value.c_str()));
    } else {
      die("what is " + std::string(key) + " " + value + "? (see the head of bench/limit/main.cpp)");
    }
  }
  if (s.frame == 0) die("wants --frame BYTES");
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = read(argc, argv);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (settings.core >= 0) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(settings.core, &cores);
    if (::sched_setaffinity(0, sizeof cores, &cores) != 0) die("cannot be pinned to that core");
  }
  std::make_unique<Limit>(settings)->run();
}
