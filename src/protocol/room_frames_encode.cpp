#include "protocol/room_frames.hpp"

#include "base/json_text.hpp"

namespace chat::protocol {
namespace {

// Begins a frame with room for the longest usual header; `finish` writes the one that the payload needs.
class FrameWriter {
 public:
  explicit FrameWriter(std::string& out) : out_(out), start_(out.size()) { out_.append(kReserved, '\0'); }

  void raw(std::string_view text) { out_.append(text); }
  void string(std::string_view text) { append_json_string(out_, text); }

  void key(std::string_view name) {
    out_.push_back(first_ ? '{' : ',');
    first_ = false;
    out_.push_back('"');
    out_.append(name);
    out_.append("\":");
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  void number(std::string_view name, std::int64_t value) {
    key(name);
    append_json_int(out_, value);
  }

  void finish() {
    out_.push_back('}');
    const std::size_t payload = out_.size() - start_ - kReserved;
    std::string header;  // at most 10 bytes: no allocation
    append_text_header(header, payload);
    out_.replace(start_, kReserved, header);
  }

 private:
  static constexpr std::size_t kReserved = 4;  // a payload of 126..65535 bytes, which nearly all are, is not moved

  std::string& out_;
  std::size_t start_;
  bool first_ = true;
};

void write_message(FrameWriter& frame, const Event& event, const Message& message) {
  frame.text("content", message.content);
  frame.text("user", message.author_name);
  frame.text("timestamp", to_socket_time(message.timestamp));
  frame.text("type", "message");
  frame.text("user_id", message.author_id.str());
  frame.text("id", message.id.str());
  frame.number("seq", event.seq.value);
  if (message.kind != MessageKind::text) frame.text("kind", to_string(message.kind));
  if (message.reply_to) frame.text("reply_to", message.reply_to->str());
  if (message.thread_root_seq) frame.number("thread_root_seq", message.thread_root_seq->value);
  if (message.metadata) {
    frame.key("metadata");
    frame.raw(*message.metadata);
  }
  if (message.deleted_at) {
    frame.key("deleted");
    frame.raw("true");
  } else if (message.edited_at) {
    frame.text("edited_at", to_socket_time(*message.edited_at));
  }
}

void write_change(FrameWriter& frame, const Event& event) {
  frame.text("user", event.actor_name);
  frame.text("timestamp", to_socket_time(event.at));
  frame.text("type", to_string(event.kind));
  frame.text("user_id", event.actor_id.str());
  frame.text("id", event.id.str());
  frame.number("seq", event.seq.value);
  if (event.message_seq) frame.number("message_seq", event.message_seq->value);
  frame.key("payload");
  frame.raw(event.payload.empty() ? std::string_view("{}") : std::string_view(event.payload));
}

}  // namespace

bool is_shown_to(RoomAudience audience, EventKind kind) noexcept {
  return audience == RoomAudience::all || kind == EventKind::message_created;
}

void append_event_frame(std::string& out, const Event& event) {
  FrameWriter frame(out);
  if (event.message) {
    write_message(frame, event, *event.message);
  } else {
    write_change(frame, event);
  }
  frame.finish();
}

void append_notice_frame(std::string& out, NoticeKind kind, UserId user, std::string_view name, Timestamp at) {
  const bool joined = kind == NoticeKind::join;
  std::string sentence("User ");
  sentence.append(name).append(joined ? " has joined the chat." : " has left the chat.");
  FrameWriter frame(out);
  frame.text("content", sentence);
  frame.text("user", name);
  frame.text("timestamp", to_socket_time(at));
  frame.text("type", joined ? "join" : "leave");
  frame.text("user_id", user.str());
  frame.finish();
}

void append_ack_frame(std::string& out, std::string_view client_id, Uuid id, Seq seq, Timestamp at) {
  FrameWriter frame(out);
  frame.text("type", "ack");
  frame.text("client_id", client_id);
  frame.text("id", id.str());
  frame.number("seq", seq.value);
  frame.text("timestamp", to_socket_time(at));
  frame.finish();
}

void append_error_frame(std::string& out, std::string_view sentence) {
  FrameWriter frame(out);
  frame.text("error", sentence);
  frame.finish();
}

void append_text_header(std::string& out, std::size_t payload_bytes) {
  const auto byte = [&](std::size_t shift) {
    out.push_back(static_cast<char>(static_cast<unsigned char>((payload_bytes >> shift) & 0xff)));
  };
  out.push_back(static_cast<char>(0x81));  // FIN, text (RFC 6455, 5.2)
  if (payload_bytes < 126) {
    byte(0);
  } else if (payload_bytes <= 0xffff) {
    out.push_back(126);
    byte(8);
    byte(0);
  } else {
    out.push_back(127);
    for (std::size_t shift = 64; shift > 0; shift -= 8) byte(shift - 8);
  }
}

}  // namespace chat::protocol
