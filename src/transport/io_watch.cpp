#include "transport/io_watch.hpp"

#include "transport/event_loop.hpp"

namespace chat::transport {

IoWatch::IoWatch(EventLoop& loop, int fd) : descriptor_(loop.executor(), fd) {}

void IoWatch::detach() noexcept {
  if (descriptor_.is_open()) descriptor_.release();
}

}  // namespace chat::transport
