// The room socket from handshake to close, on a journal that does what the test says.
#include "api/room_socket/room_socket.hpp"

#include "api_world.hpp"
#include "cluster_free_bus.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <thread>

namespace chat::testing {
namespace {

using api::RoomSockets;
using transport::WebSocketAccept;

HttpRequest handshake(const std::string& query, std::vector<std::pair<std::string, std::string>> headers = {}) {
  return request_of({.target = "/api/v1/chat/x" + query, .headers = std::move(headers)});
}

TEST(OfferedToken, ComesFromFourPlaces) {
  EXPECT_EQ(api::offered_token(handshake("?token=a.b.c")), "a.b.c");
  EXPECT_EQ(api::offered_token(handshake("?token=Bearer%20a.b.c")), "a.b.c");
  EXPECT_EQ(api::offered_token(handshake("?token=bearer+a.b.c")), "a.b.c");
  EXPECT_EQ(api::offered_token(handshake("", {{"Authorization", "Bearer a.b.c"}})), "a.b.c");
  EXPECT_EQ(api::offered_token(handshake("", {{"Sec-WebSocket-Protocol", "bearer, a.b.c"}})), "a.b.c");
  EXPECT_EQ(api::offered_token(handshake("?token=a.b.c", {{"Authorization", "bearer a.b.c"}})), "a.b.c");
}

TEST(OfferedToken, IsRefusedWhenMissingRepeatedOrAmbiguous) {
  EXPECT_FALSE(api::offered_token(handshake("")));
  EXPECT_FALSE(api::offered_token(handshake("?token=")));
  EXPECT_FALSE(api::offered_token(handshake("?token=Bearer%20")));
  EXPECT_FALSE(api::offered_token(handshake("?token=a&token=a")));
  EXPECT_FALSE(api::offered_token(handshake("?token=a", {{"Authorization", "Bearer b"}})));
  EXPECT_FALSE(api::offered_token(handshake("?token=a", {{"Sec-WebSocket-Protocol", "bearer, b"}})));
  EXPECT_FALSE(api::offered_token(handshake("", {{"Authorization", "Basic YTpi"}})));
  EXPECT_FALSE(api::offered_token(handshake("", {{"Sec-WebSocket-Protocol", "bearer"}})));
}

class RoomSocketTest : public ::testing::Test {
 protected:
  RoomSocketTest() { std::tie(user_, token_) = world_.logged_in(), room_ = world_.a_room(user_); }
  ~RoomSocketTest() override {
    // One that waits (its rate, its answers) reads nothing, and would not see the end of its peer.
    if (socket_ && !socket_->is_over()) socket_->abort();
    if (fd_ >= 0) ::close(fd_);
    for (int i = 0; i < 50; ++i) turn();
  }

  void start(api::RoomSocketOptions options = {}, RateLimit rate = {50, 300}) {
    options.journal_retry = std::chrono::milliseconds(1);
    options_ = options;
    fan_out_ = std::make_unique<fanout::FanOut>(
        std::vector<transport::EventLoop*>{&loop_}, world_.rooms_store,
        [this](std::function<void()> job) { return world_.read_pool.post(std::move(job)); }, bus_, world_.clock);
    messages_ = std::make_unique<Messages>(journal_, world_.clock, MessagesOptions{.messages = rate});
    sockets_ = std::make_unique<RoomSockets>(*fan_out_, world_.sessions, *live_, world_.rooms, *messages_, journal_,
                                             world_.clock, options_);
  }
  transport::UpgradeAnswer upgrade(const std::string& query, const std::string& room) {
    return world_run(sockets_->upgrade(handshake(query), {{"room_id", room}}));
  }
  template <class T>
  T world_run(boost::asio::awaitable<T> call) {
    return run(std::move(call));
  }
  int status(const std::string& query, const std::string& room) {
    const auto answer = upgrade(query, room);
    const auto* response = std::get_if<HttpResponse>(&answer);
    return response ? response->status : 101;
  }
  void open(const std::string& query = "") {
    const auto answer = upgrade("?token=" + token_ + query, room_.id.str());
    adopt(std::get<WebSocketAccept>(answer));
  }
  void adopt(const WebSocketAccept& accept) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    fd_ = ends[1];
    socket_ = transport::WebSocket::open(loop_, std::make_unique<transport::PlainStream>(ends[0]), accept.handler,
                                         *accept.options, {}, {});
  }
  void turn() {
    loop_.poll();
    char chunk[4096];
    for (ssize_t n; fd_ >= 0 && (n = ::recv(fd_, chunk, sizeof chunk, 0)) > 0;)
      received_.append(chunk, static_cast<std::size_t>(n));
  }
  template <class Condition>
  bool until(Condition holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!holds() && std::chrono::steady_clock::now() < deadline) {
      turn();
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return holds();
  }
  void say(const std::string& text, char opcode = '\x81') {
    ASSERT_LT(text.size(), 126u);
    std::string frame{opcode, static_cast<char>(0x80 | text.size()), 0, 0, 0, 0};
    frame += text;
    ASSERT_EQ(::send(fd_, frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
  }
  bool got(std::string_view text) const { return received_.find(text) != std::string::npos; }
  std::string close_of(std::uint16_t code) const {
    return {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  }

  ApiWorld world_;
  User user_;
  std::string token_;
  Room room_;
  transport::EventLoop loop_{{.tick = std::chrono::milliseconds(1)}};
  QuietBus bus_;
  FakeJournal journal_;
  std::shared_ptr<LiveSessions> live_ =
      std::make_shared<LiveSessions>(world_.users, world_.read_pool, LiveSessionsOptions{.max_sockets_per_user = 2});
  api::RoomSocketOptions options_;
  std::unique_ptr<fanout::FanOut> fan_out_;
  std::unique_ptr<Messages> messages_;
  std::unique_ptr<RoomSockets> sockets_;
  int fd_ = -1;
  transport::WebSocketPtr socket_;
  std::string received_;
};

TEST_F(RoomSocketTest, AHandshakeIsJudgedInOrder) {
  start();
  const std::string room = room_.id.str(), good = "?token=" + token_;
  EXPECT_EQ(status("", room), 403);
  EXPECT_EQ(status("?token=nonsense", "no-uuid"), 403);
  EXPECT_EQ(status(good, "no-uuid"), 404);
  for (const char* bad :
       {"&history=-1", "&history=1001", "&history=x", "&after=-1", "&after=", "&events=some", "&history=1&history=1"}) {
    EXPECT_EQ(status(good + bad, room), 422) << bad;
  }
  EXPECT_EQ(status(good + "&history=0&events=all", room), 101);
}

TEST_F(RoomSocketTest, HowMuchHistoryMayBeAskedForIsASetting) {
  api::RoomSocketOptions options;
  options.history_default = 1;
  options.history_max = 2;
  start(options);
  const std::string room = room_.id.str(), good = "?token=" + token_;
  EXPECT_EQ(status(good + "&history=2", room), 101);
  EXPECT_EQ(status(good, room), 101);
  const auto refused = upgrade(good + "&history=3", room);
  EXPECT_EQ(std::get<HttpResponse>(refused).content(),
            R"({"detail":[{"type":"less_than_equal","loc":["query","history"],)"
            R"("msg":"Input should be less than or equal to 2","input":"3","ctx":{"le":2}}]})");
}

TEST_F(RoomSocketTest, AUserHasABoundedNumberOfSockets) {
  start();
  const auto one = upgrade("?token=" + token_, room_.id.str());
  const auto two = upgrade("?token=" + token_, room_.id.str());
  EXPECT_EQ(status("?token=" + token_, room_.id.str()), 429);
}

TEST_F(RoomSocketTest, AnUnknownRoomOpensSaysSoAndCloses) {
  start();
  const auto answer = upgrade("?token=" + token_, RoomId::make().str());
  adopt(std::get<WebSocketAccept>(answer));
  EXPECT_TRUE(until([&] { return got(close_of(1008)); }));
  EXPECT_TRUE(got("{\"error\":\"Room with id "));
}

TEST_F(RoomSocketTest, AMessageGoesToTheJournalAsItIs) {
  start();
  open();
  say(R"({"content":" hi ","client_id":"c-1"})");
  ASSERT_TRUE(until([&] { return journal_.messages.size() == 1; }));
  const auto& message = journal_.messages[0];
  EXPECT_EQ(message.content, " hi ");
  EXPECT_EQ(message.client_id, "c-1");
  EXPECT_EQ(message.author.id, user_.id);
  EXPECT_TRUE(message.patient);
  EXPECT_NE(message.origin.connection, 0u);
}

TEST_F(RoomSocketTest, WhatIsNoMessageIsToldAndTheSocketStays) {
  start();
  open();
  say("hello");
  say("{\"content\":\"\"}");
  say("binary", '\x82');
  say(R"({"content":"still here"})");
  EXPECT_TRUE(until([&] { return journal_.messages.size() == 1; }));
  std::size_t answers = 0;
  for (std::size_t at = 0; (at = received_.find("{\"error\":\"Invalid message format.\"}", at)) != std::string::npos;
       ++at)
    ++answers;
  EXPECT_EQ(answers, 3u);
}

TEST_F(RoomSocketTest, AFullJournalKeepsMessagesAndTheirOrder) {
  start();
  open();
  ASSERT_TRUE(until([&] { return live_->sessions() == 1; }));
  journal_.full = true;
  for (const char* text : {"1", "2", "3"}) say(std::string(R"({"content":")") + text + "\"}");
  for (int i = 0; i < 100; ++i) turn();
  EXPECT_TRUE(journal_.messages.empty());
  journal_.full = false;
  ASSERT_TRUE(until([&] { return journal_.messages.size() == 3; }));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(journal_.messages[i].content, std::to_string(i + 1));
}

TEST_F(RoomSocketTest, OverItsRateItIsNotRead) {
  start({}, {1, 2});
  open();
  for (const char* text : {"1", "2", "3", "4"}) say(std::string(R"({"content":")") + text + "\"}");
  ASSERT_TRUE(until([&] { return journal_.messages.size() == 2; }));
  for (int i = 0; i < 100; ++i) turn();
  EXPECT_EQ(journal_.messages.size(), 2u);
  world_.clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(until([&] { return journal_.messages.size() == 3; }));
  EXPECT_EQ(journal_.messages.back().content, "3");
}

TEST_F(RoomSocketTest, OnlySoMuchIsInFlight) {
  start({.in_flight_messages = 2});
  open();
  for (int i = 0; i < 4; ++i) say(R"({"content":"m","client_id":")" + std::to_string(i) + "\"}");
  ASSERT_TRUE(until([&] { return journal_.messages.size() == 2; }));
  for (int i = 0; i < 100; ++i) turn();
  EXPECT_EQ(journal_.messages.size(), 2u);
  journal_.answers[0](Error(Errc::invalid));
  EXPECT_TRUE(until([&] { return journal_.messages.size() == 3; }));
  EXPECT_TRUE(until([&] { return got("Invalid message format."); }));
}

TEST_F(RoomSocketTest, AStoppingServerAnswersWhatWasSaidBeforeItsGoodbye) {
  start({.goodbye = std::chrono::seconds(60)});
  open("&history=0");
  ASSERT_TRUE(until([&] { return live_->sessions() == 1; }));
  say(R"({"content":"m","client_id":"c"})");
  ASSERT_TRUE(until([&] { return journal_.answers.size() == 1; }));
  socket_->begin_shutdown();
  say(R"({"content":"too late","client_id":"d"})");
  for (int i = 0; i < 20; ++i) turn();
  EXPECT_FALSE(got(close_of(1012)));
  EXPECT_EQ(journal_.messages.size(), 1u) << "what comes later is not read";
  Stored first;
  first.id = journal_.messages[0].id.value;
  first.repeated = true;
  journal_.answers[0](first);
  ASSERT_TRUE(until([&] { return got(close_of(1012)); }));
  EXPECT_LT(received_.find("\"client_id\":\"c\""), received_.find(close_of(1012)));
}

TEST_F(RoomSocketTest, AStoppingServerDoesNotWaitForEver) {
  start({.goodbye = std::chrono::milliseconds(20)});
  open("&history=0");
  say(R"({"content":"m","client_id":"c"})");
  ASSERT_TRUE(until([&] { return journal_.answers.size() == 1; }));
  socket_->begin_shutdown();
  EXPECT_TRUE(until([&] { return got(close_of(1012)); }));
}

TEST_F(RoomSocketTest, AStoppingServerSendsSilentSocketsAwayAtOnce) {
  start({.goodbye = std::chrono::seconds(60)});
  open("&history=0");
  socket_->begin_shutdown();
  EXPECT_TRUE(until([&] { return got(close_of(1012)); }));
}

TEST_F(RoomSocketTest, OneWhoMayNoLongerPostIsClosed) {
  start();
  open();
  say(R"({"content":"m"})");
  ASSERT_TRUE(until([&] { return journal_.answers.size() == 1; }));
  journal_.answers[0](Error(Errc::forbidden));
  EXPECT_TRUE(until([&] { return got(close_of(1008)); }));
  EXPECT_TRUE(got("{\"error\":"));
}

TEST_F(RoomSocketTest, AnExpiredTokenEndsIt) {
  start();
  open();
  ASSERT_TRUE(until([&] { return live_->sessions() == 1; }));
  for (int i = 0; i < 20; ++i) turn();
  EXPECT_FALSE(got(close_of(1008)));
  fd_ >= 0 ? ::close(fd_) : 0;
  fd_ = -1;
  EXPECT_TRUE(until([&] { return live_->sessions() == 0; }));
  auto late = upgrade("?token=" + token_, room_.id.str());
  world_.clock.advance(std::chrono::hours(2));
  adopt(std::get<WebSocketAccept>(late));
  EXPECT_TRUE(until([&] { return got(close_of(1008)); }));
}

TEST_F(RoomSocketTest, ADisabledUsersSocketIsClosed) {
  start();
  open();
  ASSERT_TRUE(until([&] { return live_->sessions() == 1; }));
  ASSERT_TRUE(world_.users.set_disabled(user_.id, true));
  world_run(live_->poll_once());
  EXPECT_TRUE(until([&] { return got(close_of(1008)); }));
}

}  // namespace
}  // namespace chat::testing
