#include "fanout/subscriber.hpp"

#include "fanout/shard.hpp"
#include "fanout/subscription.hpp"

#include <cassert>

namespace chat::fanout {

namespace close_code = transport::close_code;

void Subscriber::attach(Shard& shard, transport::Connection& socket) {
  shard_ = &shard;
  socket_ = &socket;
  connection_ = shard.open_connection(*this).connection;
  socket.set_owed(this);
}

void Subscriber::detach() {
  if (!shard_) return;
  while (first_) shard_->unsubscribe(*first_);
  shard_->close_connection(origin());
  if (socket_) socket_->set_owed(nullptr);
  socket_ = nullptr;
  shard_ = nullptr;
}

void Subscriber::abandon() {
  while (first_) {
    first_->drop();
    remove(*first_);
  }
  if (socket_) socket_->set_owed(nullptr);
  socket_ = nullptr;
  shard_ = nullptr;
}

Origin Subscriber::origin() const noexcept { return shard_ ? Origin{shard_->index(), connection_} : Origin{}; }

// --- its subscriptions ---

// A connection that is in one feed only has it on the list all the time: nobody has to put it there.
void Subscriber::add(Subscription& subscription) {
  const bool in_many = is_realtime(subscription.stream().format());
  assert(in_many || !first_);
  subscription.next_ = first_;
  first_ = &subscription;
  if (!in_many) list(subscription);
}

void Subscriber::remove(Subscription& subscription) {
  Subscription** link = &first_;
  while (*link != &subscription) link = &(*link)->next_;
  *link = subscription.next_;
  subscription.next_ = nullptr;
}

void Subscriber::list(Subscription& subscription) noexcept {
  if (subscription.next_owing_) return;
  if (last_owing_) {
    subscription.next_owing_ = last_owing_->next_owing_;
    last_owing_->next_owing_ = &subscription;
  } else {
    subscription.next_owing_ = &subscription;
  }
  last_owing_ = &subscription;
}

void Subscriber::unlist(Subscription& subscription) noexcept {
  if (!subscription.next_owing_) return;
  Subscription* before = last_owing_;
  while (before->next_owing_ != &subscription) before = before->next_owing_;
  if (last_owing_ == &subscription) last_owing_ = before == &subscription ? nullptr : before;
  before->next_owing_ = subscription.next_owing_;
  subscription.next_owing_ = nullptr;
}

// It has been sent, or settled. The last one stays: nearly always it is the one that will owe next, and its feed need
// not look for whom to list.
void Subscriber::unlist_first() noexcept {
  Subscription& first = *last_owing_->next_owing_;
  if (&first == last_owing_) return;
  unlist(first);
  first.stream().note_unlisted();
}

Subscription* Subscriber::find(const FeedStream& stream) const noexcept {
  return first_ && first_->stream_ == &stream ? first_ : nullptr;
}

bool Subscriber::recovers_elsewhere(const Subscription& than_this) const noexcept {
  for (const Subscription* s = first_; s; s = s->next_) {
    if (s != &than_this && s->approach_ && s->approach_->holds_reply()) return true;
  }
  return false;
}

void Subscriber::on_writable() {
  for (Subscription* s = first_; s; s = s->next_) s->on_writable();
}

// --- the socket ---

bool Subscriber::is_open() const noexcept { return socket_ && socket_->is_open(); }
bool Subscriber::below_low_water() const { return socket_->below_low_water(); }
void Subscriber::notify_when_writable() { socket_->notify_when_writable(); }

void Subscriber::flush_now() {
  if (socket_ && !empty()) socket_->flush_now();
}

void Subscriber::prefetch_socket() const noexcept {
  if (socket_) socket_->prefetch();
}

void Subscriber::request_flush() {
  if (socket_) socket_->request_flush();
}

void Subscriber::settle() {
  if (!socket_ || empty()) return;
  socket_->settle_owed();
  socket_->request_flush();
}

void Subscriber::send(std::string_view frames) {
  if (socket_ && !frames.empty()) socket_->send_frame(frames);
}

// --- OwedBytes ---

// The last on the list owes, unless nothing does: then it is the only one.
bool Subscriber::empty() const { return !last_owing_ || !last_owing_->owes(); }

std::size_t Subscriber::backlog_bytes() const {
  std::size_t sum = 0;
  if (const Subscription* s = last_owing_) {
    do {
      s = s->next_owing_;
      sum += s->backlog_bytes();
    } while (s != last_owing_);
  }
  return sum;
}

void Subscriber::gather(transport::IovecList& out, std::size_t max_bytes) {
  max_bytes += out.bytes();
  if (const Subscription* s = last_owing_) {
    do {
      s = s->next_owing_;
      if (!s->gather(out, max_bytes)) return;
    } while (s != last_owing_);
  }
}

void Subscriber::advance(std::size_t bytes) {
  while (bytes > 0) {
    Subscription& first = *last_owing_->next_owing_;
    bytes = first.advance(bytes);
    if (!first.owes()) unlist_first();
  }
}

void Subscriber::settle(transport::Outbox& into) {
  while (!empty()) {
    last_owing_->next_owing_->settle(into);
    unlist_first();
  }
}

// --- what a room socket does when told ---

void Subscriber::on_removed(Subscription&) {
  if (socket_) socket_->close(close_code::policy_violation, "no longer a member of this room");
}

void Subscriber::on_feed_gone(Subscription&) {
  if (socket_) socket_->close(close_code::policy_violation, "the room is gone");
}

void Subscriber::on_position_lost(Subscription&) {
  if (socket_) socket_->close(close_code::service_restart, "position lost: connect again");
}

// The socket settles what is owed and drops it: the cursors are at their ends. Nothing is taken apart here, because
// this may be called from within a send of ours; on_close comes in a turn of its own.
void Subscriber::on_slow(std::string_view reason) {
  if (socket_) socket_->fail_slow(close_code::try_again_later, reason);
}

void Subscriber::on_state_invalidated() {
  if (socket_) socket_->close(close_code::service_restart, "state invalidated");
}

}  // namespace chat::fanout
