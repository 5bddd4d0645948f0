// Pages of history, read together where the store gains by it (HistoryStore::pages_at_once).
//
// A page that comes while others are being read waits for the next call of the store and shares it with whatever else
// has come by then: a busy server pays for fewer calls, an idle one waits for nothing. No answer is kept or shared;
// each page is read after it has been asked for.
//
// Thread-safe.
#pragma once

#include "base/blocking_pool.hpp"
#include "base/result.hpp"
#include "ports/stores.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace chat {

class PageReads {
 public:
  // The store outlives the pool's last job; both outlive this. What waits is bounded by the pool's queue limit.
  PageReads(HistoryStore& history, BlockingPool& pool);

  // As HistoryStore::history_page; resumes on the caller's executor. Errc::overloaded without reading when too many
  // wait already.
  boost::asio::awaitable<Result<HistoryPage>> read(PageRead wanted);

 private:
  class Queue;
  static boost::asio::awaitable<Result<HistoryPage>> together(std::shared_ptr<Queue> queue, PageRead wanted);

  HistoryStore& history_;
  BlockingPool& pool_;
  std::shared_ptr<Queue> queue_;  // null where pages are read one by one
};

}  // namespace chat
