#include "transport/timer_wheel.hpp"

namespace chat::transport {

namespace {

void make_empty(TimerLink& head) noexcept { head.prev = head.next = &head; }

void insert_before(TimerLink& link, TimerLink& position) noexcept {
  link.prev = position.prev;
  link.next = &position;
  position.prev->next = &link;
  position.prev = &link;
}

void unlink(TimerLink& link) noexcept {
  link.prev->next = link.next;
  link.next->prev = link.prev;
  link.prev = link.next = nullptr;
}

}  // namespace

void TimerNode::cancel() noexcept {
  if (next) unlink(*this);
}

TimerWheel::TimerWheel() {
  for (TimerLink& slot : slots_) make_empty(slot);
}

TimerWheel::~TimerWheel() {
  for (TimerLink& slot : slots_)
    while (slot.next != &slot) unlink(*slot.next);
}

void TimerWheel::schedule(TimerNode& node, std::uint32_t ticks, std::uint32_t jitter) noexcept {
  node.cancel();
  if (ticks == 0) ticks = 1;
  if (jitter != 0) {
    random_ ^= random_ << 13, random_ ^= random_ >> 17, random_ ^= random_ << 5;  // xorshift32
    ticks += random_ % (jitter + 1);
  }
  node.expiry_ = now_ + ticks;
  insert_before(node, slots_[node.expiry_ % kSlots]);
}

void TimerWheel::advance(std::uint32_t ticks) {
  for (; ticks != 0; --ticks) {
    ++now_;
    fire_slot(slots_[now_ % kSlots]);
  }
}

// The slot is emptied into a list of its own first: a callback may schedule into the slot, cancel any node or destroy
// it, and still every node is seen once.
void TimerWheel::fire_slot(TimerLink& slot) {
  if (slot.next == &slot) return;
  TimerLink due;
  make_empty(due);
  due.next = slot.next, due.prev = slot.prev;
  due.next->prev = due.prev->next = &due;
  make_empty(slot);
  while (due.next != &due) {
    auto& node = static_cast<TimerNode&>(*due.next);
    unlink(node);
    if (node.expiry_ == now_) {
      node.on_timer();
    } else {
      insert_before(node, slot);  // a later round of the wheel
    }
  }
}

}  // namespace chat::transport
