// The bare limit, bench/limit: a frame is sent on as it came, to everybody in the room. So that it sends as many bytes
// as the server it is compared with, the frame's whole size is a parameter: `limit:frame=189`. With echo=0 a sender is
// no receiver; else its own frame comes back to it as one to any other, in the place of an ack.
#include <algorithm>

#include "load/dialect.hpp"
#include "load/report.hpp"
#include "load/websocket.hpp"

namespace load {
namespace {

class Limit final : public Dialect {
 public:
  explicit Limit(std::string_view parameters)
      : frame_(static_cast<std::size_t>(parameter(parameters, "frame", 189))),
        echo_(parameter(parameters, "echo", 1) != 0) {
    if (frame_ < kStampBytes + 4 || frame_ > 60'000) die("limit:frame= wants 45 to 60000 bytes");
  }

  Traits traits() const override { return {.acks = echo_, .senders_receive = echo_}; }

  void hello(Session& s, std::string& out) override {
    const char* kind = !s.role.sends ? "/receive" : echo_ ? "/both" : "/send";
    append_upgrade(out, "/" + std::string(s.role.room_name) + kind);
  }

  // As a server would frame it, for that is how it arrives.
  void publish(Session&, const Stamp& stamp, std::string_view, std::string& out) override {
    const std::size_t head = frame_ - 2 < 126 ? 2 : 4, payload = frame_ - head;
    out += '\x81';
    out += static_cast<char>(head == 2 ? payload : 126);
    if (head == 4) {
      out += static_cast<char>(payload >> 8);
      out += static_cast<char>(payload & 255);
    }
    append_stamp(out, stamp);
    out.append(payload - kStampBytes, 'x');
  }

  std::size_t parse(Session& s, std::string_view in, std::string&, std::vector<Event>& events) override {
    std::size_t used = 0;
    if (s.stage == 0) {
      if (!take_upgrade(in, used, events)) return used;
      s.stage = 1;
      events.push_back({.kind = Event::Kind::ready});
    }
    return used + read_frames(in.substr(used), [&](std::uint8_t, std::string_view frame) {
             if (frame.size() < kStampBytes || frame[0] != kStampMark)
               return events.push_back({.kind = Event::Kind::error, .text = "a frame without a stamp"});
             events.push_back(arrived(s, read_stamp(frame.data())));
           });
  }

 private:
  std::size_t frame_;
  bool echo_;
};

const Registered limit{"limit",
                       [](std::string_view p) -> std::unique_ptr<Dialect> { return std::make_unique<Limit>(p); }};

}  // namespace
}  // namespace load
