// Waits for a descriptor to become readable or writable, on a loop.
//
// Whoever has a descriptor derives from it. It is linked into its loop and allocates nothing: a pending wait costs
// these 40 bytes and no more (how: io_poller.hpp).
// Home: the loop. Does not own the descriptor: detach() (or the destructor) comes before it is closed, and nobody is
// called after it, not even for an event that the kernel has already reported.
#pragma once

#include <boost/intrusive/list_hook.hpp>

#include <cstdint>

namespace chat::transport {

class EventLoop;
class IoPoller;

class IoWatch {
 public:
  IoWatch(const IoWatch&) = delete;
  IoWatch& operator=(const IoWatch&) = delete;

  // on_read_ready (on_write_ready) is called once, in a later turn, when reading (writing) would not block: it would
  // move bytes, or tell of an end or an error. Repeats before that change nothing; after detach it does nothing.
  void wait_read() noexcept { wait(kRead); }
  void wait_write() noexcept { wait(kWrite); }
  void detach() noexcept;

 protected:
  // std::system_error when the kernel takes no more descriptors to watch.
  IoWatch(EventLoop& loop, int fd);
  ~IoWatch() { detach(); }

 private:
  friend class IoPoller;
  static constexpr std::uint8_t kRead = 1, kWrite = 2;

  // May wait again, detach or destroy any watch, this one included. When both are due, writing comes first, so that
  // what was said is on its way before more is heard.
  virtual void on_read_ready() = 0;
  virtual void on_write_ready() {}
  // The loop is being destroyed and calls nobody any more; the watch is detached. Lets go of what keeps the owner
  // alive; may destroy it, and others.
  virtual void on_loop_end() noexcept {}

  void wait(std::uint8_t what) noexcept;

  IoPoller* poller_;  // null when detached
  boost::intrusive::list_member_hook<> of_poller_;
  const int fd_;
  std::uint8_t waited_for_ = 0;  // by the owner
  std::uint8_t asked_for_ = 0;   // of the kernel
};

}  // namespace chat::transport
