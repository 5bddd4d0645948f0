// The values of the Centrifuge client protocol, version 2: what clients ask (commands), what they are answered
// (results, errors) and told (pushes). The same for both encodings. Plain values.
//
// `data`, `conn_info` and `chan_info` are the application's bytes. Over JSON they are JSON text embedded as it is: the
// reader hands it out minified, the writer is given JSON and leaves out raw line breaks. Over Protobuf they are any
// bytes. Empty means absent, as does every other zero value.
#pragma once

#include "protocol/centrifuge_codes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace chat::centrifuge {

enum class Encoding : std::uint8_t { json, protobuf };

// Key and value in the order in which they came or are to be written; no key twice.
template <class T>
using Map = std::vector<std::pair<std::string, T>>;

struct StreamPosition {
  std::uint64_t offset = 0;
  std::string epoch;
};

// --- what a client sends
// ----------------------------------------------------------------------------------------------

struct SubscribeRequest {
  std::string channel;  // empty in ConnectRequest::subs, where it is the key
  std::string token;
  bool recover = false;
  std::uint64_t offset = 0;
  std::string epoch;
  std::string data;
  bool positioned = false;
  bool recoverable = false;
  bool join_leave = false;
  std::string delta;    // "fossil"
  bool has_tf = false;  // a tag filter was given; it is not read
  std::int64_t flag = 0;
  std::int32_t type = 0;  // 0: a stream subscription
};
inline constexpr std::int64_t kFlagChannelIds = 1;         // SubscribeRequest::flag: numeric channel ids are understood
inline constexpr std::int64_t kFlagRejectUnrecovered = 2;  // rather error 112 than a subscription with a gap

struct ConnectRequest {
  std::string token;
  std::string data;
  std::string name;
  std::string version;
  Map<std::string> headers;
  Map<SubscribeRequest> subs;  // positions of server-side subscriptions
  std::int64_t flag = 0;
};
struct UnsubscribeRequest {
  std::string channel;
};
struct PublishRequest {
  std::string channel;
  std::string data;
  std::int32_t type = 0;  // 0: into a stream
};
struct HistoryRequest {
  std::string channel;
  std::int32_t limit = 0;  // -1: as many as the server gives
  std::optional<StreamPosition> since;
  bool reverse = false;
};
struct PresenceRequest {
  std::string channel;
};
struct PresenceStatsRequest {
  std::string channel;
};
struct PingRequest {};
struct SendRequest {
  std::string data;
};
struct RpcRequest {
  std::string method;
  std::string data;
};
struct RefreshRequest {
  std::string token;
};
struct SubRefreshRequest {
  std::string channel;
  std::string token;
  std::int32_t type = 0;  // 0: a new token
};

struct Command {
  std::uint32_t id = 0;  // 0: none was given
  // The first known method of the command; monostate: there is none.
  std::variant<std::monostate, ConnectRequest, SubscribeRequest, UnsubscribeRequest, PublishRequest, HistoryRequest,
               PresenceRequest, PresenceStatsRequest, PingRequest, SendRequest, RpcRequest, RefreshRequest,
               SubRefreshRequest>
      method;

  // `{}`, a message of no bytes: the answer to a ping.
  bool is_pong() const noexcept { return id == 0 && std::holds_alternative<std::monostate>(method); }
};

// Body of POST /emulation: commands for a session whose replies go over a stream.
struct EmulationRequest {
  std::string node;
  std::string session;
  std::string data;  // one frame, for CommandReader
};

// --- what the server sends
// --------------------------------------------------------------------------------------------

struct ClientInfo {
  std::string user;
  std::string client;
  std::string conn_info;
  std::string chan_info;
};

struct Publication {
  std::string data;
  std::uint64_t offset = 0;
  std::optional<ClientInfo> info;
  Map<std::string> tags;
  bool delta = false;
  std::int64_t time = 0;  // Unix milliseconds
};

struct SubscribeResult {
  bool recoverable = false;
  bool positioned = false;
  std::string epoch;
  std::uint64_t offset = 0;
  bool was_recovering = false;
  bool recovered = false;
  std::vector<Publication> publications;
  bool expires = false;
  std::uint32_t ttl = 0;  // seconds
  std::string data;
  bool delta = false;
  std::int64_t id = 0;  // numeric channel id
};
struct ConnectResult {
  std::string client;
  std::string version;
  std::uint32_t ping = 0;  // seconds
  bool pong = false;
  bool expires = false;
  std::uint32_t ttl = 0;  // seconds
  std::string data;
  Map<SubscribeResult> subs;
  std::string session;  // this and `node`: emulated transports only
  std::string node;
  std::int64_t time = 0;  // Unix milliseconds
};
struct UnsubscribeResult {};
struct PublishResult {};
struct HistoryResult {
  std::vector<Publication> publications;
  std::string epoch;
  std::uint64_t offset = 0;
};
struct PresenceResult {
  Map<ClientInfo> presence;  // by client id
};
struct PresenceStatsResult {
  std::uint32_t num_clients = 0;
  std::uint32_t num_users = 0;
};
struct PingResult {};
struct RpcResult {
  std::string data;
};
struct RefreshResult {
  std::string client;
  std::string version;
  bool expires = false;
  std::uint32_t ttl = 0;  // seconds
};
struct SubRefreshResult {
  bool expires = false;
  std::uint32_t ttl = 0;  // seconds
};

struct ErrorObject {
  std::uint32_t code = 0;
  std::string message;
  bool temporary = false;

  ErrorObject() = default;
  // The table's row.
  ErrorObject(ErrorCode of) : ErrorObject(of, std::string(row_of(of).message)) {}
  // The table's code with a sentence of its own.
  ErrorObject(ErrorCode of, std::string sentence)
      : code(static_cast<std::uint32_t>(of)), message(std::move(sentence)), temporary(row_of(of).temporary) {}
};

// Kinds of push, beside Publication.
struct JoinPush {
  ClientInfo info;
};
struct LeavePush {
  ClientInfo info;
};
struct UnsubscribePush {
  std::uint32_t code = 0;
  std::string reason;

  UnsubscribePush() = default;
  UnsubscribePush(UnsubscribeCode of) : UnsubscribePush(of, std::string(row_of(of).reason)) {}
  UnsubscribePush(UnsubscribeCode of, std::string why) : code(static_cast<std::uint32_t>(of)), reason(std::move(why)) {}
};
struct SubscribePush {  // a server-side subscription from now on
  bool recoverable = false;
  bool positioned = false;
  std::string epoch;
  std::uint64_t offset = 0;
  std::string data;
};
struct MessagePush {  // has no channel
  std::string data;
};
struct DisconnectPush {  // has no channel; for transports without close codes
  std::uint32_t code = 0;
  std::string reason;

  DisconnectPush() = default;
  DisconnectPush(CloseCode of) : DisconnectPush(of, std::string(row_of(of).reason)) {}
  DisconnectPush(CloseCode of, std::string why) : code(static_cast<std::uint32_t>(of)), reason(std::move(why)) {}
};
struct RefreshPush {
  bool expires = false;
  std::uint32_t ttl = 0;  // seconds
};
struct ConnectPush : ConnectResult {};  // unidirectional transports only

}  // namespace chat::centrifuge
