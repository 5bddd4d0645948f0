// A long-lived connection after its HTTP request: a WebSocket, or the body of an answer that does not end. This is what
// both have in common: bytes out, in order and bounded; closing; the end.
//
// Home: the loop it was made on; every call and every callback happens there. It lives as long as somebody holds a
// ConnectionPtr (the loop itself does, until the connection is over): a handler that may call it after on_close, say
// from a coroutine, holds one, and every call does nothing then. The circle is broken after on_close.
#pragma once

#include "transport/byte_stream.hpp"
#include "transport/event_loop.hpp"
#include "transport/io_watch.hpp"
#include "transport/outbox.hpp"

#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace chat::transport {

class Connection;
using ConnectionPtr = boost::intrusive_ptr<Connection>;

struct ConnectionOptions {
  std::size_t max_message_bytes = 64 * 1024;            // WebSockets: over it 1009
  std::size_t backlog_bytes = 1 << 20;                  // outbox + owed; over it: on_overflow
  std::size_t low_water_bytes = 64 * 1024;              // on_writable when the backlog falls below
  std::size_t send_bytes = 256 * 1024;                  // at most this much in one send
  std::chrono::milliseconds ping_interval{25'000};      // WebSockets: of silence from the peer; 0 = no pings
  std::chrono::milliseconds pong_timeout{10'000};       // WebSockets: then no sign of life: cut
  std::chrono::milliseconds close_timeout{5'000};       // for our last bytes to leave, and again for the peer to finish
  std::chrono::milliseconds slow_close_timeout{2'000};  // fail_slow: until the reset
};

struct CloseInfo {
  std::uint16_t code = 1006;  // what the peer sent, or what we closed with; 1006: the wire broke
  std::string reason;
  bool by_peer = false;  // the peer's close frame or the peer's end of stream came first
};

// The upper layer's half of a connection. Callbacks may call anything on the connection, closing included; views are
// valid during the call only. None is called after close(), fail_slow() or the peer's end, except on_close.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;

  virtual void on_open(
      Connection& connection) = 0;  // first call; the answer's head is queued before anything sent here
  // Posted, never inside another call: the backlog has fallen below low water after having been above it, or after
  // notify_when_writable().
  virtual void on_writable() {}
  // The backlog went over its limit. Called inside a flush or a send: do nothing here but choose the code, with
  // fail_slow (or close). The default, and what happens when it stays open, is fail_slow(1013).
  virtual void on_overflow(Connection& connection);
  // The server is stopping. The default closes with 1012.
  virtual void on_shutdown(Connection& connection);
  // Exactly once, however the connection ended, and never inside a call into the connection. The OwedBytes are no
  // longer used when this is called. The handler is released afterwards. (Not called when the loop is destroyed
  // without having been allowed to run the connection down.)
  virtual void on_close(const CloseInfo& info) = 0;
};

enum class FlushResult : std::uint8_t {
  idle,     // nothing to send
  sent,     // everything is with the kernel
  partial,  // some is left; it goes on by itself when the peer has read
  blocked,  // an earlier send has not finished: nothing was tried
  closed,   // closing, or dead
};

class Connection : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter>,
                   public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
                   private FlushTask,
                   private TimerNode,
                   private IoWatch {
 public:
  virtual ~Connection();

  // --- sending ---
  // All of them keep the order: what is owed goes first. Sent at the end of this turn, with everything else of it.
  void send_frame(std::string_view frame);  // complete frames, encoded by the caller
  void send_frame(const ChunkRef& chunk, std::size_t offset, std::size_t length);  // complete frames, by reference
  // Asks for a flush at the end of this turn (something new is owed).
  void request_flush();
  // One gathering send of the outbox and what is owed, now. One system call, unless more than backlog_bytes is owed and
  // the kernel takes it.
  FlushResult flush_now();
  // What the next flush_now will touch comes into the cache.
  void prefetch() const noexcept;

  // Where more bytes come from; null = none. Its owner resets it before it dies. What the old one owed is settled by
  // the caller first (settle_owed).
  void set_owed(OwedBytes* owed) noexcept { owed_ = owed; }
  // Moves what is owed into the outbox: before a subscription begins or ends.
  void settle_owed();

  std::size_t outbox_bytes() const noexcept { return outbox_.bytes(); }
  std::size_t backlog_bytes() const;  // outbox and owed
  bool write_blocked() const noexcept { return write_armed_; }
  bool below_low_water() const { return backlog_bytes() < options_->low_water_bytes; }
  void notify_when_writable();  // on_writable, once, as soon as the backlog is below low water (posted)

  // --- reading ---
  // Nothing is delivered between the two; bytes already read are kept and the kernel's window does the rest. Inside a
  // callback, what is behind the message in hand waits. Of what has no messages to deliver, nothing changes.
  virtual void pause_reading() noexcept {}
  virtual void resume_reading() {}
  virtual bool reading_paused() const noexcept { return false; }

  // From now on messages over `bytes` are 1009, whatever the options say. Where there are no messages, nothing changes.
  virtual void limit_messages(std::size_t) noexcept {}

  // --- ending ---
  // Sends its goodbye behind everything owed, half-closes, reads on for a while throwing away, then closes.
  void close(std::uint16_t code, std::string_view reason = {});
  // The peer does not read: drops all but the rest of the frame that was begun, appends the goodbye, and resets the
  // connection if that has not left within slow_close_timeout. Memory is freed at once.
  void fail_slow(std::uint16_t code, std::string_view reason = {});
  void abort();  // resets now; on_close says 1006
  bool is_open() const noexcept { return state_ == State::open; }
  bool is_over() const noexcept { return state_ == State::dead; }  // the descriptor is closed

  EventLoop& loop() noexcept { return *loop_; }
  const std::shared_ptr<ConnectionHandler>& handler() const noexcept { return handler_; }  // null after on_close
  void begin_shutdown();

 protected:
  enum class State : std::uint8_t { open, closing, half_closed, dead };

  Connection(EventLoop& loop, std::unique_ptr<ByteStream> stream, std::shared_ptr<ConnectionHandler> handler,
             const ConnectionOptions& options);

  // --- what the kinds differ in ---
  // Something can be read, and the connection is open.
  virtual void read_some() = 0;
  // The timer, while the connection is open.
  virtual void on_open_timer() {}
  // What says to the peer that this is the end, and why; empty when nothing can.
  virtual std::string goodbye(std::uint16_t code, std::string_view reason) const = 0;
  // Bytes were handed to the kernel, of these ranges, and not all that is owed.
  virtual void track_sent(const IovecList&, std::size_t) {}
  virtual void all_sent() {}
  // Bytes at the front of the outbox that belong to a frame of which some has been sent. All that is owed is settled.
  virtual std::size_t rest_of_begun_frame() const { return 0; }
  // It is over, or about to be: whatever was read is of no use.
  virtual void drop_input() noexcept {}

  // --- for the kinds ---
  void start(std::string_view head);
  void call_open();
  void send(std::string_view head, std::string_view payload);
  void arm_read();
  bool read_armed() const noexcept { return read_armed_; }
  void peer_finished();
  void close_by_peer(CloseInfo info, std::string_view answer);
  void die(bool reset, std::string_view why);
  void schedule_ticks(std::uint32_t ticks, std::uint32_t jitter = 0) noexcept {
    loop_->timers().schedule(*this, ticks, jitter);
  }
  const ConnectionOptions& options() const noexcept { return *options_; }
  const Outbox& outbox() const noexcept { return outbox_; }
  bool is_slow() const noexcept { return slow_; }
  // First of all in a kind's destructor: the handler goes while everything it may call is there.
  void release_handler() noexcept { handler_.reset(); }
  State state() const noexcept { return state_; }
  ByteStream& stream() noexcept { return *stream_; }
  ConnectionHandler& handler_now() noexcept { return *handler_; }
  void alive() noexcept { last_life_ = loop_->timers().now(); }
  std::uint32_t silent_ticks() const noexcept { return loop_->timers().now() - last_life_; }

 private:
  // connection.cpp: readiness, ending
  void on_timer() noexcept override;
  void on_loop_end() noexcept override;
  void on_read_ready() override;
  void on_write_ready() override;
  void wait_for(ByteStream::Wants what) noexcept;
  void on_ready(ByteStream::Wants what);
  void discard_input();
  void begin_close(CloseInfo info, std::chrono::milliseconds limit);
  void tell_closed(CloseInfo info);
  void half_close();

  // connection_send.cpp
  void on_flush() override;
  void arm_write();
  void write_on();
  void appended();
  FlushResult write_some();
  FlushResult written(bool all_gathered);
  void check_writable();
  void check_backlog();

  EventLoop* loop_;
  const ConnectionOptions* options_;
  std::unique_ptr<ByteStream> stream_;  // null when dead
  std::shared_ptr<ConnectionHandler> handler_;
  ConnectionPtr self_;  // until it is dead
  OwedBytes* owed_ = nullptr;
  Outbox outbox_;
  std::uint32_t last_life_ = 0;  // tick of the last sign of life
  State state_ = State::open;
  bool read_armed_ : 1 = false;
  bool write_armed_ : 1 = false;
  ByteStream::Wants read_awaits_ : 1 = ByteStream::Wants::read;    // when armed: the readiness it waits for
  ByteStream::Wants write_awaits_ : 1 = ByteStream::Wants::write;  // likewise
  bool above_low_water_ : 1 = false;
  bool writable_posted_ : 1 = false;
  bool peer_finished_ : 1 = false;  // no more to read
  bool slow_ : 1 = false;
  bool told_closed_ : 1 = false;
};

}  // namespace chat::transport
