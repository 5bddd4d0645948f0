#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"

#include <utility>

namespace chat::api {
namespace {

using SendCall = Call<RoomPath, None, MessageIn>;

awaitable<Result<SentOut>> send(Messages& messages, SendCall& call) {
  call.subject = call.path.room_id.str();
  Principal author = call.session().principal;
  NewMessage message = new_message(call.path.room_id, std::move(call.body));
  const auto stored = co_await messages.send(std::move(author), std::move(message), call.context.origin);
  if (!stored) co_return stored.error();
  co_return SentOut{MessageId(stored->id), stored->seq.value, stored->at};
}

}  // namespace

NewMessage new_message(RoomId room, MessageIn&& input) {
  NewMessage message;
  message.room_id = room;
  message.content = std::move(input.content.value);
  if (input.client_id) message.client_id = std::move(input.client_id->value);
  if (input.metadata) message.metadata = std::move(input.metadata->text);
  message.reply_to = input.reply_to;
  return message;
}

void add_message_operations(Operations& operations, const Services& services) {
  operations.add<RoomPath, None, MessageIn, SentOut>(
      {.rpc = "message.send",
       .method = Method::post,
       .path = "/api/v1/rooms/{room_id}/messages",
       .auth = Auth::bearer,
       .success = 201,
       .operation_id = "send_message",
       .tag = "rooms",
       .summary = "Send a message",
       .description = "Answers when it is stored; everybody in the room gets it. Send it again with the same "
                      "`client_id` when no answer came: it is stored once, and the answer is the first one's.",
       .answer = "It is stored; or it was before, and this is the answer of then",
       .errors = {Errc::forbidden, Errc::room_not_found, Errc::too_large, Errc::rate_limited, Errc::overloaded,
                  Errc::outcome_unknown, Errc::unavailable}},
      [messages = services.messages](SendCall& call) { return send(*messages, call); });
}

}  // namespace chat::api
