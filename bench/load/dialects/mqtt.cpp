// MQTT 3.1.1 over TCP, QoS 0: bench/peers/mosquitto. A room is a topic; a sender is subscribed to it too, and its own
// copy stands for the acknowledgement that QoS 0 has not.
#include "load/dialect.hpp"

namespace load {
namespace {

enum Stage : std::uint8_t { connecting, subscribing, joined };
enum Packet : std::uint8_t { connack = 2, publication = 3, suback = 9, pingresp = 13 };

void append_u16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 255);
}

void append_text(std::string& out, std::string_view text) {
  append_u16(out, text.size());
  out.append(text);
}

// The fixed header: seven bits of the length a byte, the lowest first.
void append_header(std::string& out, std::uint8_t first, std::size_t length) {
  out += static_cast<char>(first);
  do {
    const std::size_t more = length >> 7;
    out += static_cast<char>((length & 127) | (more ? 128 : 0));
    length = more;
  } while (length);
}

// One packet at the head of `in`: its length with the header, 0 while it is unfinished; `body` is what follows the
// header.
std::size_t read_packet(std::string_view in, std::string_view& body) {
  std::size_t length = 0, at = 1;
  for (int shift = 0; shift < 28; shift += 7) {
    if (at >= in.size()) return 0;
    const auto byte = static_cast<std::uint8_t>(in[at++]);
    length |= static_cast<std::size_t>(byte & 127) << shift;
    if (!(byte & 128)) break;
  }
  if (in.size() - at < length) return 0;
  body = in.substr(at, length);
  return at + length;
}

class Mqtt final : public Dialect {
 public:
  Traits traits() const override { return {.acks = true, .senders_receive = true}; }

  void hello(Session& session, std::string& out) override {
    const std::string client = "bench" + std::to_string(session.role.index);
    append_header(out, 0x10, 10 + 2 + client.size());
    append_text(out, "MQTT");
    out.append("\x04\x02", 2);  // version 3.1.1; a clean session
    append_u16(out, 0);         // no keep-alive: the generator is the one that notices
    append_text(out, client);
  }

  void publish(Session& session, const Stamp&, std::string_view content, std::string& out) override {
    append_header(out, 0x30, 2 + session.role.room_name.size() + content.size());
    append_text(out, session.role.room_name);
    out.append(content);
  }

  std::size_t parse(Session& session, std::string_view in, std::string& out, std::vector<Event>& events) override {
    std::size_t used = 0;
    std::string_view body;
    while (const std::size_t length = read_packet(in.substr(used), body)) {
      on_packet(session, static_cast<std::uint8_t>(in[used]) >> 4, body, out, events);
      used += length;
    }
    return used;
  }

  void leave(Session&, std::string& out) override { append_header(out, 0xE0, 0); }

 private:
  static void on_packet(Session& session, std::uint8_t type, std::string_view body, std::string& out,
                        std::vector<Event>& events) {
    if (type == publication) return on_publication(session, body, events);
    if (type == connack && session.stage == connecting && body.size() == 2 && body[1] == 0) {
      session.stage = subscribing;
      events.push_back({.kind = Event::Kind::open});
      if (session.role.bare) return;
      append_header(out, 0x82, 2 + 2 + session.role.room_name.size() + 1);
      append_u16(out, 1);
      append_text(out, session.role.room_name);
      out += '\0';  // at most QoS 0
    } else if (type == suback && session.stage == subscribing && body.size() == 3 && body[2] == 0) {
      session.stage = joined;
      events.push_back({.kind = Event::Kind::ready});
    } else if (type != pingresp) {
      events.push_back({.kind = Event::Kind::error, .text = "an MQTT packet that was not expected, or a refusal"});
    }
  }

  static void on_publication(const Session& session, std::string_view body, std::vector<Event>& events) {
    // A packet of QoS 0 has no number between topic and content.
    const std::size_t at = find_stamp(body, 2 + session.role.room_name.size());
    if (at == std::string_view::npos) {
      events.push_back({.kind = Event::Kind::error, .text = body});
      return;
    }
    events.push_back(arrived(session, read_stamp(body.data() + at)));
  }
};

const Registered mqtt{"mqtt", [](std::string_view) -> std::unique_ptr<Dialect> { return std::make_unique<Mqtt>(); }};

}  // namespace
}  // namespace load
