// The NATS client protocol over TCP: bench/peers/nats. A room is a subject; a sender is subscribed to it too, and its
// own copy stands for the acknowledgement that core NATS has not.
#include "load/dialect.hpp"

namespace load {
namespace {

enum Stage : std::uint8_t { greeting, subscribing, joined };

constexpr std::string_view kCrLf = "\r\n";

class Nats final : public Dialect {
 public:
  Traits traits() const override { return {.acks = true, .senders_receive = true}; }

  void hello(Session&, std::string&) override {}  // the server speaks first

  void publish(Session& session, const Stamp&, std::string_view content, std::string& out) override {
    out.append("PUB ").append(session.role.room_name).append(" ").append(std::to_string(content.size())).append(kCrLf);
    out.append(content).append(kCrLf);
  }

  std::size_t parse(Session& session, std::string_view in, std::string& out, std::vector<Event>& events) override {
    std::size_t used = 0;
    for (;;) {
      const std::string_view rest = in.substr(used);
      const std::size_t end = rest.find(kCrLf);
      if (end == std::string_view::npos) return used;
      const std::string_view line = rest.substr(0, end);
      std::size_t length = end + kCrLf.size();
      if (line.starts_with("MSG ")) {
        const std::size_t size = size_of(line);
        if (rest.size() - length < size + kCrLf.size()) return used;
        on_message(session, rest.substr(length, size), events);
        length += size + kCrLf.size();
      } else {
        on_line(session, line, out, events);
      }
      used += length;
    }
  }

 private:
  // MSG subject sid [reply-to] size
  static std::size_t size_of(std::string_view line) {
    std::size_t size = 0;
    for (std::size_t at = line.rfind(' ') + 1; at < line.size() && line[at] >= '0' && line[at] <= '9'; ++at)
      size = size * 10 + static_cast<std::size_t>(line[at] - '0');
    return size;
  }

  static void on_message(const Session& session, std::string_view content, std::vector<Event>& events) {
    const std::size_t at = find_stamp(content);
    if (at == std::string_view::npos) {
      events.push_back({.kind = Event::Kind::error, .text = content});
      return;
    }
    events.push_back(arrived(session, read_stamp(content.data() + at)));
  }

  static void on_line(Session& session, std::string_view line, std::string& out, std::vector<Event>& events) {
    if (line == "PING") {
      out.append("PONG\r\n");
    } else if (line.starts_with("INFO ")) {
      if (session.stage != greeting) return;  // it tells of changes in its cluster this way
      session.stage = subscribing;
      events.push_back({.kind = Event::Kind::open});
      if (session.role.bare) return;
      out.append("CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true,\"lang\":\"bench\",\"version\":\"1\",");
      out.append("\"protocol\":1}\r\nSUB ").append(session.role.room_name).append(" 1\r\nPING\r\n");
    } else if (line == "PONG") {
      if (session.stage == subscribing) events.push_back({.kind = Event::Kind::ready});
      session.stage = joined;
    } else if (line != "+OK") {
      events.push_back({.kind = Event::Kind::error, .text = line});
    }
  }
};

const Registered nats{"nats", [](std::string_view) -> std::unique_ptr<Dialect> { return std::make_unique<Nats>(); }};

}  // namespace
}  // namespace load
