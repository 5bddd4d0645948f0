#include "api/operations/unread_signal.hpp"

#include <utility>

namespace chat::api {

fanout::Signal unread_signal(const std::vector<UnreadCount>& counts) {
  UnreadSignal told;
  told.rooms.reserve(counts.size());
  for (const UnreadCount& count : counts) told.rooms.push_back({count.room, count.unread, count.last_seq.value});
  fanout::Signal signal;
  signal.data = schema::write(told);
  return signal;
}

}  // namespace chat::api
