// How a feed's event looks to apps: the `data` of a publication, of history over the realtime protocol and of the event
// tail over HTTP. One shape everywhere. Pure; any thread.
#pragma once

#include "model/event.hpp"

#include <string>

namespace chat::protocol {

// Appends one JSON object without line breaks:
//   a creation  {"type":"message","id","seq","room_id","user":{"id","name"},"content","client_id","timestamp"}, then,
//               where they apply, "kind", "reply_to", "thread_root_seq", "metadata", "edited_at", "deleted":true
//               (content is then "")
//   any other   {"type":"message_edited" ...,"id","seq","room_id","user":{"id","name"},"client_id","timestamp",
//               "message_seq","payload"}
//   a user's    {"type":"invited" ...,"id","seq","timestamp","payload"}: an event of a user's feed is about that user
// `client_id` only where the sender gave one. Times are RFC 3339, UTC, with microseconds. A creation is written in the
// message's current state, so that memory and store replay the same bytes.
void append_event_data(std::string& out, const Event& event);

}  // namespace chat::protocol
