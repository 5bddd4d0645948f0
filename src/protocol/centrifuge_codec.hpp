// Bytes of the Centrifuge client protocol to values and back, in both encodings, and the frames of its transports.
// Pure; any thread. Never throws but for lack of memory.
//
//   std::string object, frame;
//   append_push(object, Encoding::json, "room:7f0c", publication);          // one complete object
//   append_framed(frame, Encoding::json, Framing::websocket, object);       // ready to be sent, any number in a row
//
// An *object* is one command, reply or push without anything around it. A *batch* is what may travel in one frame: JSON
// objects joined by line feeds, Protobuf messages each after its length (append_joined).
#pragma once

#include "base/result.hpp"
#include "protocol/centrifuge.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat::centrifuge {

// Reads the commands of one frame, in order.
//
// Errc::invalid (the message is for logs) for what is malformed, after which there is nothing more: JSON that is none,
// another value than an object, an empty frame or line, a field of another type or out of its range, a known field
// twice, a string that is no UTF-8 or holds a lone surrogate or U+0000; Protobuf likewise, and a truncated message.
// Unknown fields and methods are skipped. JSON null is an absent field, but for `data`, where it is the text "null".
// Embedded `data` is checked to be JSON and no more (lone surrogates, repeated names and any depth pass): what it may
// hold is the business of who uses it, see json_payload.
class CommandReader {
 public:
  CommandReader(Encoding encoding, std::string_view frame) noexcept : encoding_(encoding), rest_(frame) {}

  // nullopt: the end of the frame.
  std::optional<Result<Command>> next();

  // What was not read yet: a frame of its own, to be read later; empty when nothing is left.
  std::string_view rest() const noexcept { return rest_; }

 private:
  Encoding encoding_;
  std::string_view rest_;  // lives as long as the frame
  bool begun_ = false;
  bool ended_ = false;
};

// The body of POST /emulation. Errc::invalid as above.
Result<EmulationRequest> read_emulation_request(Encoding encoding, std::string_view body);

inline constexpr std::size_t kMaxPayloadDepth = 32;

// The one judge of an application's payload that is to be shown to others, for both encodings: `bytes` minified.
// Errc::invalid unless it is one JSON value (UTF-8, at most 32 levels, no U+0000, no lone surrogate, no name twice in
// an object).
Result<std::string> json_payload(std::string_view bytes);

// Appends one object: {"id":N,"<method>":{...}}. `R` is any *Result of centrifuge.hpp. The result itself is always
// there, of its fields only those that are not zero; in JSON also those that SDKs do not look for (FieldForm::always).
template <class R>
void append_reply(std::string& out, Encoding encoding, std::uint32_t id, const R& result);

// {"id":N,"error":{"code","message","temporary"}}
void append_error(std::string& out, Encoding encoding, std::uint32_t id, const ErrorObject& error);

// {"push":{"channel":C,"<kind>":{...}}}. `P` is Publication or any *Push of centrifuge.hpp. An empty channel is left
// out.
template <class P>
void append_push(std::string& out, Encoding encoding, std::string_view channel, const P& push);

// The object that is a ping: {} or no bytes at all.
void append_ping(std::string& out, Encoding encoding);

// Appends an object to a batch, of which `batch` holds nothing else.
void append_joined(std::string& batch, Encoding encoding, std::string_view object);

enum class Framing : std::uint8_t {
  websocket,    // a server's frame: text for JSON, binary for Protobuf (RFC 6455, 5.2)
  http_stream,  // a chunk (RFC 9112, 7.1) of lines, or of messages each after its length
  sse,          // a chunk of one event a JSON object, "data: {...}\n\n"; there is no Protobuf over it
};

// Appends one complete frame that holds the object.
void append_framed(std::string& out, Encoding encoding, Framing framing, std::string_view object);

// Appends one complete frame that holds the batch (at least one object).
void append_framed_batch(std::string& out, Encoding encoding, Framing framing, std::string_view batch);

}  // namespace chat::centrifuge
