// Several tasks for the same executor, handed over as one.
//
// A lane that has committed a batch answers everybody in it. Were each answer a task of its own, the loop would be
// woken by the first and would send, one by one, what belongs into one turn.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace chat {

// While one lives, what its thread posts with `post` is held back; its end hands over one task for each executor, which
// runs them in the order in which they were posted. One that throws keeps none of the others from running. The inner of
// two does nothing. Lives on the stack of one thread. Its end terminates the process when there is no memory to post:
// better than an answer that is lost.
class PostTogether {
 public:
  PostTogether() noexcept;
  ~PostTogether();
  PostTogether(const PostTogether&) = delete;
  PostTogether& operator=(const PostTogether&) = delete;

  // boost::asio::post, or held back.
  template <class Executor, class F>
  static void post(const Executor& executor, F&& f) {
    if (!current()) return boost::asio::post(executor, std::forward<F>(f));
    if constexpr (std::is_copy_constructible_v<std::decay_t<F>>) {
      current()->hold(executor, std::forward<F>(f));
    } else {
      auto only = std::make_shared<std::decay_t<F>>(std::forward<F>(f));
      current()->hold(executor, [only] { (*only)(); });
    }
  }

 private:
  using Task = std::function<void()>;
  struct Held {
    boost::asio::any_io_executor executor;
    std::vector<Task> tasks;
  };

  static PostTogether*& current() noexcept;
  void hold(boost::asio::any_io_executor executor, Task task);

  std::vector<Held> held_;
};

}  // namespace chat
