#include "fanout/room_feed.hpp"

#include <utility>

namespace chat::fanout {

RoomFeed::RoomFeed(Host& host, const FanOutOptions& options, RoomId room, std::size_t shards)
    : host_(host), options_(options), room_(room), watchers_(shards) {}

void RoomFeed::start() {
  busy_ = true;
  host_.read_head(*this);
}

void RoomFeed::on_head(const Result<FeedHead>& head) {
  busy_ = false;
  if (!head) {
    busy_ = true;
    host_.start_retry(*this);
    return;
  }
  live_ = true;
  last_ = head->last_seq;
  if (known_head_ < last_) known_head_ = last_;
  host_.on_feed_live(*this);
  if (early_notices_) {
    batch_ = std::move(early_notices_);
    host_.on_news(*this);
  }
  release_held();
  if (gap()) await_gap();
}

void RoomFeed::offer(const CommittedEvent& event) {
  const Seq seq = event.event->seq;
  if (known_head_ < seq) known_head_ = seq;
  if (!live_) return hold(event);
  if (seq <= last_) return;
  if (seq != last_.next()) {
    hold(event);
    return await_gap();
  }
  accept(*event.event, event.origin, false);
  release_held();
}

void RoomFeed::offer_head(Seq head) {
  if (known_head_ < head) known_head_ = head;
  if (live_ && gap()) await_gap();
}

// Bounded: what finds no room here is in the store, and known_head_ says that it is to be fetched.
void RoomFeed::hold(const CommittedEvent& event) {
  if (held_.size() < options_.held_events) held_.emplace(event.event->seq, event);
}

void RoomFeed::release_held() {
  while (!held_.empty() && held_.begin()->first <= last_.next()) {
    const auto first = held_.extract(held_.begin());
    if (first.key() == last_.next()) accept(*first.mapped().event, first.mapped().origin, false);
  }
}

void RoomFeed::await_gap() {
  if (grace_ || busy_) return;
  grace_ = true;
  host_.start_grace(*this);
}

void RoomFeed::on_grace_over() {
  grace_ = false;
  if (gap() && !busy_) fetch();
}

void RoomFeed::fetch() {
  busy_ = true;
  asked_after_ = last_;
  host_.fetch_events(*this, last_);
}

// A committed n implies that n-1 is visible (the room's lock is held to the commit), so a read that brings nothing new
// was answered by something that is not up to date: asked again, not in a circle.
void RoomFeed::on_fetched(const Result<EventPage>& page) {
  busy_ = false;
  const Seq before = last_;
  if (page && page->head.last_seq < asked_after_) return host_.on_head_below(*this);
  if (page) {
    for (const Event& event : page->events) {
      if (event.seq == last_.next()) accept(event, Origin{}, true);
    }
    release_held();
  }
  if (!gap()) return;
  if (last_ > before) return fetch();
  busy_ = true;
  host_.start_retry(*this);
}

void RoomFeed::on_retry() {
  busy_ = false;
  if (!live_) return start();
  if (gap()) fetch();
}

void RoomFeed::accept(const Event& event, const Origin& origin, bool fetched) {
  FrameBatch& to = batch();
  FrameBatch::Entry entry;
  entry.seq = event.seq;
  entry.kind = event.kind;
  entry.fetched = fetched;
  entry.id = event.id.value;
  entry.author = event.actor_id;
  entry.at = event.at;
  entry.origin = origin;
  if (event.message_seq && (event.kind == EventKind::message_edited || event.kind == EventKind::message_deleted))
    entry.rewrites = *event.message_seq;
  entry.offset = static_cast<std::uint32_t>(to.bytes.size());
  protocol::append_event_frame(to.bytes, event);
  entry.length = static_cast<std::uint32_t>(to.bytes.size()) - entry.offset;
  to.entries.push_back(entry);
  last_ = event.seq;
  if (known_head_ < last_) known_head_ = last_;
}

void RoomFeed::offer_notice(protocol::NoticeKind kind, UserId user, std::string_view name, Timestamp at,
                            Origin origin) {
  // While the store is away nobody is there to hear them either: who comes and goes meanwhile must not fill the memory.
  if (early_notices_ && early_notices_->entries.size() >= options_.held_events) return;
  if (!live_ && !early_notices_) {
    early_notices_ = std::make_shared<FrameBatch>();
    early_notices_->room = room_;
  }
  FrameBatch& to = live_ ? batch() : *early_notices_;
  FrameBatch::Entry entry;
  entry.author = user;
  entry.at = at;
  entry.origin = origin;
  entry.offset = static_cast<std::uint32_t>(to.bytes.size());
  protocol::append_notice_frame(to.bytes, kind, user, name, at);
  entry.length = static_cast<std::uint32_t>(to.bytes.size()) - entry.offset;
  to.entries.push_back(entry);
}

FrameBatch& RoomFeed::batch() {
  if (!batch_) {
    batch_ = std::make_shared<FrameBatch>();
    batch_->room = room_;
    host_.on_news(*this);
  }
  return *batch_;
}

std::shared_ptr<const FrameBatch> RoomFeed::take_batch() { return std::move(batch_); }

bool RoomFeed::watched() const noexcept {
  for (const Watcher& watcher : watchers_) {
    if (watcher.generation != 0) return true;
  }
  return false;
}

std::size_t RoomFeed::sockets() const noexcept {
  std::size_t sum = 0;
  for (const Watcher& watcher : watchers_) sum += watcher.sockets;
  return sum;
}

}  // namespace chat::fanout
