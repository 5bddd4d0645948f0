#include "api/operations/typing.hpp"

#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"

#include <utility>

namespace chat::api {
namespace {

using TypingCall = Call<None, None, TypingIn>;

awaitable<Result<DoneOut>> announce(Typing& typing, TypingCall& call) {
  call.subject = call.body.room_id.str();
  Principal who = call.session().principal;
  const auto told = co_await typing.announce(call.body.room_id, std::move(who), call.context.origin);
  if (!told) co_return told.error();
  co_return DoneOut{};
}

}  // namespace

Typing::Typing(fanout::FanOut& fan_out, Rooms& rooms, const Clock& clock)
    : fan_out_(fan_out), rooms_(rooms), clock_(clock) {}

boost::asio::awaitable<Result<void>> Typing::announce(RoomId room, Principal who, Origin origin) {
  // Before the look-up: a client that tells every key stroke costs nothing more.
  const std::string key = room.str() + who.id.str();
  if (!told_.peek(key, clock_.steady()).allowed) co_return Result<void>();
  const auto access = co_await rooms_.enter(room, who.id);
  if (!access) co_return access.error();
  if (!told_.take(key, clock_.steady()).allowed) co_return Result<void>();
  fanout::Signal signal;
  signal.data = schema::write(TypingSignal{{}, room, {who.id, who.name}});
  signal.user = who.id;
  signal.origin = origin;
  fan_out_.signal(FeedKey::room(room), std::move(signal));
  co_return Result<void>();
}

void add_typing_operations(Operations& operations, const Services& services) {
  operations.add<None, None, TypingIn, DoneOut>(
      {.rpc = "room.typing",
       .auth = Auth::bearer,
       .operation_id = "room_typing",
       .tag = "rooms",
       .summary = "Tell a room that its caller is typing",
       .description = "Subscribers get a publication without an offset, {\"type\":\"typing\",\"room_id\",\"user\"}, at "
                      "most every two seconds. It is not stored; a receiver shows it for some five seconds.",
       .answer = "It is told, or was just now",
       .errors = {Errc::forbidden, Errc::room_not_found, Errc::unavailable}},
      [typing = services.typing](TypingCall& call) { return announce(*typing, call); });
}

}  // namespace chat::api
