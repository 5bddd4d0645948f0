// Waits for a descriptor to become readable or writable, on a loop.
//
// Home: the loop. Does not own the descriptor: detach() (or the destructor) must come before it is closed; waits that
// are pending then end without calling anybody.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <utility>

namespace chat::transport {

class EventLoop;

class IoWatch {
 public:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  IoWatch(EventLoop& loop, int fd);
  ~IoWatch() { detach(); }
  IoWatch(const IoWatch&) = delete;
  IoWatch& operator=(const IoWatch&) = delete;

  // Calls `f` once when reading (writing) would not block; it should own what it touches. At most one wait of each
  // kind at a time.
  template <class F>
  void wait_read(F f) {
    wait(boost::asio::posix::descriptor_base::wait_read, std::move(f));
  }
  template <class F>
  void wait_write(F f) {
    wait(boost::asio::posix::descriptor_base::wait_write, std::move(f));
  }
  void detach() noexcept;

 private:
  template <class F>
  void wait(boost::asio::posix::descriptor_base::wait_type what, F f) {
    descriptor_.async_wait(what, [f = std::move(f)](const boost::system::error_code& ec) mutable {
      if (!ec) f();
    });
  }

  Descriptor descriptor_;
};

}  // namespace chat::transport
