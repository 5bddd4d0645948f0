// What a feed's events, notices and signals look like to a connection: the one place that encodes for a wire format.
//
// Everything here appends complete transport frames, so that what is encoded once can be sent to every connection of
// the format as it is. Pure; any thread.
#pragma once

#include "base/time.hpp"
#include "model/event.hpp"
#include "model/feed.hpp"
#include "ports/journal.hpp"
#include "protocol/centrifuge_codec.hpp"
#include "protocol/room_frames.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat::fanout {

enum class WireFormat : std::uint8_t {
  room,            // the plain room socket
  events_sse,      // the event tail over HTTP: "id: <seq>\ndata: <event>\n\n" in chunks
  json_websocket,  // from here on the Centrifuge protocol
  json_http_stream,
  json_sse,
  protobuf_websocket,
  protobuf_http_stream,
};
inline constexpr std::size_t kWireFormats = 7;

constexpr std::size_t index_of(WireFormat format) noexcept { return static_cast<std::size_t>(format); }
// A realtime connection is in many feeds; any other is in one.
constexpr bool is_realtime(WireFormat format) noexcept { return format >= WireFormat::json_websocket; }
// Precondition: not Protobuf over SSE, which does not exist.
WireFormat realtime_format(centrifuge::Encoding encoding, centrifuge::Framing framing) noexcept;

// Which of a feed's events a stream holds. Those of one format differ in nothing else.
enum class Audience : std::uint8_t {
  messages,            // creations only: an old client takes every frame for a message
  events,              // every numbered event
  events_and_notices,  // and, in a realtime format, who comes and goes; room sockets are told of it in any case
};
bool is_shown_to(Audience audience, EventKind kind) noexcept;
bool hears_notices(WireFormat format, Audience audience) noexcept;

// A set of wire formats.
class FormatSet {
 public:
  constexpr bool has(WireFormat format) const noexcept { return (bits_ >> index_of(format) & 1U) != 0; }
  constexpr void add(WireFormat format) noexcept { bits_ = static_cast<std::uint8_t>(bits_ | 1U << index_of(format)); }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr bool any_realtime() const noexcept { return bits_ >> index_of(WireFormat::json_websocket) != 0; }

 private:
  std::uint8_t bits_ = 0;
};

// What is told once and forgotten: typing, unread counts. It has no number, is never stored nor replayed, and is shown
// to realtime connections only.
struct Signal {
  std::string data;  // JSON without line breaks
  UserId user;       // `info` of the push; nil: none
  Origin origin;     // likewise
};

// Somebody comes or goes.
struct Notice {
  protocol::NoticeKind kind = protocol::NoticeKind::join;
  UserId user;
  std::string_view name;
  Timestamp at{};
  Origin origin;
};

// A connection's name as others see it (`info.client`, presence): the same all its life, of no meaning, never used
// again by this process or another one. Empty when there is no connection.
std::string client_text(const Origin& origin);

// Who is there, for presence and for those who hear who comes and goes: `conn_info` is {"name": ...}.
centrifuge::ClientInfo client_info(std::string client, const UserId& user, std::string_view name);

// One thing encoded in several formats: bytes of all of them behind each other, and where each is.
class Encoder {
 public:
  struct Frame {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;  // 0: not encoded in this format
    std::uint32_t data = 0;    // offset within the frame of the event's data, of `data_length` bytes; realtime only
  };
  struct Frames {
    std::array<Frame, kWireFormats> of;
    std::uint32_t data_length = 0;
  };

  // Each appends to `out` one frame for each format of `formats` that shows such a thing.
  static Frames event(std::string& out, FormatSet formats, const Event& event, const Origin& origin);
  static Frames notice(std::string& out, FormatSet formats, const FeedKey& feed, const Notice& notice);
  static Frames signal(std::string& out, FormatSet formats, const FeedKey& feed, const Signal& signal);
};

// An event as a recovery or a history gives it: the data of its live push without what only the live one knows.
// `data` is that of append_event_data; so memory and store give the same.
centrifuge::Publication replayed_publication(std::string data, Seq seq, UserId author);

}  // namespace chat::fanout
