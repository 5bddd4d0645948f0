// A loop's epoll set, which serves its IoWatches. Asio knows the set as one descriptor.
//
// Why not Asio's own waits: each descriptor costs it some 300 bytes (its state, the pending operation), and each wait
// an epoll_ctl. Here a wait is a bit in the watch. The set is level-triggered, so a wait that finds something left is
// served again, and interest is lazy: what the kernel was asked for stays asked for after it has come, until it is
// reported with nobody waiting; only then is it taken back. A socket that is read whenever it is readable costs no
// epoll_ctl at all.
// Home: its loop.
#pragma once

#include "transport/io_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace chat::transport {

class IoPoller {
 public:
  // Events taken at a time. Other handlers of the loop run between two batches, and so does the flush.
  static constexpr std::size_t kBatch = 128;

  explicit IoPoller(boost::asio::io_context& context);  // std::system_error without descriptors
  ~IoPoller();                                          // detaches what is left and calls its on_loop_end
  IoPoller(const IoPoller&) = delete;
  IoPoller& operator=(const IoPoller&) = delete;

 private:
  friend class IoWatch;

  void add(IoWatch& watch);
  void remove(IoWatch& watch) noexcept;
  void ask(IoWatch& watch, std::uint8_t what) noexcept;
  void wait();
  void serve_batch();
  void serve(const epoll_event& event);

  using Watches = boost::intrusive::list<
      IoWatch, boost::intrusive::member_hook<IoWatch, boost::intrusive::list_member_hook<>, &IoWatch::of_poller_>,
      boost::intrusive::constant_time_size<false>>;

  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> set_;
  Watches watches_;
  // Of the batch in hand. Its watches may be destroyed by one another's callbacks: what is removed is struck out.
  std::array<epoll_event, kBatch> batch_;
  std::size_t batch_size_ = 0;
};

}  // namespace chat::transport
