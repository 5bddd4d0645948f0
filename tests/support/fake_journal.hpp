// A journal that keeps what it is given and answers when, and what, the test says.
#pragma once

#include "ports/journal.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <utility>

namespace chat::testing {

class FakeJournal final : public Journal {
 public:
  bool append(AppendMessage message, JournalAnswer answer) override {
    if (full) return false;
    messages.push_back(std::move(message));
    if (on_append) {
      answer(on_append(messages.back()));
    } else {
      answers.push_back(std::move(answer));
    }
    ++taken_;
    return true;
  }
  bool execute(FeedCommand, JournalAnswer) override { return false; }
  bool execute(UserCommand, JournalAnswer) override { return false; }
  JournalHealth health() const override { return {}; }
  void stop(std::chrono::milliseconds) override {}

  // How many messages it has taken; for another thread than the sender's.
  std::size_t taken() const noexcept { return taken_; }

  bool full = false;
  std::function<Result<Stored>(const AppendMessage&)> on_append;  // answers at once
  std::deque<AppendMessage> messages;
  std::deque<JournalAnswer> answers;

 private:
  std::atomic<std::size_t> taken_{0};
};

}  // namespace chat::testing
