#include "transport/connection.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

namespace chat::transport {

namespace {

constexpr std::uint16_t kAbnormal = 1006, kInternalError = 1011, kServiceRestart = 1012, kTryAgainLater = 1013;

}  // namespace

void ConnectionHandler::on_overflow(Connection& connection) {
  connection.fail_slow(kTryAgainLater, "reading too slowly");
}

void ConnectionHandler::on_shutdown(Connection& connection) { connection.close(kServiceRestart, "server is stopping"); }

Connection::Connection(EventLoop& loop, std::unique_ptr<ByteStream> stream, std::shared_ptr<ConnectionHandler> handler,
                       const ConnectionOptions& options)
    : IoWatch(loop, stream->native_handle()),
      loop_(&loop),
      options_(&options),
      stream_(std::move(stream)),
      handler_(std::move(handler)),
      last_life_(loop.timers().now()) {}

// Only a loop that is destroyed early ends one that lives.
Connection::~Connection() {
  loop_->cancel_flush(*this);
  detach();
  if (state_ != State::dead) loop_->stats().connections_closed.add();
}

// It keeps itself alive from now on. `head` is sent first.
void Connection::start(std::string_view head) {
  self_ = this;
  loop_->stats().connections_opened.add();
  if (head.empty()) return;
  outbox_.append(head);
  request_flush();
}

void Connection::call_open() {
  try {
    handler_->on_open(*this);
  } catch (const std::exception& e) {
    close(kInternalError);
  }
}

// --- readiness ---

void Connection::wait_for(ByteStream::Wants what) noexcept {
  if (what == ByteStream::Wants::read) {
    wait_read();
  } else {
    wait_write();
  }
}

void Connection::on_read_ready() { on_ready(ByteStream::Wants::read); }
void Connection::on_write_ready() { on_ready(ByteStream::Wants::write); }

// Reading may wait until the descriptor can be written, and writing until it can be read (TLS); both may await the
// same.
void Connection::on_ready(ByteStream::Wants what) {
  const ConnectionPtr self(this);
  const bool write_due = write_armed_ && write_awaits_ == what;
  const bool read_due = read_armed_ && read_awaits_ == what;
  if (write_due) write_on();
  if (!read_due) return;
  read_armed_ = false;
  if (state_ == State::dead) return;
  if (state_ == State::open) {
    read_some();
  } else {
    discard_input();
  }
}

void Connection::on_loop_end() noexcept { self_.reset(); }

void Connection::arm_read() {
  if (read_armed_ || peer_finished_ || state_ == State::dead) return;
  read_armed_ = true;
  read_awaits_ = stream_->read_wants();
  wait_for(read_awaits_);
}

// The peer's end of stream. What was answered in this turn is still sent: it may have closed its half only.
void Connection::peer_finished() {
  peer_finished_ = true;
  if (state_ == State::half_closed) return die(false, {});
  settle_owed();
  begin_close({kAbnormal, "connection ended", true}, options_->close_timeout);
  request_flush();
}

// After our goodbye: reads on, throwing away, so that no RST overtakes it (RFC 6455, 7.1.1; RFC 9112, 9.6).
void Connection::discard_input() {
  const IoResult result = stream_->try_read(loop_->read_buffer());
  if (result.status == IoStatus::eof) return peer_finished();
  if (result.status == IoStatus::failed) return die(false, {});
  arm_read();
}

void Connection::on_timer() noexcept {
  const ConnectionPtr self(this);
  if (state_ == State::open) return on_open_timer();
  die(state_ != State::half_closed || slow_, {});
}

// --- ending ---

void Connection::close(std::uint16_t code, std::string_view reason) {
  if (state_ != State::open) return;
  settle_owed();
  outbox_.append(goodbye(code, reason));
  begin_close({code, std::string(reason), false}, options_->close_timeout);
  request_flush();
}

void Connection::close_by_peer(CloseInfo info, std::string_view answer) {
  settle_owed();
  outbox_.append(answer);
  begin_close(std::move(info), options_->close_timeout);
  request_flush();
}

void Connection::fail_slow(std::uint16_t code, std::string_view reason) {
  if (state_ != State::open) return;
  settle_owed();
  slow_ = true;
  outbox_.truncate(rest_of_begun_frame());
  outbox_.append(goodbye(code, reason));
  loop_->stats().slow_readers_closed.add();
  begin_close({code, std::string(reason), false}, options_->slow_close_timeout);
  request_flush();
}

void Connection::abort() {
  const ConnectionPtr self(this);
  die(true, "aborted");
}

void Connection::begin_shutdown() {
  if (state_ != State::open) return;
  const ConnectionPtr self(this);
  try {
    handler_->on_shutdown(*this);
  } catch (const std::exception& e) {
    close(kServiceRestart);
  }
}

void Connection::begin_close(CloseInfo info, std::chrono::milliseconds limit) {
  if (state_ != State::open) return;
  state_ = State::closing;
  owed_ = nullptr;
  drop_input();
  loop_->schedule(*this, limit);
  arm_read();  // to throw away, also when reading was paused
  tell_closed(std::move(info));
}

void Connection::tell_closed(CloseInfo info) {
  if (told_closed_) return;
  told_closed_ = true;
  loop_->post([self = ConnectionPtr(this), info = std::move(info)] {
    const auto handler = std::move(self->handler_);
    try {
      handler->on_close(info);
    } catch (const std::exception& e) {
      self->abort();
    }
  });
}

// Our last byte is with the kernel.
void Connection::half_close() {
  if (peer_finished_) return die(false, {});
  state_ = State::half_closed;
  stream_->shutdown_send();
  if (!slow_) loop_->schedule(*this, options_->close_timeout);
}

void Connection::die(bool reset, std::string_view why) {
  if (state_ == State::dead) return;
  state_ = State::dead;
  cancel();
  loop_->cancel_flush(*this);
  if (is_linked()) unlink();
  if (reset) stream_->reset();
  detach();
  stream_.reset();
  outbox_.clear();
  owed_ = nullptr;
  drop_input();
  loop_->stats().connections_closed.add();
  tell_closed({kAbnormal, std::string(why), false});
  self_.reset();
}

}  // namespace chat::transport
