// How bytes leave a connection: one gathering send a turn, in order, bounded.
#include "transport/connection.hpp"

#include <algorithm>
#include <cstring>

namespace chat::transport {

void Connection::send(std::string_view head, std::string_view payload) {
  if (state_ != State::open) return;
  settle_owed();
  outbox_.append(head, payload);
  appended();
}

void Connection::send_frame(std::string_view frame) {
  if (state_ != State::open) return;
  settle_owed();
  outbox_.append(frame);
  appended();
}

void Connection::send_frame(const ChunkRef& chunk, std::size_t offset, std::size_t length) {
  if (state_ != State::open) return;
  settle_owed();
  outbox_.append(chunk, offset, length);
  appended();
}

void Connection::appended() {
  loop_->stats().messages_sent.add();
  if (write_armed_) {
    check_backlog();
  } else {
    request_flush();
  }
}

void Connection::settle_owed() {
  if (owed_ && !owed_->empty()) owed_->settle(outbox_);
}

std::size_t Connection::backlog_bytes() const { return outbox_.bytes() + (owed_ ? owed_->backlog_bytes() : 0); }

void Connection::notify_when_writable() {
  above_low_water_ = true;
  check_writable();
}

// Posted: a flush runs inside other people's loops over their members.
void Connection::check_writable() {
  if (!above_low_water_ || writable_posted_ || state_ != State::open || !below_low_water()) return;
  above_low_water_ = false;
  writable_posted_ = true;
  loop_->post([self = ConnectionPtr(this)] {
    self->writable_posted_ = false;
    if (self->state_ != State::open) return;
    try {
      self->handler_->on_writable();
    } catch (const std::exception& e) {
      self->close(1011);
    }
  });
}

void Connection::check_backlog() {
  if (state_ != State::open || backlog_bytes() <= options_->backlog_bytes) return;
  handler_->on_overflow(*this);
  if (state_ == State::open) fail_slow(1013, "reading too slowly");
}

void Connection::request_flush() {
  if (state_ == State::open || state_ == State::closing) loop_->request_flush(*this);
}

void Connection::on_flush() { flush_now(); }

FlushResult Connection::flush_now() {
  if (state_ == State::half_closed || state_ == State::dead) return FlushResult::closed;
  const ConnectionPtr self(this);
  if (write_armed_) {
    check_backlog();
    return FlushResult::blocked;
  }
  return write_some();
}

void Connection::prefetch() const noexcept {
  constexpr std::size_t kLine = 64;
  const auto* at = reinterpret_cast<const char*>(this);
  for (std::size_t offset = 0; offset < sizeof(Connection); offset += kLine) __builtin_prefetch(at + offset);
}

void Connection::arm_write() {
  if (write_armed_) return;
  write_armed_ = true;
  write_awaits_ = stream_->write_wants();
  wait_for(write_awaits_);
}

void Connection::write_on() {
  write_armed_ = false;
  if (state_ != State::open && state_ != State::closing) return;
  last_life_ = loop_->timers().now();  // the kernel takes more, so the peer has taken some
  write_some();
}

// One send, unless more than the backlog's limit is owed and the kernel takes all that it is offered: a burst that is
// larger than the limit makes nobody slow who reads.
FlushResult Connection::write_some() {
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
    // Which frame was begun matters only after a send that stopped in the middle; usually everything goes.
    if (!all_gathered || result.bytes != backlog_bytes()) track_sent(list, result.bytes);  // before the ranges go away
    const std::size_t from_outbox = std::min(result.bytes, outbox_.bytes());
    if (from_outbox != 0) outbox_.advance(from_outbox);
    if (result.bytes > from_outbox) owed_->advance(result.bytes - from_outbox);
    if (!all_gathered || result.bytes == 0 || backlog_bytes() <= options_->backlog_bytes) return written(all_gathered);
  }
}

FlushResult Connection::written(bool all_gathered) {
  const bool everything = all_gathered && outbox_.empty() && (!owed_ || owed_->empty()) && stream_->unsent_bytes() == 0;
  if (!everything) {
    arm_write();
    if (!below_low_water()) above_low_water_ = true;
    check_writable();
    check_backlog();
    return FlushResult::partial;
  }
  all_sent();
  check_writable();
  if (state_ == State::closing) half_close();
  return FlushResult::sent;
}

}  // namespace chat::transport
