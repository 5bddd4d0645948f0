// What a user's feed is told of unread messages: a snapshot, without an offset, never stored.
#pragma once

#include "fanout/wire_format.hpp"
#include "ports/stores.hpp"
#include "schema/schema.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace chat::api {

struct UnreadRoomOut {
  RoomId room_id;
  std::int64_t unread = 0;
  std::int64_t last_seq = 0;

  static constexpr schema::FieldDoc kDocs[] = {
      {"unread", "Messages above the reader's marker that were not deleted; 0: everything is read.", "3"},
      {"last_seq", "The number of the room's newest event when this was counted.", "17"}};
};
BOOST_DESCRIBE_STRUCT(UnreadRoomOut, (), (room_id, unread, last_seq))

struct UnreadSignal {
  schema::Literal<"unread"> type;
  std::vector<UnreadRoomOut> rooms;

  static constexpr std::string_view kDescription =
      "Rooms whose unread count may have changed; after a connect all those in which something is unread.";
};
BOOST_DESCRIBE_STRUCT(UnreadSignal, (), (type, rooms))

fanout::Signal unread_signal(const std::vector<UnreadCount>& counts);

}  // namespace chat::api
