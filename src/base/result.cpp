#include "base/result.hpp"

namespace chat {

const char* to_string(Errc code) noexcept {
  switch (code) {
    case Errc::invalid:
      return "invalid";
    case Errc::unauthenticated:
      return "unauthenticated";
    case Errc::forbidden:
      return "forbidden";
    case Errc::user_not_found:
      return "user_not_found";
    case Errc::room_not_found:
      return "room_not_found";
    case Errc::not_found:
      return "not_found";
    case Errc::user_exists:
      return "user_exists";
    case Errc::room_exists:
      return "room_exists";
    case Errc::conflict:
      return "conflict";
    case Errc::too_large:
      return "too_large";
    case Errc::rate_limited:
      return "rate_limited";
    case Errc::overloaded:
      return "overloaded";
    case Errc::outcome_unknown:
      return "outcome_unknown";
    case Errc::unavailable:
      return "unavailable";
    case Errc::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace chat
