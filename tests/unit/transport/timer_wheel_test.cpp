#include "transport/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace chat::transport {
namespace {

struct Node final : TimerNode {
  explicit Node(std::function<void()> f = {}) : fire(std::move(f)) {}
  void on_timer() noexcept override {
    ++fired;
    if (fire) fire();
  }
  std::function<void()> fire;
  int fired = 0;
};

TEST(TimerWheel, FiresOnceAtItsTick) {
  TimerWheel wheel;
  Node node;
  wheel.schedule(node, 3);
  wheel.advance(2);
  EXPECT_EQ(node.fired, 0);
  EXPECT_TRUE(node.scheduled());
  wheel.advance(1);
  EXPECT_EQ(node.fired, 1);
  EXPECT_FALSE(node.scheduled());
  wheel.advance(2000);
  EXPECT_EQ(node.fired, 1);
}

TEST(TimerWheel, ZeroTicksMeansTheNextOne) {
  TimerWheel wheel;
  Node node;
  wheel.schedule(node, 0);
  wheel.advance(1);
  EXPECT_EQ(node.fired, 1);
}

TEST(TimerWheel, WaitsLongerThanItsSizeAndAcrossTheWrapOfTheCount) {
  TimerWheel wheel;
  Node node;
  for (const std::uint32_t ticks : {255u, 256u, 257u, 512u, 1000u, 100'000u}) {
    const int before = node.fired;
    wheel.schedule(node, ticks);
    wheel.advance(ticks - 1);
    EXPECT_EQ(node.fired, before) << ticks;
    wheel.advance(1);
    EXPECT_EQ(node.fired, before + 1) << ticks;
  }
}

TEST(TimerWheel, CancelAndRescheduleAndDestructionForgetTheOldTime) {
  TimerWheel wheel;
  Node cancelled, moved;
  auto destroyed = std::make_unique<Node>();
  wheel.schedule(cancelled, 2);
  wheel.schedule(moved, 2);
  wheel.schedule(*destroyed, 2);
  cancelled.cancel();
  wheel.schedule(moved, 5);
  destroyed.reset();
  wheel.advance(4);
  EXPECT_EQ(cancelled.fired + moved.fired, 0);
  wheel.advance(1);
  EXPECT_EQ(moved.fired, 1);
}

TEST(TimerWheel, CallbacksMayCancelDestroyAndScheduleNeighboursOfTheSameSlot) {
  TimerWheel wheel;
  Node second, third;
  auto fourth = std::make_unique<Node>();
  Node first([&] {
    second.cancel();
    fourth.reset();
    wheel.schedule(third, 256);  // the same slot, one round later
  });
  Node fifth;
  wheel.schedule(first, 1);
  wheel.schedule(second, 1);
  wheel.schedule(third, 1);
  wheel.schedule(*fourth, 1);
  wheel.schedule(fifth, 1);
  wheel.advance(1);
  EXPECT_EQ(first.fired, 1);
  EXPECT_EQ(second.fired, 0);
  EXPECT_EQ(third.fired, 0);
  EXPECT_EQ(fifth.fired, 1);
  wheel.advance(256);
  EXPECT_EQ(third.fired, 1);
}

TEST(TimerWheel, ACallbackMayScheduleItselfAgain) {
  TimerWheel wheel;
  Node node;
  node.fire = [&] { wheel.schedule(node, 1); };
  wheel.schedule(node, 1);
  wheel.advance(10);
  EXPECT_EQ(node.fired, 10);
}

TEST(TimerWheel, JitterSpreadsButStaysInItsBounds) {
  TimerWheel wheel;
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 0; i < 500; ++i) wheel.schedule(*nodes.emplace_back(std::make_unique<Node>()), 10, 5);
  const auto fired = [&] {
    int n = 0;
    for (const auto& node : nodes) n += node->fired;
    return n;
  };
  wheel.advance(9);
  EXPECT_EQ(fired(), 0);
  int before = 0;
  for (int i = 0; i < 6; ++i) {
    wheel.advance(1);
    EXPECT_GT(fired(), before + 30);
    before = fired();
  }
  EXPECT_EQ(before, 500);
}

TEST(TimerWheel, AgreesWithASimpleModel) {
  TimerWheel wheel;
  std::mt19937 random(1);
  std::vector<std::unique_ptr<Node>> nodes;
  std::map<std::size_t, std::uint64_t> model;  // node -> due
  std::vector<int> expected(50);
  for (int i = 0; i < 50; ++i) nodes.push_back(std::make_unique<Node>());
  std::uint64_t now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t i = random() % nodes.size();
    switch (random() % 4) {
      case 0: {
        const std::uint32_t ticks = 1 + static_cast<std::uint32_t>(random() % 600);
        wheel.schedule(*nodes[i], ticks);
        model[i] = now + ticks;
        break;
      }
      case 1:
        nodes[i]->cancel();
        model.erase(i);
        break;
      default:
        wheel.advance(3);
        now += 3;
        for (auto it = model.begin(); it != model.end();) {
          if (it->second <= now) {
            ++expected[it->first];
            it = model.erase(it);
          } else {
            ++it;
          }
        }
    }
    ASSERT_EQ(nodes[i]->fired, expected[i]) << step;
    ASSERT_EQ(nodes[i]->scheduled(), model.count(i) == 1) << step;
  }
}

}  // namespace
}  // namespace chat::transport
