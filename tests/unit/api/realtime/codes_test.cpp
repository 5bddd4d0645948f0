// Every code of the protocol's tables, brought about in the real session; or its row says why it is never sent. A code
// without a scene here and without a reason there fails.
#include "protocol/centrifuge_codes.hpp"

#include "scripted_session.hpp"
#include "world.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <new>
#include <string>

namespace chat::testing {
namespace {

using namespace centrifuge;
using std::chrono::milliseconds;

std::string numbered(std::string_view member, auto code) {
  return "\"" + std::string(member) + "\":{\"code\":" + std::to_string(static_cast<std::uint32_t>(code)) + ",";
}

// --- errors: what the client is answered ---

using ErrorScene = std::function<std::string()>;

// Asks one thing of an ordinary world.
ErrorScene asking(std::string (*command)(RealtimeWorld&)) {
  return [command] {
    RealtimeWorld world;
    Peer& peer = world.enter();
    peer.say(command(world));
    return peer.reply(2);
  };
}

std::string unavailable_store() {
  RealtimeWorld world;
  Peer& peer = world.enter();
  world.rules.rooms_store.weather.away = true;
  peer.say(world.subscribe(2));
  return peer.reply(2);
}

// The connection outlives its token by the grace; what asks for a good one is refused meanwhile.
std::string token_that_ended() {
  RealtimeWorld world;
  Peer& peer = world.enter();
  world.rules.clock.advance(std::chrono::minutes(61));
  peer.say(R"({"id":2,"rpc":{"method":"auth.refresh_token"}})");
  return peer.reply(2);
}

std::string connect_with_a_token_that_ended() {
  RealtimeWorld world;
  world.rules.clock.advance(std::chrono::minutes(61));
  Peer& peer = world.open();
  peer.say(R"({"id":2,"connect":{"token":")" + world.token + "\"}}");
  return peer.reply(2);
}

std::string a_second_subscribe() {
  RealtimeWorld world;
  Peer& peer = world.enter();
  peer.say(world.subscribe(3));
  peer.reply(3);
  peer.say(world.subscribe(2));
  return peer.reply(2);
}

std::string a_channel_too_many() {
  RealtimeSetup setup;
  setup.realtime.channels = 1;  // the user's own
  RealtimeWorld world(setup);
  Peer& peer = world.enter();
  peer.say(world.subscribe(2));
  return peer.reply(2);
}

std::string a_journal_that_is_full() {
  RealtimeWorld world;
  world.journal.full = true;
  Peer& peer = world.enter();
  peer.say(world.command(2, "publish", R"(,"data":{"content":"x"})"));
  return peer.reply(2);
}

std::string a_commit_that_may_have_been() {
  RealtimeWorld world;
  world.journal.on_append = [](const AppendMessage&) { return Error(Errc::outcome_unknown, "the wire broke"); };
  Peer& peer = world.enter();
  peer.say(world.command(2, "publish", R"(,"data":{"content":"x"})"));
  return peer.reply(2);
}

std::string a_user_who_was_deleted() {
  RealtimeWorld world;
  Peer& peer = world.enter();
  world.logs.forget(FeedKey::user(world.ada.id));
  peer.say(R"({"id":2,"history":{"channel":")" + world.own_channel() + R"(","limit":1}})");
  return peer.reply(2);
}

std::string a_name_that_is_taken() {
  RealtimeWorld world;
  Peer& peer = world.enter();
  peer.say(R"({"id":2,"rpc":{"method":"room.create","data":{"name":"Lobby"}}})");
  return peer.reply(2);
}

const std::map<ErrorCode, ErrorScene>& error_scenes() {
  static const std::map<ErrorCode, ErrorScene> scenes = {
      {ErrorCode::internal, unavailable_store},
      {ErrorCode::unauthorized, token_that_ended},
      {ErrorCode::unknown_channel, asking([](RealtimeWorld&) {
         return std::string(R"({"id":2,"subscribe":{"channel":"room:00000000-0000-4000-8000-000000000000"}})");
       })},
      {ErrorCode::permission_denied, asking([](RealtimeWorld& world) {
         return R"({"id":2,"subscribe":{"channel":"user:)" + world.grace.id.str() + "\"}}";
       })},
      {ErrorCode::method_not_found,
       asking([](RealtimeWorld&) { return std::string(R"({"id":2,"rpc":{"method":"no.such"}})"); })},
      {ErrorCode::already_subscribed, a_second_subscribe},
      {ErrorCode::limit_exceeded, a_channel_too_many},
      {ErrorCode::bad_request, asking([](RealtimeWorld& world) { return world.command(2, "publish", ",\"data\":7"); })},
      {ErrorCode::not_available, asking([](RealtimeWorld& world) { return world.subscribe(2, ",\"type\":1"); })},
      {ErrorCode::token_expired, connect_with_a_token_that_ended},
      {ErrorCode::too_many_requests, a_journal_that_is_full},
      {ErrorCode::unrecoverable_position, asking([](RealtimeWorld& world) {
         return world.command(2, "history", R"(,"limit":1,"since":{"offset":0,"epoch":"another"})");
       })},
      {ErrorCode::not_found, a_user_who_was_deleted},
      {ErrorCode::conflict, a_name_that_is_taken},
      {ErrorCode::outcome_unknown, a_commit_that_may_have_been},
  };
  return scenes;
}

TEST(RealtimeCodes, EachErrorIsAnswered) {
  const auto& scenes = error_scenes();
  for (const ErrorRow& row : error_table()) {
    SCOPED_TRACE(static_cast<int>(row.code));
    const auto scene = scenes.find(row.code);
    ASSERT_NE(scene == scenes.end(), row.never.empty()) << "either a scene here, or a reason in the table";
    if (scene == scenes.end()) continue;
    const std::string reply = scene->second();
    EXPECT_TRUE(reply.starts_with(R"({"id":2,)" + numbered("error", row.code))) << reply;
    EXPECT_EQ(reply.find(R"("temporary":true)") != std::string::npos, row.temporary) << reply;
  }
}

// --- closes ---

using CloseScene = std::function<std::pair<int, std::string>()>;

std::pair<int, std::string> closed_after(std::string_view commands, bool connected = true) {
  RealtimeWorld world;
  Peer& peer = connected ? world.enter() : world.open();
  peer.say(commands);
  return peer.closing();
}

std::pair<int, std::string> server_that_stops() {
  RealtimeWorld world;
  Peer& peer = world.enter();
  peer.connection->begin_shutdown();
  return peer.closing();
}

std::pair<int, std::string> memory_that_is_out() {
  RealtimeWorld world;
  const auto session = std::make_shared<ScriptedSession>(world.setup.realtime, world.rules.clock);
  session->on_rpc = [](auto) { throw std::bad_alloc(); };
  Peer& peer = world.attach(session);
  peer.say(R"({"id":1,"connect":{}})"
           "\n"
           R"({"id":2,"rpc":{"method":"x"}})");
  return peer.closing();
}

std::pair<int, std::string> token_that_is_not_refreshed() {
  RealtimeWorld world({.realtime = quick_options()});
  Peer& peer = world.enter();
  world.rules.clock.advance(std::chrono::minutes(60) + world.setup.realtime.expiry_grace);
  return peer.closing();
}

std::pair<int, std::string> reader_who_does_not_read() {
  RealtimeSetup setup{.socket_buffer = 4096};
  setup.realtime.websocket.backlog_bytes = 65536;
  RealtimeWorld world(setup);
  Peer& peer = world.enter();
  peer.say(world.subscribe(2));
  peer.reply(2);
  for (int i = 0; i < 20; ++i) {
    world.say(std::string(10'000, 'x'));
    world.idle(milliseconds(1));
  }
  return peer.closing();
}

// A number that was committed elsewhere, and is kept no more when it is fetched.
void lose_position(RealtimeWorld& world, const FeedKey& feed) {
  Event event;
  event.kind = feed.is_user() ? EventKind::session_ended : EventKind::room_changed;
  event.id = EventId::make();
  event.actor_name = "Grace";
  event.payload = "{}";
  world.logs.add(feed, event);
  world.logs.add(feed, event);
  world.logs.keep_from(feed, Seq(3));
  world.commit(world.logs.add(feed, event));
}

std::pair<int, std::string> position_in_ones_own_channel() {
  RealtimeWorld world;
  Peer& peer = world.enter();
  lose_position(world, FeedKey::user(world.ada.id));
  return peer.closing();
}

std::pair<int, std::string> ping_without_answer() {
  RealtimeWorld world({.realtime = quick_options()});
  Peer& peer = world.enter();
  world.rules.clock.advance(milliseconds(20));
  peer.line_with("{}");
  world.rules.clock.advance(milliseconds(10));
  return peer.closing();
}

std::pair<int, std::string> emulated_commands_that_pile_up() {
  RealtimeSetup setup;
  setup.realtime.in_flight_commands = 1;
  setup.realtime.message_bytes = 4096;
  RealtimeWorld world(setup);
  Peer& peer = world.enter_stream();
  for (std::uint32_t id = 2; id < 50; ++id)  // the journal answers none of them
    peer.say(world.command(id, "publish", R"(,"data":{"content":"x"})"));
  return peer.closing();
}

std::pair<int, std::string> database_that_is_another() {
  RealtimeWorld world;
  Peer& peer = world.enter();
  world.fan_out.invalidate("e2");
  return peer.closing();
}

std::pair<int, std::string> connect_that_does_not_come() {
  RealtimeWorld world({.realtime = quick_options()});
  Peer& peer = world.open();
  world.rules.clock.advance(milliseconds(10));
  return peer.closing();
}

std::pair<int, std::string> connection_too_many() {
  RealtimeWorld world({.live = {.max_sockets_per_user = 1}});
  world.enter();
  Peer& second = world.open();
  second.say(R"({"id":1,"connect":{"token":")" + world.token + "\"}}");
  return second.closing();
}

const std::map<CloseCode, CloseScene>& close_scenes() {
  static const std::map<CloseCode, CloseScene> scenes = {
      {CloseCode::shutdown, server_that_stops},
      {CloseCode::internal_error, memory_that_is_out},
      {CloseCode::connection_expired, token_that_is_not_refreshed},
      {CloseCode::slow, reader_who_does_not_read},
      {CloseCode::insufficient_state, position_in_ones_own_channel},
      {CloseCode::no_pong, ping_without_answer},
      {CloseCode::too_many_requests, emulated_commands_that_pile_up},
      {CloseCode::state_invalidated, database_that_is_another},
      {CloseCode::invalid_token, [] { return closed_after(R"({"id":1,"connect":{"token":"none"}})", false); }},
      {CloseCode::bad_request, [] { return closed_after(R"({"id":1,"ping":{}})", false); }},
      {CloseCode::stale, connect_that_does_not_come},
      {CloseCode::connection_limit, connection_too_many},
      {CloseCode::not_available, [] { return closed_after(R"({"send":{"data":{}}})"); }},
  };
  return scenes;
}

TEST(RealtimeCodes, EachCloseIsMet) {
  const auto& scenes = close_scenes();
  for (const CloseRow& row : close_table()) {
    SCOPED_TRACE(static_cast<int>(row.code));
    const auto scene = scenes.find(row.code);
    ASSERT_NE(scene == scenes.end(), row.never.empty()) << "either a scene here, or a reason in the table";
    if (scene == scenes.end()) continue;
    const auto [code, reason] = scene->second();
    EXPECT_EQ(code, static_cast<int>(row.code));
    EXPECT_EQ(reason, row.reason);
  }
}

// --- unsubscribes ---

std::string removed_member() {
  RealtimeWorld world;
  const Room closed = world.room = world.add_room("Ours", RoomKind::private_room);
  Peer& peer = world.enter();
  peer.say(world.subscribe(2));
  EXPECT_TRUE(peer.reply(2).starts_with(R"({"id":2,"subscribe":)")) << peer.reply(2);
  world.commit(world.logs.add_removal(closed.id, world.ada.id));
  const std::string told = peer.line_with("\"unsubscribe\"");
  EXPECT_TRUE(peer.got("\"type\":\"member_left\"")) << "the event that says so comes first";
  return told;
}

std::string position_in_a_room() {
  RealtimeWorld world;
  Peer& peer = world.enter();
  peer.say(world.subscribe(2));
  peer.reply(2);
  lose_position(world, FeedKey::room(world.room.id));
  return peer.line_with("\"unsubscribe\"");
}

const std::map<UnsubscribeCode, ErrorScene>& unsubscribe_scenes() {
  static const std::map<UnsubscribeCode, ErrorScene> scenes = {
      {UnsubscribeCode::removed_from_room, removed_member},
      {UnsubscribeCode::insufficient_state, position_in_a_room},
  };
  return scenes;
}

TEST(RealtimeCodes, EachUnsubscribeIsPushed) {
  const auto& scenes = unsubscribe_scenes();
  for (const UnsubscribeRow& row : unsubscribe_table()) {
    SCOPED_TRACE(static_cast<int>(row.code));
    const auto scene = scenes.find(row.code);
    ASSERT_NE(scene == scenes.end(), row.never.empty()) << "either a scene here, or a reason in the table";
    if (scene == scenes.end()) continue;
    const std::string push = scene->second();
    EXPECT_NE(push.find(numbered("unsubscribe", row.code) + R"("reason":")" + std::string(row.reason) + "\"}"),
              std::string::npos)
        << push;
  }
}

// A reason that begins like a sentence stands in a list of them.
TEST(RealtimeCodes, WhatIsNeverSentSaysWhy) {
  const auto judged = [](std::string_view never) { return never.empty() || never.size() >= 15; };
  for (const auto& row : error_table()) EXPECT_TRUE(judged(row.never)) << row.message;
  for (const auto& row : close_table()) EXPECT_TRUE(judged(row.never)) << row.reason;
  for (const auto& row : unsubscribe_table()) EXPECT_TRUE(judged(row.never)) << row.reason;
}

}  // namespace
}  // namespace chat::testing
