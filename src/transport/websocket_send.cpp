// How bytes leave a WebSocket: one gathering send a turn, in order, bounded.
#include "transport/websocket.hpp"

#include <algorithm>
#include <cstring>

namespace chat::transport {

void WebSocket::send_text(std::string_view message) { send(Opcode::text, message); }
void WebSocket::send_binary(std::string_view message) { send(Opcode::binary, message); }

void WebSocket::send(Opcode opcode, std::string_view payload) {
  if (state_ != State::open) return;
  settle_owed();
  std::string header;  // at most 10 bytes: no allocation
  append_frame_header(header, opcode, payload.size());
  outbox_.append(header, payload);
  appended();
}

void WebSocket::send_frame(std::string_view frame) {
  if (state_ != State::open) return;
  settle_owed();
  outbox_.append(frame);
  appended();
}

void WebSocket::send_frame(const ChunkRef& chunk, std::size_t offset, std::size_t length) {
  if (state_ != State::open) return;
  settle_owed();
  outbox_.append(chunk, offset, length);
  appended();
}

void WebSocket::appended() {
  loop_->stats().messages_sent.add();
  if (write_armed_) {
    check_backlog();
  } else {
    request_flush();
  }
}

void WebSocket::settle_owed() {
  if (owed_ && !owed_->empty()) owed_->settle(outbox_);
}

std::size_t WebSocket::backlog_bytes() const { return outbox_.bytes() + (owed_ ? owed_->backlog_bytes() : 0); }

void WebSocket::notify_when_writable() {
  above_low_water_ = true;
  check_writable();
}

// Posted: a flush runs inside other people's loops over their members.
void WebSocket::check_writable() {
  if (!above_low_water_ || writable_posted_ || state_ != State::open || !below_low_water()) return;
  above_low_water_ = false;
  writable_posted_ = true;
  loop_->post([self = WebSocketPtr(this)] {
    self->writable_posted_ = false;
    if (self->state_ != State::open) return;
    try {
      self->handler_->on_writable();
    } catch (const std::exception& e) {
      self->close(close_code::internal_error);
    }
  });
}

void WebSocket::check_backlog() {
  if (state_ != State::open || backlog_bytes() <= options_->backlog_bytes) return;
  handler_->on_overflow(*this);
  if (state_ == State::open) fail_slow(close_code::try_again_later, "reading too slowly");
}

void WebSocket::request_flush() {
  if (state_ == State::open || state_ == State::closing) loop_->request_flush(*this);
}

void WebSocket::on_flush() { flush_now(); }

FlushResult WebSocket::flush_now() {
  if (state_ == State::half_closed || state_ == State::dead) return FlushResult::closed;
  const WebSocketPtr self(this);
  if (write_armed_) {
    check_backlog();
    return FlushResult::blocked;
  }
  return write_some();
}

void WebSocket::arm_write() {
  if (write_armed_) return;
  write_armed_ = true;
  write_awaits_ = stream_->write_wants();
  wait_for(write_awaits_);
}

void WebSocket::write_on() {
  write_armed_ = false;
  if (state_ != State::open && state_ != State::closing) return;
  last_life_ = loop_->timers().now();  // the kernel takes more, so the peer has taken some
  write_some();
}

// One send, unless more than the backlog's limit is owed and the kernel takes all that it is offered: a burst that is
// larger than the limit makes nobody slow who reads.
FlushResult WebSocket::write_some() {
  for (;;) {
    IovecList list;
    const std::size_t limit = options_->send_bytes;
    outbox_.gather(list, limit);
    if (owed_ && list.bytes() == outbox_.bytes() && list.bytes() < limit) owed_->gather(list, limit - list.bytes());
    if (list.empty() && stream_->unsent_bytes() == 0) {
      if (state_ == State::closing) half_close();
      return FlushResult::idle;
    }
    const IoResult result = stream_->try_write(list.ranges());
    if (result.status == IoStatus::failed) {
      die(false, std::strerror(result.error));
      return FlushResult::closed;
    }
    const bool all_gathered = result.bytes == list.bytes();
    loop_->stats().sends.add();
    loop_->stats().bytes_sent.add(result.bytes);
    if (!all_gathered) loop_->stats().short_writes.add();
    track_sent(list, result.bytes);  // before the ranges go away
    const std::size_t from_outbox = std::min(result.bytes, outbox_.bytes());
    if (from_outbox != 0) outbox_.advance(from_outbox);
    if (result.bytes > from_outbox) owed_->advance(result.bytes - from_outbox);
    if (!all_gathered || result.bytes == 0 || backlog_bytes() <= options_->backlog_bytes) return written(all_gathered);
  }
}

FlushResult WebSocket::written(bool all_gathered) {
  const bool everything = all_gathered && outbox_.empty() && (!owed_ || owed_->empty()) && stream_->unsent_bytes() == 0;
  if (!everything) {
    arm_write();
    if (!below_low_water()) above_low_water_ = true;
    check_writable();
    check_backlog();
    return FlushResult::partial;
  }
  tracker_.at_boundary();
  check_writable();
  if (state_ == State::closing) half_close();
  return FlushResult::sent;
}

// Which frame was begun matters only after a send that stopped in the middle; usually everything goes and nothing is
// looked at.
void WebSocket::track_sent(const IovecList& list, std::size_t sent) {
  if (sent == list.bytes() && sent == backlog_bytes()) return;
  for (const iovec& range : list.ranges()) {
    if (sent == 0) return;
    const std::size_t part = std::min(sent, range.iov_len);
    tracker_.feed({static_cast<const char*>(range.iov_base), part});
    sent -= part;
  }
}

// Bytes at the front of the outbox that belong to a frame of which some has been sent. All that is owed is settled.
std::size_t WebSocket::rest_of_begun_frame() const {
  FrameTracker tracker = tracker_;
  std::size_t header = 0;
  if (!tracker.header_complete()) {
    constexpr std::size_t kMaxHeader = 10;
    IovecList list;
    outbox_.gather(list, kMaxHeader);
    for (const iovec& range : list.ranges()) {
      for (std::size_t i = 0; i < range.iov_len && !tracker.header_complete(); ++i, ++header)
        tracker.feed({static_cast<const char*>(range.iov_base) + i, 1});
    }
  }
  return std::min(header + static_cast<std::size_t>(tracker.left()), outbox_.bytes());
}

}  // namespace chat::transport
