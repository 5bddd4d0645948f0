// Waits in a coroutine for an answer that comes through a callback, on whatever thread.
#pragma once

#include "base/post_together.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace chat {

// Calls `start(done)` and suspends until `done(R)` has been called: exactly once, by any thread, also before `start`
// returns. Resumes the caller on its own executor. `start` is a value of which a copy is made: it owns what it uses.
//
// g++ 12: name `start` first, then `co_await await_callback<R>(std::move(start))` (base/blocking_pool.hpp says why).
template <class R, class Start>
boost::asio::awaitable<R> await_callback(Start start) {
  auto initiate = [](auto handler, std::shared_ptr<Start> begin) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    std::function<void(R)> done = [waiting, executor](R answer) {
      auto kept = std::make_shared<R>(std::move(answer));
      PostTogether::post(executor, [waiting, kept]() mutable { std::move (*waiting)(std::move(kept)); });
    };
    (*begin)(std::move(done));
  };
  auto answer = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(std::shared_ptr<R>)>(
      initiate, boost::asio::use_awaitable, std::make_shared<Start>(std::move(start)));
  co_return std::move(*answer);
}

}  // namespace chat
