// The plainest chat there is: a WebSocket whose path is the room, text goes to everybody in it, the sender too. What
// somebody writes from a library's examples: bench/peers/beast, ws of npm. Parameters: echo=0 for a server that spares
// the sender its own copy.
#include "load/dialect.hpp"
#include "load/websocket.hpp"

namespace load {
namespace {

class Text final : public Dialect {
 public:
  explicit Text(std::string_view parameters) : echo_(parameter(parameters, "echo", 1) != 0) {}

  Traits traits() const override { return {.acks = echo_, .senders_receive = true}; }

  void hello(Session& s, std::string& out) override { append_upgrade(out, "/" + std::string(s.role.room_name)); }

  void publish(Session&, const Stamp&, std::string_view content, std::string& out) override {
    append_frame(out, content);
  }

  std::size_t parse(Session& s, std::string_view in, std::string& out, std::vector<Event>& events) override {
    std::size_t used = 0;
    if (s.stage == 0) {
      const Upgrade answer = read_upgrade(in, used);
      if (answer == Upgrade::unfinished) return 0;
      s.stage = 1;
      if (answer == Upgrade::refused) {
        events.push_back({.kind = Event::Kind::error, .text = in.substr(0, used)});
        return used;
      }
      events.push_back({.kind = Event::Kind::open});
      events.push_back({.kind = Event::Kind::ready});
    }
    return used + read_frames(in.substr(used), [&](std::uint8_t opcode, std::string_view frame) {
             if (opcode == kPing) return append_frame(out, frame, kPong);
             if (opcode == kClose)
               return events.push_back({.kind = Event::Kind::error, .text = "closed by the server"});
             const std::size_t at = find_stamp(frame);
             if (at == std::string_view::npos) return;
             const Stamp stamp = read_stamp(frame.data() + at);
             const bool own = s.role.sends && stamp.sender == s.role.sender;
             events.push_back({.kind = own ? Event::Kind::ack : Event::Kind::delivery, .stamp = stamp});
           });
  }

  void leave(Session&, std::string& out) override { append_frame(out, "\x03\xe8", kClose); }

 private:
  bool echo_;
};

const Registered text{"text", [](std::string_view p) -> std::unique_ptr<Dialect> { return std::make_unique<Text>(p); }};

}  // namespace
}  // namespace load
