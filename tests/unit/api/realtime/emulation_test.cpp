// Sessions without a WebSocket: how commands find them, and what their ends look like.
#include "api/realtime/emulation.hpp"

#include "api/realtime/handshake.hpp"
#include "scripted_session.hpp"
#include "world.hpp"

#include <gtest/gtest.h>

#include <string>

namespace chat::testing {
namespace {

std::string secret_of(const std::string& welcome) {
  static constexpr std::string_view kKey = "\"session\":\"";
  const auto at = welcome.find(kKey) + kKey.size();
  return welcome.substr(at, welcome.find('"', at) - at);
}

TEST(EmulatedSessions, AreFoundByTheirSecretOnTheirNodeUntilTheyEnd) {
  RealtimeWorld world;
  Peer& peer = world.enter_stream();
  const std::string welcome = peer.reply(1), secret = secret_of(welcome), node = world.emulated.node();
  EXPECT_NE(welcome.find("\"node\":\"" + node + "\""), std::string::npos) << welcome;
  EXPECT_GE(secret.size(), 64u);
  const auto deliver = [&](const std::string& to, const std::string& key) {
    const auto done = world.emulated.deliver(to, key, R"({"id":2,"ping":{}})");
    return done ? Errc() : done.error().code;
  };
  EXPECT_EQ(deliver("another", secret), Errc::not_found);
  EXPECT_EQ(deliver(node, secret.substr(1)), Errc::not_found);
  EXPECT_EQ(deliver(node, ""), Errc::not_found);
  EXPECT_TRUE(world.emulated.deliver(node, secret, R"({"id":2,"ping":{}})"));
  peer.reply(2);
  peer.leave();
  ASSERT_TRUE(world.until([&] { return peer.connection->is_over(); }));
  EXPECT_TRUE(world.until([&] { return !world.emulated.deliver(node, secret, "{}"); }));
}

TEST(EmulatedSessions, EachHasASecretOfItsOwn) {
  RealtimeWorld world;
  EXPECT_NE(secret_of(world.enter_stream().reply(1)), secret_of(world.enter_stream().reply(1)));
}

// Requests come when they come: they wait here, in their order, for nothing holds them back.
TEST(EmulatedSessions, RequestsAreCarriedOutInTheirOrder) {
  RealtimeSetup setup;
  setup.realtime.in_flight_commands = 1;
  RealtimeWorld world(setup);
  Peer& peer = world.enter_stream();
  for (int n = 2; n < 20; ++n)
    peer.say("{\"id\":" + std::to_string(n) + R"(,"rpc":{"method":"room.list"}})" + (n % 3 == 0 ? "\n" : ""));
  std::string order;
  peer.reply(19);
  for (const auto& line : peer.lines()) order += line.substr(6, line.find(',') - 6) + " ";
  EXPECT_EQ(order, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
}

TEST(EmulatedSessions, AStreamThatEndsSaysWhyAndThenIsComplete) {
  RealtimeWorld world;
  Peer& peer = world.open_stream(R"({"id":1,"connect":{"token":"none"}})");
  EXPECT_EQ(peer.closing(), std::pair(3500, std::string("invalid token")));
  EXPECT_EQ(peer.lines().size(), 1u);
  EXPECT_TRUE(world.until([&] { return peer.complete(); })) << "the answer has its last chunk";
}

// --- handshakes ---

api::RealtimeHandshake handshake(std::string_view query, std::string_view protocols = {}) {
  transport::HttpRequest request;
  request.query = transport::decode_query(query).value();
  if (!protocols.empty()) request.headers.add("Sec-WebSocket-Protocol", std::string(protocols));
  return api::read_handshake(request);
}

TEST(RealtimeHandshake, AgreesOnAnEncoding) {
  using centrifuge::Encoding;
  const auto is = [](const api::RealtimeHandshake& found, Encoding encoding, std::string_view chosen) {
    return found.wire.encoding == encoding && found.subprotocol == chosen && !found.wire.frame_pings;
  };
  EXPECT_TRUE(is(handshake(""), Encoding::json, ""));
  EXPECT_TRUE(is(handshake("cf_protocol_version=v2&x=y"), Encoding::json, ""));
  EXPECT_TRUE(is(handshake("cf_protocol=protobuf"), Encoding::protobuf, ""));
  EXPECT_TRUE(is(handshake("format=protobuf"), Encoding::protobuf, ""));
  EXPECT_TRUE(is(handshake("format=json"), Encoding::json, ""));
  EXPECT_TRUE(is(handshake("", "centrifuge-json"), Encoding::json, "centrifuge-json"));
  EXPECT_TRUE(
      is(handshake("", "chat, centrifuge-protobuf, centrifuge-json"), Encoding::protobuf, "centrifuge-protobuf"));
  EXPECT_TRUE(is(handshake("format=protobuf", "centrifuge-json"), Encoding::json, "centrifuge-json"))
      << "what is chosen counts more than what is asked for";
  EXPECT_TRUE(is(handshake("", "chat"), Encoding::json, ""));
}

TEST(RealtimeHandshake, LeavesPingsToTheProtocolUnlessToolsAskForFrames) {
  api::RealtimeOptions options;
  EXPECT_TRUE(handshake("cf_ws_frame_ping_pong=true").wire.frame_pings);
  EXPECT_FALSE(handshake("cf_ws_frame_ping_pong=1").wire.frame_pings);
  EXPECT_EQ(api::socket_options(options, false).ping_interval.count(), 0);
  EXPECT_EQ(api::socket_options(options, true).ping_interval, options.ping_interval);
  EXPECT_EQ(api::socket_options(options, false).max_message_bytes, options.message_bytes);
}

}  // namespace
}  // namespace chat::testing
