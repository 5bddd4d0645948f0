// Runs a coroutine to its end on this thread, whatever pools it waits for.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace chat::testing {

// One for all calls: a pool's thread may still be waking it up when the answer has already been seen.
inline boost::asio::io_context& fresh_context() {
  thread_local boost::asio::io_context context;
  context.restart();
  return context;
}

template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context& context = fresh_context();
  std::optional<T> out;
  std::exception_ptr failure;
  boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr e, T value) {
    failure = e;
    out.emplace(std::move(value));
  });
  context.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(*out);
}

inline void run(boost::asio::awaitable<void> work) {
  boost::asio::io_context& context = fresh_context();
  std::exception_ptr failure;
  boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr e) { failure = e; });
  context.run();
  if (failure) std::rethrow_exception(failure);
}

// All at once on one thread; answers in their order.
template <class T>
std::vector<T> run_all(std::vector<boost::asio::awaitable<T>> works) {
  boost::asio::io_context& context = fresh_context();
  std::vector<std::optional<T>> outs(works.size());
  std::exception_ptr failure;
  for (std::size_t i = 0; i < works.size(); ++i) {
    boost::asio::co_spawn(context, std::move(works[i]), [&, i](std::exception_ptr e, T value) {
      if (e) failure = e;
      outs[i].emplace(std::move(value));
    });
  }
  context.run();
  if (failure) std::rethrow_exception(failure);
  std::vector<T> all;
  for (auto& out : outs) all.push_back(std::move(*out));
  return all;
}

}  // namespace chat::testing
