#include "api/asyncapi/document.hpp"

#include "api/asyncapi/event_shapes.hpp"
#include "api/asyncapi/frame_shapes.hpp"
#include "api/asyncapi/protocol_schemas.hpp"
#include "api/asyncapi/texts.hpp"
#include "api/asyncapi/yaml.hpp"
#include "api/error_map.hpp"
#include "api/json_out.hpp"
#include "api/operations/resources.hpp"
#include "api/operations/unread_signal.hpp"
#include "protocol/centrifuge_codes.hpp"

#include <map>
#include <utility>
#include <vector>

namespace chat::api {
namespace {

using centrifuge::ErrorCode;

// The messages of the document, and which of them a channel has.
class MessageList {
 public:
  // `schema`: how it is referred to, or itself.
  void add(const std::string& name, std::string_view summary, std::string_view schema) {
    JsonOut out;
    out.open('{').member("name", name).member("summary", summary).key("payload").raw(schema).close('}');
    all_.emplace_back(name, out.take());
  }
  void write(JsonOut& out) const {
    out.open('{');
    for (const auto& [name, json] : all_) out.key(name).raw(json);
    out.close('}');
  }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

using Names = std::vector<std::string>;

struct Channel {
  std::string_view name;
  std::string_view address;  // empty: none of its own
  std::string_view description;
  std::string_view servers;
  std::string_view parameters = {};
  std::string_view bindings = {};
  Names messages;
};

void write_channel(JsonOut& out, const Channel& channel) {
  out.key(channel.name).open('{');
  if (channel.address.empty()) {
    out.key("address").raw("null");
  } else {
    out.member("address", channel.address);
  }
  out.member("description", channel.description).key("servers").raw(channel.servers);
  if (!channel.parameters.empty()) out.key("parameters").raw(channel.parameters);
  if (!channel.bindings.empty()) out.key("bindings").raw(channel.bindings);
  if (channel.name == "room_socket") out.key("x-close-codes").raw(kRoomSocketCodes);
  out.key("messages").open('{');
  for (const auto& name : channel.messages)
    out.key(name).open('{').member("$ref", "#/components/messages/" + name).close('}');
  out.close('}').close('}');
}

void refer_to_channel(JsonOut& out, std::string_view channel) {
  out.key("channel").open('{').member("$ref", "#/channels/" + std::string(channel)).close('}');
}

void refer_to_messages(JsonOut& out, std::string_view channel, const Names& messages) {
  out.key("messages").open('[');
  for (const auto& name : messages)
    out.open('{').member("$ref", "#/channels/" + std::string(channel) + "/messages/" + name).close('}');
  out.close(']');
}

// What the server does: it sends, or receives and perhaps replies.
struct Doing {
  std::string_view name;
  std::string_view action;
  std::string_view channel;
  std::string_view summary;
  Names messages;
  std::string_view reply_channel = {};
  Names replies = {};
  std::string_view bindings = {};
  std::string_view security = {};
  std::string_view errors = {};
};

void write_operation(JsonOut& out, const Doing& doing) {
  out.key(doing.name).open('{').member("action", doing.action);
  refer_to_channel(out, doing.channel);
  out.member("summary", doing.summary);
  if (!doing.security.empty()) out.key("security").raw(doing.security);
  if (!doing.bindings.empty()) out.key("bindings").raw(doing.bindings);
  refer_to_messages(out, doing.channel, doing.messages);
  if (!doing.reply_channel.empty()) {
    out.key("reply").open('{');
    refer_to_channel(out, doing.reply_channel);
    refer_to_messages(out, doing.reply_channel, doing.replies);
    out.close('}');
  }
  if (!doing.errors.empty()) out.key("x-errors").raw(doing.errors);
  out.close('}');
}

// What a method answers instead of its output: code, the table's words, and when.
std::string errors_of(const Operation& operation) {
  std::map<std::uint32_t, std::string> when;
  const auto add = [&when](Errc code) {
    const auto& row = mapping_of(code);
    const std::string text(row.description.substr(0, row.description.find(';')));
    auto& texts = when[row.realtime_code];
    if (texts.find(text) != std::string::npos) return;
    texts += (texts.empty() ? "" : "; ") + text;
  };
  for (const auto code : operation.spec.errors) add(code);
  if (operation.spec.hides_room) add(Errc::forbidden);  // over rpc it does not
  if (operation.takes_input) add(Errc::invalid);
  add(Errc::internal);
  JsonOut out;
  out.open('[');
  for (const auto& [code, text] : when) {
    const auto& row = centrifuge::row_of(static_cast<ErrorCode>(code));
    out.open('{').key("code").raw(std::to_string(code)).member("message", row.message);
    out.key("temporary").raw(row.temporary ? "true" : "false").member("when", text).close('}');
  }
  return out.close(']').take();
}

template <class Row, class Again>
std::string table_of(std::span<const Row> rows, std::string_view text, std::string_view flag, const Again& again) {
  JsonOut out;
  out.open('[');
  for (const auto& row : rows) {
    out.open('{').key("code").raw(std::to_string(static_cast<std::uint32_t>(row.code)));
    if constexpr (requires { row.message; }) {
      out.member(text, row.message);
    } else {
      out.member(text, row.reason);
    }
    out.key(flag).raw(again(row) ? "true" : "false");
    out.key("sent").raw(row.never.empty() ? "true" : "false").close('}');
  }
  return out.close(']').take();
}

class Document {
 public:
  explicit Document(const Operations& operations) : operations_(operations) {}

  std::string write() {
    name_messages();
    JsonOut out;
    out.open('{').member("asyncapi", "3.0.0");
    out.key("info").open('{').member("title", "CHAT REALTIME API").member("version", "1.0.0");
    out.member("description", kRealtimeDescription);
    out.key("license").open('{').member("name", "MIT").close('}').close('}');
    out.member("defaultContentType", "application/json");
    out.key("servers").raw(kServers);
    write_channels(out);
    write_operations(out);
    write_components(out);
    write_codes(out);
    return out.close('}').take();
  }

 private:
  void name_messages() {
    add("command", "One or more commands of a client", R"({"$ref":"#/components/schemas/Command"})");
    add("reply", "Answers and pushes of the server", R"({"$ref":"#/components/schemas/Reply"})");
    add("emulation", "Commands of a connection without a WebSocket; `data` is a text of one command a line",
        R"({"$ref":"#/components/schemas/EmulationRequest"})");
    add("publish", "The data of a publish command, or of `message.send`", schema::schema_of<MessageIn>(set_));
    shape::for_each_room_event([this]<class Shape>(std::type_identity<Shape>, const char* name, const char* summary) {
      add(name, summary, schema::schema_of<Shape>(set_));
      room_events_.emplace_back(name);
    });
    add("typing", "Somebody is typing", schema::schema_of<TypingSignal>(set_));
    shape::for_each_user_event([this]<class Shape>(std::type_identity<Shape>, const char* name, const char* summary) {
      add(name, summary, schema::schema_of<Shape>(set_));
      user_events_.emplace_back(name);
    });
    add("unread", "How much of which rooms is unread", schema::schema_of<UnreadSignal>(set_));
    user_events_.emplace_back("unread");
    for (const auto& operation : operations_.all()) {
      if (operation->spec.rpc.empty()) continue;
      const std::string method(operation->spec.rpc);
      const auto types = operation->rpc_types(set_);
      add(method, operation->spec.summary, types.input);
      add(method + ".answer", operation->spec.answer, types.output);
      calls_.push_back(method);
      calls_.push_back(method + ".answer");
    }
    add("error", "What is answered instead of a result", R"({"$ref":"#/components/schemas/ErrorObject"})");
    calls_.emplace_back("error");
    add("room_socket_in", "A message said on a room socket", schema::schema_of<shape::RoomSocketIn>(set_));
    add("room_socket_message", "A message", schema::schema_of<shape::RoomSocketMessage>(set_));
    add("room_socket_change", "Any other event", schema::schema_of<shape::RoomSocketChange>(set_));
    add("room_socket_notice", "A socket came or went", schema::schema_of<shape::RoomSocketNotice>(set_));
    add("room_socket_ack", "One's own message is on disk", schema::schema_of<shape::RoomSocketAck>(set_));
    add("room_socket_error", "What was said was no message", schema::schema_of<shape::RoomSocketError>(set_));
  }

  void add(const std::string& name, std::string_view summary, std::string_view schema) {
    messages_.add(name, summary, schema);
  }

  void write_channels(JsonOut& out) const {
    const Names talk{"command", "reply"};
    Names in_room{"publish"}, shown = room_events_;
    shown.emplace_back("typing");
    in_room.insert(in_room.end(), shown.begin(), shown.end());
    out.key("channels").open('{');
    write_channel(out,
                  {"websocket",
                   "/connection/websocket",
                   "The realtime connection: JSON objects a line each in text frames, or length-delimited Protobuf "
                   "in binary ones.",
                   kOnSockets,
                   {},
                   kWebSocketBindings,
                   talk});
    write_channel(out, {"http_stream",
                        "/connection/http_stream",
                        "The same without a WebSocket: the first commands are the request's body, and the answer does "
                        "not end. Further commands go to /emulation. Protobuf as application/octet-stream.",
                        kOnHttp,
                        {},
                        {},
                        talk});
    write_channel(out, {"sse",
                        "/connection/sse",
                        "Likewise as server-sent events, in JSON only. GET takes the first command as ?cf_connect=.",
                        kOnHttp,
                        {},
                        {},
                        talk});
    write_channel(out, {"emulation",
                        "/emulation",
                        "Commands for a connection of the two above: `session` and `node` are those of its connect "
                        "result. 204; 404 when there is no such session.",
                        kOnHttp,
                        {},
                        {},
                        {"emulation"}});
    write_channel(out, {"room",
                        "room:{room_id}",
                        "A room. What is published is stored first; everybody subscribed gets the event, its author "
                        "too. `typing` has no offset and is never stored.",
                        kOnBoth,
                        kRoomParameter,
                        {},
                        in_room});
    write_channel(
        out, {"user",
              "user:{user_id}",
              "What concerns the user alone; subscribed by the server, and recoverable. `unread` has no offset and is "
              "never stored.",
              kOnBoth,
              kUserParameter,
              {},
              user_events_});
    write_channel(
        out,
        {"rpc", {}, "Calls over a realtime connection: the command `rpc {method, data}`.", kOnBoth, {}, {}, calls_});
    write_channel(out, {"room_socket",
                        "/api/v1/chat/{room_id}",
                        "The plain room socket: one room, JSON text frames, an object each.",
                        kOnSockets,
                        kRoomParameter,
                        kRoomSocketBindings,
                        {"room_socket_in", "room_socket_message", "room_socket_change", "room_socket_notice",
                         "room_socket_ack", "room_socket_error"}});
    write_channel(out, {"event_tail",
                        "/api/v1/rooms/{room_id}/events",
                        "A room's events as server-sent events (`Accept: text/event-stream`): `id:` is the `seq`, "
                        "Last-Event-ID is honoured. Without that header a list, see openapi.json.",
                        kOnHttp,
                        kRoomParameter,
                        {},
                        room_events_});
    out.close('}');
  }

  void write_operations(JsonOut& out) const {
    Names shown = room_events_;
    shown.emplace_back("typing");
    const Names replies{"reply"};
    out.key("operations").open('{');
    write_operation(out, {"take_commands",
                          "receive",
                          "websocket",
                          "Commands, started in the order in which they come",
                          {"command"},
                          "websocket",
                          replies});
    write_operation(out, {"push", "send", "websocket", "What happens in the channels of the connection", replies});
    write_operation(out, {"open_http_stream",
                          "receive",
                          "http_stream",
                          "Opens a connection without a WebSocket",
                          {"command"},
                          "http_stream",
                          replies,
                          kPost});
    write_operation(
        out,
        {"open_sse", "receive", "sse", "Opens a connection of server-sent events", {"command"}, "sse", replies, kPost});
    write_operation(out, {"emulate",
                          "receive",
                          "emulation",
                          "Commands of a connection without a WebSocket",
                          {"emulation"},
                          {},
                          {},
                          kPost});
    write_operation(out, {"take_messages", "receive", "room", "A message is said by `publish`", {"publish"}});
    write_operation(out, {"tell_room", "send", "room", "What happens in a room", shown});
    write_operation(out, {"tell_user", "send", "user", "What concerns a user", user_events_});
    for (const auto& operation : operations_.all()) {
      if (operation->spec.rpc.empty()) continue;
      const std::string method(operation->spec.rpc);
      const std::string errors = errors_of(*operation);
      write_operation(out, {method,
                            "receive",
                            "rpc",
                            operation->spec.summary,
                            {method},
                            "rpc",
                            {method + ".answer", "error"},
                            {},
                            {},
                            errors});
    }
    write_operation(out, {"hear_room_socket",
                          "receive",
                          "room_socket",
                          "A message is said on a room socket",
                          {"room_socket_in"},
                          {},
                          {},
                          {},
                          kNeedsBearer});
    write_operation(out, {"tell_room_socket",
                          "send",
                          "room_socket",
                          "What happens in the room",
                          {"room_socket_message", "room_socket_change", "room_socket_notice", "room_socket_ack",
                           "room_socket_error"},
                          {},
                          {},
                          {},
                          kNeedsBearer});
    write_operation(out, {"tail_events",
                          "send",
                          "event_tail",
                          "A room's events from a number on",
                          room_events_,
                          {},
                          {},
                          kTailQuery,
                          kNeedsBearer});
    out.close('}');
  }

  void write_components(JsonOut& out) const {
    auto schemas = protocol_schemas();
    schemas.insert(set_.components().begin(), set_.components().end());
    out.key("components").open('{').key("schemas").open('{');
    for (const auto& [name, json] : schemas) out.key(name).raw(json);
    out.close('}').key("messages");
    messages_.write(out);
    out.key("securitySchemes").raw(kAsyncSecurity).close('}');
  }

  static void write_codes(JsonOut& out) {
    using namespace centrifuge;
    out.key("x-error-codes").raw(table_of(error_table(), "message", "temporary", [](const ErrorRow& row) {
      return row.temporary;
    }));
    out.key("x-close-codes").raw(table_of(close_table(), "reason", "reconnect", [](const CloseRow& row) {
      return client_reconnects(static_cast<std::uint16_t>(row.code));
    }));
    out.key("x-unsubscribe-codes")
        .raw(table_of(unsubscribe_table(), "reason", "resubscribe", [](const UnsubscribeRow& row) {
          return client_resubscribes(static_cast<std::uint32_t>(row.code));
        }));
  }

  const Operations& operations_;
  schema::SchemaSet set_;
  MessageList messages_;
  Names room_events_, user_events_, calls_;
};

}  // namespace

std::string asyncapi_document(const Operations& operations) { return Document(operations).write(); }

std::string asyncapi_document_for_people() {
  return "# Made by `chatd asyncapi`; tools/golden rewrites it.\n" + yaml_of(asyncapi_document(make_operations({})));
}

}  // namespace chat::api
