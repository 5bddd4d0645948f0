#include "transport/io_poller.hpp"

#include "transport/event_loop.hpp"

#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <system_error>

namespace chat::transport {

namespace {

// Level-triggered for what is asked for. An error or a hang-up is reported unasked: edge-triggered, so that a
// descriptor nobody waits for says it once and not for ever.
std::uint32_t interest(bool read, bool write) noexcept {
  if (!read && !write) return EPOLLET;
  return (read ? EPOLLIN : 0u) | (write ? EPOLLOUT : 0u);
}

int open_set() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

}  // namespace

// --- IoWatch ---

IoWatch::IoWatch(EventLoop& loop, int fd) : poller_(&loop.io_poller()), fd_(fd) { poller_->add(*this); }

void IoWatch::detach() noexcept {
  if (poller_) poller_->remove(*this);
}

void IoWatch::wait(std::uint8_t what) noexcept {
  if (!poller_) return;
  waited_for_ |= what;
  if (waited_for_ & ~asked_for_) poller_->ask(*this, waited_for_);
}

// --- IoPoller ---

IoPoller::IoPoller(boost::asio::io_context& context) : set_(context.get_executor(), open_set()) { wait(); }

IoPoller::~IoPoller() {
  while (!watches_.empty()) {
    IoWatch& watch = watches_.front();
    remove(watch);
    watch.on_loop_end();
  }
}

// Reading is asked for at once: it is what nearly everybody waits for first.
void IoPoller::add(IoWatch& watch) {
  epoll_event event{.events = interest(true, false), .data = {.ptr = &watch}};
  if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, watch.fd_, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  watch.asked_for_ = IoWatch::kRead;
  watches_.push_back(watch);
}

void IoPoller::remove(IoWatch& watch) noexcept {
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, watch.fd_, nullptr);
  watches_.erase(watches_.iterator_to(watch));
  watch.poller_ = nullptr;
  for (std::size_t i = 0; i < batch_size_; ++i) {
    if (batch_[i].data.ptr == &watch) batch_[i].data.ptr = nullptr;
  }
}

// Changing what a member is asked for cannot fail: it needs no memory. Readiness that is there already counts.
void IoPoller::ask(IoWatch& watch, std::uint8_t what) noexcept {
  epoll_event event{.events = interest(what & IoWatch::kRead, what & IoWatch::kWrite), .data = {.ptr = &watch}};
  [[maybe_unused]] const int failed = ::epoll_ctl(set_.native_handle(), EPOLL_CTL_MOD, watch.fd_, &event);
  assert(failed == 0);
  watch.asked_for_ = what;
}

void IoPoller::wait() {
  set_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& ec) {
    if (ec) return;  // the loop is being destroyed
    try {
      serve_batch();
    } catch (...) {  // one callback's fault: what it kept the others from is reported again
      batch_size_ = 0;
      wait();
      throw;
    }
    wait();  // after the batch, when what it has read is no longer ready
  });
}

void IoPoller::serve_batch() {
  const int count = ::epoll_wait(set_.native_handle(), batch_.data(), static_cast<int>(kBatch), 0);
  batch_size_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  for (std::size_t i = 0; i < batch_size_; ++i) serve(batch_[i]);
  batch_size_ = 0;
}

void IoPoller::serve(const epoll_event& event) {
  const auto still_there = [&event] { return static_cast<IoWatch*>(event.data.ptr); };
  IoWatch* watch = still_there();
  if (!watch) return;
  const bool over = event.events & (EPOLLERR | EPOLLHUP);  // both directions can tell of it
  std::uint8_t ready = 0;
  if (over || (event.events & EPOLLIN)) ready |= IoWatch::kRead;
  if (over || (event.events & EPOLLOUT)) ready |= IoWatch::kWrite;
  if (ready & watch->asked_for_ & ~watch->waited_for_) ask(*watch, watch->waited_for_);
  const std::uint8_t due = ready & watch->waited_for_;
  watch->waited_for_ &= static_cast<std::uint8_t>(~due);
  if (due & IoWatch::kWrite) watch->on_write_ready();
  if ((due & IoWatch::kRead) && still_there()) watch->on_read_ready();
}

}  // namespace chat::transport
