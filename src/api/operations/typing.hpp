// "Ana is typing": told once to those who are in the room, never stored, gone after a few seconds at the receiver's.
#pragma once

#include "base/keyed_rate_limiter.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chat/rooms.hpp"
#include "fanout/fanout.hpp"
#include "model/ids.hpp"
#include "model/user.hpp"
#include "ports/journal.hpp"

#include <boost/asio/awaitable.hpp>

namespace chat::api {

// Thread-safe. A user is announced at most every two seconds in a room, whatever his client does; what comes between is
// taken and not told.
class Typing {
 public:
  // All referenced objects outlive this one.
  Typing(fanout::FanOut& fan_out, Rooms& rooms, const Clock& clock);

  // Errors: room_not_found, forbidden, unavailable, overloaded.
  boost::asio::awaitable<Result<void>> announce(RoomId room, Principal who, Origin origin);

 private:
  fanout::FanOut& fan_out_;
  Rooms& rooms_;
  const Clock& clock_;
  KeyedRateLimiter told_{RateLimit{0.5, 1}, 16384};
};

}  // namespace chat::api
