#include "protocol/event_json.hpp"

#include "protocol/event_members.hpp"

namespace chat::protocol {
namespace {

void write_user(std::string& out, JsonObject& object, const UserId& id, std::string_view name) {
  object.key("user");
  JsonObject user(out);
  user.text("id", id.str());
  user.text("name", name);
  user.close();
}

void write_head(std::string& out, JsonObject& object, const Event& event, const Message* message) {
  object.text("type", message ? "message" : to_string(event.kind));
  object.text("id", message ? message->id.str() : event.id.str());
  object.number("seq", event.seq.value);
  if (event.feed.is_room()) object.text("room_id", event.room_id().str());
  if (message) {
    write_user(out, object, message->author_id, message->author_name);
  } else if (!event.actor_id.is_nil()) {
    write_user(out, object, event.actor_id, event.actor_name);
  }
}

}  // namespace

void write_message_extras(JsonObject& object, const Message& message, std::string (*time_text)(Timestamp)) {
  if (message.kind != MessageKind::text) object.text("kind", to_string(message.kind));
  if (message.reply_to) object.text("reply_to", message.reply_to->str());
  if (message.thread_root_seq) object.number("thread_root_seq", message.thread_root_seq->value);
  if (message.metadata) object.json("metadata", *message.metadata);
  if (message.deleted_at) {
    object.json("deleted", "true");
  } else if (message.edited_at) {
    object.text("edited_at", time_text(*message.edited_at));
  }
}

void write_change_extras(JsonObject& object, const Event& event) {
  if (event.message_seq) object.number("message_seq", event.message_seq->value);
  object.json("payload", event.payload.empty() ? std::string_view("{}") : std::string_view(event.payload));
}

void append_event_data(std::string& out, const Event& event) {
  JsonObject object(out);
  const Message* const message = event.message ? &*event.message : nullptr;
  write_head(out, object, event, message);
  if (message) object.text("content", message->deleted_at ? std::string_view() : std::string_view(message->content));
  const auto& client_id = message ? message->client_id : event.client_id;
  if (client_id) object.text("client_id", *client_id);
  object.text("timestamp", to_rfc3339(message ? message->timestamp : event.at));
  if (message) {
    write_message_extras(object, *message, to_rfc3339);
  } else {
    write_change_extras(object, event);
  }
  object.close();
}

}  // namespace chat::protocol
