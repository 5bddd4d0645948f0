#include "transport/listener.hpp"

#include "unit/transport/loop_fixture.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

namespace chat::transport {
namespace {

using namespace test;

Client dial(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  return Client(fd);
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

class ListenerTest : public LoopTest {
 protected:
  std::vector<std::unique_ptr<Listener>> listen(std::vector<EventLoop*> loops, ListenerOptions options = {}) {
    auto opened = open_listeners(loops, options);
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }
  Listener::OnConnection keep() {
    return [this](std::unique_ptr<ByteStream> stream, const PeerAddress& peer) {
      streams.push_back(std::move(stream));
      peers.push_back(peer);
    };
  }
  std::vector<std::unique_ptr<ByteStream>> streams;
  std::vector<PeerAddress> peers;
};

TEST_F(ListenerTest, AcceptsAndSetsTheSocketUp) {
  auto listeners = listen({&loop}, {.socket = {.send_buffer_bytes = 100'000, .unsent_low_water_bytes = 30'000}});
  ASSERT_NE(listeners[0]->port(), 0);
  listeners[0]->start(keep());
  const Client client = dial(listeners[0]->port());
  ASSERT_TRUE(run_until([&] { return streams.size() == 1; }));
  const int fd = streams[0]->native_handle();
  EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 30'000);
  EXPECT_EQ(option(fd, SOL_SOCKET, SO_SNDBUF), 200'000) << "the kernel doubles it";
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(peers[0].ip.str(), "127.0.0.1");
  EXPECT_EQ(loop.stats().accepted.value(), 1u);
}

TEST_F(ListenerTest, SeveralLoopsShareOnePort) {
  EventLoop other;
  auto listeners = listen({&loop, &other});
  ASSERT_EQ(listeners.size(), 2u);
  EXPECT_EQ(listeners[0]->port(), listeners[1]->port());
}

TEST_F(ListenerTest, ATakenPortIsAnErrorWithItsName) {
  auto listeners = listen({&loop});
  const auto second = open_listeners({&loop}, {.port = listeners[0]->port()});
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find(std::to_string(listeners[0]->port())), std::string::npos);
  EXPECT_FALSE(open_listeners({&loop}, {.host = "no.such.host.invalid"}).has_value());
}

TEST_F(ListenerTest, TheHookTurnsClientsAway) {
  auto listeners = listen({&loop});
  listeners[0]->start(keep(), {}, [](const PeerAddress&) { return false; });
  Client client = dial(listeners[0]->port());
  EXPECT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_TRUE(streams.empty());
}

TEST_F(ListenerTest, StoppedItRefuses) {
  auto listeners = listen({&loop});
  listeners[0]->start(keep());
  const auto port = listeners[0]->port();
  listeners[0]->stop_accepting();
  listeners[0]->stop_accepting();
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_NE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ::close(fd);
  run_ready();
}

TEST_F(ListenerTest, WithoutDescriptorsItPausesSaysSoOnceAndHeals) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan's own vptr check needs a free descriptor (a pipe); the other presets run this";
#endif
  auto listeners = listen({&loop}, {.exhausted_pause = 50ms});
  std::vector<int> errors;
  listeners[0]->start(keep(), [&](int error) { errors.push_back(error); });
  Client client = dial(listeners[0]->port());
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int highest = ::dup(0);
  ::close(highest);
  const rlimit tight{static_cast<rlim_t>(highest), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  ASSERT_TRUE(run_until([&] { return !errors.empty(); }));
  EXPECT_TRUE(listeners[0]->paused());
  const auto end = std::chrono::steady_clock::now() + 200ms;
  std::size_t handlers = 0;
  while (std::chrono::steady_clock::now() < end) {
    handlers += loop.poll();
    ::poll(nullptr, 0, 1);
  }
  EXPECT_LT(handlers, 100u) << "it must not spin";
  EXPECT_EQ(errors, std::vector<int>{EMFILE});
  EXPECT_TRUE(streams.empty());
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(run_until([&] { return streams.size() == 1; })) << "the waiting client is served";
}

TEST_F(ListenerTest, AConnectionThatCannotBeTakenPausesLikeExhaustion) {
  auto listeners = listen({&loop}, {.exhausted_pause = 30ms});
  std::vector<int> errors;
  bool broken = true;
  auto take = keep();
  listeners[0]->start(
      [&](std::unique_ptr<ByteStream> stream, const PeerAddress& peer) {
        if (broken) throw std::bad_alloc();
        take(std::move(stream), peer);
      },
      [&](int error) { errors.push_back(error); });
  Client first = dial(listeners[0]->port());
  ASSERT_TRUE(run_until([&] { return !errors.empty() && first.ended(); }));
  broken = false;
  const Client second = dial(listeners[0]->port());
  EXPECT_TRUE(run_until([&] { return streams.size() == 1; }));
  EXPECT_EQ(errors, std::vector<int>{ENOMEM});
}

TEST(PeerAddress, IsWrittenAsInAUrl) {
  const auto peer = [](const char* ip, std::uint16_t port) { return PeerAddress{IpAddress::parse(ip).value(), port}; };
  EXPECT_EQ(peer("192.0.2.7", 80).text(), "192.0.2.7:80");
  EXPECT_EQ(peer("::ffff:192.0.2.7", 80), peer("192.0.2.7", 80));
  EXPECT_EQ(peer("2001:db8:1:2:3::1", 0).text(), "[2001:db8:1:2:3::1]:0");
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(443);
  v6.sin6_addr = in6addr_loopback;
  EXPECT_EQ(PeerAddress::from(reinterpret_cast<const sockaddr*>(&v6)), peer("::1", 443));
}

TEST(EventLoop, StopsFromAnotherThreadAndRunsPostsAtHome) {
  EventLoop loop;
  bool at_home = false;
  std::thread thread([&] { loop.run(); });
  loop.post([&] {
    at_home = loop.at_home();
    loop.stop();
  });
  thread.join();
  EXPECT_TRUE(at_home);
  EXPECT_FALSE(loop.at_home());
}

struct Task final : FlushTask {
  explicit Task(std::function<void()> f) : run(std::move(f)) {}
  void on_flush() override { run(); }
  std::function<void()> run;
};

TEST(EventLoop, FlushesOnceAtTheEndOfATurnInTheOrderOfAsking) {
  EventLoop loop;
  std::string order;
  Task a([&] { order += 'a'; }), b([&] { order += 'b'; }), c([&] { order += 'c'; });
  for (int i = 0; i < 3; ++i) {
    loop.post([&, i] {
      order += static_cast<char>('0' + i);
      loop.request_flush(i == 0 ? b : a);
      loop.request_flush(b);
      if (i == 2) {
        loop.request_flush(c);
        loop.cancel_flush(c);
      }
    });
  }
  while (loop.poll() != 0) {
  }
  EXPECT_EQ(order, "012ba");
  EXPECT_EQ(loop.stats().flush_turns.value(), 1u);
}

// Others hear of a newcomer before the newcomer hears that he is in.
TEST(EventLoop, EarlyTasksRunBeforeTheOthersAndWhatTheyAskForIsStillThisTurns) {
  EventLoop loop;
  std::string order;
  Task usual([&] { order += 'u'; });
  Task asked([&] { order += 'a'; });
  std::function<void()> again;
  Task early([&] {
    order += 'e';
    if (order == "e") again();
    loop.request_flush(asked);
  });
  again = [&] { loop.request_early_flush(early); };
  loop.request_flush(usual);
  loop.request_early_flush(early);
  loop.poll();
  EXPECT_EQ(order, "euaea");
}

struct Wake final : TurnTask {
  explicit Wake(std::string& o) : order(o) {}
  void at_end_of_turn() noexcept override { order += 'w'; }
  std::string& order;
};

TEST(EventLoop, WhatIsAskedForAtTheEndOfTheTurnHappensOnceAndBeforeAnythingIsSent) {
  EventLoop loop;
  std::string order;
  Wake wake(order);
  Task sends([&] { order += 's'; });
  EndOfTurn::run(wake);  // no loop runs here: at once
  EXPECT_EQ(order, "w");
  for (int i = 0; i < 3; ++i) {
    loop.post([&, i] {
      if (i == 0) loop.request_flush(sends);
      EndOfTurn::run(wake);
      order += static_cast<char>('0' + i);
    });
  }
  while (loop.poll() != 0) {
  }
  EXPECT_EQ(order, "w012ws");
  loop.post([&] { EndOfTurn::run(wake); });
  while (loop.poll() != 0) {
  }
  EXPECT_EQ(order, "w012wsw");
}

// Nothing else may ever happen on this loop: whoever sleeps until then must not sleep on.
TEST(EventLoop, WhatATaskOfAFlushAsksForAtTheEndOfTheTurnIsTheNextTurnsAndNotLost) {
  for (const bool early : {true, false}) {
    EventLoop loop;
    std::string order;
    Wake wake(order);
    Task asks([&] {
      order += 'a';
      EndOfTurn::run(wake);
    });
    loop.post([&] { early ? loop.request_early_flush(asks) : loop.request_flush(asks); });
    while (loop.poll() != 0) {
    }
    EXPECT_EQ(order, "aw") << early;
  }
}

TEST(EventLoop, AThreadWhoseHandlerThrewRunsNoLoopAnyMore) {
  std::string order;
  Wake wake(order);
  {
    EventLoop loop;
    loop.post([] { throw std::runtime_error("a fault"); });
    EXPECT_THROW(loop.poll(), std::runtime_error);
    EXPECT_FALSE(loop.at_home());
  }
  EndOfTurn::run(wake);
  EXPECT_EQ(order, "w");
}

TEST(EventLoop, ATaskMayCancelAnotherWhileFlushing) {
  EventLoop loop;
  std::string order;
  Task b([&] { order += 'b'; });
  Task a([&] {
    order += 'a';
    loop.cancel_flush(b);
  });
  loop.request_flush(a);
  loop.request_flush(b);
  while (loop.poll() != 0) {
  }
  EXPECT_EQ(order, "a");
}

TEST(EventLoop, WritesTheDateOfTheStandard) {
  EventLoop loop;
  const std::string date(loop.http_date());
  EXPECT_EQ(date.size(), 29u);
  EXPECT_EQ(date.substr(3, 2), ", ");
  EXPECT_EQ(date.substr(25), " GMT");
}

}  // namespace
}  // namespace chat::transport
