#include "api/error_map.hpp"

#include <algorithm>
#include <array>

namespace chat::api {
namespace {

using namespace std::string_view_literals;

// Realtime codes: 102 and 103 are what SDKs know of channels, 107 is final, 100 and 111 are temporary. What has no code
// there has HTTP's: 404 for what is not there and is no channel, 409 for what contradicts the present state, 504 for
// what may have been stored.
constexpr std::array kTable = {
    ErrorMapping{Errc::invalid, 422, "InvalidInput"sv, "The input is not valid."sv, 1008, 107, false,
                 "The input is invalid"sv},
    ErrorMapping{Errc::unauthenticated, 401, "InvalidCredentials"sv, "Incorrect email or password"sv, 1008, 101, false,
                 "Wrong username or password"sv},
    ErrorMapping{Errc::forbidden, 403, "Forbidden"sv, "You are not allowed to do this."sv, 1008, 103, false,
                 "Not allowed"sv},
    ErrorMapping{Errc::user_not_found, 404, "UserNotFound"sv, "User {} was not found."sv, 1008, 404, false,
                 "No such user"sv},
    ErrorMapping{Errc::room_not_found, 404, "RoomNotFound"sv, "Room with id {} was not found."sv, 1008, 102, false,
                 "No such room"sv},
    ErrorMapping{Errc::not_found, 404, "NotFound"sv, "It was not found."sv, 1008, 404, false, "Not found"sv},
    ErrorMapping{Errc::user_exists, 409, "UserAlreadyExists"sv, "User with username {} already exists."sv, 1008, 409,
                 false, "The username is taken, in whatever case"sv},
    ErrorMapping{Errc::room_exists, 409, "RoomAlreadyExists"sv, "Room with name {} already exists."sv, 1008, 409, false,
                 "There is a room of that name"sv},
    ErrorMapping{Errc::conflict, 409, "Conflict"sv, "It was changed meanwhile."sv, 1008, 409, false,
                 "Changed meanwhile"sv},
    ErrorMapping{Errc::too_large, 413, "PayloadTooLarge"sv, "The request is too large."sv, 1009, 107, false,
                 "The body is too large"sv},
    ErrorMapping{Errc::rate_limited, 429, "TooManyRequests"sv, "Too many requests. Please try again later."sv, 1013,
                 111, true, "Too many requests; Retry-After says when to come again"sv},
    ErrorMapping{Errc::overloaded, 503, "ServiceUnavailable"sv,
                 "The server is busy. Nothing was changed; please try again."sv, 1013, 111, true,
                 "The server is busy, or its database is away; Retry-After says when to come again"sv},
    ErrorMapping{Errc::outcome_unknown, 503, "OutcomeUnknown"sv,
                 "It is not known whether this was stored. Please send it again with the same client_id."sv, 1013, 504,
                 true, "It may or may not have been stored"sv},
    ErrorMapping{Errc::unavailable, 503, "ServiceUnavailable"sv,
                 "The service is not available at the moment. Nothing was changed; please try again."sv, 1013, 100,
                 true, "The server is busy, or its database is away; Retry-After says when to come again"sv},
    ErrorMapping{Errc::internal, 500, "InternalServerError"sv, "Oops! An unexpected error occurred."sv, 1011, 100, true,
                 "An unexpected error"sv},
};

}  // namespace

const ErrorMapping& mapping_of(Errc code) noexcept {
  const auto found = std::ranges::find(kTable, code, &ErrorMapping::errc);
  return found == kTable.end() ? kTable.back() : *found;
}

std::string sentence_of(Errc code, std::string_view subject) {
  std::string sentence(mapping_of(code).sentence);
  if (const auto at = sentence.find("{}"); at != std::string::npos) sentence.replace(at, 2, subject);
  return sentence;
}

RealtimeError realtime_error(Error error) {
  const auto& row = mapping_of(error.code);
  if (!error.message.empty()) return {row.realtime_code, std::move(error.message), row.temporary};
  const bool names_it = row.sentence.find("{}") != std::string_view::npos;  // and nobody said what
  return {row.realtime_code, std::string(names_it ? row.description : row.sentence), row.temporary};
}

int retry_after_seconds(const Error& error) noexcept {
  const auto status = mapping_of(error.code).status;
  if (status != 429 && status != 503) return 0;
  // A store that is away takes longer to come back than a queue to empty.
  const long unknown = error.code == Errc::unavailable ? 5 : 1;
  const long hint = error.retry.after.count() > 0 ? static_cast<long>(error.retry.after.count()) : unknown;
  return static_cast<int>(std::clamp(hint, 1l, 60l));
}

}  // namespace chat::api
