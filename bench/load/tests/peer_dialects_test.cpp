// The peers' dialects on bytes as those servers send them, cut at every place where a read may end.
#include "load/tests/hear.hpp"

namespace load {
namespace {

constexpr Stamp kOwn{7, 0, 3, 4}, kOther{7, 1, 9, 5};

// A sender of the room `lobby`: of its two messages below it recognises the first.
Role sender() {
  Role role{.index = 12, .room = 7, .room_name = "lobby"};
  role.sends = true;
  return role;
}

Role reader() { return {.index = 13, .room = 7, .room_name = "lobby"}; }

std::string wrapped(std::string_view payload, std::uint8_t opcode = kText) {
  std::string out;
  append_frame(out, payload, opcode);
  return out;
}

// Both messages are deliveries to a reader; to their room's first sender its own one is the acknowledgement.
void expect_own_copy_to_be_the_ack(const char* name, const std::string& wire, std::vector<Kind> before,
                                   const std::string& said) {
  const auto dialect = make_dialect(name);
  ASSERT_TRUE(dialect);
  EXPECT_TRUE(dialect->traits().acks);
  EXPECT_TRUE(dialect->traits().senders_receive);
  EXPECT_FALSE(dialect->traits().numbered);
  for (const bool sends : {true, false}) {
    std::vector<Kind> kinds = before;
    kinds.push_back(sends ? Kind::ack : Kind::delivery);
    kinds.push_back(Kind::delivery);
    for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
      const Heard heard = hear(*dialect, sends ? sender() : reader(), wire, cut);
      ASSERT_NO_FATAL_FAILURE(expect_kinds(heard, kinds, cut)) << name;
      ASSERT_EQ(heard.events[before.size()].stamp, kOwn);
      ASSERT_EQ(heard.events[before.size() + 1].stamp, kOther);
      ASSERT_EQ(heard.said, said) << name << " cut at " << cut;
    }
  }
}

std::string published(const char* name, std::string_view content) {
  const auto dialect = make_dialect(name);
  Session session{.role = sender()};
  std::string out;
  dialect->publish(session, kOwn, content, out);
  return out;
}

// What is heard behind a handshake that went well.
Heard after_handshake(const char* name, const std::string& handshake, const std::string& wire) {
  const auto dialect = make_dialect(name);
  return hear(*dialect, reader(), handshake + wire, handshake.size());
}

TEST(WsDialect, AnOwnCopyIsTheAck) {
  const std::string wire = kUpgraded + frame(R"({"content":")" + stamped(kOwn) + R"("})") + frame("?", kPing) +
                           frame(R"({"content":")" + stamped(kOther) + R"("})");
  expect_own_copy_to_be_the_ack("ws", wire, {Kind::open, Kind::ready}, wrapped("?", kPong));
}

TEST(WsDialect, TheRoomIsThePathAndAMessageIsJson) {
  Session session{.role = reader()};
  std::string out;
  make_dialect("ws")->hello(session, out);
  EXPECT_TRUE(out.starts_with("GET /lobby HTTP/1.1\r\n")) << out;
  EXPECT_EQ(published("ws", "~abc"), wrapped(R"({"content":"~abc"})"));
}

TEST(WsDialect, ACloseARefusalAndAMessageWithoutAStampAreErrors) {
  EXPECT_EQ(after_handshake("ws", kUpgraded, frame("\x03\xe8", kClose)).events.back().kind, Kind::error);
  EXPECT_EQ(after_handshake("ws", kUpgraded, frame(R"({"content":"~short"})")).events.back().kind, Kind::error);
  EXPECT_EQ(after_handshake("ws", "", "HTTP/1.1 404 Not Found\r\n\r\n").events.back().kind, Kind::error);
}

const std::string kOpened = frame(R"(0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000})");
const std::string kJoinedIo = kUpgraded + kOpened + frame(R"(40{"sid":"b"})") + frame("430[]");
const std::string kJoiningIo = wrapped("40") + wrapped(R"(420["join","lobby"])");

TEST(SocketIoDialect, AnOwnCopyIsTheAckAndAPingIsAnswered) {
  const std::string wire = kJoinedIo + frame(R"(42["message",")" + stamped(kOwn) + R"("])") + frame("2") +
                           frame(R"(42["message",")" + stamped(kOther) + R"("])");
  expect_own_copy_to_be_the_ack("socketio", wire, {Kind::open, Kind::ready}, kJoiningIo + wrapped("3"));
}

TEST(SocketIoDialect, AMessageIsAnEventToItsRoom) {
  EXPECT_EQ(published("socketio", "~abc"), wrapped(R"(42["message","lobby","~abc"])"));
}

TEST(SocketIoDialect, ARefusedNamespaceAndADisconnectAreErrors) {
  EXPECT_EQ(after_handshake("socketio", kUpgraded + kOpened, frame(R"(44{"message":"no"})")).events.back().kind,
            Kind::error);
  EXPECT_EQ(after_handshake("socketio", kJoinedIo, frame("41")).events.back().kind, Kind::error);
  EXPECT_EQ(after_handshake("socketio", kJoinedIo, frame("", kClose)).events.back().kind, Kind::error);
}

using namespace std::string_literals;

const std::string kConnack = "\x20\x02\x00\x00"s, kSuback = "\x90\x03\x00\x01\x00"s;

std::string publication(const std::string& content) {
  return "\x30"s + static_cast<char>(2 + 5 + content.size()) + "\x00\x05lobby"s + content;
}

TEST(MqttDialect, AnOwnCopyIsTheAckThatQosZeroHasNot) {
  const std::string wire = kConnack + kSuback + publication(stamped(kOwn)) + publication(stamped(kOther));
  expect_own_copy_to_be_the_ack("mqtt", wire, {Kind::open, Kind::ready}, "\x82\x0a\x00\x01\x00\x05lobby\x00"s);
}

TEST(MqttDialect, LengthsTakeAsManyBytesAsTheyNeed) {
  EXPECT_EQ(published("mqtt", "~abc"), "\x30\x0b\x00\x05lobby~abc"s);
  const std::string longest(120, 'x'), longer(121, 'x');
  EXPECT_EQ(published("mqtt", longest), "\x30\x7f\x00\x05lobby"s + longest);
  EXPECT_EQ(published("mqtt", longer), "\x30\x80\x01\x00\x05lobby"s + longer);
  const std::string content = stamped(kOther) + std::string(200, 'x');
  const std::string wire = "\x30\xfc\x01\x00\x05lobby"s + content;  // 2 + 5 + 245 = 0x7c + (1 << 7)
  ASSERT_EQ(content.size(), 245u);
  EXPECT_EQ(after_handshake("mqtt", kConnack + kSuback, wire).events.back().stamp, kOther);
}

TEST(MqttDialect, IntroducesItselfWithoutAKeepAlive) {
  Session session{.role = reader()};
  std::string out;
  make_dialect("mqtt")->hello(session, out);
  EXPECT_EQ(out, "\x10\x13\x00\x04MQTT\x04\x02\x00\x00\x00\x07"s + "bench13");
}

TEST(MqttDialect, RefusalsAreErrors) {
  EXPECT_EQ(after_handshake("mqtt", "", "\x20\x02\x00\x05"s).events.back().kind, Kind::error);
  EXPECT_EQ(after_handshake("mqtt", kConnack, "\x90\x03\x00\x01\x80"s).events.back().kind, Kind::error);
  EXPECT_EQ(after_handshake("mqtt", kConnack + kSuback, publication("no stamp")).events.back().kind, Kind::error);
}

const std::string kJoinedNats = "INFO {\"server_id\":\"x\"} \r\nPONG\r\n";
const std::string kJoiningNats =
    "CONNECT "
    "{\"verbose\":false,\"pedantic\":false,\"echo\":true,\"lang\":\"bench\",\"version\":\"1\",\"protocol\":1}\r\n"
    "SUB lobby 1\r\nPING\r\n";

std::string msg(const std::string& content) {
  return "MSG lobby 1 " + std::to_string(content.size()) + "\r\n" + content + "\r\n";
}

TEST(NatsDialect, AnOwnCopyIsTheAckAndAPingIsAnswered) {
  const std::string wire = kJoinedNats + msg(stamped(kOwn)) + "PING\r\n" + msg(stamped(kOther));
  expect_own_copy_to_be_the_ack("nats", wire, {Kind::open, Kind::ready}, kJoiningNats + "PONG\r\n");
}

TEST(NatsDialect, ALineBreakWithinAMessageIsNoEndOfIt) {
  const Heard heard = after_handshake("nats", kJoinedNats, msg(stamped(kOther) + "\r\nMSG lobby 1 5\r\n"));
  ASSERT_EQ(heard.events.size(), 3u);
  EXPECT_EQ(heard.events.back().stamp, kOther);
  EXPECT_EQ(published("nats", "~abc"), "PUB lobby 4\r\n~abc\r\n");
}

TEST(NatsDialect, AnErrorOfTheServerIsOne) {
  const Heard heard = after_handshake("nats", kJoinedNats, "-ERR 'Slow Consumer'\r\n");
  EXPECT_EQ(heard.events.back().kind, Kind::error);
  EXPECT_EQ(heard.texts.back(), "-ERR 'Slow Consumer'");
}

}  // namespace
}  // namespace load
