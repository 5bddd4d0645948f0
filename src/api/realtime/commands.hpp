// What a client may ask, command by command: the contract between the protocol's engine (session.hpp), which reads
// commands and puts them in order, and whoever carries them out (chat_session.hpp; the conformance profile).
//
// Home: the loop of the connection. Called in the order in which the client sent them: `connect` first and once,
// everything else after it has been answered. Each is answered exactly once, now or later, in any order, unless the
// session is closed instead. A channel's name is never empty and, but for `unsubscribe`, of at most
// RealtimeOptions::channel_bytes; what it names is for the callee to judge. Ids are never 0, and the client's: two
// commands may have the same.
#pragma once

#include "protocol/centrifuge.hpp"

#include <cstdint>

namespace chat::api {

class RealtimeCommands {
 public:
  using CommandId = std::uint32_t;

 protected:
  ~RealtimeCommands() = default;

  // Answered by RealtimeSession::connected or refuse_connect.
  virtual void connect(CommandId id, centrifuge::ConnectRequest request) = 0;
  // The answer comes before the channel's first push.
  virtual void subscribe(CommandId id, centrifuge::SubscribeRequest request) = 0;
  // No push of the channel comes after the answer, which is never an error: SDKs would begin a new connection.
  virtual void unsubscribe(CommandId id, centrifuge::UnsubscribeRequest request) = 0;
  // Answered when it is stored.
  virtual void publish(CommandId id, centrifuge::PublishRequest request) = 0;
  virtual void history(CommandId id, centrifuge::HistoryRequest request) = 0;
  virtual void presence(CommandId id, centrifuge::PresenceRequest request) = 0;
  virtual void presence_stats(CommandId id, centrifuge::PresenceStatsRequest request) = 0;
  virtual void rpc(CommandId id, centrifuge::RpcRequest request) = 0;
  // A token of somebody else's closes the session; so does one that is none.
  virtual void refresh(CommandId id, centrifuge::RefreshRequest request) = 0;
  virtual void sub_refresh(CommandId id, centrifuge::SubRefreshRequest request) = 0;
};

}  // namespace chat::api
