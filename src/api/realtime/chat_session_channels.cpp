// The channels of a chat session: subscribing, leaving, and what the fan-out tells of them.
#include "api/realtime/chat_channel.hpp"
#include "api/realtime/chat_session.hpp"
#include "api/realtime/chat_terms.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::api {

using namespace centrifuge;
using boost::asio::awaitable;

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
    request.token.clear();  // of no use here, and may be as large as a frame
    request.data.clear();
    return there->asked->behind.push_back([this, id, request] { subscribe(id, request); });
  }
  const auto channels = static_cast<std::size_t>(std::distance(channels_.begin(), channels_.end()));
  if (channels >= options().channels) return refuse(id, ErrorCode::limit_exceeded);
  Channel& channel = channels_.emplace_front(*this, *feed, id, false);
  channel.asked->read(request, shard()->epoch());
  if (!channel.asked->possible) return approach(channel);  // its answer is small
  in_turn(ReplyTurns::Kind::recovery, [this, feed = *feed] {
    Channel* waiting = find(feed);
    if (!waiting || !waiting->asked) return turns_.done(ReplyTurns::Kind::recovery);  // it failed meanwhile
    waiting->asked->has_turn = true;
    approach(*waiting);
  });
}

void ChatSession::approach(Channel& channel) {
  if (channel.feed.is_user()) return start(channel, std::nullopt);
  spawn(channel.asked->id, join(channel.feed));
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
  if (!asked->leaving.empty()) {
    take(channel);
    go_on_after(*asked);
  }
  if (asked->has_turn) end_turn(ReplyTurns::Kind::recovery);
}

// The subscription is not to be.
void ChatSession::give_up(Channel& channel, const ErrorObject& error) {
  const auto asked = take(channel);
  if (!is_connected()) return refuse_connect(asked->id, error);
  refuse(asked->id, error);
  go_on_after(*asked);
  if (asked->has_turn) end_turn(ReplyTurns::Kind::recovery);
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

// Met while history is read page by page, as this session does not; and rooms are not deleted.
void ChatSession::on_feed_gone(fanout::Subscription& subscription) {
  end(channel_of(subscription), UnsubscribeCode::room_deleted);
}

void ChatSession::end(Channel& channel, UnsubscribeCode why) {
  const std::string name = channel.feed.str();
  take(channel);
  push(name, UnsubscribePush(why));
}

}  // namespace chat::api
