// Plain WebSocket, a JSON text a message, a room a path: bench/peers/ws and beast, and what one writes from most
// libraries' examples. The server sends everything on as it came, to its sender as well, whose own copy stands for the
// acknowledgement.
#include "load/dialect.hpp"
#include "load/websocket.hpp"

namespace load {
namespace {

enum Stage : std::uint8_t { upgrading, joined };

class PlainWebSocket final : public Dialect {
 public:
  Traits traits() const override { return {.acks = true, .senders_receive = true}; }

  void hello(Session& session, std::string& out) override {
    append_upgrade(out, "/" + std::string(session.role.room_name));
  }

  void publish(Session&, const Stamp&, std::string_view content, std::string& out) override {
    message_.assign("{\"content\":\"").append(content).append("\"}");
    append_frame(out, message_);
  }

  std::size_t parse(Session& session, std::string_view in, std::string& out, std::vector<Event>& events) override {
    std::size_t used = 0;
    if (session.stage == upgrading) {
      if (!take_upgrade(in, used, events)) return used;
      session.stage = joined;  // the server puts a connection into its room before it answers the upgrade
      events.push_back({.kind = Event::Kind::ready});
    }
    return used + read_frames(in.substr(used), [&](std::uint8_t opcode, std::string_view payload) {
             on_frame(session, opcode, payload, out, events);
           });
  }

  void leave(Session&, std::string& out) override { append_frame(out, {}, kClose); }

 private:
  static void on_frame(const Session& session, std::uint8_t opcode, std::string_view payload, std::string& out,
                       std::vector<Event>& events) {
    if (opcode == kPing) return append_frame(out, payload, kPong);
    if (opcode == kPong) return;
    const std::size_t at = find_stamp(payload);
    if (opcode != kText || at == std::string_view::npos) {
      events.push_back({.kind = Event::Kind::error, .text = opcode == kClose ? "closed by the server" : payload});
      return;
    }
    events.push_back(arrived(session, read_stamp(payload.data() + at)));
  }

  std::string message_;
};

const Registered ws{"ws",
                    [](std::string_view) -> std::unique_ptr<Dialect> { return std::make_unique<PlainWebSocket>(); }};

}  // namespace
}  // namespace load
