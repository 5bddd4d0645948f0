#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"

#include <utility>

namespace chat::api {
namespace {

using HistoryCall = Call<RoomPath, PageQuery, None>;

MessageOut message_out(Message&& message) {
  MessageOut out{message.id,
                 message.room_id,
                 {message.author_id, std::move(message.author_name)},
                 std::move(message.content),
                 message.timestamp,
                 message.seq.value,
                 {},
                 {},
                 {}};
  if (message.reply_to) out.reply_to = *message.reply_to;
  if (message.deleted_at) {
    out.content.clear();
    out.deleted = true;
  } else if (message.metadata) {
    out.metadata = schema::RawJson{std::move(*message.metadata)};
  }
  return out;
}

awaitable<Result<HistoryOut>> history(Rooms& rooms, HistoryCall& call) {
  const RoomId room = call.path.room_id;
  const std::int64_t page = call.query.page.value;
  const std::int64_t size = call.query.size.value;
  auto got = co_await rooms.history(room, call.session().principal.id, page, size);
  if (!got) {
    call.subject = room.str();
    co_return got.error();
  }
  HistoryOut out;
  out.room_id = room;
  out.messages.reserve(got->messages.size());
  for (auto& message : got->messages) out.messages.push_back(message_out(std::move(message)));
  const auto total = got->total_messages;
  out.pagination = {page, size, total / size + (total % size != 0 ? 1 : 0), total};
  co_return out;
}

}  // namespace

void add_history_operations(Operations& operations, const Services& services) {
  operations.add<RoomPath, PageQuery, None, HistoryOut>(
      {.rpc = "room.history",
       .path = "/api/v1/rooms/{room_id}/history",
       .auth = Auth::bearer,
       .operation_id = "room_history",
       .tag = "rooms",
       .summary = "Read a page of a room's history",
       .description = "Oldest first. A page past the end has the true totals and no messages. A deleted message stays, "
                      "without its content, and is counted.",
       .answer = "One page",
       .errors = {Errc::room_not_found, Errc::unavailable},
       .hides_room = true},
      [rooms = services.rooms](HistoryCall& call) { return history(*rooms, call); });
}

}  // namespace chat::api
