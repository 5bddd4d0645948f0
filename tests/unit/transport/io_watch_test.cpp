#include "transport/io_watch.hpp"

#include "transport/io_poller.hpp"
#include "unit/transport/loop_fixture.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace chat::transport {
namespace {

using namespace test;

// One end of a socket pair, watched; the other end is the test's. Does nothing by itself but count.
class Watched final : public IoWatch {
 public:
  Watched(EventLoop& loop, int fd) : IoWatch(loop, fd), fd_(fd) {}
  ~Watched() { close(); }

  void close() {
    detach();
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd() const { return fd_; }
  bool take() {  // one byte
    char byte;
    return ::recv(fd_, &byte, 1, MSG_DONTWAIT) == 1;
  }

  int reads = 0, writes = 0, ends = 0;
  std::function<void()> on_read, on_write, on_end;

 private:
  void on_read_ready() override {
    ++reads;
    if (const auto f = on_read) f();  // a copy: it may destroy this object
  }
  void on_write_ready() override {
    ++writes;
    if (const auto f = on_write) f();
  }
  void on_loop_end() noexcept override {
    ++ends;
    if (const auto f = on_end) f();
  }

  int fd_;
};

struct Pair {
  explicit Pair(EventLoop& loop) {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0) throw std::runtime_error("socketpair");
    watched = std::make_unique<Watched>(loop, fds[0]);
    peer = Client(fds[1]);
  }
  std::unique_ptr<Watched> watched;
  Client peer;
};

class IoWatchTest : public LoopTest {
 protected:
  // Turns of the loop, for as long as it has handlers to run: a tick of the timers is one now and then.
  std::size_t handlers_in(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    std::size_t handlers = 0;
    while (std::chrono::steady_clock::now() < end) handlers += loop.poll();
    return handlers;
  }
  static void fill(int fd) {
    const std::string much(1 << 16, 'x');
    while (::send(fd, much.data(), much.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
  }
};

TEST_F(IoWatchTest, CallsOnceForEachWait) {
  Pair p(loop);
  p.watched->wait_read();
  run_ready();
  EXPECT_EQ(p.watched->reads, 0) << "nothing to read";
  p.peer.send("abc");
  run_ready();
  EXPECT_EQ(p.watched->reads, 1);
  run_ready();
  EXPECT_EQ(p.watched->reads, 1) << "bytes are left, but nobody waits";
  p.watched->wait_read();
  p.watched->wait_read();
  EXPECT_EQ(p.watched->reads, 1) << "never inside the call";
  run_ready();
  EXPECT_EQ(p.watched->reads, 2) << "what is left is reported again, once";
}

TEST_F(IoWatchTest, WritingWaitsUntilThePeerHasRead) {
  Pair p(loop);
  fill(p.watched->fd());
  p.watched->wait_write();
  run_ready();
  EXPECT_EQ(p.watched->writes, 0);
  p.peer.received();
  run_ready();
  EXPECT_EQ(p.watched->writes, 1);
  EXPECT_EQ(p.watched->reads, 0);
}

TEST_F(IoWatchTest, WritingComesBeforeReadingWhenBothAreDue) {
  Pair p(loop);
  std::string order;
  p.watched->on_read = [&] { order += 'r'; };
  p.watched->on_write = [&] { order += 'w'; };
  p.peer.send("x");
  p.watched->wait_read();
  p.watched->wait_write();
  run_ready();
  EXPECT_EQ(order, "wr");
}

TEST_F(IoWatchTest, WhatNobodyWaitsForDoesNotKeepTheLoopBusy) {
  Pair unread(loop), hung_up(loop), writable(loop);
  unread.peer.send("x");
  hung_up.peer.close();
  writable.watched->wait_write();
  EXPECT_LT(handlers_in(200ms), 100u) << "5 ms ticks, and each descriptor reported a few times";
  EXPECT_EQ(writable.watched->writes, 1);
  EXPECT_EQ(unread.watched->reads + hung_up.watched->reads, 0);
  unread.watched->wait_read();
  hung_up.watched->wait_read();
  run_ready();
  EXPECT_EQ(unread.watched->reads, 1) << "it is there when somebody asks";
  EXPECT_EQ(hung_up.watched->reads, 1) << "the end can be read";
}

TEST_F(IoWatchTest, AHangUpIsToldToWhoeverWaitsForWriting) {
  Pair p(loop);
  fill(p.watched->fd());
  p.watched->wait_write();
  run_ready();
  p.peer.close();
  run_ready();
  EXPECT_EQ(p.watched->writes, 1);
  EXPECT_EQ(p.watched->reads, 0);
}

TEST_F(IoWatchTest, DetachedItHearsNothingEvenOfWhatWasReported) {
  // All are ready in one batch; whoever comes first ends the others and gives their descriptors to strangers.
  std::vector<Pair> pairs;
  for (int i = 0; i < 20; ++i) pairs.emplace_back(loop);
  std::vector<std::unique_ptr<Pair>> strangers;
  std::size_t called = 0;
  for (Pair& p : pairs) {
    p.peer.send("x");
    p.watched->on_read = [&, first = p.watched.get()] {
      ++called;
      std::vector<int> freed;
      for (Pair& other : pairs) {
        if (other.watched.get() == first) continue;
        freed.push_back(other.watched->fd());
        other.watched.reset();
      }
      for (int i = 0; i < 10; ++i) {
        strangers.push_back(std::make_unique<Pair>(loop));
        EXPECT_NE(std::find(freed.begin(), freed.end(), strangers.back()->watched->fd()), freed.end()) << "reused";
        strangers.back()->watched->wait_read();
        strangers.back()->watched->wait_write();
      }
    };
    p.watched->wait_read();
  }
  run_ready();
  EXPECT_EQ(called, 1u);
  for (const auto& stranger : strangers) {
    EXPECT_EQ(stranger->watched->reads, 0) << "the old one's event is not the new one's";
    EXPECT_EQ(stranger->watched->writes, 1) << "its own is";
  }
}

TEST_F(IoWatchTest, MayDestroyItselfWhenCalled) {
  Pair p(loop);
  int reads = 0;
  p.peer.send("x");
  p.watched->on_read = [&] { ++reads; };
  p.watched->on_write = [&] { p.watched.reset(); };
  p.watched->wait_read();
  p.watched->wait_write();
  run_ready();
  EXPECT_EQ(p.watched, nullptr);
  EXPECT_EQ(reads, 0) << "it was due in the same event, but its owner is gone";
  EXPECT_TRUE(p.peer.ended());
}

TEST_F(IoWatchTest, ManyThatAreAlwaysReadyTakeTurnsAndLetOthersRun) {
  constexpr std::size_t kMany = IoPoller::kBatch * 2 + 50;
  std::vector<Pair> pairs;
  std::size_t called = 0, called_between_posts = 0, most_between_posts = 0;
  for (std::size_t i = 0; i < kMany; ++i) {
    pairs.emplace_back(loop);
    Watched* watched = pairs.back().watched.get();
    pairs.back().peer.send("x");  // never read: ready for ever
    watched->on_read = [&, watched] {
      ++called, ++called_between_posts;
      if (called < kMany * 10) watched->wait_read();
    };
    watched->wait_read();
  }
  std::size_t posts = 0;
  std::function<void()> post = [&] {
    ++posts;
    most_between_posts = std::max(most_between_posts, std::exchange(called_between_posts, 0));
    if (called < kMany * 10) loop.post([&] { post(); });
  };
  loop.post([&] { post(); });
  ASSERT_TRUE(run_until([&] { return called >= kMany * 10; }));
  EXPECT_LE(most_between_posts, IoPoller::kBatch);
  EXPECT_GE(posts, 10u);
  const auto [least, most] = std::minmax_element(
      pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.watched->reads < b.watched->reads; });
  EXPECT_GE(least->watched->reads, 9);
  EXPECT_LE(most->watched->reads - least->watched->reads, 2) << "nobody is served twice before another once";
}

TEST_F(IoWatchTest, OneThatThrowsKeepsTheOthersFromNothing) {
  std::vector<Pair> pairs;
  for (int i = 0; i < 10; ++i) {
    pairs.emplace_back(loop);
    pairs.back().peer.send("x");
    pairs.back().watched->wait_read();
  }
  bool thrown = false;
  for (Pair& p : pairs) {
    p.watched->on_read = [&] {
      if (!std::exchange(thrown, true)) throw std::runtime_error("a fault");
    };
  }
  EXPECT_THROW(run_ready(), std::runtime_error);
  run_ready();
  for (const Pair& p : pairs) EXPECT_EQ(p.watched->reads, 1);
}

TEST(IoWatchLoopEnd, EachIsToldAndMayTakeOthersWithIt) {
  int ends = 0;
  std::vector<std::unique_ptr<Pair>> pairs;
  {
    EventLoop loop;
    for (int i = 0; i < 4; ++i) {
      pairs.push_back(std::make_unique<Pair>(loop));
      pairs.back()->watched->wait_read();
      pairs.back()->watched->on_end = [&ends] { ++ends; };
    }
    pairs[0]->watched->on_end = [&] {
      ++ends;
      pairs[2].reset();
      pairs[1]->watched->wait_read();
    };
    pairs[3]->watched->detach();
  }
  EXPECT_EQ(ends, 2) << "one was destroyed by another, one had detached";
  EXPECT_EQ(pairs[1]->watched->reads, 0);
  pairs[1]->watched->wait_read();  // harmless: there is no loop any more
}

TEST(IoWatchThreads, WhatOtherThreadsWriteIsHeard) {
  EventLoop loop;
  constexpr int kBytes = 2000;
  std::vector<Pair> pairs;
  std::atomic<int> taken = 0;
  for (int i = 0; i < 4; ++i) {
    pairs.emplace_back(loop);
    Watched* watched = pairs.back().watched.get();
    watched->on_read = [&, watched] {
      while (watched->take()) ++taken;
      if (taken == 4 * kBytes) return loop.stop();
      watched->wait_read();
    };
    watched->wait_read();
  }
  std::vector<std::thread> threads;
  for (Pair& p : pairs) {
    threads.emplace_back([&p] {
      for (int i = 0; i < kBytes;) {
        if (::send(p.peer.fd(), "x", 1, MSG_NOSIGNAL) == 1) {
          ++i;
        } else {
          std::this_thread::yield();  // full: the loop's thread has to read first
        }
      }
    });
  }
  std::thread limit([&] {
    for (int i = 0; i < 10'000 && taken < 4 * kBytes; ++i) std::this_thread::sleep_for(1ms);
    loop.stop();
  });
  loop.run();
  for (auto& thread : threads) thread.join();
  limit.join();
  EXPECT_EQ(taken, 4 * kBytes);
}

// Against poll(2): after any mixture of waits, bytes, endings and removals, exactly those are called who wait for what
// the descriptor is ready for.
TEST_F(IoWatchTest, RandomUseAgreesWithPoll) {
  std::mt19937 random(20261123);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  struct Expected {
    bool read = false, write = false;
  };
  std::vector<Pair> pairs;
  std::vector<Expected> waits;
  const auto fresh = [&](std::size_t i) {
    pairs[i] = Pair(loop);
    waits[i] = {};
  };
  for (std::size_t i = 0; i < 12; ++i) pairs.emplace_back(loop), waits.emplace_back();
  for (int step = 0; step < 4000; ++step) {
    for (std::size_t k = below(4); k > 0; --k) {
      const std::size_t i = below(pairs.size());
      switch (Pair& p = pairs[i]; below(10)) {
        case 0:
        case 1:
        case 2:
          p.watched->wait_read(), waits[i].read = true;
          break;
        case 3:
        case 4:
          p.watched->wait_write(), waits[i].write = true;
          break;
        case 5:
          p.peer.send("xy");
          break;
        case 6:
          p.watched->take();
          break;
        case 7:
          below(2) == 0 ? fill(p.watched->fd()) : void(p.peer.received());
          break;
        case 8:
          if (below(8) == 0) p.peer.close();
          break;
        case 9:
          if (below(8) == 0) fresh(i);
          break;
      }
    }
    std::vector<std::array<int, 2>> before;
    for (const Pair& p : pairs) before.push_back({p.watched->reads, p.watched->writes});
    run_ready();
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      pollfd now{pairs[i].watched->fd(), POLLIN | POLLOUT, 0};
      ::poll(&now, 1, 0);
      const bool over = now.revents & (POLLERR | POLLHUP);
      const bool read = waits[i].read && (over || (now.revents & POLLIN));
      const bool write = waits[i].write && (over || (now.revents & POLLOUT));
      ASSERT_EQ(pairs[i].watched->reads - before[i][0], read) << "step " << step;
      ASSERT_EQ(pairs[i].watched->writes - before[i][1], write) << "step " << step;
      if (read) waits[i].read = false;
      if (write) waits[i].write = false;
    }
  }
}

TEST_F(IoWatchTest, ADescriptorThatCannotBeWatchedIsAnError) {
  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);  // epoll takes no plain files
  ASSERT_GE(file, 0);
  EXPECT_THROW(Watched(loop, file), std::system_error);
  ::close(file);
}

}  // namespace
}  // namespace chat::transport
