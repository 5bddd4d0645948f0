// The protocol's engine (RealtimeSession) with commands that do what the test says: answered when, and as often as, it
// wants.
#pragma once

#include "api/realtime/session.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace chat::testing {

class ScriptedSession final : public api::RealtimeSession {
 public:
  explicit ScriptedSession(const api::RealtimeOptions& options, const Clock& clock, const Wire& wire = {})
      : RealtimeSession(options, clock, wire) {}

  // What waits for its answer, in the order in which it was started.
  std::vector<CommandId> connects, rpcs, subscribes;
  std::vector<std::string> left;  // channels
  std::function<void(CommandId)> on_connect = [this](CommandId id) { welcome(id); };
  std::function<void(CommandId)> on_rpc = [this](CommandId id) { rpcs.push_back(id); };
  transport::CloseInfo end;
  int ends = 0;

  void welcome(CommandId id) {
    centrifuge::ConnectResult result;
    result.client = "c";
    connected(id, std::move(result));
  }
  void answer_rpc(CommandId id) {
    centrifuge::RpcResult result;
    result.data = "{}";
    reply(id, result);
  }
  using RealtimeSession::close;
  using RealtimeSession::expire_at;
  using RealtimeSession::refuse_connect;
  using RealtimeSession::seconds_left;

 private:
  void connect(CommandId id, centrifuge::ConnectRequest) override { on_connect(id); }
  void subscribe(CommandId id, centrifuge::SubscribeRequest) override { subscribes.push_back(id); }
  void unsubscribe(CommandId id, centrifuge::UnsubscribeRequest request) override {
    left.push_back(std::move(request.channel));
    reply(id, centrifuge::UnsubscribeResult{});
  }
  void publish(CommandId id, centrifuge::PublishRequest) override { reply(id, centrifuge::PublishResult{}); }
  void history(CommandId id, centrifuge::HistoryRequest) override { reply(id, centrifuge::HistoryResult{}); }
  void presence(CommandId id, centrifuge::PresenceRequest) override { reply(id, centrifuge::PresenceResult{}); }
  void presence_stats(CommandId id, centrifuge::PresenceStatsRequest) override {
    reply(id, centrifuge::PresenceStatsResult{});
  }
  void rpc(CommandId id, centrifuge::RpcRequest) override { on_rpc(id); }
  void refresh(CommandId id, centrifuge::RefreshRequest) override { reply(id, centrifuge::RefreshResult{}); }
  void sub_refresh(CommandId id, centrifuge::SubRefreshRequest) override {
    refuse(id, centrifuge::ErrorCode::not_available);
  }
  void opened() override {}
  void ended(const transport::CloseInfo& info) override {
    end = info;
    ++ends;
  }
  std::string log_name() const override { return "scripted"; }
  void write(std::string_view frame) override { socket()->send_frame(frame); }
};

}  // namespace chat::testing
