#include "chat/page_reads.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace chat {
namespace {

// Calls of the store at a time: while the answers of one are handed out the database works on the other.
constexpr std::size_t kCalls = 2;

}  // namespace

class PageReads::Queue : public std::enable_shared_from_this<Queue> {
 public:
  using Answer = std::function<void(Result<HistoryPage>)>;
  Queue(HistoryStore& history, BlockingPool& pool) : history_(history), pool_(pool) {}

  void add(PageRead wanted, Answer answer) {
    std::unique_lock lock(mutex_);
    if (waiting_.size() >= pool_.queue_limit()) {
      lock.unlock();
      return answer(too_many());
    }
    waiting_.push_back({wanted, std::move(answer)});
    if (calls_ >= kCalls) return;
    ++calls_;
    lock.unlock();
    if (!post()) give_up();
  }

 private:
  struct Waiting {
    PageRead wanted;
    Answer answer;
  };

  static Error too_many() { return {Errc::overloaded, "the work queue is full"}; }

  bool post() {
    return pool_.post([self = shared_from_this()] { self->call(); });
  }

  // The pool takes nothing: what waits for another call goes on waiting for it, else it is refused.
  void give_up() {
    std::deque<Waiting> refused;
    {
      const std::lock_guard lock(mutex_);
      if (--calls_ == 0) refused.swap(waiting_);
    }
    for (const Waiting& one : refused) one.answer(too_many());
  }

  // On the pool. Between calls the pool's other jobs get their turn; a pool that takes no more is served to the end.
  void call() {
    do {
      const std::vector<Waiting> batch = take();
      if (batch.empty()) return;
      read(batch);
    } while (!post());
  }

  std::vector<Waiting> take() {
    const std::lock_guard lock(mutex_);
    const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), history_.pages_at_once()));
    const auto end = waiting_.begin() + count;
    std::vector<Waiting> batch(std::move_iterator(waiting_.begin()), std::move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    if (batch.empty()) --calls_;
    return batch;
  }

  void read(const std::vector<Waiting>& batch) {
    std::vector<PageRead> reads;
    for (const Waiting& one : batch) reads.push_back(one.wanted);
    std::vector<Result<HistoryPage>> pages;
    try {
      pages = history_.history_pages(reads);
    } catch (const std::exception& e) {
      pages.assign(batch.size(), Error{Errc::internal, e.what()});
    }
    for (std::size_t i = 0; i < batch.size(); ++i) batch[i].answer(std::move(pages[i]));
  }

  HistoryStore& history_;
  BlockingPool& pool_;
  std::mutex mutex_;  // guards all below
  std::deque<Waiting> waiting_;
  std::size_t calls_ = 0;  // posted or running; none runs: nothing waits
};

PageReads::PageReads(HistoryStore& history, BlockingPool& pool) : history_(history), pool_(pool) {
  if (history.pages_at_once() > 1) queue_ = std::make_shared<Queue>(history, pool);
}

// No coroutine of its own: one frame less for the store that is asked one by one.
boost::asio::awaitable<Result<HistoryPage>> PageReads::read(PageRead wanted) {
  if (queue_) return together(queue_, wanted);
  return run_on(pool_, [&history = history_, wanted] {
    return history.history_page(wanted.room, wanted.viewer, wanted.page, wanted.size);
  });
}

boost::asio::awaitable<Result<HistoryPage>> PageReads::together(std::shared_ptr<Queue> queue, PageRead wanted) {
  using Shared = std::shared_ptr<Result<HistoryPage>>;
  auto initiate = [wanted](auto handler, const std::shared_ptr<Queue>& line) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    line->add(wanted, [waiting, executor](Result<HistoryPage> page) {
      auto answer = std::make_shared<Result<HistoryPage>>(std::move(page));
      boost::asio::post(executor, [waiting, answer]() mutable { std::move (*waiting)(std::move(answer)); });
    });
  };
  auto answer = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(Shared)>(
      initiate, boost::asio::use_awaitable, std::move(queue));
  co_return std::move(*answer);
}

}  // namespace chat
