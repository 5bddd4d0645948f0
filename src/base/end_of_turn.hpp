// What is to happen once when a thread's event loop has handled all that was ready.
#pragma once

namespace chat {

// Home: whoever posts it. It outlives the loops that may have been asked for it.
class TurnTask {
 public:
  // On the thread that asked, before anything of the turn is sent. Asks for nothing more.
  virtual void at_end_of_turn() noexcept = 0;

 protected:
  ~TurnTask() = default;
};

// Implemented by the event loop; one for each thread that runs one.
class EndOfTurn {
 public:
  // Once at the end of this thread's turn, however often it is asked for; at once on a thread without a loop, or when
  // there is no memory to keep it in mind. Never lost, so that whoever has taken something need not take it back.
  static void run(TurnTask& task) noexcept {
    EndOfTurn* here = current();
    if (!here || !here->defer(task)) task.at_end_of_turn();
  }

 protected:
  // The loop that this thread runs, while it does.
  class Here {
   public:
    explicit Here(EndOfTurn& loop) noexcept : before_(current()) { current() = &loop; }
    ~Here() { current() = before_; }
    Here(const Here&) = delete;
    Here& operator=(const Here&) = delete;

   private:
    EndOfTurn* const before_;
  };

  ~EndOfTurn() = default;
  static EndOfTurn*& current() noexcept {
    thread_local EndOfTurn* loop = nullptr;
    return loop;
  }

 private:
  virtual bool defer(TurnTask& task) noexcept = 0;  // false: it cannot
};

}  // namespace chat
