#include "fanout/wire_format.hpp"

#include "base/json_text.hpp"
#include "protocol/event_json.hpp"

#include <cassert>
#include <cstring>
#include <utility>

namespace chat::fanout {
namespace {

using centrifuge::ClientInfo;
using centrifuge::Encoding;
using centrifuge::Framing;
using centrifuge::Publication;

constexpr WireFormat kAll[] = {
    WireFormat::room,     WireFormat::events_sse,         WireFormat::json_websocket,      WireFormat::json_http_stream,
    WireFormat::json_sse, WireFormat::protobuf_websocket, WireFormat::protobuf_http_stream};
static_assert(std::size(kAll) == kWireFormats);

Encoding encoding_of(WireFormat format) noexcept {
  return format >= WireFormat::protobuf_websocket ? Encoding::protobuf : Encoding::json;
}

Framing framing_of(WireFormat format) noexcept {
  switch (format) {
    case WireFormat::json_http_stream:
    case WireFormat::protobuf_http_stream:
      return Framing::http_stream;
    case WireFormat::json_sse:
      return Framing::sse;
    default:
      return Framing::websocket;
  }
}

std::string text_of(const UserId& user) { return user.is_nil() ? std::string() : user.str(); }

// An HTTP chunk (RFC 9112, 7.1) of one server-sent event.
void append_sse_event(std::string& out, Seq seq, std::string_view data) {
  const std::string head = "id: " + std::to_string(seq.value) + "\ndata: ";
  constexpr std::string_view kEnd = "\n\n";
  char size[20];
  const int digits = std::snprintf(size, sizeof size, "%zx\r\n", head.size() + data.size() + kEnd.size());
  out.append(size, static_cast<std::size_t>(digits)).append(head).append(data).append(kEnd).append("\r\n");
}

// The same push in all of the realtime formats: one object for each encoding, one frame for each framing.
template <class Push>
void append_pushes(std::string& out, FormatSet formats, const FeedKey& feed, const Push& push,
                   Encoder::Frames& frames) {
  const std::string channel = feed.str();
  std::string object;
  Encoding written{};
  for (const WireFormat format : kAll) {
    if (!is_realtime(format) || !formats.has(format)) continue;
    if (object.empty() || encoding_of(format) != written) {
      written = encoding_of(format);
      object.clear();
      centrifuge::append_push(object, written, channel, push);
    }
    auto& frame = frames.of[index_of(format)];
    frame.offset = static_cast<std::uint32_t>(out.size());
    centrifuge::append_framed(out, written, framing_of(format), object);
    frame.length = static_cast<std::uint32_t>(out.size()) - frame.offset;
  }
}

// Where the data stands in each frame: it is there as it was given, in any encoding.
void locate_data(std::string_view bytes, std::string_view data, Encoder::Frames& frames) {
  frames.data_length = static_cast<std::uint32_t>(data.size());
  for (const WireFormat format : kAll) {
    auto& frame = frames.of[index_of(format)];
    if (!is_realtime(format) || frame.length == 0) continue;
    const std::size_t at = bytes.substr(frame.offset, frame.length).find(data);
    assert(at != std::string_view::npos);
    frame.data = static_cast<std::uint32_t>(at);
  }
}

}  // namespace

WireFormat realtime_format(Encoding encoding, Framing framing) noexcept {
  for (const WireFormat format : kAll) {
    if (is_realtime(format) && encoding_of(format) == encoding && framing_of(format) == framing) return format;
  }
  assert(!"there is no Protobuf over SSE");
  return WireFormat::json_sse;
}

bool is_shown_to(Audience audience, EventKind kind) noexcept {
  return audience != Audience::messages || kind == EventKind::message_created;
}

bool hears_notices(WireFormat format, Audience audience) noexcept {
  if (format == WireFormat::room) return true;
  return is_realtime(format) && audience == Audience::events_and_notices;
}

std::string client_text(const Origin& origin) {
  if (origin.connection == 0) return {};
  struct Key {
    std::uint64_t shard, connection;
  };
  static const Key key = [] {
    const Uuid random = Uuid::v4(), more = Uuid::v4();
    Key made;
    std::memcpy(&made.shard, random.bytes.data() + 8, sizeof made.shard);
    std::memcpy(&made.connection, more.bytes.data() + 8, sizeof made.connection);
    return made;
  }();
  // Two one-to-one maps: no two connections of the process get the same name.
  const std::uint64_t shard = key.shard + origin.shard;
  const std::uint64_t connection = (origin.connection ^ key.connection) * 0x9E3779B97F4A7C15ull;
  Uuid name;
  std::memcpy(name.bytes.data(), &shard, sizeof shard);
  std::memcpy(name.bytes.data() + sizeof shard, &connection, sizeof connection);
  return name.str();
}

ClientInfo client_info(std::string client, const UserId& user, std::string_view name) {
  ClientInfo info{.user = text_of(user), .client = std::move(client), .conn_info = "{\"name\":", .chan_info = {}};
  append_json_string(info.conn_info, name);
  info.conn_info += '}';
  return info;
}

Encoder::Frames Encoder::event(std::string& out, FormatSet formats, const Event& event, const Origin& origin) {
  Frames frames;
  if (formats.has(WireFormat::room)) {
    auto& frame = frames.of[index_of(WireFormat::room)];
    frame.offset = static_cast<std::uint32_t>(out.size());
    protocol::append_event_frame(out, event);
    frame.length = static_cast<std::uint32_t>(out.size()) - frame.offset;
  }
  if (!formats.has(WireFormat::events_sse) && !formats.any_realtime()) return frames;

  std::string data;
  protocol::append_event_data(data, event);
  if (formats.has(WireFormat::events_sse)) {
    auto& frame = frames.of[index_of(WireFormat::events_sse)];
    frame.offset = static_cast<std::uint32_t>(out.size());
    append_sse_event(out, event.seq, data);
    frame.length = static_cast<std::uint32_t>(out.size()) - frame.offset;
  }
  if (!formats.any_realtime()) return frames;
  Publication publication = replayed_publication(data, event.seq, event.actor_id);
  if (publication.info) publication.info->client = client_text(origin);
  append_pushes(out, formats, event.feed, publication, frames);
  locate_data(out, data, frames);
  return frames;
}

Encoder::Frames Encoder::notice(std::string& out, FormatSet formats, const FeedKey& feed, const Notice& notice) {
  Frames frames;
  if (formats.has(WireFormat::room)) {
    auto& frame = frames.of[index_of(WireFormat::room)];
    frame.offset = static_cast<std::uint32_t>(out.size());
    protocol::append_notice_frame(out, notice.kind, notice.user, notice.name, notice.at);
    frame.length = static_cast<std::uint32_t>(out.size()) - frame.offset;
  }
  if (!formats.any_realtime()) return frames;
  const ClientInfo info = client_info(client_text(notice.origin), notice.user, notice.name);
  if (notice.kind == protocol::NoticeKind::join) {
    append_pushes(out, formats, feed, centrifuge::JoinPush{info}, frames);
  } else {
    append_pushes(out, formats, feed, centrifuge::LeavePush{info}, frames);
  }
  return frames;
}

Encoder::Frames Encoder::signal(std::string& out, FormatSet formats, const FeedKey& feed, const Signal& signal) {
  Frames frames;
  Publication publication;
  publication.data = signal.data;
  if (!signal.user.is_nil())
    publication.info = {
        .user = text_of(signal.user), .client = client_text(signal.origin), .conn_info = {}, .chan_info = {}};
  append_pushes(out, formats, feed, publication, frames);
  return frames;
}

Publication replayed_publication(std::string data, Seq seq, UserId author) {
  Publication publication;
  publication.data = std::move(data);
  publication.offset = static_cast<std::uint64_t>(seq.value);
  if (!author.is_nil())
    publication.info = ClientInfo{.user = author.str(), .client = {}, .conn_info = {}, .chan_info = {}};
  return publication;
}

}  // namespace chat::fanout
