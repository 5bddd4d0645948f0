// A bus with nobody on it.
#pragma once

#include "ports/bus.hpp"

namespace chat::testing {

struct QuietBus final : Bus {
  void publish(const Commit&) override {}
  void watch(const FeedKey&) override {}
  void unwatch(const FeedKey&) override {}
  void set_receiver(std::function<void(const Commit&)>) override {}
};

}  // namespace chat::testing
