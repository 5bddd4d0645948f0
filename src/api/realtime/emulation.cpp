#include "api/realtime/emulation.hpp"

#include "api/http/responses.hpp"
#include "base/ids.hpp"
#include "protocol/centrifuge_codec.hpp"

#include <utility>

namespace chat::api {
namespace {

// 244 random bits of the kernel's.
std::string make_secret() { return Uuid::v4().str() + Uuid::v4().str(); }

using centrifuge::Encoding;
using centrifuge::Framing;

constexpr std::string_view kProtobuf = "application/octet-stream";

Encoding encoding_of(const HttpRequest& request) {
  const auto type = request.headers.find("content-type");
  return type && type->starts_with(kProtobuf) ? Encoding::protobuf : Encoding::json;
}

HttpResponse stream_of(std::shared_ptr<RealtimeSession> session, std::string_view type,
                       const RealtimeOptions& options) {
  HttpResponse response;
  response.content_type = type;
  response.header("Cache-Control", "no-cache").header("X-Accel-Buffering", "no");
  response.stream = std::move(session);
  response.stream_options = &options.websocket;
  return response;
}

HttpResponse forward(EmulatedSessions& sessions, const HttpRequest& request) {
  auto read = centrifuge::read_emulation_request(encoding_of(request), request.body);
  if (!read) return plain_error(400, "The body is no emulation request: {\"session\", \"node\", \"data\"}.");
  if (!sessions.deliver(read->node, read->session, std::move(read->data))) {
    return plain_error(404, "There is no such session here: connect again.");
  }
  HttpResponse response;
  response.status = 204;
  return response;
}

}  // namespace

EmulatedSessions::EmulatedSessions() : node_(Uuid::v4().str()) {}

std::string EmulatedSessions::add(std::weak_ptr<RealtimeSession> session, transport::EventLoop& loop) {
  std::string secret = make_secret();
  const std::lock_guard lock(mutex_);
  entries_.emplace(secret, Entry{std::move(session), &loop});
  return secret;
}

void EmulatedSessions::remove(std::string_view secret) noexcept {
  const std::lock_guard lock(mutex_);
  entries_.erase(std::string(secret));
}

// The lock is held while it is posted, so that two requests cannot change places between here and the loop.
Result<void> EmulatedSessions::deliver(std::string_view node, std::string_view secret, std::string commands) {
  if (node != node_) return Error{Errc::not_found, "another node's session"};
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(std::string(secret));
  if (found == entries_.end()) return Error{Errc::not_found, "no such session"};
  found->second.loop->post([session = found->second.session, commands = std::move(commands)] {
    if (const auto alive = session.lock()) alive->on_commands(commands);
  });
  return {};
}

void add_emulation_routes(Operations& operations, EmulatedSessions& sessions, const RealtimeOptions& options,
                          MakeSession make) {
  const auto open = [&sessions, &options, make = std::move(make)](const HttpRequest& request, Framing framing,
                                                                  std::string first) {
    RealtimeSession::Wire wire;
    wire.framing = framing;
    if (framing == Framing::http_stream) wire.encoding = encoding_of(request);
    auto session = make(wire, request);
    session->emulate(sessions, std::move(first));
    if (framing == Framing::sse) return stream_of(std::move(session), "text/event-stream", options);
    return stream_of(std::move(session), wire.encoding == Encoding::json ? kJson : kProtobuf, options);
  };
  const auto add = [&](Method method, std::string_view path, auto handle) {
    operations.add(
        make_plain_route({.method = method, .path = path, .documented = false, .body_limit = options.message_bytes}, {},
                         std::function<HttpResponse(const Exchange&)>(std::move(handle))));
  };
  add(Method::post, "/connection/http_stream",
      [open](const Exchange& exchange) { return open(exchange.request, Framing::http_stream, exchange.request.body); });
  add(Method::post, "/connection/sse",
      [open](const Exchange& exchange) { return open(exchange.request, Framing::sse, exchange.request.body); });
  add(Method::get, "/connection/sse", [open](const Exchange& exchange) {
    return open(exchange.request, Framing::sse, std::string(exchange.request.query_value("cf_connect").value_or("")));
  });
  add(Method::post, "/emulation",
      [&sessions](const Exchange& exchange) { return forward(sessions, exchange.request); });
}

}  // namespace chat::api
