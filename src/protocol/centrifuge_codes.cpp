#include "protocol/centrifuge_codes.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace chat::centrifuge {
namespace {

constexpr std::array kErrors = {
    ErrorRow{ErrorCode::internal, "internal server error", true},
    ErrorRow{ErrorCode::unauthorized, "unauthorized", false},
    ErrorRow{ErrorCode::unknown_channel, "unknown channel", false},
    ErrorRow{ErrorCode::permission_denied, "permission denied", false},
    ErrorRow{ErrorCode::method_not_found, "method not found", false},
    ErrorRow{ErrorCode::already_subscribed, "already subscribed", false},
    ErrorRow{ErrorCode::limit_exceeded, "limit exceeded", false},
    ErrorRow{ErrorCode::bad_request, "bad request", false},
    ErrorRow{ErrorCode::not_available, "not available", false},
    ErrorRow{ErrorCode::token_expired, "token expired", false},
    ErrorRow{ErrorCode::expired, "expired", false, "a token that has ended ends its connection: 3005"},
    ErrorRow{ErrorCode::too_many_requests, "too many requests", true},
    ErrorRow{ErrorCode::unrecoverable_position, "unrecoverable position", false},
    ErrorRow{ErrorCode::concurrent_pagination, "concurrent pagination", true,
             "it is of map subscriptions, which are not offered"},
    ErrorRow{ErrorCode::not_found, "not found", false},
    ErrorRow{ErrorCode::conflict, "conflict", false},
    ErrorRow{ErrorCode::outcome_unknown, "outcome unknown", true},
};

constexpr std::array kCloses = {
    CloseRow{CloseCode::connection_closed, "connection closed", "it is a client's own ending"},
    CloseRow{CloseCode::shutdown, "shutdown"},
    CloseRow{CloseCode::internal_error, "internal server error"},
    CloseRow{CloseCode::connection_expired, "connection expired"},
    CloseRow{CloseCode::subscription_expired, "subscription expired",
             "subscriptions have no tokens: rooms know their members"},
    CloseRow{CloseCode::slow, "slow"},
    CloseRow{CloseCode::write_error, "write error",
             "a wire that takes nothing is cut when it breaks, and slow before that: 3008"},
    CloseRow{CloseCode::insufficient_state, "insufficient state"},
    CloseRow{CloseCode::force_reconnect, "force reconnect", "nothing asks a client to come back elsewhere"},
    CloseRow{CloseCode::no_pong, "no pong"},
    CloseRow{CloseCode::too_many_requests, "too many requests"},
    CloseRow{CloseCode::state_invalidated, "state invalidated"},
    CloseRow{CloseCode::invalid_token, "invalid token"},
    CloseRow{CloseCode::bad_request, "bad request"},
    CloseRow{CloseCode::stale, "stale"},
    CloseRow{CloseCode::force_disconnect, "force disconnect", "whoever may not stay has an invalid token: 3500"},
    CloseRow{CloseCode::connection_limit, "connection limit"},
    CloseRow{CloseCode::channel_limit, "channel limit",
             "the command is refused, by error 106, and the connection stays"},
    CloseRow{CloseCode::inappropriate_protocol, "inappropriate protocol",
             "every payload is JSON, which both encodings carry"},
    CloseRow{CloseCode::permission_denied, "permission denied",
             "the command is refused, by error 103, and the connection stays"},
    CloseRow{CloseCode::not_available, "not available"},
    CloseRow{CloseCode::too_many_errors, "too many errors",
             "errors are not counted: what is too fast is refused by error 111"},
};

constexpr std::array kUnsubscribes = {
    UnsubscribeRow{UnsubscribeCode::server, "server unsubscribe", "2100 says what happened"},
    UnsubscribeRow{UnsubscribeCode::removed_from_room, "removed from room"},
    UnsubscribeRow{UnsubscribeCode::room_deleted, "room deleted", "rooms are not deleted"},
    UnsubscribeRow{UnsubscribeCode::insufficient_state, "insufficient state"},
    UnsubscribeRow{UnsubscribeCode::subscription_expired, "subscription expired",
                   "subscriptions have no tokens: rooms know their members"},
    UnsubscribeRow{UnsubscribeCode::state_invalidated, "state invalidated",
                   "all that a connection was told is invalidated at once: 3014"},
};

template <class Table>
constexpr bool is_ascending(const Table& table) {
  return std::is_sorted(table.begin(), table.end(), [](const auto& a, const auto& b) { return a.code <= b.code; });
}
static_assert(is_ascending(kErrors) && is_ascending(kCloses) && is_ascending(kUnsubscribes));

// A number from elsewhere, cast to the enumeration, gets the first row: nothing that a client could misread as final.
template <class Table, class Code>
const auto& find_row(const Table& table, Code code) noexcept {
  const auto at = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.code == code; });
  return at == table.end() ? table.front() : *at;
}

}  // namespace

std::span<const ErrorRow> error_table() noexcept { return kErrors; }
std::span<const CloseRow> close_table() noexcept { return kCloses; }
std::span<const UnsubscribeRow> unsubscribe_table() noexcept { return kUnsubscribes; }

const ErrorRow& row_of(ErrorCode code) noexcept { return find_row(kErrors, code); }
const CloseRow& row_of(CloseCode code) noexcept { return find_row(kCloses, code); }
const UnsubscribeRow& row_of(UnsubscribeCode code) noexcept { return find_row(kUnsubscribes, code); }

bool client_reconnects(std::uint16_t code) noexcept {
  if (code == 1009) return false;
  return !(code >= 3500 && code < 4000) && !(code >= 4500 && code < 5000);
}

}  // namespace chat::centrifuge
