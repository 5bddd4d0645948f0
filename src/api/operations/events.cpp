// A room's log as a list: every numbered event after a number, in the shape in which sockets push them.
#include "api/event_tail/event_tail.hpp"
#include "api/http/negotiation.hpp"
#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"
#include "protocol/event_json.hpp"

#include <charconv>
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
  if (!stretch) co_return stretch.error();
  EventsOut out;
  out.room_id = room;
  out.last_seq = stretch->head.last_seq.value;
  out.events.reserve(stretch->events.size());
  for (const Event& event : stretch->events) protocol::append_event_data(out.events.emplace_back().text, event);
  co_return out;
}

// The same as a stream that does not end. A reader that comes back says where it was; that counts more than the query.
awaitable<transport::HttpResponse> follow(EventTails& tails, Exchange& exchange) {
  auto path = schema::parse_fields<RoomPath>(exchange.path, schema::Where::path);
  auto query = schema::parse_fields<EventsQuery>(exchange.request.query, schema::Where::query);
  std::vector<schema::Fault> faults = std::move(path.faults);
  faults.insert(faults.end(), query.faults.begin(), query.faults.end());
  Seq after(query.value.after.value.value);
  if (const auto last = exchange.request.headers.find("last-event-id"); last && !last->empty()) {
    std::int64_t number = -1;
    const auto end = last->data() + last->size();
    const auto read = std::from_chars(last->data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || number < 0) {
      faults.push_back({"int_parsing",
                        {"header", "last-event-id"},
                        "Input should be a valid integer, unable to parse string as an integer",
                        schema::write(std::string(*last)),
                        {}});
    }
    after = Seq(number);
  }
  if (!faults.empty()) co_return unprocessable(faults);
  const auto request_id = Uuid::parse(exchange.request.request_id).value_or(Uuid());
  co_return co_await tails.open(path.value.room_id, after, *exchange.session, request_id);
}

}  // namespace

void add_event_operations(Operations& operations, const Services& services) {
  auto operation = make_operation<RoomPath, EventsQuery, None, EventsOut>(
      {.rpc = "room.events",
       .path = "/api/v1/rooms/{room_id}/events",
       .auth = Auth::bearer,
       .operation_id = "room_events",
       .tag = "rooms",
       .summary = "Read or follow a room's events",
       .description =
           "Everything that happened after a number, in order and without a gap: messages, edits, "
           "deletions, reactions, members. Ask again with the last `seq` until it is `last_seq`, or send "
           "`Accept: text/event-stream` and the answer goes on as things happen (`limit` does not count then; "
           "`id:` is the `seq`, `Last-Event-ID` is honoured).",
       .answer = "The events after `after`, oldest first",
       .errors = {Errc::room_not_found, Errc::unavailable},
       .hides_room = true},
      [feeds = services.feeds](EventsCall& call) { return events(*feeds, call); });
  operation->handle = [list = std::move(operation->handle), tails = services.tails](Exchange& exchange) {
    return accepts_event_stream(exchange.request.headers) ? follow(*tails, exchange) : list(exchange);
  };
  operations.add(std::move(operation));
}

}  // namespace chat::api
