// The numbers of the Centrifuge client protocol, each with its text: one table for errors, one for closes, one for
// unsubscribes. Pure; any thread.
//
// Who comes back is decided by the number: after an error, `temporary` and 109 (token expired) on connect and
// subscribe; after a close, < 3500, 4000..4499 and >= 5000; after an unsubscribe, >= 2500. Official SDKs act on nothing
// else.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace chat::centrifuge {

// {"error":{"code","message","temporary"}} of a reply. 0..399 are the protocol's; ours (400..1999) say what the same
// number of HTTP says.
enum class ErrorCode : std::uint32_t {
  internal = 100,
  unauthorized = 101,
  unknown_channel = 102,
  permission_denied = 103,
  method_not_found = 104,
  already_subscribed = 105,
  limit_exceeded = 106,
  bad_request = 107,
  not_available = 108,
  token_expired = 109,
  expired = 110,
  too_many_requests = 111,
  unrecoverable_position = 112,
  concurrent_pagination = 113,
  not_found = 404,        // ours: what an rpc speaks of is not there
  conflict = 409,         // ours: taken, or changed meanwhile
  outcome_unknown = 504,  // ours: it may have been stored; send again with the same client_id
};

// Close code of the WebSocket, or of the disconnect push on transports without one.
enum class CloseCode : std::uint16_t {
  connection_closed = 3000,
  shutdown = 3001,
  internal_error = 3004,
  connection_expired = 3005,
  subscription_expired = 3006,
  slow = 3008,
  write_error = 3009,
  insufficient_state = 3010,
  force_reconnect = 3011,
  no_pong = 3012,
  too_many_requests = 3013,
  state_invalidated = 3014,
  invalid_token = 3500,
  bad_request = 3501,
  stale = 3502,
  force_disconnect = 3503,
  connection_limit = 3504,
  channel_limit = 3505,
  inappropriate_protocol = 3506,
  permission_denied = 3507,
  not_available = 3508,
  too_many_errors = 3509,
};

// Code of the unsubscribe push. 2000..2499 are final; from 2500 the client subscribes again at once.
enum class UnsubscribeCode : std::uint32_t {
  server = 2000,
  removed_from_room = 2100,  // ours
  room_deleted = 2101,       // ours
  insufficient_state = 2500,
  subscription_expired = 2501,
  state_invalidated = 2502,
};

// `never`: why a chat session does not send it. Empty: it does, and tests/unit/api/realtime/codes_test.cpp has a scene
// in which the session is made to (a row with neither fails there). The page for clients, docs/realtime.md, says the
// same. The conformance profile, whose channels are no rooms, may send more.
struct ErrorRow {
  ErrorCode code;
  std::string_view message;
  bool temporary;  // the client may try the same again
  std::string_view never = {};
};
struct CloseRow {
  CloseCode code;
  std::string_view reason;  // plain text, at most 123 bytes (RFC 6455, 5.5)
  std::string_view never = {};
};
struct UnsubscribeRow {
  UnsubscribeCode code;
  std::string_view reason;
  std::string_view never = {};
};

std::span<const ErrorRow> error_table() noexcept;  // ascending, each code once; so are the others
std::span<const CloseRow> close_table() noexcept;
std::span<const UnsubscribeRow> unsubscribe_table() noexcept;

// The row of a code; every enumerator has one.
const ErrorRow& row_of(ErrorCode code) noexcept;
const CloseRow& row_of(CloseCode code) noexcept;
const UnsubscribeRow& row_of(UnsubscribeCode code) noexcept;

// What the official SDKs do after this WebSocket close code (any code, 1009 included).
bool client_reconnects(std::uint16_t close_code) noexcept;
// And after this code of an unsubscribe push.
constexpr bool client_resubscribes(std::uint32_t code) noexcept { return code >= 2500; }

}  // namespace chat::centrifuge
