#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"

#include <utility>

namespace chat::api {
namespace {

using CreateCall = Call<None, None, RoomIn>;
using ListCall = Call<None, None, None>;

RoomOut room_out(Room&& room) {
  return {room.id, std::move(room.name).value_or(""), room.creator_id, std::move(room.description)};
}

awaitable<Result<RoomOut>> create(Rooms& rooms, CreateCall& call) {
  call.subject = call.body.name.value;
  NewRoom wanted{std::move(call.body.name.value), {}};
  if (call.body.description) wanted.description = std::move(call.body.description->value);
  Principal creator = call.session().principal;
  auto made = co_await rooms.create(std::move(creator), std::move(wanted));
  if (!made) co_return made.error();
  co_return room_out(std::move(*made));
}

awaitable<Result<RoomsOut>> list(Rooms& rooms) {
  auto all = co_await rooms.list();
  if (!all) co_return all.error();
  RoomsOut out;
  out.rooms.reserve(all->size());
  for (auto& room : *all) out.rooms.push_back(room_out(std::move(room)));
  co_return out;
}

}  // namespace

void add_room_operations(Operations& operations, const Services& services) {
  operations.add<None, None, RoomIn, RoomOut>(
      {.rpc = "room.create",
       .method = Method::post,
       .path = "/api/v1/rooms",
       .auth = Auth::bearer,
       .success = 201,
       .operation_id = "create_room",
       .tag = "rooms",
       .summary = "Create a public room",
       .answer = "The new room",
       .errors = {Errc::room_exists, Errc::rate_limited, Errc::unavailable}},
      [rooms = services.rooms](CreateCall& call) { return create(*rooms, call); });
  operations.add<None, None, None, RoomsOut>({.rpc = "room.list",
                                              .path = "/api/v1/rooms",
                                              .auth = Auth::bearer,
                                              .operation_id = "list_rooms",
                                              .tag = "rooms",
                                              .summary = "List the public rooms",
                                              .answer = "All public rooms, oldest first",
                                              .errors = {Errc::unavailable}},
                                             [rooms = services.rooms](ListCall&) { return list(*rooms); });
}

}  // namespace chat::api
