#include "conformance/memory_session.hpp"

#include "base/ids.hpp"
#include "conformance/publication.hpp"

#include <algorithm>
#include <utility>

namespace chat::conformance {

using namespace centrifuge;

MemorySession::MemorySession(const Common& common, const Wire& wire)
    : RealtimeSession(common.options, common.clock, wire), common_(common) {}

// Without an end only when its loop was destroyed under it: then nobody is left to be told.
MemorySession::~MemorySession() {
  for (auto& [name, subscription] : subscriptions_) subscription.channel->remove(*this, /*quietly=*/true);
}

void MemorySession::ended(const transport::CloseInfo&) {
  expiry_.cancel();
  for (auto& [name, subscription] : std::exchange(subscriptions_, {})) subscription.channel->remove(*this);
}

void MemorySession::write(std::string_view frame) { socket()->send_frame(frame); }

// --- connection ---

void MemorySession::connect(CommandId id, ConnectRequest request) {
  Claims claims;
  if (!request.token.empty()) {
    auto read = common_.tokens.read(request.token, clock().now());
    if (!read) return close(CloseCode::invalid_token);
    claims = std::move(*read);
    if (claims.expires_at <= clock().now()) return refuse_connect(id, ErrorCode::token_expired);
  }
  info_.user = claims.user;
  info_.client = Uuid::v4().str();

  ConnectResult result;
  result.client = info_.client;
  if (claims.expires()) {
    expire_at(claims.expires_at);
    result.expires = true;
    result.ttl = seconds_left(claims.expires_at);
  }
  Subscription own{.channel = nullptr, .join_leave = true};
  if (!info_.user.empty()) {
    const std::string personal = "#" + info_.user;
    own.channel = std::get<Channel*>(common_.channels.open(personal));
    const auto asked =
        std::find_if(request.subs.begin(), request.subs.end(), [&](const auto& sub) { return sub.first == personal; });
    result.subs.emplace_back(personal, position(asked != request.subs.end() ? asked->second : SubscribeRequest(), own));
    if (!alive()) return;
    enter(own);
  }
  connected(id, std::move(result));
  if (own.channel) own.channel->announce(*this);
}

void MemorySession::refresh(CommandId id, RefreshRequest request) {
  const auto claims = common_.tokens.read(request.token, clock().now());
  if (!claims || claims->user != info_.user) return close(CloseCode::invalid_token);
  if (claims->expires_at <= clock().now()) return close(CloseCode::connection_expired);
  expire_at(claims->expires_at);
  RefreshResult result;
  result.client = info_.client;
  result.version = api::kRealtimeVersion;
  if (claims->expires()) {
    result.expires = true;
    result.ttl = seconds_left(claims->expires_at);
  }
  reply(id, result);
}

void MemorySession::rpc(CommandId id, RpcRequest) { refuse(id, ErrorCode::not_available); }

// --- subscriptions ---

// The channel of that name, or nothing: then the command has been refused.
Channel* MemorySession::open(CommandId id, std::string_view name) {
  const auto found = common_.channels.open(name, info_.user);
  if (const auto* channel = std::get_if<Channel*>(&found)) return *channel;
  refuse(id, *std::get_if<ErrorCode>(&found));
  return nullptr;
}

// Looks at the token of a subscription, if there is one. False: answered.
bool MemorySession::admit(CommandId id, const SubscribeRequest& request, Subscription& subscription) {
  if (request.token.empty()) return true;
  const auto claims = common_.tokens.read(request.token, clock().now());
  if (!claims) {
    refuse(id, ErrorCode::permission_denied);
    return false;
  }
  if (claims->channel != request.channel || claims->user != info_.user) {
    close(CloseCode::invalid_token);
    return false;
  }
  if (claims->expires_at <= clock().now()) {
    refuse(id, ErrorCode::token_expired);
    return false;
  }
  subscription.expires_at = claims->expires_at;
  return true;
}

void MemorySession::subscribe(CommandId id, SubscribeRequest request) {
  if (request.type != 0) return refuse(id, ErrorCode::not_available);
  if (subscriptions_.contains(request.channel)) return refuse(id, ErrorCode::already_subscribed);
  if (subscriptions_.size() >= options().channels) return refuse(id, ErrorCode::limit_exceeded);
  Subscription subscription;
  subscription.channel = open(id, request.channel);
  if (!subscription.channel || !admit(id, request, subscription)) return;
  subscription.join_leave = request.join_leave || common_.always_join_leave;
  subscription.delta = request.delta == "fossil";

  auto result = position(request, subscription);
  if (!alive()) return;
  const bool reject = (request.flag & kFlagRejectUnrecovered) != 0;
  if (reject && result.was_recovering && !result.recovered) return refuse(id, ErrorCode::unrecoverable_position);
  enter(subscription);
  if (subscription.expires_at != Timestamp::max()) {
    result.expires = true;
    result.ttl = seconds_left(subscription.expires_at);
    schedule_expiry();
  }
  reply(id, result);
  subscription.channel->announce(*this);
}

// Where a subscriber stands who comes with this request, and what it has missed.
SubscribeResult MemorySession::position(const SubscribeRequest& request, Subscription& subscription) {
  const Stream& stream = subscription.channel->stream();
  SubscribeResult result;
  result.recoverable = result.positioned = true;
  result.epoch = stream.epoch();
  result.offset = stream.top();
  result.delta = subscription.delta;
  result.was_recovering = request.recover;
  if (!request.recover) return result;
  auto missed = stream.after({request.offset, request.epoch}, options().recovery_bytes);
  if (!missed || !can_show(*missed)) return result;
  result.recovered = true;
  result.offset = request.offset;
  subscription.has_base = !missed->empty();
  result.publications = subscription.delta ? delta_coded(*missed) : std::move(*missed);
  return result;
}

// What is published from here on is pushed: in the same turn as the position was taken, so that nothing falls between.
void MemorySession::enter(const Subscription& subscription) {
  subscription.channel->add(*this);
  subscriptions_.emplace(subscription.channel->name(), subscription);
}

void MemorySession::unsubscribe(CommandId id, UnsubscribeRequest request) {
  if (const auto it = subscriptions_.find(request.channel); it != subscriptions_.end()) {
    Channel* channel = it->second.channel;
    subscriptions_.erase(it);
    channel->remove(*this);
  }
  reply(id, UnsubscribeResult());
}

void MemorySession::sub_refresh(CommandId id, SubRefreshRequest request) {
  const auto it = subscriptions_.find(request.channel);
  if (it == subscriptions_.end()) return refuse(id, ErrorCode::permission_denied);
  const auto claims = common_.tokens.read(request.token, clock().now());
  if (!claims || claims->channel != request.channel || claims->user != info_.user) {
    return close(CloseCode::invalid_token);
  }
  if (claims->expires_at <= clock().now()) return refuse(id, ErrorCode::expired);
  it->second.expires_at = claims->expires_at;
  schedule_expiry();
  SubRefreshResult result;
  if (claims->expires()) {
    result.expires = true;
    result.ttl = seconds_left(claims->expires_at);
  }
  reply(id, result);
}

// For the subscription that ends first, its grace included.
void MemorySession::schedule_expiry() {
  auto first = Timestamp::max();
  for (const auto& [name, subscription] : subscriptions_) first = std::min(first, subscription.expires_at);
  expiry_.cancel();
  if (first == Timestamp::max() || !alive()) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first + options().expiry_grace - clock().now());
  socket()->loop().schedule(expiry_, std::max(left, std::chrono::milliseconds(1)));
}

void MemorySession::end_expired() {
  for (auto it = subscriptions_.begin(); it != subscriptions_.end();) {
    const auto& [name, subscription] = *it;
    const bool over = subscription.expires_at != Timestamp::max() &&
                      clock().now() >= subscription.expires_at + options().expiry_grace;
    if (!over) {
      ++it;
      continue;
    }
    Channel* channel = subscription.channel;
    it = subscriptions_.erase(it);
    channel->remove(*this);
    push(channel->name(), UnsubscribePush(UnsubscribeCode::subscription_expired));
  }
  schedule_expiry();
}

// --- channels ---

void MemorySession::publish(CommandId id, PublishRequest request) {
  if (request.type != 0) return refuse(id, ErrorCode::not_available);
  if (request.data.empty()) return refuse(id, ErrorCode::bad_request);
  Channel* channel = open(id, request.channel);
  if (!channel) return;
  channel->publish(std::move(request.data), info_);
  reply(id, PublishResult());
}

void MemorySession::history(CommandId id, HistoryRequest request) {
  const Channel* channel = open(id, request.channel);
  if (!channel) return;
  auto page = channel->stream().page(request, options().history_bytes);
  if (page.error) return refuse(id, *page.error);
  if (!can_show(page.publications)) return;
  HistoryResult result;
  result.publications = std::move(page.publications);
  result.epoch = channel->stream().epoch();
  result.offset = channel->stream().top();
  reply(id, result);
}

void MemorySession::presence(CommandId id, PresenceRequest request) {
  const Channel* channel = open(id, request.channel);
  if (!channel) return;
  PresenceResult result;
  for (const Subscriber* subscriber : channel->subscribers()) {
    result.presence.emplace_back(subscriber->info().client, subscriber->info());
  }
  reply(id, result);
}

void MemorySession::presence_stats(CommandId id, PresenceStatsRequest request) {
  const Channel* channel = open(id, request.channel);
  if (!channel) return;
  PresenceStatsResult result;
  result.num_clients = static_cast<std::uint32_t>(channel->subscribers().size());
  result.num_users = static_cast<std::uint32_t>(channel->count_users());
  reply(id, result);
}

// --- what comes from channels ---

void MemorySession::on_publication(const Channel& channel, const Publication& publication, const std::string* before) {
  if (!alive() || !can_show({publication})) return;
  Subscription& subscription = subscriptions_.find(channel.name())->second;
  if (!subscription.delta) return push(channel.name(), publication);
  const std::string* base = std::exchange(subscription.has_base, true) ? before : nullptr;
  push(channel.name(), conformance::delta_coded(publication, base, wire().encoding));
}

void MemorySession::on_join(const Channel& channel, const ClientInfo& who) {
  if (subscriptions_.find(channel.name())->second.join_leave) push(channel.name(), JoinPush{who});
}

void MemorySession::on_leave(const Channel& channel, const ClientInfo& who) {
  if (subscriptions_.find(channel.name())->second.join_leave) push(channel.name(), LeavePush{who});
}

// False: there is something that this connection cannot carry, and it has been closed for that.
bool MemorySession::can_show(const std::vector<Publication>& publications) {
  if (wire().encoding != Encoding::json) return true;
  if (std::all_of(publications.begin(), publications.end(), [](const auto& p) { return is_json(p.data); })) return true;
  close(CloseCode::inappropriate_protocol);
  return false;
}

// The first one whole, each other against the one before it.
std::vector<Publication> MemorySession::delta_coded(const std::vector<Publication>& publications) const {
  std::vector<Publication> coded;
  const std::string* base = nullptr;
  for (const Publication& publication : publications) {
    coded.push_back(conformance::delta_coded(publication, base, wire().encoding));
    base = &publication.data;
  }
  return coded;
}

}  // namespace chat::conformance
