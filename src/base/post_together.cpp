#include "base/post_together.hpp"

#include <exception>

namespace chat {
namespace {

void run_all(std::vector<std::function<void()>>& tasks) {
  std::exception_ptr first;
  for (auto& task : tasks) {
    try {
      task();
    } catch (...) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace

PostTogether*& PostTogether::current() noexcept {
  thread_local PostTogether* innermost = nullptr;
  return innermost;
}

PostTogether::PostTogether() noexcept {
  if (!current()) current() = this;
}

PostTogether::~PostTogether() {
  if (current() != this) return;
  current() = nullptr;
  for (Held& held : held_) {
    boost::asio::post(held.executor, [tasks = std::move(held.tasks)]() mutable { run_all(tasks); });
  }
}

void PostTogether::hold(boost::asio::any_io_executor executor, Task task) {
  for (Held& held : held_) {
    if (held.executor == executor) return held.tasks.push_back(std::move(task));
  }
  held_.push_back({std::move(executor), {}});
  held_.back().tasks.push_back(std::move(task));
}

}  // namespace chat
