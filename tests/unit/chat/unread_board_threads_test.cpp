#include "unit/chat/unread_world.hpp"

#include <thread>

namespace chat::testing {
namespace {

TEST(UnreadBoardThreads, TellsTheLastStateWhateverHappensAtTheSameTime) {
  boost::asio::io_context context;
  auto work = boost::asio::make_work_guard(context);
  UnreadStore store;
  BlockingPool pool{{.name = "read", .threads = 2}};
  std::mutex mutex;
  std::map<std::pair<UserId, RoomId>, std::int64_t> shown;
  std::map<UserId, std::chrono::steady_clock::time_point> last;
  bool too_often = false;
  const UnreadOptions options{.interval = 20ms, .gather = 2ms};
  auto board = std::make_shared<UnreadBoard>(
      store, pool,
      [&](UserId user, const std::vector<UnreadCount>& counts) {
        const std::lock_guard lock(mutex);
        const auto now = std::chrono::steady_clock::now();
        if (const auto before = last.find(user); before != last.end()) too_often |= now - before->second < 20ms;
        last[user] = now;
        for (const UnreadCount& count : counts) shown[{user, count.room}] = count.unread;
      },
      system_clock(), options);
  board->start(context.get_executor());
  std::thread loop([&] { context.run(); });

  std::vector<UserId> stable, fickle;
  std::vector<RoomId> rooms;
  for (int i = 0; i < 8; ++i) rooms.push_back(RoomId::make());
  for (int i = 0; i < 4; ++i) {
    stable.push_back(UserId::make());
    fickle.push_back(UserId::make());
    for (const RoomId& room : rooms) {
      store.join(room, stable.back());
      store.join(room, fickle.back());
    }
    board->session_opened(stable.back());
  }
  const UserId author = UserId::make();
  std::vector<std::thread> threads;
  for (std::size_t lane = 0; lane < 3; ++lane) {
    threads.emplace_back([&, lane] {
      for (std::size_t i = 0; i < 400; ++i) {
        const RoomId room = rooms[(i * 3 + lane) % rooms.size()];
        store.post(room);
        board->on_commit({{event_of(FeedKey::room(room), EventKind::message_created, author)}});
        if (i % 16 == 0) std::this_thread::sleep_for(1ms);
      }
    });
  }
  for (const UserId& user : fickle) {
    threads.emplace_back([&, user] {
      const RoomId extra = RoomId::make();
      const std::string payload = R"({"room_id":")" + extra.str() + "\"}";
      for (int i = 0; i < 60; ++i) {
        board->session_opened(user);
        store.join(extra, user);
        board->on_commit({{event_of(FeedKey::user(user), EventKind::invited, UserId{}, payload)}});
        std::this_thread::sleep_for(1ms);
        store.leave(extra, user);
        board->on_commit({{event_of(FeedKey::user(user), EventKind::membership_ended, UserId{}, payload)}});
        if (i + 1 < 60) board->session_ended(user);
      }
    });
  }
  for (auto& thread : threads) thread.join();

  std::map<std::pair<UserId, RoomId>, std::int64_t> expected;
  for (const auto& users : {stable, fickle})
    for (const UserId& user : users)
      for (const RoomId& room : rooms) expected[{user, room}] = 150;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  const auto settled = [&] {
    const std::lock_guard lock(mutex);
    return std::all_of(expected.begin(), expected.end(), [&](const auto& entry) {
      const auto found = shown.find(entry.first);
      return found != shown.end() && found->second == entry.second;
    });
  };
  while (!settled() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(2ms);
  EXPECT_TRUE(settled());
  EXPECT_EQ(board->users(), 8u);
  board->stop();
  work.reset();
  pool.stop();
  loop.join();  // returns: nothing is left to do
  EXPECT_FALSE(too_often);
}

}  // namespace
}  // namespace chat::testing
