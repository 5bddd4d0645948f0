// The frames of the plain room socket (api-v1, "Room socket"): pure bytes to values and back.
//
// What is encoded here is a complete WebSocket frame of a server (RFC 6455, 5.2: header and payload, unmasked), so that
// it is encoded once and sent to every socket of a room as it is. Thread-safe: no state.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/event.hpp"
#include "model/limits.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat::protocol {

// Appends one frame:
//   a creation  {"content","user","timestamp","type":"message","user_id","id","seq"}, then, where they apply, "kind",
//               "reply_to", "thread_root_seq", "metadata", "edited_at", "deleted":true (content is then "")
//   any other   {"user","timestamp","type":"message_edited" ...,"user_id","id","seq","message_seq","payload"}
// A creation is encoded in the message's current state, so that memory and store replay the same bytes.
void append_event_frame(std::string& out, const Event& event);

// A socket comes or goes: no event of the room, so neither id nor seq.
enum class NoticeKind : std::uint8_t { join, leave };
void append_notice_frame(std::string& out, NoticeKind kind, UserId user, std::string_view name, Timestamp at);

// {"type":"ack","client_id","id","seq","timestamp"}
void append_ack_frame(std::string& out, std::string_view client_id, Uuid id, Seq seq, Timestamp at);

// {"error": sentence}
void append_error_frame(std::string& out, std::string_view sentence);

inline constexpr std::string_view kInvalidMessage = "Invalid message format.";

// What a client says: {"content": text, "client_id": text (optional)}; other members are ignored.
struct ClientFrame {
  std::string content;
  std::optional<std::string> client_id;
};

// Errc::invalid (the message names the field, for logs; the client is told kInvalidMessage) unless `text` is one JSON
// object with a non-empty string `content` of at most `max_content_bytes`, and a `client_id` that is absent, null or a
// string of 1..64 bytes. Nowhere: more than 32 levels, a name twice in one object, U+0000, a lone surrogate.
Result<ClientFrame> decode_client_frame(std::string_view text, std::size_t max_content_bytes);

}  // namespace chat::protocol
