// What stands where in the messages of the Centrifuge client protocol: for each its fields, with their JSON name and
// their Protobuf number (those of protocol/centrifuge.proto, which a test compares with this table). Both codecs work
// by it. JSON is written in the table's order.
#pragma once

#include "protocol/centrifuge.hpp"

#include <string_view>
#include <tuple>

namespace chat::centrifuge {

// What is special about a member.
enum class FieldForm : std::uint8_t {
  plain,     // a string is text
  raw,       // a string is the application's bytes: embedded as it is in JSON
  quoted,    // a string of any bytes: a JSON string in JSON
  presence,  // a bool that tells whether there was anything at all, which is not read
  always,    // written in JSON though it is zero: the official JavaScript SDK hands it on as it stands
};

template <class M, class T>
struct Field {
  std::string_view name;
  std::uint32_t number;
  T M::*member;
  FieldForm form = FieldForm::plain;
};
template <class M, class T>
Field(std::string_view, std::uint32_t, T M::*) -> Field<M, T>;
template <class M, class T>
Field(std::string_view, std::uint32_t, T M::*, FieldForm) -> Field<M, T>;

// A tuple of M's fields; every message below has its own.
template <class M>
constexpr auto fields_of() = delete;

// What a message is called in the Command, Reply or Push around it.
struct Method {
  std::string_view name;
  std::uint32_t number = 0;
};
template <class M>
inline constexpr Method kMethod{};

// --- commands
// ---------------------------------------------------------------------------------------------------------

inline constexpr std::uint32_t kCommandId = 1, kReplyId = 1, kReplyError = 2, kReplyPush = 4, kPushChannel = 2;

template <>
inline constexpr Method kMethod<ConnectRequest>{"connect", 4};
template <>
inline constexpr Method kMethod<SubscribeRequest>{"subscribe", 5};
template <>
inline constexpr Method kMethod<UnsubscribeRequest>{"unsubscribe", 6};
template <>
inline constexpr Method kMethod<PublishRequest>{"publish", 7};
template <>
inline constexpr Method kMethod<PresenceRequest>{"presence", 8};
template <>
inline constexpr Method kMethod<PresenceStatsRequest>{"presence_stats", 9};
template <>
inline constexpr Method kMethod<HistoryRequest>{"history", 10};
template <>
inline constexpr Method kMethod<PingRequest>{"ping", 11};
template <>
inline constexpr Method kMethod<SendRequest>{"send", 12};
template <>
inline constexpr Method kMethod<RpcRequest>{"rpc", 13};
template <>
inline constexpr Method kMethod<RefreshRequest>{"refresh", 14};
template <>
inline constexpr Method kMethod<SubRefreshRequest>{"sub_refresh", 15};

template <>
constexpr auto fields_of<StreamPosition>() {
  using M = StreamPosition;
  return std::tuple{Field{"offset", 1, &M::offset}, Field{"epoch", 2, &M::epoch}};
}
template <>
constexpr auto fields_of<ConnectRequest>() {
  using M = ConnectRequest;
  return std::tuple{Field{"token", 1, &M::token},     Field{"data", 2, &M::data, FieldForm::raw},
                    Field{"subs", 3, &M::subs},       Field{"name", 4, &M::name},
                    Field{"version", 5, &M::version}, Field{"headers", 6, &M::headers},
                    Field{"flag", 7, &M::flag}};
}
template <>
constexpr auto fields_of<SubscribeRequest>() {
  using M = SubscribeRequest;
  return std::tuple{Field{"channel", 1, &M::channel},
                    Field{"token", 2, &M::token},
                    Field{"recover", 3, &M::recover},
                    Field{"epoch", 6, &M::epoch},
                    Field{"offset", 7, &M::offset},
                    Field{"data", 8, &M::data, FieldForm::raw},
                    Field{"positioned", 9, &M::positioned},
                    Field{"recoverable", 10, &M::recoverable},
                    Field{"join_leave", 11, &M::join_leave},
                    Field{"delta", 12, &M::delta},
                    Field{"tf", 13, &M::has_tf, FieldForm::presence},
                    Field{"flag", 14, &M::flag},
                    Field{"type", 15, &M::type}};
}
template <>
constexpr auto fields_of<UnsubscribeRequest>() {
  return std::tuple{Field{"channel", 1, &UnsubscribeRequest::channel}};
}
template <>
constexpr auto fields_of<PublishRequest>() {
  using M = PublishRequest;
  return std::tuple{Field{"channel", 1, &M::channel}, Field{"data", 2, &M::data, FieldForm::raw},
                    Field{"type", 3, &M::type}};
}
template <>
constexpr auto fields_of<PresenceRequest>() {
  return std::tuple{Field{"channel", 1, &PresenceRequest::channel}};
}
template <>
constexpr auto fields_of<PresenceStatsRequest>() {
  return std::tuple{Field{"channel", 1, &PresenceStatsRequest::channel}};
}
template <>
constexpr auto fields_of<HistoryRequest>() {
  using M = HistoryRequest;
  return std::tuple{Field{"channel", 1, &M::channel}, Field{"limit", 7, &M::limit}, Field{"since", 8, &M::since},
                    Field{"reverse", 9, &M::reverse}};
}
template <>
constexpr auto fields_of<PingRequest>() {
  return std::tuple{};
}
template <>
constexpr auto fields_of<SendRequest>() {
  return std::tuple{Field{"data", 1, &SendRequest::data, FieldForm::raw}};
}
template <>
constexpr auto fields_of<RpcRequest>() {
  return std::tuple{Field{"data", 1, &RpcRequest::data, FieldForm::raw}, Field{"method", 2, &RpcRequest::method}};
}
template <>
constexpr auto fields_of<RefreshRequest>() {
  return std::tuple{Field{"token", 1, &RefreshRequest::token}};
}
template <>
constexpr auto fields_of<SubRefreshRequest>() {
  using M = SubRefreshRequest;
  return std::tuple{Field{"channel", 1, &M::channel}, Field{"token", 2, &M::token}, Field{"type", 3, &M::type}};
}
template <>
constexpr auto fields_of<EmulationRequest>() {
  using M = EmulationRequest;
  return std::tuple{Field{"node", 1, &M::node}, Field{"session", 2, &M::session},
                    Field{"data", 3, &M::data, FieldForm::quoted}};
}

// --- replies
// ----------------------------------------------------------------------------------------------------------

template <>
inline constexpr Method kMethod<ConnectResult>{"connect", 5};
template <>
inline constexpr Method kMethod<SubscribeResult>{"subscribe", 6};
template <>
inline constexpr Method kMethod<UnsubscribeResult>{"unsubscribe", 7};
template <>
inline constexpr Method kMethod<PublishResult>{"publish", 8};
template <>
inline constexpr Method kMethod<PresenceResult>{"presence", 9};
template <>
inline constexpr Method kMethod<PresenceStatsResult>{"presence_stats", 10};
template <>
inline constexpr Method kMethod<HistoryResult>{"history", 11};
template <>
inline constexpr Method kMethod<PingResult>{"ping", 12};
template <>
inline constexpr Method kMethod<RpcResult>{"rpc", 13};
template <>
inline constexpr Method kMethod<RefreshResult>{"refresh", 14};
template <>
inline constexpr Method kMethod<SubRefreshResult>{"sub_refresh", 15};

template <>
constexpr auto fields_of<ErrorObject>() {
  using M = ErrorObject;
  return std::tuple{Field{"code", 1, &M::code}, Field{"message", 2, &M::message}, Field{"temporary", 3, &M::temporary}};
}
template <>
constexpr auto fields_of<ClientInfo>() {
  using M = ClientInfo;
  return std::tuple{Field{"user", 1, &M::user}, Field{"client", 2, &M::client},
                    Field{"conn_info", 3, &M::conn_info, FieldForm::raw},
                    Field{"chan_info", 4, &M::chan_info, FieldForm::raw}};
}
template <>
constexpr auto fields_of<Publication>() {
  using M = Publication;
  return std::tuple{
      Field{"offset", 6, &M::offset}, Field{"info", 5, &M::info},   Field{"data", 4, &M::data, FieldForm::raw},
      Field{"tags", 7, &M::tags},     Field{"delta", 8, &M::delta}, Field{"time", 9, &M::time}};
}
template <>
constexpr auto fields_of<SubscribeResult>() {
  using M = SubscribeResult;
  return std::tuple{Field{"recoverable", 3, &M::recoverable},
                    Field{"positioned", 10, &M::positioned},
                    Field{"epoch", 6, &M::epoch},
                    Field{"offset", 9, &M::offset},
                    Field{"was_recovering", 12, &M::was_recovering},
                    Field{"recovered", 8, &M::recovered},
                    Field{"publications", 7, &M::publications},
                    Field{"expires", 1, &M::expires},
                    Field{"ttl", 2, &M::ttl},
                    Field{"data", 11, &M::data, FieldForm::raw},
                    Field{"delta", 13, &M::delta},
                    Field{"id", 14, &M::id}};
}
template <>
constexpr auto fields_of<ConnectResult>() {
  using M = ConnectResult;
  return std::tuple{Field{"client", 1, &M::client},
                    Field{"version", 2, &M::version},
                    Field{"ping", 7, &M::ping},
                    Field{"pong", 8, &M::pong},
                    Field{"expires", 3, &M::expires},
                    Field{"ttl", 4, &M::ttl},
                    Field{"data", 5, &M::data, FieldForm::raw},
                    Field{"subs", 6, &M::subs},
                    Field{"session", 9, &M::session},
                    Field{"node", 10, &M::node},
                    Field{"time", 11, &M::time}};
}
template <>
constexpr auto fields_of<UnsubscribeResult>() {
  return std::tuple{};
}
template <>
constexpr auto fields_of<PublishResult>() {
  return std::tuple{};
}
template <>
constexpr auto fields_of<PresenceResult>() {
  return std::tuple{Field{"presence", 1, &PresenceResult::presence, FieldForm::always}};
}
template <>
constexpr auto fields_of<PresenceStatsResult>() {
  using M = PresenceStatsResult;
  return std::tuple{Field{"num_clients", 1, &M::num_clients, FieldForm::always},
                    Field{"num_users", 2, &M::num_users, FieldForm::always}};
}
template <>
constexpr auto fields_of<HistoryResult>() {
  using M = HistoryResult;
  return std::tuple{Field{"publications", 1, &M::publications}, Field{"epoch", 2, &M::epoch},
                    Field{"offset", 3, &M::offset}};
}
template <>
constexpr auto fields_of<PingResult>() {
  return std::tuple{};
}
template <>
constexpr auto fields_of<RpcResult>() {
  return std::tuple{Field{"data", 1, &RpcResult::data, FieldForm::raw}};
}
template <>
constexpr auto fields_of<RefreshResult>() {
  using M = RefreshResult;
  return std::tuple{Field{"client", 1, &M::client}, Field{"version", 2, &M::version}, Field{"expires", 3, &M::expires},
                    Field{"ttl", 4, &M::ttl}};
}
template <>
constexpr auto fields_of<SubRefreshResult>() {
  return std::tuple{Field{"expires", 1, &SubRefreshResult::expires}, Field{"ttl", 2, &SubRefreshResult::ttl}};
}

// --- pushes
// -----------------------------------------------------------------------------------------------------------

template <>
inline constexpr Method kMethod<Publication>{"pub", 4};
template <>
inline constexpr Method kMethod<JoinPush>{"join", 5};
template <>
inline constexpr Method kMethod<LeavePush>{"leave", 6};
template <>
inline constexpr Method kMethod<UnsubscribePush>{"unsubscribe", 7};
template <>
inline constexpr Method kMethod<MessagePush>{"message", 8};
template <>
inline constexpr Method kMethod<SubscribePush>{"subscribe", 9};
template <>
inline constexpr Method kMethod<ConnectPush>{"connect", 10};
template <>
inline constexpr Method kMethod<DisconnectPush>{"disconnect", 11};
template <>
inline constexpr Method kMethod<RefreshPush>{"refresh", 12};

template <>
constexpr auto fields_of<JoinPush>() {
  return std::tuple{Field{"info", 1, &JoinPush::info}};
}
template <>
constexpr auto fields_of<LeavePush>() {
  return std::tuple{Field{"info", 1, &LeavePush::info}};
}
template <>
constexpr auto fields_of<UnsubscribePush>() {
  return std::tuple{Field{"code", 2, &UnsubscribePush::code}, Field{"reason", 3, &UnsubscribePush::reason}};
}
template <>
constexpr auto fields_of<MessagePush>() {
  return std::tuple{Field{"data", 1, &MessagePush::data, FieldForm::raw}};
}
template <>
constexpr auto fields_of<SubscribePush>() {
  using M = SubscribePush;
  return std::tuple{Field{"recoverable", 1, &M::recoverable}, Field{"positioned", 6, &M::positioned},
                    Field{"epoch", 4, &M::epoch}, Field{"offset", 5, &M::offset},
                    Field{"data", 7, &M::data, FieldForm::raw}};
}
// The connect push numbers the fields of a connect result in its own way.
template <>
constexpr auto fields_of<ConnectPush>() {
  using M = ConnectPush;
  return std::tuple{Field{"client", 1, &M::client},
                    Field{"version", 2, &M::version},
                    Field{"ping", 7, &M::ping},
                    Field{"pong", 8, &M::pong},
                    Field{"expires", 5, &M::expires},
                    Field{"ttl", 6, &M::ttl},
                    Field{"data", 3, &M::data, FieldForm::raw},
                    Field{"subs", 4, &M::subs},
                    Field{"session", 9, &M::session},
                    Field{"node", 10, &M::node},
                    Field{"time", 11, &M::time}};
}
template <>
constexpr auto fields_of<DisconnectPush>() {
  return std::tuple{Field{"code", 1, &DisconnectPush::code}, Field{"reason", 2, &DisconnectPush::reason}};
}
template <>
constexpr auto fields_of<RefreshPush>() {
  return std::tuple{Field{"expires", 1, &RefreshPush::expires}, Field{"ttl", 2, &RefreshPush::ttl}};
}

// What the writers are made for.
#define CHAT_CENTRIFUGE_RESULTS(X)                                                                      \
  X(ConnectResult)                                                                                      \
  X(SubscribeResult)                                                                                    \
  X(UnsubscribeResult)                                                                                  \
  X(PublishResult) X(HistoryResult) X(PresenceResult) X(PresenceStatsResult) X(PingResult) X(RpcResult) \
      X(RefreshResult) X(SubRefreshResult)
#define CHAT_CENTRIFUGE_PUSHES(X) \
  X(Publication)                  \
  X(JoinPush)                     \
  X(LeavePush) X(UnsubscribePush) X(SubscribePush) X(MessagePush) X(DisconnectPush) X(RefreshPush) X(ConnectPush)

}  // namespace chat::centrifuge
