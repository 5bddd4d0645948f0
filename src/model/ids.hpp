// The identifiers of the domain, each its own type.
#pragma once

#include "base/ids.hpp"

namespace chat {

using UserId = StrongId<struct UserTag>;
using RoomId = StrongId<struct RoomTag>;
using MessageId = StrongId<struct MessageTag>;
using EventId = StrongId<struct EventTag>;

using Seq = StrongInt<struct SeqTag>;          // an event's number in its feed: dense, from 1; 0 = before the first
using Ordinal = StrongInt<struct OrdinalTag>;  // a message's number among its room's messages: dense, from 1

}  // namespace chat
