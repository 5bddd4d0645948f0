// Each dialect on bytes as its server sends them, cut at every place where a read may end.
#include "load/tests/hear.hpp"

namespace load {
namespace {

TEST(RoomDialect, TellsMessagesAcksJoinsAndErrorsApart) {
  const Stamp stamp{1, 2, 3, 4};
  const std::string wire =
      kUpgraded +
      frame(
          R"({"content":"User ada has joined the chat.","user":"ada","timestamp":"2026-11-23 07:55:43","type":"join"})") +
      frame(
          R"({"content":")" + stamped(stamp) +
          R"(","user":"ada","timestamp":"2026-11-23 07:55:43","type":"message","user_id":"01a2","id":"01a3","seq":41})") +
      frame("ping", kPing) +
      frame(
          R"({"type":"ack","client_id":"00c0ffee-0000000500000007","id":"01a2","seq":42,"timestamp":"2026-11-23 07:55:43"})") +
      frame(
          R"({"content":"written by hand","user":"ada","timestamp":"2026-11-23 07:55:43","type":"message","id":"01a4","seq":43})") +
      frame(R"({"error": "Invalid message format."})");
  const auto room = make_dialect("room");
  Role role{.index = 0, .room = 1, .room_name = "r"};
  role.sends = true;
  role.sender = 5;
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    const Heard heard = hear(*room, role, wire, cut);
    expect_kinds(heard, {Kind::open, Kind::ready, Kind::signal, Kind::delivery, Kind::ack, Kind::delivery, Kind::error},
                 cut);
    ASSERT_EQ(heard.events[3].stamp, stamp);
    ASSERT_EQ(heard.events[3].seq, 41);
    ASSERT_EQ(heard.events[4].stamp.number, 7u);
    ASSERT_EQ(heard.events[4].seq, 42);
    ASSERT_EQ(heard.events[5].stamp.number, 0u);
    ASSERT_EQ(heard.events[5].seq, 43);
    std::string pong;
    append_frame(pong, "ping", kPong);
    ASSERT_EQ(heard.said, pong);
  }
}

TEST(RoomDialect, ARefusedUpgradeAndACloseAreErrors) {
  const auto room = make_dialect("room");
  const Role role{.index = 0, .room = 0, .room_name = "r"};
  const Heard refused = hear(*room, role, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 10);
  expect_kinds(refused, {Kind::error}, 0);
  EXPECT_TRUE(refused.texts[0].starts_with("HTTP/1.1 403"));
  const Heard closed = hear(*room, role, kUpgraded + frame("\x03\xf0no such room", kClose), 10);
  expect_kinds(closed, {Kind::open, Kind::ready, Kind::error}, 0);
  EXPECT_EQ(closed.texts[2], "no such room");
}

TEST(RoomDialect, AsksForWhatItsRoleSays) {
  const auto room = make_dialect("room");
  Session session{.role = {.index = 0, .room = 0, .room_name = "some-room", .token = "t.t.t"}};
  std::string out;
  session.role.history = 20;
  room->hello(session, out);
  EXPECT_TRUE(out.starts_with("GET /api/v1/chat/some-room?token=t.t.t&history=20 HTTP/1.1\r\n")) << out;
  out.clear();
  session.role.after = 7;
  room->hello(session, out);
  EXPECT_TRUE(out.starts_with("GET /api/v1/chat/some-room?token=t.t.t&after=7 HTTP/1.1\r\n")) << out;
}

TEST(RealtimeDialect, ReadsRepliesPushesPingsAndRecoveredPublications) {
  const auto realtime = make_dialect("realtime");
  const auto publication = [](std::uint32_t number, int offset) {
    return R"({"offset":)" + std::to_string(offset) + R"(,"info":{"user":"u"},"data":{"type":"message","seq":)" +
           std::to_string(offset) + R"(,"content":")" + stamped({1, 0, number, 9}) + R"(","timestamp":"t"}})";
  };
  const std::string wire =
      kUpgraded + frame(R"({"id":1,"connect":{"client":"c","version":"chatd 1.0","ping":25,"pong":true}})") +
      frame(
          R"({"push":{"channel":"user:u","pub":{"data":{"type":"unread"}}}})"
          "\n"
          R"({"id":2,"subscribe":{"recoverable":true,"epoch":"e1","offset":40,"was_recovering":true,"recovered":true,"publications":[)" +
          publication(2, 41) + "," + publication(3, 42) + "]}}") +
      frame("{}") +
      frame(R"({"push":{"channel":"room:r","pub":)" + publication(4, 43) + "}}\n{}\n" +
            R"({"push":{"channel":"room:r","pub":)" + publication(5, 44) + "}}") +
      frame(R"({"push":{"channel":"room:r","pub":{"data":{"type":"typing"}}}})") +
      frame(R"({"push":{"channel":"room:r","unsubscribe":{"code":2000,"reason":"removed"}}})");
  Role role{.index = 0, .room = 1, .room_name = "r", .token = "t"};
  role.after = 40;
  role.epoch = "e1";
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    const Heard heard = hear(*realtime, role, wire, cut);
    expect_kinds(heard,
                 {Kind::open, Kind::signal, Kind::delivery, Kind::delivery, Kind::ready, Kind::delivery, Kind::delivery,
                  Kind::signal, Kind::error},
                 cut);
    ASSERT_EQ(heard.texts[4], "e1");
    for (const std::size_t i : {2, 3, 5, 6}) {
      const std::int64_t seq = std::vector<std::int64_t>{0, 0, 41, 42, 0, 43, 44}[i];
      ASSERT_EQ(heard.events[i].seq, seq);
      ASSERT_EQ(heard.events[i].stamp.number, static_cast<std::uint32_t>(seq - 39));
    }
    std::string answered;
    append_frame(answered,
                 "{\"id\":1,\"connect\":{\"token\":\"t\"}}\n"
                 R"({"id":2,"subscribe":{"channel":"room:r","recover":true,"offset":40,"epoch":"e1"}})");
    append_frame(answered, "{}");
    append_frame(answered, "{}");
    ASSERT_EQ(heard.said, answered);
  }
}

TEST(RealtimeDialect, ASenderIsReadyWithoutASubscriptionAndKnowsItsRepliesFromThoseToTyping) {
  const auto realtime = make_dialect("realtime");
  Session session{.role = {.index = 0, .room = 1, .room_name = "r", .token = "t"}};
  session.role.sends = true;
  session.role.receives = false;
  std::string out;
  std::vector<Event> events;
  realtime->parse(session, kUpgraded + frame(R"({"id":1,"connect":{"client":"c"}})"), out, events);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].kind, Kind::ready);
  const auto id_of = [](const std::string& said) {
    const std::size_t at = said.find("{\"id\":") + 6;
    return said.substr(at, said.find(',', at) - at);
  };
  out.clear();
  realtime->publish(session, {1, 0, 5, 9}, "~", out);
  const std::string published = id_of(out);
  out.clear();
  ASSERT_TRUE(realtime->typing(session, out));
  const std::string typed = id_of(out);
  events.clear();
  realtime->parse(
      session,
      frame("{\"id\":" + published + ",\"publish\":{}}\n{\"id\":" + typed + ",\"rpc\":{\"data\":{\"ok\":true}}}"), out,
      events);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, Kind::ack);
  EXPECT_EQ(events[0].stamp.number, 5u);
  EXPECT_EQ(events[1].kind, Kind::signal);
}

TEST(RealtimeDialect, AnErrorAndAFailedRecoveryAreErrors) {
  const auto realtime = make_dialect("realtime");
  Role role{.index = 0, .room = 1, .room_name = "r", .token = "t"};
  const std::string denied = kUpgraded + frame(R"({"id":2,"error":{"code":103,"message":"permission denied"}})");
  expect_kinds(hear(*realtime, role, denied, 5), {Kind::open, Kind::error}, 5);
  role.after = 40;
  const std::string lost = kUpgraded + frame(R"({"id":2,"subscribe":{"epoch":"e","offset":44,"was_recovering":true}})");
  expect_kinds(hear(*realtime, role, lost, 5), {Kind::open, Kind::error, Kind::ready}, 5);
}

TEST(LimitDialect, SendsFramesOfTheLengthAskedFor) {
  for (const int size : {45, 100, 127, 128, 189, 315, 1000}) {
    const auto limit = make_dialect("limit:frame=" + std::to_string(size));
    Session session{.role = {.index = 0, .room = 1, .room_name = "r"}};
    session.role.sends = true;
    std::string out;
    std::vector<Event> events;
    limit->publish(session, {1, 1, 3, 9}, "", out);
    ASSERT_EQ(out.size(), static_cast<std::size_t>(size));
    session.stage = 1;
    EXPECT_EQ(limit->parse(session, out, out, events), static_cast<std::size_t>(size));
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].kind, Kind::delivery);
    EXPECT_EQ(events[0].stamp, (Stamp{1, 1, 3, 9}));
    session.role.sender = 1;
    events.clear();
    limit->parse(session, out, out, events);
    EXPECT_EQ(events.at(0).kind, Kind::ack) << "its own";
  }
}

}  // namespace
}  // namespace load
