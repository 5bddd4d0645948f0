// The parts of the AsyncAPI document that nothing else declares.
#pragma once

#include <string_view>

namespace chat::api {

inline constexpr std::string_view kRealtimeDescription =
    R"(Realtime connections speak the Centrifuge client protocol, version 2: apps use an official, unmodified centrifuge SDK
(JavaScript, Go, Dart, Swift, Java, Python) against ws://HOST/connection/websocket with their login token. On one
connection an app subscribes to the rooms that it shows, `room:<uuid>`; the server subscribes it to its user's own
channel, `user:<uuid>`. Both are recoverable: a publication's offset is the event's `seq`, 1, 2, 3, ... without a gap, and
the epoch is the database's. Everything that is not a message said in a room is an rpc.

Beside it there are the plain room socket and, over HTTP, the tail of a room's events. Times are in UTC.)";

inline constexpr std::string_view kServers = R"({
"realtime":{"host":"127.0.0.1:8000","protocol":"ws","description":"Where `chatd serve` listens when nothing else is set; wss behind a proxy with TLS."},
"http":{"host":"127.0.0.1:8000","protocol":"http","description":"The same port."}})";

inline constexpr std::string_view kOnSockets = R"([{"$ref":"#/servers/realtime"}])";
inline constexpr std::string_view kOnHttp = R"([{"$ref":"#/servers/http"}])";
inline constexpr std::string_view kOnBoth = R"([{"$ref":"#/servers/realtime"},{"$ref":"#/servers/http"}])";

inline constexpr std::string_view kWebSocketBindings = R"({"ws":{"method":"GET",
"headers":{"type":"object","properties":{"Sec-WebSocket-Protocol":{"type":"string",
"enum":["centrifuge-json","centrifuge-protobuf"],"description":"The encoding; JSON when there is none."}}},
"query":{"type":"object","properties":{
"cf_protocol":{"type":"string","enum":["json","protobuf"],"description":"The encoding where no subprotocol says it; `format` means the same."},
"format":{"type":"string","enum":["json","protobuf"]},
"cf_ws_frame_ping_pong":{"type":"string","enum":["true"],"description":"WebSocket's own pings instead of the protocol's, for debugging tools."}}},
"bindingVersion":"0.1.0"}})";

inline constexpr std::string_view kRoomSocketBindings = R"({"ws":{"method":"GET",
"headers":{"type":"object","properties":{
"Authorization":{"type":"string","description":"Bearer <token>"},
"Sec-WebSocket-Protocol":{"type":"string","description":"bearer, <token>"}}},
"query":{"type":"object","properties":{
"token":{"type":"string","description":"The access token, where no header can be sent."},
"history":{"type":"integer","minimum":0,"default":50,"description":"So many of the last messages first; at most HISTORY_MAX."},
"after":{"type":"integer","minimum":0,"description":"Instead of them all that came after this number."},
"events":{"type":"string","enum":["all"],"description":"Edits, deletions, reactions and membership too."}}},
"bindingVersion":"0.1.0"}})";

inline constexpr std::string_view kRoomSocketCodes = R"([
{"code":1008,"meaning":"The token is missing, bad or has expired, the user was disabled, or the room cannot be entered."},
{"code":1009,"meaning":"The frame is over ROOM_FRAME_BYTES."},
{"code":1011,"meaning":"It is not known whether a message was stored: send it again with its client_id."},
{"code":1012,"meaning":"The server restarts: come back with `after`."},
{"code":1013,"meaning":"The reader fell too far behind: come back with `after`."}])";

inline constexpr std::string_view kTailQuery = R"({"http":{"method":"GET","query":{"type":"object","properties":{
"after":{"type":"integer","minimum":0,"default":0,"description":"The last number that is known; Last-Event-ID counts more."}}},
"bindingVersion":"0.3.0"}})";
inline constexpr std::string_view kPost = R"({"http":{"method":"POST","bindingVersion":"0.3.0"}})";

inline constexpr std::string_view kRoomParameter =
    R"({"room_id":{"description":"The room's id, a UUID in small letters."}})";
inline constexpr std::string_view kUserParameter =
    R"({"user_id":{"description":"The connected user's own id, a UUID in small letters."}})";

inline constexpr std::string_view kAsyncSecurity = R"({"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT",
"description":"The access token of POST /api/v1/auth/login. Realtime connections carry it in their `connect` command."}})";
inline constexpr std::string_view kNeedsBearer = R"([{"$ref":"#/components/securitySchemes/bearer"}])";

}  // namespace chat::api
