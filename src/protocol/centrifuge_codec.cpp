#include "protocol/centrifuge_codec.hpp"

#include "base/json_scanner.hpp"
#include "protocol/centrifuge_fields.hpp"
#include "protocol/centrifuge_json.hpp"
#include "protocol/centrifuge_protobuf.hpp"
#include "protocol/protobuf_wire.hpp"
#include "protocol/websocket_header.hpp"

namespace chat::centrifuge {

namespace {

// Takes one object off the front of a batch.
bool take_object(Encoding encoding, std::string_view& batch, std::string_view& object) {
  if (encoding == Encoding::protobuf) {
    protobuf::WireReader in(batch);
    if (!in.bytes(object)) return false;
    batch = in.rest();
    return true;
  }
  const auto end = batch.find('\n');
  object = batch.substr(0, end);
  batch.remove_prefix(end == batch.npos ? batch.size() : end + 1);
  return true;
}

}  // namespace

std::optional<Result<Command>> CommandReader::next() {
  if (ended_ || (begun_ && rest_.empty())) return std::nullopt;
  begun_ = true;
  const auto refuse = [this](const char* why) {
    ended_ = true;
    rest_ = {};
    return Result<Command>(Error(Errc::invalid, why));
  };
  if (rest_.empty()) return refuse("an empty frame");
  std::string_view object;
  if (!take_object(encoding_, rest_, object)) return refuse("a truncated message");
  auto command = encoding_ == Encoding::json ? json::read_command(object) : protobuf::read_command(object);
  if (!command) return refuse(command.error().message.c_str());
  return command;
}

Result<EmulationRequest> read_emulation_request(Encoding encoding, std::string_view body) {
  return encoding == Encoding::json ? json::read_emulation_request(body) : protobuf::read_emulation_request(body);
}

Result<std::string> json_payload(std::string_view bytes) {
  JsonScanner in(bytes);
  std::string minified;
  minified.reserve(bytes.size());
  if (!in.check(kMaxPayloadDepth, &minified)) return Error(Errc::invalid, in.fault());
  if (!in.at_end()) return Error(Errc::invalid, "more than one JSON value");
  return minified;
}

template <class R>
void append_reply(std::string& out, Encoding encoding, std::uint32_t id, const R& result) {
  encoding == Encoding::json ? json::append_reply(out, id, result) : protobuf::append_reply(out, id, result);
}

void append_error(std::string& out, Encoding encoding, std::uint32_t id, const ErrorObject& error) {
  encoding == Encoding::json ? json::append_error(out, id, error) : protobuf::append_error(out, id, error);
}

template <class P>
void append_push(std::string& out, Encoding encoding, std::string_view channel, const P& push) {
  encoding == Encoding::json ? json::append_push(out, channel, push) : protobuf::append_push(out, channel, push);
}

void append_ping(std::string& out, Encoding encoding) {
  if (encoding == Encoding::json) out += "{}";
}

void append_joined(std::string& batch, Encoding encoding, std::string_view object) {
  if (encoding == Encoding::protobuf) {
    protobuf::append_varint(batch, object.size());
  } else if (!batch.empty()) {
    batch += '\n';
  }
  batch += object;
}

namespace {

// Opens and closes a chunk around what `append` says, of which the size must be known before (RFC 9112, 7.1).
template <class Append>
void append_chunk(std::string& out, std::size_t size, const Append& append) {
  char digits[2 * sizeof size];
  const auto end = std::to_chars(digits, digits + sizeof digits, size, 16).ptr;
  out.append(digits, end).append("\r\n");
  append();
  out += "\r\n";
}

constexpr std::string_view kEventStart = "data: ", kEventEnd = "\n\n";

}  // namespace

void append_framed_batch(std::string& out, Encoding encoding, Framing framing, std::string_view batch) {
  const bool json = encoding == Encoding::json;
  if (framing == Framing::websocket) {
    using protocol::WebSocketPayload;
    append_websocket_header(out, json ? WebSocketPayload::text : WebSocketPayload::binary, batch.size());
    out += batch;
  } else if (framing == Framing::http_stream) {
    append_chunk(out, batch.size() + (json ? 1 : 0), [&] {
      out += batch;
      if (json) out += '\n';
    });
  } else {
    while (!batch.empty()) {
      std::string_view object;
      take_object(Encoding::json, batch, object);
      append_chunk(out, kEventStart.size() + object.size() + kEventEnd.size(),
                   [&] { out.append(kEventStart).append(object).append(kEventEnd); });
    }
  }
}

void append_framed(std::string& out, Encoding encoding, Framing framing, std::string_view object) {
  if (encoding == Encoding::json) return append_framed_batch(out, encoding, framing, object);
  std::string batch;
  batch.reserve(object.size() + 10);
  append_joined(batch, encoding, object);
  append_framed_batch(out, encoding, framing, batch);
}

#define CHAT_INSTANTIATE(R) template void append_reply(std::string&, Encoding, std::uint32_t, const R&);
CHAT_CENTRIFUGE_RESULTS(CHAT_INSTANTIATE)
#undef CHAT_INSTANTIATE
#define CHAT_INSTANTIATE(P) template void append_push(std::string&, Encoding, std::string_view, const P&);
CHAT_CENTRIFUGE_PUSHES(CHAT_INSTANTIATE)
#undef CHAT_INSTANTIATE

}  // namespace chat::centrifuge
