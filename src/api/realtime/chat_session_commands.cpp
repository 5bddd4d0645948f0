// What a chat session does in its channels and beside them: publish, history, presence, rpc.
#include "api/operations/wire.hpp"
#include "api/realtime/chat_session.hpp"
#include "api/realtime/chat_terms.hpp"
#include "base/await_callback.hpp"
#include "base/json_text.hpp"
#include "protocol/event_json.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace chat::api {
namespace {

using namespace centrifuge;
using boost::asio::awaitable;

// Who is in a feed, or only how many when `limit` is 0.
awaitable<fanout::Presence> presence_in(fanout::Shard& shard, FeedKey feed, std::size_t limit) {
  auto ask = [&shard, feed, limit](std::function<void(fanout::Presence)> done) {
    shard.presence(feed, limit, std::move(done));
  };
  co_return co_await await_callback<fanout::Presence>(std::move(ask));
}

}  // namespace

// --- publish ---

void ChatSession::publish(CommandId id, PublishRequest request) {
  ++commands_;
  if (request.type != 0) return refuse(id, ErrorCode::not_available);
  const auto feed = feed_of(id, request.channel);
  if (!feed) return;
  if (feed->is_user()) return refuse(id, ErrorCode::permission_denied);
  auto input = schema::parse_json<MessageIn>(request.data);
  if (!input) return refuse(id, error_of(detail::input_error(input.faults, "data")));
  spawn(id, post(id, new_message(feed->room_id(), std::move(*input))));
}

awaitable<void> ChatSession::post(CommandId id, NewMessage message) {
  Principal author = who_->principal;
  const auto stored = co_await realtime_.services().messages.send(std::move(author), std::move(message), origin());
  if (!stored) {
    const Errc why = stored.error().code;
    co_return refuse(id, why == Errc::too_large ? error_of(stored.error()) : error_of(why));
  }
  reply(id, PublishResult{});
}

// --- history ---

void ChatSession::history(CommandId id, HistoryRequest request) {
  ++commands_;
  const auto feed = feed_of(id, request.channel);
  if (!feed) return;
  FeedQuery query;
  query.backwards = request.reverse;
  query.bytes = options().history_bytes;
  const auto most = options().history_events;
  query.limit = request.limit < 0 ? most : std::min(static_cast<std::size_t>(request.limit), most);
  if (request.since) {
    const auto& since = *request.since;
    if (!since.epoch.empty() && since.epoch != realtime_.epoch()) return refuse(id, ErrorCode::unrecoverable_position);
    if (request.reverse && since.offset == 0) {
      return refuse(id, ErrorObject(ErrorCode::bad_request, "there is nothing before offset 0"));
    }
    query.since = seq_of(since.offset);
  }
  read_in_turn(id, [this, id, feed = *feed, query] { return read_history(id, feed, query); });
}

void ChatSession::read_in_turn(CommandId id, std::function<awaitable<void>()> read) {
  in_turn(ReplyTurns::Kind::read,
          [this, id, read = std::move(read)] { spawn(id, read(), [this] { end_turn(ReplyTurns::Kind::read); }); });
}

awaitable<void> ChatSession::read_history(CommandId id, FeedKey feed, FeedQuery query) {
  const std::string epoch = realtime_.epoch();
  const auto stretch = co_await realtime_.services().feeds.read(feed, who_->principal.id, query);
  if (!stretch) co_return refuse(id, error_of(stretch.error().code));
  HistoryResult result;
  result.epoch = epoch;  // not a newer one than that of the numbers
  result.offset = offset_of(stretch->head.last_seq);
  result.publications.reserve(stretch->events.size());
  for (const Event& event : stretch->events) {
    std::string data;
    protocol::append_event_data(data, event);
    result.publications.push_back(fanout::replayed_publication(std::move(data), event.seq, event.actor_id));
  }
  reply(id, result);
}

// --- presence ---

void ChatSession::presence(CommandId id, PresenceRequest request) {
  ++commands_;
  const auto feed = feed_of(id, request.channel);
  if (feed) read_in_turn(id, [this, id, feed = *feed] { return tell_presence(id, feed); });
}

void ChatSession::presence_stats(CommandId id, PresenceStatsRequest request) {
  ++commands_;
  if (const auto feed = feed_of(id, request.channel)) spawn(id, tell_presence_stats(id, *feed));
}

// May the user know who is in the channel?
awaitable<bool> ChatSession::may_look(CommandId id, FeedKey feed) {
  if (feed.is_user()) co_return true;
  const auto access = co_await realtime_.services().rooms.enter(feed.room_id(), who_->principal.id);
  if (!access) refuse(id, error_of(access.error().code));
  co_return access.has_value();
}

awaitable<void> ChatSession::tell_presence(CommandId id, FeedKey feed) {
  const bool allowed = co_await may_look(id, feed);
  if (!allowed || !alive()) co_return;
  const auto found = co_await presence_in(*shard(), feed, options().presence_clients);
  // Above the limit there are only counts: a list of thousands would cost everybody.
  if (found.clients > options().presence_clients) co_return refuse(id, ErrorCode::not_available);
  PresenceResult result;
  for (const auto& client : found.list) {
    result.presence.emplace_back(client.client, fanout::client_info(client.client, client.user, client.name));
  }
  reply(id, result);
}

awaitable<void> ChatSession::tell_presence_stats(CommandId id, FeedKey feed) {
  const bool allowed = co_await may_look(id, feed);
  if (!allowed || !alive()) co_return;
  const auto found = co_await presence_in(*shard(), feed, 0);
  PresenceStatsResult result;
  result.num_clients = static_cast<std::uint32_t>(found.clients);
  result.num_users = static_cast<std::uint32_t>(found.users);
  reply(id, result);
}

// --- rpc ---

void ChatSession::rpc(CommandId id, RpcRequest request) {
  ++commands_;
  const Operation* operation = realtime_.services().operations.find(request.method);
  if (!operation) return refuse(id, ErrorCode::method_not_found);
  // The input is read here: what waits for its turn keeps nothing of the frame.
  auto called = operation->call(CallContext{who_, address_, request_id_.str(), origin()}, request.data);
  if (operation->spec.method != Method::get) return spawn(id, answer_with(id, std::move(called)));
  // What only reads may answer with a lot.
  auto kept = std::make_shared<awaitable<Result<std::string>>>(std::move(called));
  read_in_turn(id, [this, id, kept] { return answer_with(id, std::move(*kept)); });
}

awaitable<void> ChatSession::answer_with(CommandId id, awaitable<Result<std::string>> call) {
  const auto output = co_await std::move(call);
  if (!output) co_return refuse(id, error_of(output.error()));
  if (output->size() > options().history_bytes) {
    co_return refuse(id,
                     ErrorObject(ErrorCode::limit_exceeded, "the answer is too large for a connection: ask over REST"));
  }
  RpcResult result;
  result.data = *output;
  reply(id, result);
}

}  // namespace chat::api
