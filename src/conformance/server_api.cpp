#include "conformance/server_api.hpp"

#include "base/json_scanner.hpp"
#include "base/json_text.hpp"
#include "conformance/publication.hpp"
#include "schema/json_slice.hpp"

#include <limits>

namespace chat::conformance {
namespace {

using namespace centrifuge;

struct Body {
  std::string channel;
  std::string data;  // minified
  std::int32_t limit = 0;
  bool reverse = false;
};

Result<Body> read_body(std::string_view text) {
  Body body;
  JsonScanner in(text);
  std::string key;
  std::string_view data;
  in.open_object();
  while (in.next_member(key)) {
    if (key == "channel") {
      body.channel.clear();
      in.string(body.channel);
    } else if (key == "data") {
      in.skip(data);
    } else if (key == "limit") {
      in.integer(body.limit);
    } else if (key == "reverse") {
      in.boolean(body.reverse);
    } else {
      in.skip();
    }
  }
  if (in.failed()) return Error(Errc::invalid, in.fault());
  if (!in.at_end()) return Error(Errc::invalid, "more than one JSON value");
  if (body.channel.empty()) return Error(Errc::invalid, "channel is missing");
  body.data = schema::minified(data);
  return body;
}

std::string refusal(ErrorCode code) {
  const ErrorRow& row = row_of(code);
  return "{\"error\":{\"code\":" + std::to_string(static_cast<unsigned>(code)) +
         ",\"message\":" + json_string(row.message) + "}}";
}

std::string position(const Stream& stream) {
  return "\"offset\":" + std::to_string(stream.top()) + ",\"epoch\":" + json_string(stream.epoch());
}

}  // namespace

Result<std::string> api_publish(Channels& channels, std::string_view text) {
  auto body = read_body(text);
  if (!body) return body.error();
  if (body->data.empty()) return Error(Errc::invalid, "data is missing");
  const auto found = channels.open(body->channel);
  if (const auto* code = std::get_if<ErrorCode>(&found)) return refusal(*code);
  Channel& channel = **std::get_if<Channel*>(&found);
  channel.publish(std::move(body->data), std::nullopt);
  return "{\"result\":{" + position(channel.stream()) + "}}";
}

Result<std::string> api_history(Channels& channels, std::string_view text) {
  const auto body = read_body(text);
  if (!body) return body.error();
  const auto found = channels.open(body->channel);
  if (const auto* code = std::get_if<ErrorCode>(&found)) return refusal(*code);
  const Stream& stream = (*std::get_if<Channel*>(&found))->stream();
  const HistoryRequest request{.channel = {}, .limit = body->limit, .since = {}, .reverse = body->reverse};
  const auto page = stream.page(request, std::numeric_limits<std::size_t>::max());
  std::string publications;
  for (const Publication& publication : page.publications) {
    // Bytes of a Protobuf client that are no JSON are shown as a string.
    const bool json = is_json(publication.data);
    if (!publications.empty()) publications += ',';
    publications += "{\"data\":" + (json ? schema::minified(publication.data) : json_string(publication.data)) +
                    ",\"offset\":" + std::to_string(publication.offset) + "}";
  }
  return "{\"result\":{\"publications\":[" + publications + "]," + position(stream) + "}}";
}

}  // namespace chat::conformance
