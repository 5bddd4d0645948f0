#include "api/realtime/chat_session.hpp"

#include "api/error_map.hpp"
#include "api/operations/wire.hpp"
#include "base/json_text.hpp"
#include "protocol/event_json.hpp"
#include "schema/schema.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <utility>

namespace chat::api {
namespace {

using namespace centrifuge;
using boost::asio::awaitable;

ErrorObject error_of(Error error) {
  auto mapped = realtime_error(std::move(error));
  ErrorObject object;
  object.code = mapped.code;
  object.message = std::move(mapped.message);
  object.temporary = mapped.temporary;
  return object;
}

// An error of ours, whose message is for developers: the client gets the table's sentence.
ErrorObject error_of(Errc code) { return error_of(Error(code)); }

Seq seq_of(std::uint64_t offset) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return Seq(static_cast<std::int64_t>(std::min(offset, kMost)));
}

std::string what_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown";
  }
}

// Who is in a feed, or only how many when `limit` is 0.
awaitable<fanout::Presence> presence_in(fanout::Shard& shard, FeedKey feed, std::size_t limit) {
  auto initiate = [&shard, feed, limit](auto handler) {
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    shard.presence(feed, limit, [waiting](fanout::Presence found) { std::move (*waiting)(std::move(found)); });
  };
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(fanout::Presence)>(
      initiate, boost::asio::use_awaitable);
}

std::uint64_t offset_of(Seq seq) { return static_cast<std::uint64_t>(seq.value); }

}  // namespace

// What a subscription is to be, and the commands that await it.
struct ChatSession::Asked {
  explicit Asked(CommandId command) : id(command) {}

  const CommandId id;  // `subscribe`; `connect` when the server subscribes
  std::uint64_t offset = 0;
  std::vector<CommandId> leaving;             // `unsubscribe`s that came meanwhile
  std::vector<std::function<void()>> behind;  // what came after them for this channel: started when it is left
  bool recover = false;
  bool possible = false;  // the position may be of this database
  bool reject_unrecovered = false;
  bool join_leave = false;

  void read(const SubscribeRequest& request, std::string_view epoch) {
    recover = request.recover;
    offset = request.offset;
    possible = request.recover && (request.epoch.empty() || request.epoch == epoch);
    reject_unrecovered = (request.flag & kFlagRejectUnrecovered) != 0;
    join_leave = request.join_leave;
  }
};

// A subscription, from the command on.
struct ChatSession::Channel {
  Channel(fanout::Subscriber& owner, const FeedKey& key, CommandId command, bool by_server)
      : feed(key), server_side(by_server), subscription(owner), asked(std::make_unique<Asked>(command)) {}

  const FeedKey feed;
  const bool server_side;
  fanout::Subscription subscription;
  std::unique_ptr<Asked> asked;  // null: it is subscribed
};

ChatSession::ChatSession(const Realtime& realtime, const Wire& wire, const Uuid& request_id, std::string address)
    : RealtimeSession(realtime.options(), realtime.services().clock, wire),
      realtime_(realtime),
      request_id_(request_id),
      address_(std::move(address)) {}

ChatSession::~ChatSession() {
  leave_unread();
  realtime_.services().live.remove(*this);
  detach();
  channels_.clear();
}

// --- opening and ending ---

void ChatSession::opened() {
  opened_at_ = clock().steady();
  attach(*realtime_.services().fan_out.shard_of(socket()->loop()), *socket());
  home_.store(shard());
}

void ChatSession::ended(const transport::CloseInfo& info) {
  leave_unread();
  realtime_.services().live.remove(*this);
  const std::string client = origin().connection ? fanout::client_text(origin()) : std::string();
  detach();
  const auto channels = std::distance(channels_.begin(), channels_.end());
  channels_.clear();
  log_info("realtime_closed", {{"request_id", request_id_.str()},
                               {"client", client},
                               {"user_id", who_ ? who_->principal.id.str() : std::string()},
                               {"code", info.code},
                               {"by_peer", info.by_peer},
                               {"commands", commands_},
                               {"channels", channels},
                               {"open", clock().steady() - opened_at_}});
}

void ChatSession::write(std::string_view frame) { send(frame); }

void ChatSession::on_slow(std::string_view) { on_overflow(*socket()); }

void ChatSession::on_state_invalidated() { close(CloseCode::state_invalidated); }

// On another thread, and possibly before or after this connection's life.
void ChatSession::on_revoked() noexcept {
  fanout::Shard* home = home_.load();
  home->loop().post([weak = weak_from_this()] {
    if (const auto session = std::static_pointer_cast<ChatSession>(weak.lock())) {
      session->close(CloseCode::invalid_token, "the user may no longer be connected");
    }
  });
}

// Runs a coroutine that answers the command; the session is kept until it has ended.
void ChatSession::spawn(CommandId id, awaitable<void> work) {
  auto done = [session = self(), id](const std::exception_ptr& failure) {
    if (!failure) return;
    log_error("realtime_command_failed", {{"request_id", session->request_id_.str()}, {"what", what_of(failure)}});
    session->fail(id);
  };
  boost::asio::co_spawn(shard()->loop().executor(), std::move(work), std::move(done));
}

// What a command began does not stay half done: who asks again must not be told that it is subscribed already.
void ChatSession::fail(CommandId id) {
  if (reading_ == id) reading_ = 0;
  const auto begun = std::find_if(channels_.begin(), channels_.end(),
                                  [&](auto& channel) { return channel.asked && channel.asked->id == id; });
  if (alive() && begun != channels_.end()) {
    give_up(*begun, ErrorCode::internal);
  } else if (is_connected()) {
    refuse(id, ErrorCode::internal);
  } else {
    refuse_connect(id, ErrorCode::internal);
  }
  read_next();
}

// --- connect and refresh ---

void ChatSession::connect(CommandId id, ConnectRequest request) {
  if (request.token.empty()) return close(CloseCode::invalid_token);
  spawn(id, log_in(id, std::move(request)));
}

awaitable<void> ChatSession::log_in(CommandId id, ConnectRequest request) {
  auto& sessions = realtime_.services().sessions;
  auto session = sessions.try_authenticate(request.token);
  if (!session) session = co_await sessions.authenticate(request.token);
  if (!alive()) co_return;
  if (!*session) {
    const Errc why = session->error().code;
    if (why != Errc::unauthenticated) co_return refuse_connect(id, error_of(why));
    if (!sessions.is_expired(request.token)) co_return close(CloseCode::invalid_token);
    co_return refuse_connect(id, ErrorCode::token_expired);
  }
  enter(id, std::move(**session), request);
}

// The user's own feed first: its position stands in the answer to `connect`.
void ChatSession::enter(CommandId id, Session session, const ConnectRequest& request) {
  who_ = std::move(session);
  if (!realtime_.services().live.add(*this, who_->principal.id, who_->token_version)) {
    return close(CloseCode::connection_limit);
  }
  Channel& own = channels_.emplace_front(*this, FeedKey::user(who_->principal.id), id, true);
  const std::string name = own.feed.str();
  const auto asked =
      std::find_if(request.subs.begin(), request.subs.end(), [&](auto& sub) { return sub.first == name; });
  if (asked != request.subs.end()) own.asked->read(asked->second, shard()->epoch());
  start(own, std::nullopt);
}

void ChatSession::welcome(CommandId id, SubscribeResult own) {
  ConnectResult result;
  result.client = fanout::client_text(origin());
  result.expires = true;
  result.ttl = seconds_left(who_->expires_at);
  result.data = "{\"user\":{\"id\":\"" + who_->principal.id.str() + "\",\"name\":";
  append_json_string(result.data, who_->principal.name);
  result.data += "}}";
  result.subs.emplace_back(FeedKey::user(who_->principal.id).str(), std::move(own));
  connected(id, std::move(result));
  expire_at(who_->expires_at);
  if (!alive()) return;
  realtime_.services().unread.session_opened(who_->principal.id);
  counted_unread_ = true;
}

void ChatSession::leave_unread() {
  if (std::exchange(counted_unread_, false)) realtime_.services().unread.session_ended(who_->principal.id);
}

void ChatSession::refresh(CommandId id, RefreshRequest request) { spawn(id, renew(id, std::move(request.token))); }

awaitable<void> ChatSession::renew(CommandId id, std::string token) {
  auto& sessions = realtime_.services().sessions;
  auto session = sessions.try_authenticate(token);
  if (!session) session = co_await sessions.authenticate(token);
  if (!alive()) co_return;
  if (!*session) {
    const Errc why = session->error().code;
    if (why != Errc::unauthenticated) co_return refuse(id, error_of(why));
    co_return close(sessions.is_expired(token) ? CloseCode::connection_expired : CloseCode::invalid_token);
  }
  if ((*session)->principal.id != who_->principal.id) co_return close(CloseCode::invalid_token);
  const bool newer = (*session)->token_version != who_->token_version;
  who_ = std::move(**session);
  if (newer) {  // judged by the token that it has now
    auto& live = realtime_.services().live;
    live.remove(*this);
    if (!live.add(*this, who_->principal.id, who_->token_version)) co_return close(CloseCode::connection_limit);
  }
  expire_at(who_->expires_at);
  RefreshResult result;
  result.client = fanout::client_text(origin());
  result.version = kRealtimeVersion;
  result.expires = true;
  result.ttl = seconds_left(who_->expires_at);
  reply(id, result);
}

// Subscriptions have no tokens here, so none ends.
void ChatSession::sub_refresh(CommandId id, SubRefreshRequest) { refuse(id, ErrorCode::not_available); }

// --- subscribe and unsubscribe ---

std::optional<FeedKey> ChatSession::feed_of(CommandId id, std::string_view channel) {
  auto feed = FeedKey::parse(channel);
  if (!feed) {
    refuse(id, ErrorCode::unknown_channel);
    return std::nullopt;
  }
  if (feed->is_user() && feed->user_id() != who_->principal.id) {
    refuse(id, ErrorCode::permission_denied);
    return std::nullopt;
  }
  return feed;
}

ChatSession::Channel* ChatSession::find(const FeedKey& feed) noexcept {
  const auto found =
      std::find_if(channels_.begin(), channels_.end(), [&](auto& channel) { return channel.feed == feed; });
  return found == channels_.end() ? nullptr : &*found;
}

ChatSession::Channel& ChatSession::channel_of(const fanout::Subscription& subscription) noexcept {
  return *std::find_if(channels_.begin(), channels_.end(),
                       [&](auto& channel) { return &channel.subscription == &subscription; });
}

void ChatSession::erase(const Channel& channel) {
  channels_.remove_if([&](auto& other) { return &other == &channel; });
}

void ChatSession::subscribe(CommandId id, SubscribeRequest request) {
  ++commands_;
  if (request.type != 0) return refuse(id, ErrorCode::not_available);
  const auto feed = feed_of(id, request.channel);
  if (!feed) return;
  if (Channel* there = find(*feed)) {
    if (!there->asked || there->asked->leaving.empty()) return refuse(id, ErrorCode::already_subscribed);
    return there->asked->behind.push_back([this, id, request] { subscribe(id, request); });
  }
  const auto channels = static_cast<std::size_t>(std::distance(channels_.begin(), channels_.end()));
  if (channels >= options().channels) return refuse(id, ErrorCode::limit_exceeded);
  Channel& channel = channels_.emplace_front(*this, *feed, id, false);
  channel.asked->read(request, shard()->epoch());
  if (feed->is_user()) return start(channel, std::nullopt);
  spawn(id, join(*feed));
}

awaitable<void> ChatSession::join(FeedKey feed) {
  const auto access = co_await realtime_.services().rooms.enter(feed.room_id(), who_->principal.id);
  Channel* channel = alive() ? find(feed) : nullptr;
  if (!channel) co_return;
  if (!access) co_return give_up(*channel, error_of(access.error().code));
  std::optional<Seq> member_as_of;
  if (access->room.kind != RoomKind::public_room) member_as_of = access->room.last_seq;
  start(*channel, member_as_of);
}

void ChatSession::start(Channel& channel, std::optional<Seq> member_as_of) {
  const Asked& asked = *channel.asked;
  const bool insists = asked.recover && asked.reject_unrecovered && !channel.server_side;
  if (insists && !asked.possible) return give_up(channel, ErrorCode::unrecoverable_position);
  fanout::RecoverFrom from;
  from.max_events = options().recovery_events;
  from.max_bytes = options().recovery_bytes;
  if (asked.possible) from.after = seq_of(asked.offset);
  from.insist = insists;
  const auto audience = asked.join_leave ? fanout::Audience::events_and_notices : fanout::Audience::events;
  const fanout::Place place{channel.feed, fanout::realtime_format(wire().encoding, wire().framing), audience,
                            member_as_of};
  shard()->subscribe(channel.subscription, place, from);
}

void ChatSession::on_subscribe_failed(fanout::Subscription& subscription, const Error& error) {
  const bool position = error.code == Errc::conflict;  // it insisted on a recovery, and there can be none
  give_up(channel_of(subscription), position ? ErrorObject(ErrorCode::unrecoverable_position) : error_of(error.code));
}

void ChatSession::on_subscribed(fanout::Subscription& subscription, fanout::Recovery recovery) {
  Channel& channel = channel_of(subscription);
  const auto asked = std::move(channel.asked);
  SubscribeResult result;
  result.recoverable = result.positioned = true;
  result.epoch = shard()->epoch();
  result.was_recovering = asked->recover;
  result.recovered = recovery.recovered;
  result.offset = recovery.recovered ? asked->offset : offset_of(recovery.top);
  result.publications = std::move(recovery.publications);
  if (!is_connected()) return welcome(asked->id, std::move(result));
  reply(asked->id, result);
  if (asked->leaving.empty()) return;
  take(channel);
  go_on_after(*asked);
}

// The subscription is not to be.
void ChatSession::give_up(Channel& channel, const ErrorObject& error) {
  const auto asked = take(channel);
  if (!is_connected()) return refuse_connect(asked->id, error);
  refuse(asked->id, error);
  go_on_after(*asked);
}

void ChatSession::unsubscribe(CommandId id, UnsubscribeRequest request) {
  ++commands_;
  const auto feed = FeedKey::parse(request.channel);
  Channel* channel = feed ? find(*feed) : nullptr;
  if (!channel) return reply(id, UnsubscribeResult{});
  if (!channel->asked) {
    take(*channel);
    return reply(id, UnsubscribeResult{});
  }
  Asked& asked = *channel->asked;
  if (!asked.behind.empty()) return asked.behind.push_back([this, id, request] { unsubscribe(id, request); });
  asked.leaving.push_back(id);
}

// Leaves the channel, which is gone then. What is owed from it goes out before what is said next.
// Answers what was asked of it if it was not subscribed yet.
std::unique_ptr<ChatSession::Asked> ChatSession::take(Channel& channel) {
  auto asked = std::move(channel.asked);
  shard()->unsubscribe(channel.subscription);
  erase(channel);
  return asked;
}

// What waited for the end of a subscription.
void ChatSession::go_on_after(const Asked& asked) {
  for (const CommandId id : asked.leaving) reply(id, UnsubscribeResult{});
  for (const auto& command : asked.behind) {
    if (is_connected()) command();
  }
}

void ChatSession::on_removed(fanout::Subscription& subscription) {
  end(channel_of(subscription), UnsubscribeCode::removed_from_room);
}

// The client comes back for what it missed: in the room, or with a new connection where the server subscribed it.
void ChatSession::on_position_lost(fanout::Subscription& subscription) {
  Channel& channel = channel_of(subscription);
  if (channel.server_side) return close(CloseCode::insufficient_state);
  end(channel, UnsubscribeCode::insufficient_state);
}

void ChatSession::on_feed_gone(fanout::Subscription& subscription) {
  end(channel_of(subscription), UnsubscribeCode::room_deleted);
}

void ChatSession::end(Channel& channel, UnsubscribeCode why) {
  const std::string name = channel.feed.str();
  take(channel);
  push(name, UnsubscribePush(why));
}

// --- in a channel ---

void ChatSession::publish(CommandId id, PublishRequest request) {
  ++commands_;
  if (request.type != 0) return refuse(id, ErrorCode::not_available);
  const auto feed = feed_of(id, request.channel);
  if (!feed) return;
  if (feed->is_user()) return refuse(id, ErrorCode::permission_denied);
  auto input = schema::parse_json<MessageIn>(request.data);
  if (!input) return refuse(id, error_of(detail::input_error(input.faults)));
  spawn(id, post(id, new_message(feed->room_id(), std::move(*input))));
}

awaitable<void> ChatSession::post(CommandId id, NewMessage message) {
  Principal author = who_->principal;
  const auto stored = co_await realtime_.services().messages.send(std::move(author), std::move(message), origin());
  if (!stored) co_return refuse(id, error_of(stored.error().code));
  reply(id, PublishResult{});
}

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

// What may answer with a lot. One at a time, and none while the client has not taken what it was sent: an answer may be
// half of what a connection may owe, and who asks for several at once is no slow reader.
void ChatSession::read_in_turn(CommandId id, std::function<awaitable<void>()> read) {
  waiting_reads_.push_back({id, std::move(read)});
  read_next();
}

void ChatSession::read_next() {
  if (reading_ != 0 || waiting_reads_.empty() || !is_connected() || !is_open()) return;
  if (!below_low_water()) return notify_when_writable();
  const WaitingRead first = waiting_reads_.front();
  waiting_reads_.pop_front();
  reading_ = first.id;
  spawn(first.id, in_turn(first.read()));
}

awaitable<void> ChatSession::in_turn(awaitable<void> read) {
  co_await std::move(read);
  reading_ = 0;
  read_next();
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

void ChatSession::presence(CommandId id, PresenceRequest request) {
  ++commands_;
  if (const auto feed = feed_of(id, request.channel)) spawn(id, tell_presence(id, *feed));
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
    ClientInfo info;
    info.client = client.client;
    info.user = client.user.str();
    info.conn_info = "{\"name\":";
    append_json_string(info.conn_info, client.name);
    info.conn_info += '}';
    result.presence.emplace_back(client.client, std::move(info));
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
  // What only reads may answer with a lot.
  if (operation->spec.method == Method::get) {
    read_in_turn(id, [this, id, operation, data = std::move(request.data)] { return call(id, *operation, data); });
  } else {
    spawn(id, call(id, *operation, std::move(request.data)));
  }
}

awaitable<void> ChatSession::call(CommandId id, const Operation& operation, std::string data) {
  CallContext context{who_, address_, request_id_.str(), origin()};
  const auto output = co_await operation.call(std::move(context), data);
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
