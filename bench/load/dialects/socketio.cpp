// socket.io 4: Engine.IO 4 over WebSocket, from the first byte on (no polling): bench/peers/socketio. A packet is a
// text:
//
//   0{...}  Engine.IO open     2  ping     3  pong     40{...}  connected to the namespace     43N[...]  answer to
//   event N 42["message",...]  event   44{...}  the namespace refused     41  disconnected
//
// The room's message goes to its sender as well, whose own copy stands for the acknowledgement.
#include "load/dialect.hpp"
#include "load/websocket.hpp"

namespace load {
namespace {

enum Stage : std::uint8_t { upgrading, opening, connecting, joining, joined };

class SocketIo final : public Dialect {
 public:
  Traits traits() const override { return {.acks = true, .senders_receive = true}; }

  void hello(Session&, std::string& out) override { append_upgrade(out, "/socket.io/?EIO=4&transport=websocket"); }

  void publish(Session& session, const Stamp&, std::string_view content, std::string& out) override {
    packet_.assign("42[\"message\",\"").append(session.role.room_name).append("\",\"").append(content).append("\"]");
    append_frame(out, packet_);
  }

  std::size_t parse(Session& session, std::string_view in, std::string& out, std::vector<Event>& events) override {
    std::size_t used = 0;
    if (session.stage == upgrading) {
      if (!take_upgrade(in, used, events)) return used;
      session.stage = opening;
    }
    return used + read_frames(in.substr(used), [&](std::uint8_t opcode, std::string_view payload) {
             if (opcode == kText)
               on_packet(session, payload, out, events);
             else if (opcode == kPing)
               append_frame(out, payload, kPong);
             else if (opcode != kPong)
               events.push_back({.kind = Event::Kind::error, .text = "closed by the server"});
           });
  }

  void leave(Session& session, std::string& out) override {
    if (session.stage > opening) append_frame(out, "41");
    if (session.stage > upgrading) append_frame(out, {}, kClose);
  }

 private:
  void on_packet(Session& session, std::string_view packet, std::string& out, std::vector<Event>& events) {
    if (packet.starts_with("42")) return on_event(session, packet, events);
    if (packet == "2") return append_frame(out, "3");
    if (session.stage == opening && packet.starts_with('0')) {
      session.stage = connecting;
      append_frame(out, "40");
    } else if (session.stage == connecting && packet.starts_with("40")) {
      session.stage = joining;
      packet_.assign("420[\"join\",\"").append(session.role.room_name).append("\"]");
      append_frame(out, packet_);
    } else if (session.stage == joining && packet.starts_with("430")) {
      session.stage = joined;
      events.push_back({.kind = Event::Kind::ready});
    } else {
      events.push_back({.kind = Event::Kind::error, .text = packet});
    }
  }

  static void on_event(const Session& session, std::string_view packet, std::vector<Event>& events) {
    const std::size_t at = find_stamp(packet);
    if (at == std::string_view::npos) {
      events.push_back({.kind = Event::Kind::error, .text = packet});
      return;
    }
    events.push_back(arrived(session, read_stamp(packet.data() + at)));
  }

  std::string packet_;
};

const Registered socketio{"socketio",
                          [](std::string_view) -> std::unique_ptr<Dialect> { return std::make_unique<SocketIo>(); }};

}  // namespace
}  // namespace load
