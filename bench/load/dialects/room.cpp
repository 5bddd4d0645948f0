// chatd's room socket: `ws://HOST/api/v1/chat/<room>?token=...`, one socket a room; its acks take their place in the
// room's order, so that a sender's socket is dense too.
#include <random>

#include "load/dialect.hpp"
#include "load/json_text.hpp"
#include "load/websocket.hpp"

namespace load {
namespace {

class Room final : public Dialect {
 public:
  Room() { append_hex(run_, std::random_device{}(), 8); }

  Traits traits() const override { return {.acks = true, .numbered = true, .resumes = true, .senders_receive = true}; }

  void hello(Session& s, std::string& out) override {
    std::string target = "/api/v1/chat/";
    target.append(s.role.room_name).append("?token=").append(s.role.token);
    if (s.role.after >= 0) {
      target += "&after=" + std::to_string(s.role.after);
    } else {
      target += "&history=" + std::to_string(s.role.history);
    }
    append_upgrade(out, target);
  }

  // The client_id carries the number back in the ack; the run's own word keeps it from being taken for a repeat.
  void publish(Session& s, const Stamp& stamp, std::string_view content, std::string& out) override {
    text_.assign("{\"content\":\"").append(content).append("\",\"client_id\":\"").append(run_).append("-");
    append_hex(text_, s.role.sender, 8);
    append_hex(text_, stamp.number, 8);
    text_ += "\"}";
    append_frame(out, text_);
  }

  std::size_t parse(Session& s, std::string_view in, std::string& out, std::vector<Event>& events) override {
    std::size_t used = 0;
    if (s.stage == 0) {
      if (!take_upgrade(in, used, events)) return used;
      s.stage = 1;
      events.push_back({.kind = Event::Kind::ready});
    }
    return used + read_frames(in.substr(used), [&](std::uint8_t opcode, std::string_view frame) {
             if (opcode == kText) return take(s, frame, events);
             if (opcode == kPing) return append_frame(out, frame, kPong);
             if (opcode == kClose) events.push_back(closed_with(frame));
           });
  }

  void leave(Session&, std::string& out) override { append_frame(out, "\x03\xe8", kClose); }

 private:
  static void take(const Session& s, std::string_view frame, std::vector<Event>& events) {
    constexpr std::string_view kMessage = "{\"content\":\"~", kAck = "{\"type\":\"ack\",\"client_id\":\"";
    if (frame.starts_with(kMessage) && frame.size() > kMessage.size() + kStampBytes) {
      events.push_back({.kind = Event::Kind::delivery,
                        .stamp = read_stamp(frame.data() + kMessage.size() - 1),
                        .seq = last_number_behind(frame, "\"seq\":")});
    } else if (frame.starts_with(kAck) && frame.size() > kAck.size() + 25) {
      Event ack{.kind = Event::Kind::ack, .seq = number_behind(frame, "\"seq\":", kAck.size())};
      ack.stamp.sender = s.role.sender;
      ack.stamp.room = s.role.room;
      ack.stamp.number = eight_hex(frame.data() + kAck.size() + 17);
      events.push_back(ack);
    } else if (const auto seq = last_number_behind(frame, "\"seq\":"); seq != 0) {  // of before the run
      events.push_back({.kind = Event::Kind::delivery, .seq = seq});
    } else if (frame.starts_with("{\"error\"")) {
      events.push_back({.kind = Event::Kind::error, .text = frame});
    } else {
      events.push_back({.kind = Event::Kind::signal});
    }
  }

  std::string run_;
  std::string text_;
};

const Registered room{"room", [](std::string_view) -> std::unique_ptr<Dialect> { return std::make_unique<Room>(); }};

}  // namespace
}  // namespace load
