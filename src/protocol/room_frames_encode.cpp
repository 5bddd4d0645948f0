#include "protocol/room_frames.hpp"

#include "protocol/event_members.hpp"
#include "protocol/websocket_header.hpp"

namespace chat::protocol {
namespace {

// Begins a frame with room for the longest usual header; `finish` writes the one that the payload needs.
class FrameWriter {
 public:
  explicit FrameWriter(std::string& out) : out_(out), start_(out.size()), object_(reserve(out)) {}

  JsonObject& object() { return object_; }

  void finish() {
    object_.close();
    const std::size_t payload = out_.size() - start_ - kReserved;
    std::string header;  // at most 10 bytes: no allocation
    append_websocket_header(header, WebSocketPayload::text, payload);
    out_.replace(start_, kReserved, header);
  }

 private:
  static constexpr std::size_t kReserved = 4;  // a payload of 126..65535 bytes, which nearly all are, is not moved

  static std::string& reserve(std::string& out) {
    out.append(kReserved, '\0');
    return out;
  }

  std::string& out_;
  std::size_t start_;
  JsonObject object_;
};

void write_message(JsonObject& frame, const Event& event, const Message& message) {
  frame.text("content", message.content);
  frame.text("user", message.author_name);
  frame.text("timestamp", to_socket_time(message.timestamp));
  frame.text("type", "message");
  frame.text("user_id", message.author_id.str());
  frame.text("id", message.id.str());
  frame.number("seq", event.seq.value);
  write_message_extras(frame, message, to_socket_time);
}

void write_change(JsonObject& frame, const Event& event) {
  frame.text("user", event.actor_name);
  frame.text("timestamp", to_socket_time(event.at));
  frame.text("type", to_string(event.kind));
  frame.text("user_id", event.actor_id.str());
  frame.text("id", event.id.str());
  frame.number("seq", event.seq.value);
  write_change_extras(frame, event);
}

}  // namespace

void append_event_frame(std::string& out, const Event& event) {
  FrameWriter frame(out);
  if (event.message) {
    write_message(frame.object(), event, *event.message);
  } else {
    write_change(frame.object(), event);
  }
  frame.finish();
}

void append_notice_frame(std::string& out, NoticeKind kind, UserId user, std::string_view name, Timestamp at) {
  const bool joined = kind == NoticeKind::join;
  std::string sentence("User ");
  sentence.append(name).append(joined ? " has joined the chat." : " has left the chat.");
  FrameWriter writer(out);
  JsonObject& frame = writer.object();
  frame.text("content", sentence);
  frame.text("user", name);
  frame.text("timestamp", to_socket_time(at));
  frame.text("type", joined ? "join" : "leave");
  frame.text("user_id", user.str());
  writer.finish();
}

void append_ack_frame(std::string& out, std::string_view client_id, Uuid id, Seq seq, Timestamp at) {
  FrameWriter writer(out);
  JsonObject& frame = writer.object();
  frame.text("type", "ack");
  frame.text("client_id", client_id);
  frame.text("id", id.str());
  frame.number("seq", seq.value);
  frame.text("timestamp", to_socket_time(at));
  writer.finish();
}

void append_error_frame(std::string& out, std::string_view sentence) {
  FrameWriter writer(out);
  JsonObject& frame = writer.object();
  frame.text("error", sentence);
  writer.finish();
}

}  // namespace chat::protocol
