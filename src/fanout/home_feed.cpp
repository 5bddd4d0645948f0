#include "fanout/home_feed.hpp"

#include "base/flat_json.hpp"

#include <algorithm>
#include <utility>

namespace chat::fanout {
namespace {

// Who is no member of the room any more: the payload says so.
UserId removed_by(const Event& event) {
  if (event.kind != EventKind::member_left) return {};
  const auto payload = FlatJson::parse(event.payload);
  const FlatJsonMember* user = payload ? payload->find("user_id") : nullptr;
  return user ? UserId::parse(user->text).value_or(UserId()) : UserId();
}

}  // namespace

HomeFeed::HomeFeed(Host& host, const FanOutOptions& options, const FeedKey& key)
    : host_(host), options_(options), key_(key) {}

void HomeFeed::start() {
  busy_ = true;
  host_.read_head(*this);
}

void HomeFeed::on_head(const Result<FeedHead>& head) {
  busy_ = false;
  if (!head) {
    busy_ = true;
    host_.start_retry(*this);
    return;
  }
  live_ = true;
  last_ = before_what_was_heard(head->last_seq);
  if (known_head_ < head->last_seq) known_head_ = head->last_seq;
  host_.on_feed_live(*this);
  if (batch_) host_.on_news(*this);
  release_held();
  if (gap()) await_gap();
}

// What was committed while the head was being read came after whoever waits for the feed: it is news, though the head
// counts it already.
Seq HomeFeed::before_what_was_heard(Seq head) const {
  while (held_ && held_->contains(head)) head = head.prev();
  return head;
}

void HomeFeed::offer(const CommittedEvent& event) {
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

void HomeFeed::offer_head(Seq head) {
  if (known_head_ < head) known_head_ = head;
  if (live_ && gap()) await_gap();
}

// Bounded: what finds no room here is in the store, and known_head_ says that it is to be fetched.
void HomeFeed::hold(const CommittedEvent& event) {
  if (!held_) held_ = std::make_unique<std::map<Seq, CommittedEvent>>();
  if (held_->size() < options_.held_events) held_->emplace(event.event->seq, event);
}

void HomeFeed::release_held() {
  if (!held_) return;
  while (!held_->empty() && held_->begin()->first <= last_.next()) {
    const auto first = held_->extract(held_->begin());
    if (first.key() == last_.next()) accept(*first.mapped().event, first.mapped().origin, false);
  }
  if (held_->empty()) held_.reset();
}

void HomeFeed::await_gap() {
  if (grace_ || busy_) return;
  grace_ = true;
  host_.start_grace(*this);
}

void HomeFeed::on_grace_over() {
  grace_ = false;
  if (gap() && !busy_) fetch();
}

void HomeFeed::fetch() {
  busy_ = true;
  asked_after_ = last_;
  host_.fetch_events(*this, last_);
}

// A committed n implies that n-1 is visible (the feed's row is locked until the commit), so a read that brings nothing
// new was answered by something that is not up to date: asked again, not in a circle.
void HomeFeed::on_fetched(const Result<EventPage>& page) {
  busy_ = false;
  const Seq before = last_;
  if (page && page->head.last_seq < asked_after_) return host_.on_head_below(*this);
  if (page && last_.next() < page->head.first_seq) return host_.on_position_lost(*this);
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

void HomeFeed::on_retry() {
  busy_ = false;
  if (!live_) return start();
  if (gap()) fetch();
}

void HomeFeed::accept(const Event& event, const Origin& origin, bool fetched) {
  FrameBatch& to = batch();
  FrameBatch::Entry& entry = to.entries.emplace_back();
  entry.seq = event.seq;
  entry.kind = event.kind;
  entry.fetched = fetched;
  entry.id = event.id.value;
  entry.author = event.actor_id;
  entry.at = event.at;
  entry.origin = origin;
  entry.removed = removed_by(event);
  if (event.message_seq && (event.kind == EventKind::message_edited || event.kind == EventKind::message_deleted))
    entry.rewrites = *event.message_seq;
  entry.frames = Encoder::event(to.bytes, formats_, event, origin);
  last_ = event.seq;
  if (known_head_ < last_) known_head_ = last_;
}

void HomeFeed::offer_notice(const Notice& notice) {
  // While the store is away nobody is there to hear them either: who comes and goes meanwhile must not fill the memory.
  if (!live_ && batch_ && batch_->entries.size() >= options_.held_events) return;
  FrameBatch& to = batch();
  FrameBatch::Entry& entry = to.entries.emplace_back();
  entry.what = FrameBatch::What::notice;
  entry.author = notice.user;
  entry.at = notice.at;
  entry.origin = notice.origin;
  entry.frames = Encoder::notice(to.bytes, noticed_formats_, key_, notice);
}

void HomeFeed::offer_signal(const Signal& signal) {
  if (!live_ || !formats_.any_realtime()) return;
  FrameBatch& to = batch();
  FrameBatch::Entry& entry = to.entries.emplace_back();
  entry.what = FrameBatch::What::signal;
  entry.frames = Encoder::signal(to.bytes, formats_, key_, signal);
}

FrameBatch& HomeFeed::batch() {
  if (!batch_) {
    batch_ = std::make_shared<FrameBatch>();
    batch_->feed = key_;
    if (live_) host_.on_news(*this);
  }
  return *batch_;
}

std::shared_ptr<const FrameBatch> HomeFeed::take_batch() { return live_ ? std::move(batch_) : nullptr; }

// --- who watches ---

void HomeFeed::add_stream(const Stream& stream) {
  const auto behind = std::upper_bound(streams_.begin(), streams_.end(), stream,
                                       [](const Stream& a, const Stream& b) { return a.shard < b.shard; });
  streams_.insert(behind, stream);
  note_formats();
}

void HomeFeed::remove_stream(std::uint32_t shard, std::uint64_t number) {
  std::erase_if(streams_, [&](const Stream& stream) { return stream.shard == shard && stream.number == number; });
  note_formats();
}

void HomeFeed::note_formats() {
  formats_ = noticed_formats_ = {};
  for (const Stream& stream : streams_) {
    formats_.add(stream.format);
    if (stream.hears_notices) noticed_formats_.add(stream.format);
  }
}

}  // namespace chat::fanout
