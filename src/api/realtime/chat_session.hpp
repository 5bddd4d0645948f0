// One client of the chat over the Centrifuge protocol: channels are rooms (`room:<uuid>`) and the user's own feed
// (`user:<uuid>`, subscribed by the server), offsets are seqs, the epoch is the database's.
//
// Home: the shard of its connection; only `on_revoked` is called from elsewhere.
#pragma once

#include "api/realtime/realtime.hpp"
#include "api/realtime/reply_turns.hpp"
#include "api/realtime/session.hpp"
#include "base/ids.hpp"
#include "chat/feeds.hpp"
#include "chat/live_sessions.hpp"
#include "chat/sessions.hpp"
#include "fanout/shard.hpp"
#include "fanout/subscriber.hpp"
#include "fanout/subscription.hpp"
#include "model/feed.hpp"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <forward_list>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::api {

class ChatSession final : public RealtimeSession, public fanout::Subscriber, public LiveSession {
 public:
  // `address` as limits count it.
  ChatSession(const Realtime& realtime, const Wire& wire, const Uuid& request_id, std::string address);
  ~ChatSession() override;

  void on_writable() override;

 private:
  using RealtimeSession::socket;
  struct Channel;
  struct Asked;
  using Self = std::shared_ptr<ChatSession>;  // held by what is under way

  // RealtimeSession
  void opened() override;
  void ended(const transport::CloseInfo& info) override;
  std::string log_name() const override { return request_id_.str(); }
  void write(std::string_view frame) override;

  // RealtimeCommands
  void connect(CommandId id, centrifuge::ConnectRequest request) override;
  void subscribe(CommandId id, centrifuge::SubscribeRequest request) override;
  void unsubscribe(CommandId id, centrifuge::UnsubscribeRequest request) override;
  void publish(CommandId id, centrifuge::PublishRequest request) override;
  void history(CommandId id, centrifuge::HistoryRequest request) override;
  void presence(CommandId id, centrifuge::PresenceRequest request) override;
  void presence_stats(CommandId id, centrifuge::PresenceStatsRequest request) override;
  void rpc(CommandId id, centrifuge::RpcRequest request) override;
  void refresh(CommandId id, centrifuge::RefreshRequest request) override;
  void sub_refresh(CommandId id, centrifuge::SubRefreshRequest request) override;

  // Subscriber
  UserId user() const override { return who_->principal.id; }
  fanout::Entrant entrant() const override { return {who_->principal.id, who_->principal.name}; }
  void on_subscribed(fanout::Subscription& subscription, fanout::Recovery recovery) override;
  void on_subscribe_failed(fanout::Subscription& subscription, const Error& error) override;
  void on_removed(fanout::Subscription& subscription) override;
  void on_position_lost(fanout::Subscription& subscription) override;
  void on_feed_gone(fanout::Subscription& subscription) override;
  void on_slow(std::string_view reason) override;
  void on_state_invalidated() override;

  // LiveSession
  void on_revoked() noexcept override;

  // chat_session.cpp
  Self self() { return std::static_pointer_cast<ChatSession>(shared_from_this()); }
  void spawn(CommandId id, boost::asio::awaitable<void> work, std::function<void()> then = {});
  void fail(CommandId id);
  void in_turn(ReplyTurns::Kind kind, ReplyTurns::Begin begin);
  void end_turn(ReplyTurns::Kind kind);
  void next_turn();

  boost::asio::awaitable<Result<Session>> judge(std::string token);
  boost::asio::awaitable<void> log_in(CommandId id, centrifuge::ConnectRequest request);
  void enter(CommandId id, Session session, const centrifuge::ConnectRequest& request);
  void welcome(CommandId id, centrifuge::SubscribeResult own);
  void leave_unread();
  boost::asio::awaitable<void> renew(CommandId id, std::string token);

  // chat_session_channels.cpp
  std::optional<FeedKey> feed_of(CommandId id, std::string_view channel);
  Channel* find(const FeedKey& feed) noexcept;
  Channel& channel_of(const fanout::Subscription& subscription) noexcept;
  void erase(const Channel& channel);
  void approach(Channel& channel);
  boost::asio::awaitable<void> join(FeedKey feed);
  void start(Channel& channel, std::optional<Seq> member_as_of);
  void give_up(Channel& channel, const centrifuge::ErrorObject& error);
  std::unique_ptr<Asked> take(Channel& channel);
  void go_on_after(const Asked& asked);
  void end(Channel& channel, centrifuge::UnsubscribeCode why);

  // chat_session_commands.cpp
  boost::asio::awaitable<void> post(CommandId id, NewMessage message);
  void read_in_turn(CommandId id, std::function<boost::asio::awaitable<void>()> read);
  boost::asio::awaitable<void> read_history(CommandId id, FeedKey feed, FeedQuery query);
  boost::asio::awaitable<bool> may_look(CommandId id, FeedKey feed);
  boost::asio::awaitable<void> tell_presence(CommandId id, FeedKey feed);
  boost::asio::awaitable<void> tell_presence_stats(CommandId id, FeedKey feed);
  boost::asio::awaitable<void> answer_with(CommandId id, boost::asio::awaitable<Result<std::string>> call);

  const Realtime& realtime_;
  std::optional<Session> who_;
  std::forward_list<Channel> channels_;
  const Uuid request_id_;  // of the handshake
  const std::string address_;
  std::chrono::steady_clock::time_point opened_at_;
  std::atomic<fanout::Shard*> home_{nullptr};  // for on_revoked; set when open
  std::uint32_t commands_ = 0;                 // for the log
  ReplyTurns turns_;
  bool counted_unread_ = false;  // the unread board knows of this session
};

}  // namespace chat::api
