// chatd's realtime connection: the Centrifuge client protocol, version 2, in JSON; one subscription a connection. A
// sender subscribes to nothing: to publish needs the right to the room only, and what it publishes is answered by a
// reply.
#include "load/dialect.hpp"
#include "load/json_text.hpp"
#include "load/websocket.hpp"

namespace load {
namespace {

constexpr std::uint32_t kConnect = 1, kSubscribe = 2, kFirstPublish = 16;  // numbers of commands
constexpr std::string_view kPublication = "{\"push\":{\"channel\":\"room:";

class Realtime final : public Dialect {
 public:
  Traits traits() const override { return {.acks = true, .numbered = true, .resumes = true, .senders_receive = false}; }

  void hello(Session&, std::string& out) override { append_upgrade(out, "/connection/websocket"); }

  // The command's number is that of the message, so that the reply needs no memory.
  void publish(Session& s, const Stamp& stamp, std::string_view content, std::string& out) override {
    text_.assign("{\"id\":").append(std::to_string(kFirstPublish + 2 * stamp.number));
    text_.append(",\"publish\":{\"channel\":\"room:").append(s.role.room_name).append("\",\"data\":{\"content\":\"");
    text_.append(content).append("\"}}}");
    append_frame(out, text_);
  }

  std::size_t parse(Session& s, std::string_view in, std::string& out, std::vector<Event>& events) override {
    std::size_t used = 0;
    if (s.stage == 0) {
      if (!take_upgrade(in, used, events)) return used;
      s.stage = 1;
      if (!s.role.bare) connect(s, out);
    }
    return used + read_frames(in.substr(used), [&](std::uint8_t opcode, std::string_view frame) {
             if (opcode == kText) return take_lines(s, frame, out, events);
             if (opcode == kPing) return append_frame(out, frame, kPong);
             if (opcode == kClose) events.push_back(closed_with(frame));
           });
  }

  void leave(Session& s, std::string& out) override {
    if (s.role.receives) {
      text_.assign("{\"id\":3,\"unsubscribe\":{\"channel\":\"room:").append(s.role.room_name).append("\"}}");
      append_frame(out, text_);
    }
    append_frame(out, "\x03\xe8", kClose);
  }

  bool typing(Session& s, std::string& out) override {
    text_.assign("{\"id\":").append(std::to_string(kFirstPublish + 1 + 2 * s.commands++));
    text_.append(",\"rpc\":{\"method\":\"room.typing\",\"data\":{\"room_id\":\"")
        .append(s.role.room_name)
        .append("\"}}}");
    append_frame(out, text_);
    return true;
  }

 private:
  void connect(Session& s, std::string& out) {
    text_.assign("{\"id\":1,\"connect\":{\"token\":\"").append(s.role.token).append("\"}}");
    if (s.role.receives) {
      text_.append("\n{\"id\":2,\"subscribe\":{\"channel\":\"room:").append(s.role.room_name).append("\"");
      if (s.role.after >= 0) {
        text_.append(",\"recover\":true,\"offset\":").append(std::to_string(s.role.after));
        text_.append(",\"epoch\":\"").append(s.role.epoch).append("\"");
      }
      text_ += "}}";
    }
    append_frame(out, text_);
  }

  static void take_lines(Session& s, std::string_view frame, std::string& out, std::vector<Event>& events) {
    while (!frame.empty()) {
      const std::size_t end = std::min(frame.find('\n'), frame.size());
      take(s, frame.substr(0, end), out, events);
      frame.remove_prefix(std::min(end + 1, frame.size()));
    }
  }

  static void take(Session& s, std::string_view line, std::string& out, std::vector<Event>& events) {
    if (line.starts_with(kPublication) && publications(line, kPublication.size(), events)) return;
    if (line == "{}") return append_frame(out, "{}");
    if (line.starts_with("{\"id\":")) return reply(s, line, events);
    const bool ended = line.find("\"unsubscribe\":") != line.npos || line.find("\"disconnect\":") != line.npos;
    events.push_back({.kind = ended ? Event::Kind::error : Event::Kind::signal, .text = line});
  }

  // Each publication is told by its offset, its content follows; false when there was none.
  static bool publications(std::string_view line, std::size_t at, std::vector<Event>& events) {
    constexpr std::string_view kOffset = "\"offset\":";
    bool any = false;
    while ((at = line.find(kOffset, at)) != line.npos) {
      const std::int64_t offset = digits_at(line, at + kOffset.size());
      const std::size_t stamp = find_stamp(line, at);
      if (stamp == line.npos) break;
      events.push_back({.kind = Event::Kind::delivery, .stamp = read_stamp(line.data() + stamp), .seq = offset});
      at = stamp + kStampBytes;
      any = true;
    }
    return any;
  }

  static void reply(Session& s, std::string_view line, std::vector<Event>& events) {
    const auto id = static_cast<std::uint32_t>(digits_at(line, 6));
    if (line.find("\"error\":{", 6) != line.npos) {
      events.push_back({.kind = Event::Kind::error, .text = line});
    } else if (id >= kFirstPublish && (id - kFirstPublish) % 2 == 0) {
      Event ack{.kind = Event::Kind::ack};
      ack.stamp.room = s.role.room;
      ack.stamp.sender = s.role.sender;
      ack.stamp.number = (id - kFirstPublish) / 2;
      events.push_back(ack);
    } else if (id >= kFirstPublish) {
      events.push_back({.kind = Event::Kind::signal});  // the answer to typing
    } else if (id == kConnect && !s.role.receives) {
      events.push_back({.kind = Event::Kind::ready});
    } else if (id == kSubscribe) {
      const std::size_t list = line.find("\"publications\":[");
      if (s.role.after >= 0 && line.find("\"recovered\":true") == line.npos)
        events.push_back({.kind = Event::Kind::error, .text = "what was missed was not recovered"});
      if (list != line.npos) publications(line, list, events);
      events.push_back({.kind = Event::Kind::ready,
                        .seq = number_behind(line.substr(0, list), "\"offset\":"),
                        .text = string_behind(line, "\"epoch\":")});
    }
  }

  std::string text_;
};

const Registered realtime{"realtime",
                          [](std::string_view) -> std::unique_ptr<Dialect> { return std::make_unique<Realtime>(); }};

}  // namespace
}  // namespace load
