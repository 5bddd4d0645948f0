// Whose turn it is among the large answers of one connection, so that together they never pass what it may owe.
//
// A large answer may be half of that. So one is begun only when the client has taken nearly all that came before it,
// and no other one until it has been given: a read (history, presence, an rpc that only reads) has the turn alone;
// recoveries share it, for among themselves the fan-out lets them wait (fanout/one_reply.hpp). First come, first
// served: whoever asks for a lot at once is no slow reader, and nobody waits for ever.
//
// Home: the loop of its connection.
#pragma once

#include "fanout/queue.hpp"

#include <cstdint>
#include <functional>
#include <utility>

namespace chat::api {

class ReplyTurns {
 public:
  enum class Kind : std::uint8_t { read, recovery };
  using Begin = std::function<void()>;

  // `begin` is called within go_on, once. It may call anything here.
  void wait(Kind kind, Begin begin) { waiting_.push_back({kind, std::move(begin)}); }

  // One that was begun has its answer, or is never to have one.
  void done(Kind kind) noexcept { --begun(kind); }

  // Begins what may begin now. `may_answer`: has the client taken what came before? It is asked for each; after a no,
  // go_on is called again when things have changed.
  template <class MayAnswer>
  void go_on(MayAnswer may_answer) {
    if (going_on_) return;  // the loop below goes on
    const GoingOn guard(going_on_);
    while (!waiting_.empty() && is_free(waiting_.front().kind) && may_answer()) {
      const Waiting next = waiting_.front();
      waiting_.pop_front();
      ++begun(next.kind);
      next.begin();
    }
  }

 private:
  struct GoingOn {
    explicit GoingOn(bool& flag) : is(flag) { is = true; }
    ~GoingOn() { is = false; }
    bool& is;
  };
  struct Waiting {
    Kind kind = Kind::read;
    Begin begin;
  };

  std::uint32_t& begun(Kind kind) noexcept { return kind == Kind::read ? reads_ : recoveries_; }
  bool is_free(Kind kind) const noexcept { return reads_ == 0 && (kind == Kind::recovery || recoveries_ == 0); }

  fanout::Queue<Waiting> waiting_;
  std::uint32_t reads_ = 0;  // begun and not done: at most one
  std::uint32_t recoveries_ = 0;
  bool going_on_ = false;
};

}  // namespace chat::api
