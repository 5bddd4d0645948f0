// What the room socket's frames and the apps' event objects have in common. Within protocol/ only.
#pragma once

#include "model/event.hpp"
#include "protocol/json_object.hpp"

#include <string>

namespace chat::protocol {

// Of a message, where they apply: "kind", "reply_to", "thread_root_seq", "metadata", "deleted" or "edited_at".
void write_message_extras(JsonObject& object, const Message& message, std::string (*time_text)(Timestamp));

// Of every other event: "message_seq" where it is about a message, "payload".
void write_change_extras(JsonObject& object, const Event& event);

}  // namespace chat::protocol
