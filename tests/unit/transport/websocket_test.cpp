#include "transport/websocket.hpp"

#include "unit/transport/loop_fixture.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <deque>
#include <random>
#include <stdexcept>
#include <vector>

namespace chat::transport {
namespace {

using namespace test;

struct Recorder final : WebSocketHandler {
  void on_open(Connection& connection) override {
    auto& s = static_cast<WebSocket&>(connection);
    socket = &s;
    if (opened) opened();
  }
  void on_text(std::string_view m) override {
    texts.emplace_back(m);
    if (heard) heard(texts.back());
  }
  void on_binary(std::string_view m) override { binaries.emplace_back(m); }
  void on_writable() override { ++writable; }
  void on_close(const CloseInfo& info) override { closes.push_back(info); }

  WebSocket* socket = nullptr;
  std::function<void()> opened;
  std::function<void(const std::string&)> heard;
  std::vector<std::string> texts, binaries;
  std::vector<CloseInfo> closes;
  int writable = 0;
};

// A feed's cursor in one chunk: complete frames from `at` to the end.
struct Cursor final : OwedBytes {
  bool empty() const override { return at == chunk->size(); }
  std::size_t backlog_bytes() const override { return chunk->size() - at; }
  void gather(IovecList& out, std::size_t max) override { out.add(chunk->data() + at, std::min(max, backlog_bytes())); }
  void advance(std::size_t n) override { at += n; }
  void settle(Outbox& into) override {
    into.append(chunk, at, backlog_bytes());
    at = chunk->size();
  }
  ChunkRef chunk = Chunk::make(16 << 20);
  std::size_t at = 0;
};

class WebSocketTest : public LoopTest {
 protected:
  void open(WebSocketOptions o = {}, std::string received = {}, int buffer = 0) {
    options = o;
    int fds[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    if (buffer != 0) ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    client = Client(fds[1]);
    handler = std::make_shared<Recorder>();
    if (before_open) before_open();
    socket = WebSocket::open(loop, std::make_unique<PlainStream>(fds[0]), handler, options, "", std::move(received));
  }
  void TearDown() override {
    if (!socket) return;
    socket->abort();
    EXPECT_TRUE(run_until([&] { return handler->closes.size() == 1; })) << "on_close exactly once";
    run_ready();
    EXPECT_EQ(handler->closes.size(), 1u);
    EXPECT_EQ(loop.stats().connections_opened.value(), loop.stats().connections_closed.value());
  }
  bool client_gets(const std::string& bytes) {
    return run_until([&] { return client.received().size() >= bytes.size(); }) && client.received() == bytes;
  }
  std::uint64_t sends() const { return loop.stats().sends.value(); }

  WebSocketOptions options;
  Client client;
  std::shared_ptr<Recorder> handler;
  std::function<void()> before_open;
  WebSocketPtr socket;
};

TEST_F(WebSocketTest, HandlesEverythingReadableBeforeOneSend) {
  open();
  handler->heard = [&](const std::string& m) { socket->send_text("re: " + m); };
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    client.send(masked_text(std::to_string(i)));
    expected += text_frame("re: " + std::to_string(i));
  }
  EXPECT_TRUE(client_gets(expected));
  EXPECT_EQ(handler->texts.size(), 100u);
  EXPECT_EQ(sends(), 1u);
}

TEST_F(WebSocketTest, BytesGluedToTheUpgradeBelongToIt) {
  const std::string frame = masked_text("glued");
  open({}, masked_text("first") + frame.substr(0, 5));
  client.send(frame.substr(5) + masked(Opcode::binary, "bin"));
  ASSERT_TRUE(run_until([&] { return !handler->binaries.empty(); }));
  EXPECT_EQ(handler->texts, (std::vector<std::string>{"first", "glued"}));
}

TEST_F(WebSocketTest, WhatIsOwedGoesBeforeDirectOutput) {
  open();
  Cursor cursor;
  socket->set_owed(&cursor);
  cursor.chunk->append(text_frame("one"));
  socket->send_text("reply one");
  cursor.chunk->append(text_frame("two"));
  cursor.chunk->append(text_frame("three"));
  socket->send_text("reply two");
  cursor.chunk->append(text_frame("four"));
  socket->request_flush();
  EXPECT_TRUE(client_gets(text_frame("one") + text_frame("reply one") + text_frame("two") + text_frame("three") +
                          text_frame("reply two") + text_frame("four")));
  EXPECT_EQ(sends(), 1u);
  EXPECT_TRUE(cursor.empty());
  socket->set_owed(nullptr);
}

TEST_F(WebSocketTest, APingIsAnsweredBehindWhatIsOwed) {
  open();
  Cursor cursor;
  socket->set_owed(&cursor);
  cursor.chunk->append(text_frame("owed"));
  client.send(masked(Opcode::ping, "p"));
  std::string pong;
  append_frame(pong, Opcode::pong, "p");
  EXPECT_TRUE(client_gets(text_frame("owed") + pong));
  socket->set_owed(nullptr);
}

TEST_F(WebSocketTest, FlushNowIsExactlyOneSend) {
  open();
  Cursor cursor;
  socket->set_owed(&cursor);
  EXPECT_EQ(socket->flush_now(), FlushResult::idle);
  EXPECT_EQ(sends(), 0u);
  cursor.chunk->append(text_frame("x"));
  EXPECT_EQ(socket->flush_now(), FlushResult::sent);
  EXPECT_EQ(sends(), 1u);
  socket->set_owed(nullptr);
}

TEST_F(WebSocketTest, ShortWritesLoseAndRepeatNothing) {
  open({.backlog_bytes = 64 << 20, .low_water_bytes = 1000}, "", 4096);
  Cursor cursor;
  socket->set_owed(&cursor);
  std::mt19937 random(5);
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string frame = text_frame(std::to_string(i) + std::string(random() % 700, 'x'));
    expected += frame;
    if (random() % 3 == 0) {
      socket->send_frame(frame);
    } else {
      cursor.chunk->append(frame);
      socket->request_flush();
    }
    if (random() % 8 == 0) {
      run_ready();
      if (random() % 2) client.received();
    }
  }
  EXPECT_TRUE(client_gets(expected));
  EXPECT_GT(loop.stats().short_writes.value(), 10u);
  EXPECT_EQ(socket->backlog_bytes(), 0u);
  EXPECT_GE(handler->writable, 1);
  socket->set_owed(nullptr);
}

TEST_F(WebSocketTest, PauseHoldsBackMessagesAlreadyReadAndResumeDeliversThemInOrder) {
  open();
  handler->heard = [&](const std::string&) { socket->pause_reading(); };
  std::string burst;
  for (int i = 0; i < 5; ++i) burst += masked_text(std::to_string(i));
  const std::string last = masked_text("last");
  client.send(burst + last.substr(0, 3));
  for (std::size_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(run_until([&] { return handler->texts.size() == i; })) << i;
    run_ready();
    ASSERT_EQ(handler->texts.size(), i);
    if (i == 3) client.send(last.substr(3));
    socket->resume_reading();
  }
  ASSERT_TRUE(run_until([&] { return handler->texts.size() == 6; }));
  EXPECT_EQ(handler->texts, (std::vector<std::string>{"0", "1", "2", "3", "4", "last"}));
}

TEST_F(WebSocketTest, PausedItDoesNotReadAndTheSenderIsStopped) {
  open();
  socket->pause_reading();
  client.send(masked_text(std::string(60'000, 'x')));
  run_ready();
  EXPECT_TRUE(handler->texts.empty());
  EXPECT_EQ(loop.stats().bytes_received.value(), 0u);
  socket->resume_reading();
  EXPECT_TRUE(run_until([&] { return handler->texts.size() == 1; }));
}

TEST_F(WebSocketTest, PauseAndResumeInsideACallbackIsNoPause) {
  open();
  handler->heard = [&](const std::string&) {
    socket->pause_reading();
    socket->resume_reading();
  };
  client.send(masked_text("a") + masked_text("b"));
  EXPECT_TRUE(run_until([&] { return handler->texts.size() == 2; }));
}

TEST_F(WebSocketTest, APausedSocketNobodyHoldsLivesOn) {
  open();
  socket->pause_reading();
  client.send(masked_text("kept"));
  run_ready();
  WebSocket* raw = socket.get();
  socket.reset();
  run_ready();
  raw->resume_reading();
  ASSERT_TRUE(run_until([&] { return handler->texts.size() == 1; }));
  socket = raw;
}

TEST_F(WebSocketTest, AnswersThePeersCloseWithItsCodeAndEnds) {
  open();
  client.send(masked_text("bye") + masked_close(4001) + masked_text("too late"));
  ASSERT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_EQ(client.received(), close_frame(4001, ""));
  ASSERT_EQ(handler->closes.size(), 1u);
  EXPECT_EQ(handler->closes[0].code, 4001);
  EXPECT_TRUE(handler->closes[0].by_peer);
  EXPECT_EQ(handler->texts, std::vector<std::string>{"bye"});
  client.close();
  EXPECT_TRUE(run_until([&] { return loop.stats().connections_closed.value() == 1; }));
}

TEST_F(WebSocketTest, AfterItsOwnCloseItHalfClosesAndThrowsAwayWhatComes) {
  open({.close_timeout = 200ms});
  socket->send_text("last words");
  socket->close(1008, "policy");
  socket->send_text("not sent");
  EXPECT_FALSE(socket->is_open());
  ASSERT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_FALSE(client.was_reset());
  EXPECT_EQ(client.received(), text_frame("last words") + close_frame(1008, "policy"));
  for (int i = 0; i < 50; ++i) client.send(masked_text(std::string(1000, 'x')));
  run_ready();
  EXPECT_TRUE(handler->texts.empty());
  EXPECT_EQ(loop.stats().connections_closed.value(), 0u) << "it waits for the peer";
  EXPECT_TRUE(run_until([&] { return loop.stats().connections_closed.value() == 1; })) << "but not for ever";
}

TEST_F(WebSocketTest, OnCloseIsNeverCalledInsideACall) {
  open();
  handler->heard = [&](const std::string&) {
    socket->close(1000);
    EXPECT_TRUE(handler->closes.empty());
  };
  client.send(masked_text("a") + masked_text("b"));
  ASSERT_TRUE(run_until([&] { return !handler->closes.empty(); }));
  EXPECT_EQ(handler->texts.size(), 1u);
  EXPECT_EQ(socket->handler(), nullptr) << "the handler is released";
}

TEST_F(WebSocketTest, ClosesWithTheCodecsCode) {
  for (const auto& [bytes, code] : std::vector<std::pair<std::string, std::uint16_t>>{
           {"\x81\x02hi", 1002}, {masked_text("\xFF"), 1007}, {masked_text(std::string(70'000, 'x')), 1009}}) {
    open();
    client.send(bytes);
    ASSERT_TRUE(run_until([&] { return client.ended(); }));
    EXPECT_EQ(client.received().substr(2, 2),
              (std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}));
    ASSERT_EQ(handler->closes.size(), 1u);
    EXPECT_EQ(handler->closes[0].code, code);
    client.close();
    run_until([&] { return loop.stats().connections_closed.value() == loop.stats().connections_opened.value(); });
  }
}

TEST_F(WebSocketTest, APeerThatVanishesIsAbnormal) {
  open();
  client.send(masked_text("x"));
  client.close();
  ASSERT_TRUE(run_until([&] { return !handler->closes.empty(); }));
  EXPECT_EQ(handler->closes[0].code, 1006);
  EXPECT_EQ(handler->texts.size(), 1u) << "what came before still counts";
}

TEST_F(WebSocketTest, AHandlerThatThrowsClosesItsConnectionOnly) {
  open();
  handler->heard = [](const std::string&) { throw std::runtime_error("bug"); };
  client.send(masked_text("x"));
  ASSERT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_EQ(client.received(), close_frame(1011, ""));
}

TEST_F(WebSocketTest, PingsASilentPeerAndCutsItWithoutASign) {
  open({.ping_interval = 100ms, .pong_timeout = 60ms});
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(client_gets(std::string("\x89\0", 2)));
  EXPECT_LE(std::chrono::steady_clock::now() - begin, 140ms);
  EXPECT_TRUE(handler->closes.empty());
  ASSERT_TRUE(run_until([&] { return !handler->closes.empty(); }));
  EXPECT_EQ(handler->closes[0].code, 1006);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 130ms);
}

TEST_F(WebSocketTest, APeerThatAnswersPingsStays) {
  open({.ping_interval = 50ms, .pong_timeout = 30ms});
  int pings = 0;
  ASSERT_TRUE(run_until([&] {
    if (!client.received().empty()) {
      ++pings;
      client.forget();
      client.send(masked(Opcode::pong, ""));
    }
    return pings == 6;
  }));
  EXPECT_TRUE(handler->closes.empty());
}

TEST_F(WebSocketTest, ATalkingPeerIsNotPinged) {
  open({.ping_interval = 100ms, .pong_timeout = 50ms});
  const auto end = std::chrono::steady_clock::now() + 400ms;
  run_until([&] {
    client.send(masked_text("x"));
    ::poll(nullptr, 0, 5);
    return std::chrono::steady_clock::now() > end;
  });
  EXPECT_EQ(client.received(), "");
  EXPECT_TRUE(handler->closes.empty());
}

TEST_F(WebSocketTest, AStalledLoopDoesNotCutLivingPeers) {
  open({.ping_interval = 50ms, .pong_timeout = 30ms});
  ASSERT_TRUE(client_gets(std::string("\x89\0", 2)));
  client.send(masked(Opcode::pong, ""));
  ::poll(nullptr, 0, 200);  // the loop hangs while the pong lies in the kernel
  run_ready();
  EXPECT_TRUE(handler->closes.empty());
}

TEST_F(WebSocketTest, PausedItIsNotCutForSilence) {
  open({.ping_interval = 40ms, .pong_timeout = 20ms});
  socket->pause_reading();
  const auto end = std::chrono::steady_clock::now() + 250ms;
  run_until([&] { return std::chrono::steady_clock::now() > end; });
  EXPECT_TRUE(handler->closes.empty());
}

TEST_F(WebSocketTest, ASlowReaderGetsTheRestOfItsFrameAndTheNumber) {
  open({.backlog_bytes = 200'000, .slow_close_timeout = 5000ms}, "", 4096);
  Cursor cursor;
  socket->set_owed(&cursor);
  std::string all;
  while (handler->closes.empty()) {
    const std::string frame = text_frame(std::to_string(cursor.chunk->size()) + std::string(5000, 'y'));
    all += frame;
    cursor.chunk->append(frame);
    socket->request_flush();
    run_ready();
    ASSERT_LT(all.size(), 5u << 20);
  }
  EXPECT_EQ(handler->closes[0].code, 1013);
  EXPECT_EQ(cursor.chunk->references(), 1u) << "shared chunks are let go at once";
  EXPECT_LT(socket->outbox_bytes(), 6000u);
  ASSERT_TRUE(run_until([&] { return client.ended(); }));
  // Whole frames, then the close frame.
  const std::string end = close_frame(1013, "reading too slowly");
  const std::string got = client.received();
  ASSERT_GT(got.size(), end.size());
  EXPECT_EQ(got.substr(got.size() - end.size()), end);
  const std::string frames = got.substr(0, got.size() - end.size());
  EXPECT_EQ(frames, all.substr(0, frames.size()));
  FrameTracker tracker;
  tracker.feed(frames);
  EXPECT_FALSE(tracker.mid_frame());
  EXPECT_EQ(loop.stats().slow_readers_closed.value(), 1u);
}

TEST_F(WebSocketTest, ASlowReaderThatNeverReadsIsResetInTime) {
  open({.backlog_bytes = 50'000, .slow_close_timeout = 100ms}, "", 4096);
  std::size_t sent = 0;
  while (handler->closes.empty() && sent < (1u << 20)) {
    socket->send_text(std::string(1000, 'z'));
    sent += 1004;
    run_ready();
  }
  EXPECT_EQ(handler->closes.at(0).code, 1013);
  EXPECT_TRUE(run_until([&] { return loop.stats().connections_closed.value() == 1; }, 1000ms));
}

TEST_F(WebSocketTest, TheRestOfAFrameIsFoundWhereverTheWriteStopped) {
  // Small sends stop inside headers and payloads alike.
  for (std::size_t send_bytes = 1; send_bytes < 40; ++send_bytes) {
    open({.send_bytes = send_bytes});
    socket->send_text(std::string(13, 'a'));
    socket->send_text(std::string(200, 'b'));
    socket->send_text("c");
    const std::string all = text_frame(std::string(13, 'a')) + text_frame(std::string(200, 'b')) + text_frame("c");
    ASSERT_EQ(socket->flush_now(), FlushResult::partial);
    socket->fail_slow(1013);
    ASSERT_TRUE(run_until([&] { return client.ended(); }));
    const std::size_t begun = send_bytes <= 15 ? 15 : 15 + 204;
    EXPECT_EQ(client.received(), all.substr(0, begun) + close_frame(1013, "")) << send_bytes;
    client.close();
    ASSERT_TRUE(run_until([&] { return loop.stats().connections_closed.value() == send_bytes; }));
  }
}

// A commit may bring more at once than the backlog's limit: only what the kernel does not take counts against its
// reader.
TEST_F(WebSocketTest, ABurstOverTheLimitMakesNobodySlowWhoReads) {
  open({.backlog_bytes = 100'000, .send_bytes = 10'000}, "", 1 << 20);
  Cursor cursor;
  socket->set_owed(&cursor);
  std::string all;
  while (all.size() < 140'000) all += text_frame(std::string(1000, 'b'));
  cursor.chunk->append(all);
  socket->request_flush();
  run_ready();
  EXPECT_TRUE(handler->closes.empty());
  EXPECT_TRUE(client_gets(all));
  EXPECT_EQ(loop.stats().slow_readers_closed.value(), 0u);
  socket->set_owed(nullptr);
}

TEST_F(WebSocketTest, OnWritableComesWhenTheBacklogHasFallen) {
  open({.backlog_bytes = 10 << 20, .low_water_bytes = 10'000}, "", 4096);
  for (int i = 0; i < 100; ++i) socket->send_text(std::string(5000, 'x'));
  run_ready();
  EXPECT_EQ(handler->writable, 0);
  ASSERT_TRUE(run_until([&] { return client.received().size() >= 100 * 5004; }));
  run_ready();
  EXPECT_EQ(handler->writable, 1);
  socket->notify_when_writable();
  EXPECT_EQ(handler->writable, 1) << "posted, never inside the call";
  run_ready();
  EXPECT_EQ(handler->writable, 2);
}

// A handler that, as one of a room does, settles its affairs with its socket at the latest when it dies.
struct Settler final : WebSocketHandler {
  void on_open(Connection& s) override { (socket = static_cast<WebSocket*>(&s))->set_owed(&cursor); }
  void on_text(std::string_view) override {}
  void on_binary(std::string_view) override {}
  void on_close(const CloseInfo&) override { socket = nullptr; }
  ~Settler() override {
    ++ended;
    if (!socket) return;
    socket->settle_owed();
    socket->send_text("last words");
    socket->set_owed(nullptr);
  }
  explicit Settler(int& count) : ended(count) { cursor.chunk->append(text_frame("owed")); }
  Cursor cursor;
  WebSocket* socket = nullptr;
  int& ended;
};

TEST(WebSocketLifetime, ALoopMayEndBeforeItsSockets) {
  int ended = 0;
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  const Client client(fds[1]);
  const WebSocketOptions options;
  {
    EventLoop loop;
    WebSocket::open(loop, std::make_unique<PlainStream>(fds[0]), std::make_shared<Settler>(ended), options, "", "");
  }
  EXPECT_EQ(ended, 1);
}

TEST(WebSocketLifetime, ADrainedLoopHasToldEverybody) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  const Client client(fds[1]);
  const WebSocketOptions options;
  EventLoop loop;
  const auto handler = std::make_shared<Recorder>();
  const auto socket = WebSocket::open(loop, std::make_unique<PlainStream>(fds[0]), handler, options, "", "");
  loop.stop();
  loop.run();
  socket->abort();
  EXPECT_TRUE(handler->closes.empty()) << "never inside a call";
  loop.drain();
  EXPECT_EQ(handler->closes.size(), 1u);
  EXPECT_EQ(handler.use_count(), 1) << "nothing is left in the loop's queue";
}

TEST_F(WebSocketTest, ShutdownIsTheHandlersToShape) {
  open();
  socket->begin_shutdown();
  ASSERT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_EQ(client.received(), close_frame(1012, "server is stopping"));
}

TEST_F(WebSocketTest, AnIdleConnectionIsSmall) { EXPECT_LE(sizeof(WebSocket), 320u) << sizeof(WebSocket); }

TEST_F(WebSocketTest, RandomUseKeepsTheOrderAndEndsOnce) {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    open({.send_bytes = 1 + random() % 3000}, "", 4096);
    Cursor cursor;
    socket->set_owed(&cursor);
    std::string expected;
    for (int step = 0; step < 200; ++step) {
      const std::string frame = text_frame(std::to_string(step) + std::string(random() % 300, 'q'));
      switch (random() % 6) {
        case 0:
          socket->send_frame(frame);
          expected += frame;
          break;
        case 1:
          cursor.chunk->append(frame);
          expected += frame;
          socket->request_flush();
          break;
        case 2:
          cursor.chunk->append(frame);
          expected += frame;
          socket->flush_now();
          break;
        case 3: {
          const ChunkRef chunk = Chunk::copy_of(frame);
          socket->send_frame(chunk, 0, chunk->size());
          expected += frame;
          break;
        }
        case 4:
          client.received();
          break;
        default:
          loop.poll();
      }
    }
    socket->close(1000);
    ASSERT_TRUE(run_until([&] { return client.ended(); }));
    ASSERT_EQ(client.received(), expected + close_frame(1000, ""));
    client.close();
    ASSERT_TRUE(
        run_until([&] { return loop.stats().connections_closed.value() == static_cast<std::uint64_t>(round) + 1; }));
  }
}

}  // namespace
}  // namespace chat::transport
