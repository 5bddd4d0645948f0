// The parts of the OpenAPI document that no route declares: what is shared by all of them.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace chat::api {

inline constexpr std::string_view kBearerSecurity = R"([{"OAuth2PasswordBearer":[]},{"BearerToken":[]}])";

inline constexpr std::string_view kSecuritySchemes = R"({
"OAuth2PasswordBearer":{"type":"oauth2","description":"Log in with a username and a password.",
 "flows":{"password":{"tokenUrl":"/api/v1/auth/login","scopes":{}}}},
"BearerToken":{"type":"http","scheme":"bearer","bearerFormat":"JWT","description":"An access token as it is."}})";

inline constexpr std::string_view kTags = R"([
{"name":"users","description":"Accounts"},
{"name":"auth","description":"Access tokens"},
{"name":"rooms","description":"Rooms and their history"},
{"name":"pages","description":"Pages for browsers"},
{"name":"service","description":"For those who operate the server"}])";

inline constexpr std::array kErrorSchemas = {
    std::pair<std::string_view, std::string_view>{
        "DomainError",
        R"({"title":"DomainError","type":"object","required":["detail"],"properties":{"detail":{"type":"object",
"required":["error","message"],"properties":{"error":{"type":"string","description":"A stable code.",
"examples":["RoomNotFound"]},"message":{"type":"string","description":"A sentence."}}}}})"},
    std::pair<std::string_view, std::string_view>{
        "PlainError",
        R"({"title":"PlainError","type":"object","required":["detail"],"properties":{"detail":{"type":"string",
"description":"A sentence."}}})"},
    std::pair<std::string_view, std::string_view>{
        "ValidationError",
        R"({"title":"ValidationError","type":"object","required":["loc","msg","type"],"properties":{
"type":{"type":"string","description":"A stable code of the fault.","examples":["string_too_short"]},
"loc":{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"integer"}]},
"description":"Where: body, query or path, then the field.","examples":[["body","name"]]},
"msg":{"type":"string","description":"A sentence."},
"input":{"description":"The one offending value; left out for a missing field, passwords and tokens."},
"ctx":{"type":"object","description":"The limits that were not kept."}}})"},
    std::pair<std::string_view, std::string_view>{
        "HTTPValidationError",
        R"({"title":"HTTPValidationError","type":"object","required":["detail"],"properties":{"detail":{"type":"array",
"items":{"$ref":"#/components/schemas/ValidationError"},"description":"One entry for each fault."}}})"},
};

inline constexpr std::string_view kSharedResponses = R"({
"Unauthorized":{"description":"No bearer token was sent, or it is not good",
 "headers":{"WWW-Authenticate":{"schema":{"type":"string","const":"Bearer"}}},
 "content":{"application/json":{"schema":{"$ref":"#/components/schemas/PlainError"},
 "examples":{"missing":{"value":{"detail":"Not authenticated"}},
 "bad":{"value":{"detail":"Could not validate credentials"}}}}}},
"PayloadTooLarge":{"description":"The body is too large",
 "content":{"application/json":{"schema":{"$ref":"#/components/schemas/DomainError"}}}},
"ValidationError":{"description":"The input is not valid",
 "content":{"application/json":{"schema":{"$ref":"#/components/schemas/HTTPValidationError"}}}},
"TooManyRequests":{"description":"Too many requests",
 "headers":{"Retry-After":{"description":"Seconds, 1 to 60.","schema":{"type":"integer"}},
 "RateLimit-Limit":{"schema":{"type":"integer"}},"RateLimit-Remaining":{"schema":{"type":"integer"}},
 "RateLimit-Reset":{"schema":{"type":"integer"}}},
 "content":{"application/json":{"schema":{"$ref":"#/components/schemas/DomainError"}}}},
"InternalServerError":{"description":"An unexpected error",
 "content":{"application/json":{"schema":{"$ref":"#/components/schemas/DomainError"}}}},
"ServiceUnavailable":{"description":"The server is busy, or its database is away; nothing was changed",
 "headers":{"Retry-After":{"description":"Seconds, 1 to 60.","schema":{"type":"integer"}}},
 "content":{"application/json":{"schema":{"$ref":"#/components/schemas/DomainError"}}}}})";

inline constexpr std::string_view kApiDescription =
    R"(Rooms where people talk in real time: accounts, tokens, rooms and their history over REST, messages over a WebSocket.

Every path answers with and without a trailing slash. Times are RFC 3339 in UTC.

## Room socket

`GET /api/v1/chat/{room_id}` opens a WebSocket on a room (OpenAPI cannot describe it).

- The token comes as `?token=<jwt>`, as `Authorization: Bearer <jwt>`, or as WebSocket subprotocol `bearer, <jwt>`.
- `?history=N` (default 50, at most 1000, 0 = none) sends the room's last messages first, oldest first; `?after=<seq>`
  resumes after that sequence number, which messages of a page of history carry too; `?events=all` also sends edits, deletions and the like.
- Send `{"content": "<text>"}`, with a `"client_id"` of your own to get an acknowledgement and to be stored only once.
- Everybody else gets `{"content", "user", "timestamp", "type", "user_id", "id", "seq"}`.

## One connection for everything

`/connection/websocket` speaks the Centrifuge client protocol: the official `centrifuge` SDKs, with a login token, in as many
rooms as they like. An operation's `x-rpc` is its name there. `chatd asyncapi` prints the whole of it.)";

}  // namespace chat::api
