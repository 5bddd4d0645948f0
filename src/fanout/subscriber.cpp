#include "fanout/subscriber.hpp"

#include "fanout/shard.hpp"
#include "fanout/subscription.hpp"

#include <cassert>

namespace chat::fanout {

void Subscriber::attach(Shard& shard, transport::WebSocket& socket) {
  shard_ = &shard;
  socket_ = &socket;
  origin_ = shard.open_connection(*this);
  socket.set_owed(this);
}

void Subscriber::detach() {
  if (!shard_) return;
  while (first_) shard_->unsubscribe(*first_);
  shard_->close_connection(origin_);
  if (socket_) socket_->set_owed(nullptr);
  socket_ = nullptr;
  shard_ = nullptr;
}

void Subscriber::abandon() {
  while (first_) {
    first_->drop();
    first_->room_ = nullptr;
    remove(*first_);
  }
  if (socket_) socket_->set_owed(nullptr);
  socket_ = nullptr;
  shard_ = nullptr;
}

void Subscriber::add(Subscription& subscription) {
  subscription.next_ = first_;
  first_ = &subscription;
}

void Subscriber::remove(Subscription& subscription) {
  Subscription** link = &first_;
  while (*link != &subscription) link = &(*link)->next_;
  *link = subscription.next_;
  subscription.next_ = nullptr;
}

void Subscriber::on_writable() {
  for (Subscription *s = first_, *next = nullptr; s; s = next) {
    next = s->next_;
    s->on_writable();
  }
}

// The socket settles what is owed and drops it: the cursors are at their ends. Nothing is taken apart here, because
// this may be called from within a send of ours; on_close comes in a turn of its own.
void Subscriber::fail_slow(std::string_view reason) {
  if (socket_) socket_->fail_slow(transport::close_code::try_again_later, reason);
}

void Subscriber::on_state_invalidated() {
  if (socket_) socket_->close(transport::close_code::service_restart, "state invalidated");
}

void Subscriber::flush_now() {
  if (socket_ && !empty()) socket_->flush_now();
}

void Subscriber::request_flush() {
  if (socket_) socket_->request_flush();
}

void Subscriber::settle() {
  if (socket_ && !empty()) socket_->settle_owed();
}

void Subscriber::send(std::string_view frames) {
  if (socket_ && !frames.empty()) socket_->send_frame(frames);
}

Subscription* Subscriber::find(const RoomChannel& channel) const noexcept {
  for (Subscription* s = first_; s; s = s->next_) {
    if (s->channel_ == &channel) return s;
  }
  return nullptr;
}

bool Subscriber::empty() const {
  for (const Subscription* s = first_; s; s = s->next_) {
    if (s->owes()) return false;
  }
  return true;
}

std::size_t Subscriber::backlog_bytes() const {
  std::size_t sum = 0;
  for (const Subscription* s = first_; s; s = s->next_) sum += s->backlog_bytes();
  return sum;
}

void Subscriber::gather(transport::IovecList& out, std::size_t max_bytes) {
  max_bytes += out.bytes();
  for (const Subscription* s = first_; s; s = s->next_) {
    if (!s->gather(out, max_bytes)) return;
  }
}

void Subscriber::advance(std::size_t bytes) {
  for (Subscription* s = first_; s && bytes > 0; s = s->next_) {
    bytes = s->advance(bytes);
    if (bytes > 0 || !s->owes() || s == first_) continue;
    remove(*s);
    add(*s);
    return;
  }
}

void Subscriber::settle(transport::Outbox& into) {
  for (Subscription* s = first_; s; s = s->next_) s->settle(into);
}

}  // namespace chat::fanout
