// The JSON objects that realtime clients get, byte for byte: the worked examples of the protocol's description, and one
// golden file for each kind of reply and push with all of its fields.
#include "centrifuge_support.hpp"
#include "golden.hpp"

namespace chat::centrifuge {
namespace {

constexpr Encoding kJson = Encoding::json;
const std::string kRoom = "room:7f0c…";

SubscribeResult a_position(std::uint64_t offset) {
  SubscribeResult result;
  result.recoverable = true;
  result.positioned = true;
  result.epoch = "db1";
  result.offset = offset;
  return result;
}

ClientInfo ana() { return {.user = "5b1e…", .client = "c-91", .conn_info = {}, .chan_info = {}}; }

Publication a_publication(std::uint64_t offset, std::optional<ClientInfo> info = {}) {
  Publication publication;
  publication.data = "{…}";
  publication.offset = offset;
  publication.info = std::move(info);
  return publication;
}

ConnectResult a_connection() {
  ConnectResult result;
  result.client = "c-91";
  result.version = "chat 1.0";
  result.ping = 25;
  result.pong = true;
  result.expires = true;
  result.ttl = 900;
  result.subs = {{"user:5b1e…", a_position(12)}};
  return result;
}

TEST(CentrifugeGolden, TheFirstFrameOfASession) {
  EXPECT_EQ(reply(kJson, 1, a_connection()),
            R"({"id":1,"connect":{"client":"c-91","version":"chat 1.0","ping":25,"pong":true,"expires":true,"ttl":900,)"
            R"("subs":{"user:5b1e…":{"recoverable":true,"positioned":true,"epoch":"db1","offset":12}}}})");
  EXPECT_EQ(reply(kJson, 2, a_position(41)),
            R"({"id":2,"subscribe":{"recoverable":true,"positioned":true,"epoch":"db1","offset":41}})");
  EXPECT_EQ(push(kJson, kRoom, JoinPush{ana()}),
            R"({"push":{"channel":"room:7f0c…","join":{"info":{"user":"5b1e…","client":"c-91"}}}})");
}

TEST(CentrifugeGolden, SayingSomething) {
  EXPECT_EQ(push(kJson, kRoom, a_publication(42, ana())),
            R"({"push":{"channel":"room:7f0c…","pub":{"offset":42,"info":{"user":"5b1e…","client":"c-91"},)"
            R"("data":{…}}}})");
  EXPECT_EQ(reply(kJson, 3, PublishResult{}), R"({"id":3,"publish":{}})");
}

TEST(CentrifugeGolden, BackAfterACut) {
  SubscribeResult recovered = a_position(42);
  recovered.was_recovering = true;
  recovered.recovered = true;
  recovered.publications = {a_publication(43), a_publication(44)};
  EXPECT_EQ(reply(kJson, 2, recovered),
            R"({"id":2,"subscribe":{"recoverable":true,"positioned":true,"epoch":"db1","offset":42,)"
            R"("was_recovering":true,"recovered":true,)"
            R"("publications":[{"offset":43,"data":{…}},{"offset":44,"data":{…}}]}})");
  SubscribeResult foreign = a_position(44);
  foreign.was_recovering = true;
  EXPECT_EQ(reply(kJson, 9, foreign),
            R"({"id":9,"subscribe":{"recoverable":true,"positioned":true,"epoch":"db1","offset":44,)"
            R"("was_recovering":true}})");
}

TEST(CentrifugeGolden, ScrollingBackAskingBeingRefusedBeingRemoved) {
  EXPECT_EQ(reply(kJson, 4, HistoryResult{{a_publication(41), a_publication(40)}, "db1", 44}),
            R"({"id":4,"history":{"publications":[{"offset":41,"data":{…}},{"offset":40,"data":{…}}],)"
            R"("epoch":"db1","offset":44}})");
  EXPECT_EQ(reply(kJson, 5, PresenceStatsResult{3, 2}), R"({"id":5,"presence_stats":{"num_clients":3,"num_users":2}})");
  EXPECT_EQ(error_reply(kJson, 6, ErrorCode::permission_denied),
            R"({"id":6,"error":{"code":103,"message":"permission denied"}})");
  std::string ping;
  append_ping(ping, kJson);
  EXPECT_EQ(ping, "{}");
  EXPECT_EQ(push(kJson, kRoom, UnsubscribePush(UnsubscribeCode::server, "removed from room")),
            R"({"push":{"channel":"room:7f0c…","unsubscribe":{"code":2000,"reason":"removed from room"}}})");
}

TEST(CentrifugeGolden, TheTokenRunsOutThenAnRpc) {
  EXPECT_EQ(reply(kJson, 7, RefreshResult{"c-91", "chat 1.0", true, 900}),
            R"({"id":7,"refresh":{"client":"c-91","version":"chat 1.0","expires":true,"ttl":900}})");
  EXPECT_EQ(reply(kJson, 8, RpcResult{R"({"ok":true})"}), R"({"id":8,"rpc":{"data":{"ok":true}}})");
}

// The JavaScript SDK hands these on without a look: an application would find undefined.
TEST(CentrifugeGolden, AnEmptyRoomIsSaidToBeEmpty) {
  EXPECT_EQ(reply(kJson, 1, PresenceResult{}), R"({"id":1,"presence":{"presence":{}}})");
  EXPECT_EQ(reply(kJson, 1, PresenceStatsResult{}), R"({"id":1,"presence_stats":{"num_clients":0,"num_users":0}})");
}

TEST(CentrifugeGolden, ZeroValuesAreLeftOutAndTheResultItselfIsNot) {
  EXPECT_EQ(reply(kJson, 1, ConnectResult{}), R"({"id":1,"connect":{}})");
  EXPECT_EQ(reply(kJson, 1, SubscribeResult{}), R"({"id":1,"subscribe":{}})");
  EXPECT_EQ(reply(kJson, 1, UnsubscribeResult{}), R"({"id":1,"unsubscribe":{}})");
  EXPECT_EQ(reply(kJson, 1, HistoryResult{}), R"({"id":1,"history":{}})");
  EXPECT_EQ(reply(kJson, 1, PingResult{}), R"({"id":1,"ping":{}})");
  EXPECT_EQ(reply(kJson, 1, RpcResult{}), R"({"id":1,"rpc":{}})");
  EXPECT_EQ(reply(kJson, 1, RefreshResult{}), R"({"id":1,"refresh":{}})");
  EXPECT_EQ(reply(kJson, 1, SubRefreshResult{}), R"({"id":1,"sub_refresh":{}})");
  EXPECT_EQ(push(kJson, "c", LeavePush{}), R"({"push":{"channel":"c","leave":{"info":{}}}})");
  EXPECT_EQ(push(kJson, "c", Publication{}), R"({"push":{"channel":"c","pub":{}}})");
}

TEST(CentrifugeGolden, EveryFieldOfEveryReply) {
  ConnectResult connect = a_connection();
  connect.data = R"({"rooms":[]})";
  connect.session = "s";
  connect.node = "n";
  connect.time = 1893553445000;
  expect_golden("realtime_connect", reply(kJson, 1, connect));
  SubscribeResult subscribe = a_position(18446744073709551615U);
  subscribe.was_recovering = true;
  subscribe.recovered = true;
  Publication publication = a_publication(9007199254740991U, ClientInfo{"u\"1", "c", "{\"a\":1}", "[]"});
  publication.data = R"({"content":"é \" \n"})";
  publication.tags = {{"k", "v"}, {"\n", ""}};
  publication.delta = true;
  publication.time = -1;
  subscribe.publications = {publication, Publication{}};
  subscribe.expires = true;
  subscribe.ttl = 4294967295;
  subscribe.data = "null";
  subscribe.delta = true;
  subscribe.id = -5;
  expect_golden("realtime_subscribe", reply(kJson, 4294967295, subscribe));
  expect_golden("realtime_history", reply(kJson, 2, HistoryResult{{publication}, "db1", 44}));
  expect_golden("realtime_presence", reply(kJson, 3, PresenceResult{{{"c-1", ana()}, {"c-2", {"u", "c-2", {}, {}}}}}));
  expect_golden("realtime_sub_refresh", reply(kJson, 4, SubRefreshResult{true, 60}));
  expect_golden("realtime_error", error_reply(kJson, 5, ErrorObject(ErrorCode::internal, "not \"now\"")));
}

TEST(CentrifugeGolden, EveryFieldOfEveryPush) {
  expect_golden("realtime_push_leave", push(kJson, kRoom, LeavePush{ana()}));
  SubscribePush subscribe{true, true, "db1", 3, "{}"};
  expect_golden("realtime_push_subscribe", push(kJson, "user:1", subscribe));
  expect_golden("realtime_push_message", push(kJson, "", MessagePush{R"({"a":1})"}));
  expect_golden("realtime_push_disconnect", push(kJson, "", DisconnectPush(CloseCode::shutdown)));
  expect_golden("realtime_push_refresh", push(kJson, "", RefreshPush{true, 60}));
  expect_golden("realtime_push_connect", push(kJson, "", ConnectPush{a_connection()}));
  expect_golden("realtime_push_unsubscribe", push(kJson, kRoom, UnsubscribePush(UnsubscribeCode::insufficient_state)));
}

TEST(CentrifugeGolden, NoRawLineBreakLeavesInsideAnObject) {
  EXPECT_EQ(reply(kJson, 1, RpcResult{"{\r\n \"a\":\n[1,\n\n2]\r}\n"}), R"({"id":1,"rpc":{"data":{ "a":[1,2]}}})");
  EXPECT_EQ(push(kJson, "a\nb", DisconnectPush(CloseCode::slow, "x\ry")),
            R"({"push":{"channel":"a\nb","disconnect":{"code":3008,"reason":"x\ry"}}})");
}

}  // namespace
}  // namespace chat::centrifuge
