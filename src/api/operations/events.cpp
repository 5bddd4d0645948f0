// A room's log as a list: every numbered event after a number, in the shape in which sockets push them.
#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"
#include "protocol/event_json.hpp"

#include <utility>

namespace chat::api {
namespace {

using EventsCall = Call<RoomPath, EventsQuery, None>;

awaitable<Result<EventsOut>> events(Feeds& feeds, EventsCall& call) {
  const RoomId room = call.path.room_id;
  call.subject = room.str();
  FeedQuery query;
  query.since = Seq(call.query.after.value.value);
  query.limit = static_cast<std::size_t>(call.query.limit.value.value);
  auto stretch = co_await feeds.read(FeedKey::room(room), call.session().principal.id, query);
  if (!stretch) {
    // Whoever may not enter a room is not told that it is there.
    if (stretch.error().code == Errc::forbidden) co_return Error{Errc::room_not_found, "not for this viewer"};
    co_return stretch.error();
  }
  EventsOut out;
  out.room_id = room;
  out.last_seq = stretch->head.last_seq.value;
  out.events.reserve(stretch->events.size());
  for (const Event& event : stretch->events) protocol::append_event_data(out.events.emplace_back().text, event);
  co_return out;
}

}  // namespace

void add_event_operations(Operations& operations, const Services& services) {
  operations.add<RoomPath, EventsQuery, None, EventsOut>(
      {.rpc = "room.events",
       .path = "/api/v1/rooms/{room_id}/events",
       .auth = Auth::bearer,
       .operation_id = "room_events",
       .tag = "rooms",
       .summary = "Read or follow a room's events",
       .description = "Everything that happened after a number, in order and without a gap: messages, edits, "
                      "deletions, reactions, members. Ask again with the last `seq` until it is `last_seq`.",
       .answer = "The events after `after`, oldest first",
       .errors = {Errc::room_not_found, Errc::unavailable}},
      [feeds = services.feeds](EventsCall& call) { return events(*feeds, call); });
}

}  // namespace chat::api
