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

WebSocket::WebSocket(EventLoop& loop, std::unique_ptr<ByteStream> stream, std::shared_ptr<WebSocketHandler> handler,
                     const WebSocketOptions& options, std::string_view handshake_answer)
    : Connection(loop, std::move(stream), std::move(handler), options),
      decoder_(options.max_message_bytes),
      tracker_(handshake_answer.size()) {}

WebSocket::~WebSocket() { release_handler(); }

WebSocketPtr WebSocket::open(EventLoop& loop, std::unique_ptr<ByteStream> stream,
                             std::shared_ptr<WebSocketHandler> handler, const WebSocketOptions& options,
                             std::string_view handshake_answer, std::string received) {
  WebSocketPtr socket(new WebSocket(loop, std::move(stream), std::move(handler), options, handshake_answer));
  socket->start(handshake_answer);
  if (options.ping_interval.count() > 0) socket->wait_for_silence(0);
  if (!received.empty()) {
    // Delivered in a turn of their own: the caller has not even got the pointer yet.
    socket->kept_ = std::make_unique<Kept>(Kept{std::move(received), 0});
    socket->resume_posted_ = true;
    loop.post([socket] { socket->process_kept(); });
  }
  socket->call_open();
  if (!socket->kept_) socket->arm_read();
  return socket;
}

// --- reading ---

void WebSocket::read_some() {
  for (int reads = 0; reads < kReadsPerTurn && state() == State::open; ++reads) {
    if (paused_) return;
    const IoResult result = stream().try_read(loop().read_buffer());
    if (result.status == IoStatus::would_block) break;
    if (result.status == IoStatus::eof) return peer_finished();
    if (result.status == IoStatus::failed) return die(false, std::strerror(result.error));
    loop().stats().receives.add();
    loop().stats().bytes_received.add(result.bytes);
    alive();
    auto bytes = loop().read_buffer().first(result.bytes);
    process(bytes);
    if (state() == State::open && !bytes.empty())
      kept_ = std::make_unique<Kept>(Kept{std::string(bytes.data(), bytes.size()), 0});
    if (!result.more) break;
  }
  if (state() != State::open || !paused_) arm_read();
}

// Handles complete frames until the bytes end, or the handler pauses or closes.
void WebSocket::process(std::span<char>& bytes) {
  processing_ = true;
  while (state() == State::open && !paused_) {
    const FrameEvent event = decoder_.next(bytes);
    if (event.kind == FrameEvent::Kind::need_more) break;
    deliver(event);
  }
  processing_ = false;
}

void WebSocket::process_kept() {
  resume_posted_ = false;
  if (state() != State::open || paused_) return;
  if (kept_) {
    auto bytes = std::span<char>(kept_->bytes).subspan(kept_->taken);
    process(bytes);
    kept_->taken = kept_->bytes.size() - bytes.size();
    if (bytes.empty() || state() != State::open) kept_.reset();
    if (state() == State::open && paused_) return;
  }
  arm_read();
}

void WebSocket::deliver(const FrameEvent& event) {
  using Kind = FrameEvent::Kind;
  try {
    switch (event.kind) {
      case Kind::text:
        loop().stats().messages_received.add();
        return messages().on_text(event.payload);
      case Kind::binary:
        loop().stats().messages_received.add();
        return messages().on_binary(event.payload);
      case Kind::ping:
        return send_message(Opcode::pong, event.payload);
      case Kind::pong:
      case Kind::need_more:
        return;
      case Kind::error:
        return close(event.code, event.payload);
      case Kind::close:
        return close_by_peer({event.code, std::string(event.payload), true}, close_frame(event.code, {}));
    }
  } catch (const std::exception& e) {
    close(close_code::internal_error);
  }
}

void WebSocket::pause_reading() noexcept { paused_ = true; }

void WebSocket::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (processing_ || resume_posted_ || read_armed() || state() != State::open) return;
  resume_posted_ = true;
  loop().post([self = WebSocketPtr(this)] { self->process_kept(); });
}

// --- liveness ---

// One timer that fires in time for a ping if the peer stays silent from now on; data in between does not touch it.
void WebSocket::wait_for_silence(std::uint32_t silent) {
  const std::uint32_t interval = loop().ticks(options().ping_interval);
  const std::uint32_t jitter = interval / 8;
  schedule_ticks(interval - jitter - std::min(silent, interval - jitter - 1), jitter);
}

void WebSocket::check_life() {
  const std::uint32_t interval = loop().ticks(options().ping_interval);
  const std::uint32_t patience = loop().ticks(options().pong_timeout);
  const std::uint32_t silent = silent_ticks();
  if (awaiting_pong_ && silent > patience) {
    if (paused_) {
      alive();  // nothing is read: silence proves nothing
    } else if (readable_now(stream().native_handle())) {
      return schedule_ticks(1);  // a stalled loop, not a dead peer
    } else {
      return die(true, "no sign of life");
    }
  }
  awaiting_pong_ = false;
  if (silent < interval - interval / 8 || paused_) {
    if (paused_ && silent >= interval - interval / 8) send_message(Opcode::ping, {});  // finds a broken wire at least
    return wait_for_silence(paused_ ? 0 : silent);
  }
  awaiting_pong_ = true;
  send_message(Opcode::ping, {});
  if (state() == State::open) schedule_ticks(patience);
}

// --- sending ---

void WebSocket::send_message(Opcode opcode, std::string_view payload) {
  std::string header;  // at most 10 bytes: no allocation
  append_frame_header(header, opcode, payload.size());
  send(header, payload);
}

std::string WebSocket::goodbye(std::uint16_t code, std::string_view reason) const { return close_frame(code, reason); }

void WebSocket::drop_input() noexcept {
  if (!processing_) kept_.reset();
}

void WebSocket::track_sent(const IovecList& list, std::size_t sent) {
  for (const iovec& range : list.ranges()) {
    if (sent == 0) return;
    const std::size_t part = std::min(sent, range.iov_len);
    tracker_.feed({static_cast<const char*>(range.iov_base), part});
    sent -= part;
  }
}

std::size_t WebSocket::rest_of_begun_frame() const {
  FrameTracker tracker = tracker_;
  std::size_t header = 0;
  if (!tracker.header_complete()) {
    constexpr std::size_t kMaxHeader = 10;
    IovecList list;
    outbox().gather(list, kMaxHeader);
    for (const iovec& range : list.ranges()) {
      for (std::size_t i = 0; i < range.iov_len && !tracker.header_complete(); ++i, ++header)
        tracker.feed({static_cast<const char*>(range.iov_base) + i, 1});
    }
  }
  return std::min(header + static_cast<std::size_t>(tracker.left()), outbox().bytes());
}

}  // namespace chat::transport
