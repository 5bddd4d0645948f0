#include "chat/live_sessions.hpp"
#include "unit/chat/world.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace chat::testing {
namespace {

using namespace std::chrono_literals;

struct Socket final : LiveSession {
  Socket(LiveSessions& r) : registry(r) {}
  ~Socket() { registry.remove(*this); }
  void on_revoked() noexcept override { ++revoked; }
  LiveSessions& registry;
  std::atomic<int> revoked{0};
};

struct LiveWorld : World {
  explicit LiveWorld(LiveSessionsOptions options = {})
      : live(std::make_shared<LiveSessions>(users, read_pool, options)) {}
  void poll() { run(live->poll_once()); }
  std::shared_ptr<LiveSessions> live;
};

TEST(LiveSessions, ADisabledUsersSocketsAreToldOnceAndNobodyElses) {
  LiveWorld world;
  const auto ada = world.a_user("ada@example.com"), grace = world.a_user("grace@example.com");
  Socket first(*world.live), second(*world.live), other(*world.live);
  ASSERT_TRUE(world.live->add(first, ada.id, 0));
  ASSERT_TRUE(world.live->add(second, ada.id, 0));
  ASSERT_TRUE(world.live->add(other, grace.id, 0));
  world.poll();
  EXPECT_EQ(first.revoked + second.revoked + other.revoked, 0);
  ASSERT_TRUE(world.users.set_disabled(ada.id, true));
  world.poll();
  world.poll();
  EXPECT_EQ(first.revoked, 1);
  EXPECT_EQ(second.revoked, 1);
  EXPECT_EQ(other.revoked, 0);
}

TEST(LiveSessions, ARaisedTokenVersionEndsOlderSocketsOnly) {
  LiveWorld world;
  const auto ada = world.a_user();
  Socket old(*world.live), fresh(*world.live);
  ASSERT_TRUE(world.live->add(old, ada.id, 0));
  ASSERT_TRUE(world.live->add(fresh, ada.id, 1));
  ASSERT_TRUE(world.users.set_password(ada.id, "x"));
  world.poll();
  EXPECT_EQ(old.revoked, 1);
  EXPECT_EQ(fresh.revoked, 0);
}

TEST(LiveSessions, OfAChangedAccountIsHeardOnceBeforeItsSocketsAreTold) {
  std::vector<UserId> changed;
  LiveSessionsOptions options;
  std::vector<std::function<int()>> told;
  options.on_changed = [&](UserId user) {
    changed.push_back(user);
    for (const auto& count : told) EXPECT_EQ(count(), 0);
  };
  LiveWorld world(options);
  const auto ada = world.a_user("ada@example.com"), grace = world.a_user("grace@example.com");
  Socket first(*world.live), second(*world.live), other(*world.live);
  for (Socket* socket : {&first, &second}) told.push_back([socket] { return socket->revoked.load(); });
  ASSERT_TRUE(world.live->add(first, ada.id, 0));
  ASSERT_TRUE(world.live->add(second, ada.id, 0));
  ASSERT_TRUE(world.live->add(other, grace.id, 0));
  ASSERT_TRUE(world.users.set_password(ada.id, "x"));
  world.poll();
  world.poll();
  EXPECT_EQ(changed, std::vector<UserId>{ada.id});
  EXPECT_EQ(first.revoked + second.revoked, 2);
}

TEST(LiveSessions, ADeletedUserIsTold) {
  LiveWorld world;
  const auto ada = world.a_user();
  Socket socket(*world.live);
  ASSERT_TRUE(world.live->add(socket, ada.id, 0));
  world.users.erase(ada.id);
  world.poll();
  EXPECT_EQ(socket.revoked, 1);
}

TEST(LiveSessions, NobodyIsThrownOutBecauseTheStoreIsAway) {
  LiveWorld world;
  const auto ada = world.a_user();
  Socket socket(*world.live);
  ASSERT_TRUE(world.live->add(socket, ada.id, 0));
  world.users.weather.away = true;
  world.poll();
  EXPECT_EQ(socket.revoked, 0);
}

TEST(LiveSessions, AsksForAllUsersInBoundedPortions) {
  LiveWorld world({.chunk = 5000});  // the store takes no more than 500: the fake throws
  std::vector<std::unique_ptr<Socket>> sockets;
  std::vector<User> users;
  for (int i = 0; i < 1201; ++i) {
    User user;
    user.id = UserId::make();
    world.users.put(user);
    users.push_back(user);
    sockets.push_back(std::make_unique<Socket>(*world.live));
    ASSERT_TRUE(world.live->add(*sockets.back(), user.id, 0));
  }
  for (const auto& user : users) ASSERT_TRUE(world.users.set_disabled(user.id, true));
  const auto calls = world.users.weather.calls.load();
  world.poll();
  EXPECT_EQ(world.users.weather.calls - calls, 3);
  for (const auto& socket : sockets) EXPECT_EQ(socket->revoked, 1);
}

TEST(LiveSessions, CountsAUsersSocketsAndHasALimit) {
  LiveWorld world({.max_sockets_per_user = 2});
  const auto ada = world.a_user(), grace = world.a_user("grace@example.com");
  Socket a(*world.live), c(*world.live), d(*world.live);
  ASSERT_TRUE(world.live->add(a, ada.id, 0));
  {
    Socket b(*world.live);
    ASSERT_TRUE(world.live->add(b, ada.id, 0));
    EXPECT_FALSE(world.live->add(c, ada.id, 0));
    EXPECT_TRUE(world.live->add(d, grace.id, 0));
    EXPECT_EQ(world.live->sessions(), 3u);
    EXPECT_EQ(world.live->users(), 2u);
  }
  EXPECT_TRUE(world.live->add(c, ada.id, 0)) << "one has gone";
  world.live->remove(a);
  world.live->remove(a);
  world.live->remove(c);
  world.live->remove(d);
  EXPECT_EQ(world.live->sessions(), 0u);
  EXPECT_EQ(world.live->users(), 0u);
}

TEST(LiveSessions, PollsByItselfUntilItIsStopped) {
  boost::asio::io_context context;  // outlives the timer that runs on it
  LiveWorld world({.poll_interval = 5ms});
  const auto ada = world.a_user();
  Socket socket(*world.live);
  ASSERT_TRUE(world.live->add(socket, ada.id, 0));
  world.live->start(context.get_executor());
  std::thread thread([&] { context.run(); });
  ASSERT_TRUE(world.users.set_disabled(ada.id, true));
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (socket.revoked == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(socket.revoked, 1);
  world.live->stop();
  thread.join();  // returns: nothing is left to do
}

}  // namespace
}  // namespace chat::testing
