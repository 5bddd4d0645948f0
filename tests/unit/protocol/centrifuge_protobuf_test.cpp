// Replies and pushes in Protobuf, as the generated code reads them: equal to what it would have said itself.
#include "centrifuge_support.hpp"

#include <google/protobuf/util/message_differencer.h>

namespace chat::centrifuge {
namespace {

constexpr Encoding kProtobuf = Encoding::protobuf;
const std::string kBytes("\x00\xff\n", 3);

::testing::AssertionResult is(const std::string& object, const wire::Reply& expected) {
  wire::Reply reply;
  if (!reply.ParseFromString(object)) return ::testing::AssertionFailure() << "not a Reply";
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  if (!differencer.Compare(expected, reply)) return ::testing::AssertionFailure() << difference;
  if (object.size() != expected.ByteSizeLong()) return ::testing::AssertionFailure() << "of another size";
  return ::testing::AssertionSuccess();
}

Publication a_publication() {
  Publication publication;
  publication.data = kBytes;
  publication.offset = 18446744073709551615U;
  publication.info = ClientInfo{"u", "c", kBytes, "[]"};
  publication.tags = {{"k", "v"}, {"", ""}};
  publication.delta = true;
  publication.time = -1;
  return publication;
}
void fill(wire::ClientInfo& info) {
  info.set_user("u");
  info.set_client("c");
  info.set_conn_info(kBytes);
  info.set_chan_info("[]");
}
void fill(wire::Publication& publication) {
  publication.set_data(kBytes);
  publication.set_offset(18446744073709551615U);
  fill(*publication.mutable_info());
  (*publication.mutable_tags())["k"] = "v";
  (*publication.mutable_tags())[""] = "";
  publication.set_delta(true);
  publication.set_time(-1);
}

SubscribeResult a_subscription() {
  SubscribeResult result;
  result.recoverable = result.positioned = result.was_recovering = result.recovered = result.expires = result.delta =
      true;
  result.epoch = "db1";
  result.offset = 41;
  result.publications = {a_publication(), Publication{}};
  result.ttl = 4294967295;
  result.data = kBytes;
  result.id = -5;
  return result;
}
void fill(wire::SubscribeResult& result) {
  result.set_recoverable(true);
  result.set_positioned(true);
  result.set_was_recovering(true);
  result.set_recovered(true);
  result.set_expires(true);
  result.set_delta(true);
  result.set_epoch("db1");
  result.set_offset(41);
  fill(*result.add_publications());
  result.add_publications();
  result.set_ttl(4294967295);
  result.set_data(kBytes);
  result.set_id(-5);
}

template <class C>
C a_connection() {
  C result;
  result.client = "c";
  result.version = "v";
  result.ping = 25;
  result.pong = result.expires = true;
  result.ttl = 900;
  result.data = kBytes;
  result.subs = {{"a", a_subscription()}, {"b", {}}};
  result.session = "s";
  result.node = "n";
  result.time = 1893553445000;
  return result;
}
template <class C>
void fill_connection(C& result) {
  result.set_client("c");
  result.set_version("v");
  result.set_ping(25);
  result.set_pong(true);
  result.set_expires(true);
  result.set_ttl(900);
  result.set_data(kBytes);
  fill((*result.mutable_subs())["a"]);
  (*result.mutable_subs())["b"];
  result.set_session("s");
  result.set_node("n");
  result.set_time(1893553445000);
}

wire::Reply answer(std::uint32_t id) {
  wire::Reply reply;
  reply.set_id(id);
  return reply;
}

TEST(CentrifugeProtobuf, RepliesWithEveryField) {
  wire::Reply connect = answer(1), subscribe = answer(300), history = answer(4294967295), presence = answer(4),
              stats = answer(5), rpc = answer(6), refresh = answer(7), sub_refresh = answer(8);
  fill_connection(*connect.mutable_connect());
  EXPECT_TRUE(is(reply(kProtobuf, 1, a_connection<ConnectResult>()), connect));
  fill(*subscribe.mutable_subscribe());
  EXPECT_TRUE(is(reply(kProtobuf, 300, a_subscription()), subscribe));
  fill(*history.mutable_history()->add_publications());
  history.mutable_history()->set_epoch("db1");
  history.mutable_history()->set_offset(44);
  EXPECT_TRUE(is(reply(kProtobuf, 4294967295, HistoryResult{{a_publication()}, "db1", 44}), history));
  fill((*presence.mutable_presence()->mutable_presence())["c"]);
  (*presence.mutable_presence()->mutable_presence())["d"];
  EXPECT_TRUE(is(reply(kProtobuf, 4, PresenceResult{{{"c", *a_publication().info}, {"d", {}}}}), presence));
  stats.mutable_presence_stats()->set_num_clients(3);
  stats.mutable_presence_stats()->set_num_users(2);
  EXPECT_TRUE(is(reply(kProtobuf, 5, PresenceStatsResult{3, 2}), stats));
  rpc.mutable_rpc()->set_data(kBytes);
  EXPECT_TRUE(is(reply(kProtobuf, 6, RpcResult{kBytes}), rpc));
  refresh.mutable_refresh()->set_client("c");
  refresh.mutable_refresh()->set_version("v");
  refresh.mutable_refresh()->set_expires(true);
  refresh.mutable_refresh()->set_ttl(900);
  EXPECT_TRUE(is(reply(kProtobuf, 7, RefreshResult{"c", "v", true, 900}), refresh));
  sub_refresh.mutable_sub_refresh()->set_expires(true);
  sub_refresh.mutable_sub_refresh()->set_ttl(60);
  EXPECT_TRUE(is(reply(kProtobuf, 8, SubRefreshResult{true, 60}), sub_refresh));
}

TEST(CentrifugeProtobuf, ResultsOfNothingAreThereAllTheSame) {
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, ConnectResult{})).has_connect());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, SubscribeResult{})).has_subscribe());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, UnsubscribeResult{})).has_unsubscribe());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, PublishResult{})).has_publish());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, HistoryResult{})).has_history());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, PresenceResult{})).has_presence());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, PresenceStatsResult{})).has_presence_stats());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, PingResult{})).has_ping());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, RpcResult{})).has_rpc());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, RefreshResult{})).has_refresh());
  EXPECT_TRUE(parsed(reply(kProtobuf, 1, SubRefreshResult{})).has_sub_refresh());
  EXPECT_EQ(reply(kProtobuf, 1, PublishResult{}), std::string("\x08\x01\x42\x00", 4)) << "nothing else is";
}

TEST(CentrifugeProtobuf, Errors) {
  wire::Reply error = answer(5);
  error.mutable_error()->set_code(111);
  error.mutable_error()->set_message("too many requests");
  error.mutable_error()->set_temporary(true);
  EXPECT_TRUE(is(error_reply(kProtobuf, 5, ErrorCode::too_many_requests), error));
}

TEST(CentrifugeProtobuf, PushesWithEveryField) {
  const auto a_push = [] {
    wire::Reply reply;
    reply.mutable_push()->set_channel("room:1");
    return reply;
  };
  wire::Reply pub = a_push(), join = a_push(), leave = a_push(), unsubscribe = a_push(), subscribe = a_push();
  fill(*pub.mutable_push()->mutable_pub());
  EXPECT_TRUE(is(push(kProtobuf, "room:1", a_publication()), pub));
  fill(*join.mutable_push()->mutable_join()->mutable_info());
  EXPECT_TRUE(is(push(kProtobuf, "room:1", JoinPush{*a_publication().info}), join));
  fill(*leave.mutable_push()->mutable_leave()->mutable_info());
  EXPECT_TRUE(is(push(kProtobuf, "room:1", LeavePush{*a_publication().info}), leave));
  unsubscribe.mutable_push()->mutable_unsubscribe()->set_code(2100);
  unsubscribe.mutable_push()->mutable_unsubscribe()->set_reason("removed from room");
  EXPECT_TRUE(is(push(kProtobuf, "room:1", UnsubscribePush(UnsubscribeCode::removed_from_room)), unsubscribe));
  auto& position = *subscribe.mutable_push()->mutable_subscribe();
  position.set_recoverable(true);
  position.set_positioned(true);
  position.set_epoch("db1");
  position.set_offset(3);
  position.set_data(kBytes);
  EXPECT_TRUE(is(push(kProtobuf, "room:1", SubscribePush{true, true, "db1", 3, kBytes}), subscribe));
}

TEST(CentrifugeProtobuf, PushesWithoutAChannel) {
  wire::Reply message, disconnect, refresh, connect;
  message.mutable_push()->mutable_message()->set_data(kBytes);
  EXPECT_TRUE(is(push(kProtobuf, "", MessagePush{kBytes}), message));
  disconnect.mutable_push()->mutable_disconnect()->set_code(3001);
  disconnect.mutable_push()->mutable_disconnect()->set_reason("shutdown");
  EXPECT_TRUE(is(push(kProtobuf, "", DisconnectPush(CloseCode::shutdown)), disconnect));
  refresh.mutable_push()->mutable_refresh()->set_expires(true);
  refresh.mutable_push()->mutable_refresh()->set_ttl(60);
  EXPECT_TRUE(is(push(kProtobuf, "", RefreshPush{true, 60}), refresh));
  fill_connection(*connect.mutable_push()->mutable_connect());
  EXPECT_TRUE(is(push(kProtobuf, "", a_connection<ConnectPush>()), connect));
}

TEST(CentrifugeProtobuf, LengthsOfOneTwoAndThreeBytes) {
  for (const std::size_t size : {0U, 100U, 125U, 126U, 127U, 128U, 129U, 16'370U, 16'383U, 16'384U, 70'000U}) {
    Publication publication;
    publication.data.assign(size, 'x');
    EXPECT_EQ(parsed(push(kProtobuf, "c", publication)).push().pub().data().size(), size);
  }
}

TEST(CentrifugeProtobuf, APingIsAMessageOfNoBytes) {
  std::string ping;
  append_ping(ping, kProtobuf);
  EXPECT_EQ(ping, "");
}

}  // namespace
}  // namespace chat::centrifuge
