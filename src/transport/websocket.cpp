#include "transport/websocket.hpp"

#include <poll.h>

#include <algorithm>
#include <cstring>
#include <exception>

namespace chat::transport {

namespace {

// How often one readiness is answered with a read of the whole buffer before others get their turn.
constexpr int kReadsPerTurn = 4;

bool readable_now(int fd) noexcept {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) > 0;
}

}  // namespace

struct WebSocket::Kept {
  std::string bytes;
  std::size_t taken = 0;
};

void WebSocketHandler::on_overflow(WebSocket& socket) {
  socket.fail_slow(close_code::try_again_later, "reading too slowly");
}

void WebSocketHandler::on_shutdown(WebSocket& socket) {
  socket.close(close_code::service_restart, "server is stopping");
}

WebSocket::WebSocket(EventLoop& loop, std::unique_ptr<ByteStream> stream, std::shared_ptr<WebSocketHandler> handler,
                     const WebSocketOptions& options)
    : IoWatch(loop, stream->native_handle()),
      loop_(&loop),
      options_(&options),
      stream_(std::move(stream)),
      handler_(std::move(handler)),
      decoder_(options.max_message_bytes),
      last_life_(loop.timers().now()) {}

// Only a loop that is destroyed early ends one that lives. Its handler goes while everything it may call is there.
WebSocket::~WebSocket() {
  handler_.reset();
  loop_->cancel_flush(*this);
  detach();
  if (state_ != State::dead) loop_->stats().websockets_closed.add();
}

WebSocketPtr WebSocket::open(EventLoop& loop, std::unique_ptr<ByteStream> stream,
                             std::shared_ptr<WebSocketHandler> handler, const WebSocketOptions& options,
                             std::string_view handshake_answer, std::string received) {
  WebSocketPtr socket(new WebSocket(loop, std::move(stream), std::move(handler), options));
  socket->self_ = socket;
  loop.stats().websockets_opened.add();
  if (!handshake_answer.empty()) {
    socket->outbox_.append(handshake_answer);
    socket->tracker_ = FrameTracker(handshake_answer.size());
    socket->request_flush();
  }
  if (options.ping_interval.count() > 0) socket->wait_for_silence(0);
  if (!received.empty()) {
    // Delivered in a turn of their own: the caller has not even got the pointer yet.
    socket->kept_ = std::make_unique<Kept>(Kept{std::move(received), 0});
    socket->resume_posted_ = true;
    loop.post([socket] { socket->process_kept(); });
  }
  try {
    socket->handler_->on_open(*socket);
  } catch (const std::exception& e) {
    socket->close(close_code::internal_error);
  }
  if (!socket->kept_) socket->arm_read();
  return socket;
}

// --- reading ---

void WebSocket::wait_for(ByteStream::Wants what) noexcept {
  if (what == ByteStream::Wants::read) {
    wait_read();
  } else {
    wait_write();
  }
}

void WebSocket::on_read_ready() { on_ready(ByteStream::Wants::read); }
void WebSocket::on_write_ready() { on_ready(ByteStream::Wants::write); }

// Reading may wait until the descriptor can be written, and writing until it can be read (TLS); both may await the
// same.
void WebSocket::on_ready(ByteStream::Wants what) {
  const WebSocketPtr self(this);
  const bool write_due = write_armed_ && write_awaits_ == what;
  const bool read_due = read_armed_ && read_awaits_ == what;
  if (write_due) write_on();
  if (read_due) on_readable();
}

void WebSocket::on_loop_end() noexcept { self_.reset(); }

void WebSocket::arm_read() {
  if (read_armed_ || peer_finished_ || state_ == State::dead) return;
  read_armed_ = true;
  read_awaits_ = stream_->read_wants();
  wait_for(read_awaits_);
}

void WebSocket::on_readable() {
  read_armed_ = false;
  if (state_ == State::dead) return;
  if (state_ != State::open) return discard_input();
  for (int reads = 0; reads < kReadsPerTurn && state_ == State::open; ++reads) {
    if (paused_) return;
    const IoResult result = stream_->try_read(loop_->read_buffer());
    if (result.status == IoStatus::would_block) break;
    if (result.status == IoStatus::eof) return peer_finished();
    if (result.status == IoStatus::failed) return die(false, std::strerror(result.error));
    loop_->stats().receives.add();
    loop_->stats().bytes_received.add(result.bytes);
    last_life_ = loop_->timers().now();
    auto bytes = loop_->read_buffer().first(result.bytes);
    process(bytes);
    if (state_ == State::open && !bytes.empty())
      kept_ = std::make_unique<Kept>(Kept{std::string(bytes.data(), bytes.size()), 0});
    if (!result.more) break;
  }
  if (state_ != State::open || !paused_) arm_read();
}

// Handles complete frames until the bytes end, or the handler pauses or closes.
void WebSocket::process(std::span<char>& bytes) {
  processing_ = true;
  while (state_ == State::open && !paused_) {
    const FrameEvent event = decoder_.next(bytes);
    if (event.kind == FrameEvent::Kind::need_more) break;
    deliver(event);
  }
  processing_ = false;
}

void WebSocket::process_kept() {
  resume_posted_ = false;
  if (state_ != State::open || paused_) return;
  if (kept_) {
    auto bytes = std::span<char>(kept_->bytes).subspan(kept_->taken);
    process(bytes);
    kept_->taken = kept_->bytes.size() - bytes.size();
    if (bytes.empty() || state_ != State::open) kept_.reset();
    if (state_ == State::open && paused_) return;
  }
  arm_read();
}

void WebSocket::deliver(const FrameEvent& event) {
  using Kind = FrameEvent::Kind;
  try {
    switch (event.kind) {
      case Kind::text:
        loop_->stats().messages_received.add();
        return handler_->on_text(event.payload);
      case Kind::binary:
        loop_->stats().messages_received.add();
        return handler_->on_binary(event.payload);
      case Kind::ping:
        return send(Opcode::pong, event.payload);
      case Kind::pong:
      case Kind::need_more:
        return;
      case Kind::error:
        return close(event.code, event.payload);
      case Kind::close:
        settle_owed();
        outbox_.append(close_frame(event.code, {}));
        begin_close({event.code, std::string(event.payload), true}, options_->close_timeout);
        return request_flush();
    }
  } catch (const std::exception& e) {
    close(close_code::internal_error);
  }
}

void WebSocket::pause_reading() noexcept { paused_ = true; }

void WebSocket::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (processing_ || resume_posted_ || read_armed_ || state_ != State::open) return;
  resume_posted_ = true;
  loop_->post([self = WebSocketPtr(this)] { self->process_kept(); });
}

// The peer's end of stream. What was answered in this turn is still sent: it may have closed its half only.
void WebSocket::peer_finished() {
  peer_finished_ = true;
  if (state_ == State::half_closed) return die(false, {});
  settle_owed();
  begin_close({close_code::abnormal, "connection ended", true}, options_->close_timeout);
  request_flush();
}

// After our close frame: reads on, throwing away, so that no RST overtakes it (RFC 6455, 7.1.1).
void WebSocket::discard_input() {
  const IoResult result = stream_->try_read(loop_->read_buffer());
  if (result.status == IoStatus::eof) return peer_finished();
  if (result.status == IoStatus::failed) return die(false, {});
  arm_read();
}

// --- liveness ---

// One timer that fires in time for a ping if the peer stays silent from now on; data in between does not touch it.
void WebSocket::wait_for_silence(std::uint32_t silent) {
  const std::uint32_t interval = loop_->ticks(options_->ping_interval);
  const std::uint32_t jitter = interval / 8;
  loop_->timers().schedule(*this, interval - jitter - std::min(silent, interval - jitter - 1), jitter);
}

void WebSocket::on_timer() noexcept {
  const WebSocketPtr self(this);
  if (state_ == State::open) return check_life();
  die(state_ != State::half_closed || slow_, {});
}

void WebSocket::check_life() {
  const std::uint32_t interval = loop_->ticks(options_->ping_interval);
  const std::uint32_t patience = loop_->ticks(options_->pong_timeout);
  const std::uint32_t silent = loop_->timers().now() - last_life_;
  if (awaiting_pong_ && silent > patience) {
    if (paused_) {
      last_life_ = loop_->timers().now();  // nothing is read: silence proves nothing
    } else if (readable_now(stream_->native_handle())) {
      return loop_->timers().schedule(*this, 1);  // a stalled loop, not a dead peer
    } else {
      return die(true, "no sign of life");
    }
  }
  awaiting_pong_ = false;
  if (silent < interval - interval / 8 || paused_) {
    if (paused_ && silent >= interval - interval / 8) send(Opcode::ping, {});  // finds a broken wire at least
    return wait_for_silence(paused_ ? 0 : silent);
  }
  awaiting_pong_ = true;
  send(Opcode::ping, {});
  if (state_ == State::open) loop_->timers().schedule(*this, patience);
}

// --- ending ---

void WebSocket::close(std::uint16_t code, std::string_view reason) {
  if (state_ != State::open) return;
  settle_owed();
  outbox_.append(close_frame(code, reason));
  begin_close({code, std::string(reason), false}, options_->close_timeout);
  request_flush();
}

void WebSocket::fail_slow(std::uint16_t code, std::string_view reason) {
  if (state_ != State::open) return;
  settle_owed();
  outbox_.truncate(rest_of_begun_frame());
  outbox_.append(close_frame(code, reason));
  slow_ = true;
  loop_->stats().slow_readers_closed.add();
  begin_close({code, std::string(reason), false}, options_->slow_close_timeout);
  request_flush();
}

void WebSocket::abort() {
  const WebSocketPtr self(this);
  die(true, "aborted");
}

void WebSocket::begin_shutdown() {
  if (state_ != State::open) return;
  const WebSocketPtr self(this);
  try {
    handler_->on_shutdown(*this);
  } catch (const std::exception& e) {
    close(close_code::service_restart);
  }
}

void WebSocket::begin_close(CloseInfo info, std::chrono::milliseconds limit) {
  if (state_ != State::open) return;
  state_ = State::closing;
  owed_ = nullptr;
  if (!processing_) kept_.reset();
  loop_->schedule(*this, limit);
  arm_read();  // to throw away, also when reading was paused
  tell_closed(std::move(info));
}

void WebSocket::tell_closed(CloseInfo info) {
  if (told_closed_) return;
  told_closed_ = true;
  loop_->post([self = WebSocketPtr(this), info = std::move(info)] {
    const auto handler = std::move(self->handler_);
    try {
      handler->on_close(info);
    } catch (const std::exception& e) {
      self->abort();
    }
  });
}

// Our last byte is with the kernel.
void WebSocket::half_close() {
  if (peer_finished_) return die(false, {});
  state_ = State::half_closed;
  stream_->shutdown_send();
  if (!slow_) loop_->schedule(*this, options_->close_timeout);
}

void WebSocket::die(bool reset, std::string_view why) {
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
  if (!processing_) kept_.reset();
  loop_->stats().websockets_closed.add();
  tell_closed({close_code::abnormal, std::string(why), false});
  self_.reset();
}

}  // namespace chat::transport
