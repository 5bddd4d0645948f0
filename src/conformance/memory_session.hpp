// One client of the conformance profile: the protocol layer of the chat (api::RealtimeSession) over channels in memory,
// where everybody may do everything. The chat's own rules are in api/realtime/chat_session.hpp; nothing of them is
// here.
//
// Home: the loop of its connection, which is the only one.
#pragma once

#include "api/realtime/session.hpp"
#include "conformance/channels.hpp"
#include "conformance/token.hpp"
#include "transport/timer_wheel.hpp"

#include <map>
#include <string>
#include <string_view>

namespace chat::conformance {

// What the sessions work with. All of it outlives them.
struct Common {
  Channels& channels;
  const Tokens& tokens;
  const Clock& clock;
  const api::RealtimeOptions& options;
  bool always_join_leave = false;  // to subscribers who did not ask, too
};

class MemorySession final : public api::RealtimeSession, private Subscriber {
 public:
  MemorySession(const Common& common, const Wire& wire);
  ~MemorySession() override;

 private:
  struct Subscription {
    Channel* channel = nullptr;
    Timestamp expires_at = Timestamp::max();  // of its token
    bool join_leave = false;
    bool delta = false;
    bool has_base = false;  // the last publication was sent: a delta may follow
  };
  // Wakes the session when a subscription's token has ended.
  class Expiry final : public transport::TimerNode {
   public:
    explicit Expiry(MemorySession& session) : session_(session) {}

   private:
    void on_timer() noexcept override { session_.end_expired(); }
    MemorySession& session_;
  };

  // RealtimeSession
  void opened() override {}
  void ended(const transport::CloseInfo& info) override;
  std::string log_name() const override { return {}; }  // nobody else's log knows them
  void write(std::string_view frame) override;
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
  void on_publication(const Channel& channel, const centrifuge::Publication& publication,
                      const std::string* before) override;
  void on_join(const Channel& channel, const centrifuge::ClientInfo& who) override;
  void on_leave(const Channel& channel, const centrifuge::ClientInfo& who) override;
  const centrifuge::ClientInfo& info() const noexcept override { return info_; }

  Channel* open(CommandId id, std::string_view name);
  bool admit(CommandId id, const centrifuge::SubscribeRequest& request, Subscription& subscription);
  centrifuge::SubscribeResult position(const centrifuge::SubscribeRequest& request, Subscription& subscription);
  void enter(const Subscription& subscription);
  bool can_show(const std::vector<centrifuge::Publication>& publications);
  std::vector<centrifuge::Publication> delta_coded(const std::vector<centrifuge::Publication>& publications) const;
  void schedule_expiry();
  void end_expired();

  const Common& common_;
  centrifuge::ClientInfo info_;
  std::map<std::string, Subscription, std::less<>> subscriptions_;
  Expiry expiry_{*this};
};

}  // namespace chat::conformance
