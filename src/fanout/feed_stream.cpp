#include "fanout/feed_stream.hpp"

#include "fanout/local_feed.hpp"
#include "fanout/shard.hpp"
#include "fanout/subscription.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace chat::fanout {
namespace {

constexpr std::size_t kSmallestChunk = 1024;

}  // namespace

FeedStream::FeedStream(LocalFeed& feed, WireFormat format, Audience audience, std::uint64_t number)
    : feed_(feed), number_(number), format_(format), audience_(audience) {}

FeedStream::~FeedStream() {
  assert(subscriptions() == 0);
  loop().cancel_flush(*this);
  while (!pieces_.empty()) drop_front();
}

// Not members of its own: there are as many streams as connected users.
const FanOutOptions& FeedStream::options() const noexcept { return feed_.shard.options(); }
transport::EventLoop& FeedStream::loop() noexcept { return feed_.shard.loop(); }
ChunkStore& FeedStream::store() noexcept { return feed_.shard.chunks_; }

void FeedStream::want_flush() { loop().request_flush(*this); }

// --- the stream ---

void FeedStream::go_live(Seq last_seq) {
  live_ = true;
  last_seq_ = floor_ = last_seq;
  for (Subscription* waiting : approaching()) waiting->approach_->entered_at = last_seq;
  advanced_ = true;
  if (somebody_awaits()) want_flush();
}

void FeedStream::append(const FrameBatch& batch, const FrameBatch::Entry& entry, Subscription* own,
                        std::uint64_t connection) {
  const bool numbered = entry.what == FrameBatch::What::event;
  if (numbered) {
    if (entry.rewrites.value != 0) rewrite(entry);
    last_seq_ = entry.seq;
    advanced_ = true;
    if (somebody_awaits()) want_flush();
  }
  const std::string_view frame = batch.frame(entry, format_);
  const bool shown = numbered ? is_shown_to(audience_, entry.kind)
                              : entry.what == FrameBatch::What::signal || hears_notices(format_, audience_);
  if (frame.empty() || !shown) return;

  RingEntry in_ring;
  in_ring.seq = entry.seq;
  in_ring.rewrites = entry.rewrites;
  in_ring.position = end_;
  in_ring.length = static_cast<std::uint32_t>(frame.size());
  in_ring.data = entry.frames.of[index_of(format_)].data;
  in_ring.data_length = entry.frames.data_length;
  in_ring.messages = numbered && entry.kind == EventKind::message_created ? 1 : 0;
  in_ring.id = entry.id;
  in_ring.author = entry.author;
  in_ring.at = entry.at;
  in_ring.connection = connection;
  write(frame);
  if (entry.what != FrameBatch::What::signal) ring_.push_back(in_ring);
  if (own && own->current()) own->replace_own(in_ring);
  list_members();
  appended_since_pass_ = true;
  loop().stats().messages_sent.add(members_.size());
  want_flush();
  while (store().over_limit()) store().oldest_owner()->give_up_oldest_chunk();
}

// A connection in many feeds keeps a list of those that owe it something, so that a flush looks at no others. The
// connections of other formats are in this feed only.
void FeedStream::list_members() {
  if (all_listed_ || !is_realtime(format_)) return;
  for (Subscription* member : members_) member->list_owing();
  all_listed_ = true;
}

// Chunks grow with their stream, so that a quiet one costs a kilobyte and a busy one a system call's worth.
void FeedStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (pieces_.empty() || pieces_.back()->chunk->room() == 0) {
      const std::size_t before = pieces_.empty() ? 0 : pieces_.back()->chunk->capacity();
      const std::size_t capacity =
          std::min(std::max({2 * before, bytes.size(), kSmallestChunk}), transport::Chunk::kUsualBytes);
      auto piece = std::make_unique<Piece>();
      piece->owner = this;
      piece->chunk = transport::Chunk::make(capacity);
      piece->start = end_;
      store().add(*piece);
      pieces_.push_back(std::move(piece));
    }
    transport::Chunk& tail = *pieces_.back()->chunk;
    const std::size_t taken = std::min(bytes.size(), tail.room());
    tail.append(bytes.substr(0, taken));
    end_ += taken;
    bytes.remove_prefix(taken);
  }
}

std::size_t FeedStream::piece_at(std::uint64_t position) const {
  assert(!pieces_.empty() && position >= pieces_.front()->start);
  if (position >= pieces_.back()->start) return pieces_.size() - 1;  // nearly always
  const auto behind = std::upper_bound(pieces_.begin(), pieces_.end(), position,
                                       [](std::uint64_t p, const auto& piece) { return p < piece->start; });
  return static_cast<std::size_t>(behind - pieces_.begin()) - 1;
}

bool FeedStream::gather(transport::IovecList& out, std::uint64_t from, std::uint64_t to, std::size_t max_bytes) const {
  for (std::size_t i = from < to ? piece_at(from) : 0; from < to; ++i) {
    if (out.bytes() >= max_bytes) return false;
    const Piece& piece = *pieces_[i];
    const std::size_t length = std::min(to, piece.end()) - from;
    if (!out.add(piece.chunk->data() + (from - piece.start), length)) return false;
    from += length;
  }
  return true;
}

void FeedStream::settle(transport::Outbox& into, std::uint64_t from, std::uint64_t to) const {
  for (std::size_t i = from < to ? piece_at(from) : 0; from < to; ++i) {
    const Piece& piece = *pieces_[i];
    const std::size_t length = std::min(to, piece.end()) - from;
    into.append(piece.chunk, from - piece.start, length);
    from += length;
  }
}

void FeedStream::copy(std::string& into, std::uint64_t from, std::uint64_t to) const {
  for (std::size_t i = from < to ? piece_at(from) : 0; from < to; ++i) {
    const Piece& piece = *pieces_[i];
    const std::size_t length = std::min(to, piece.end()) - from;
    into.append(piece.chunk->view(from - piece.start, length));
    from += length;
  }
}

// --- the ring ---

std::size_t FeedStream::first_after(Seq after, std::uint64_t position) const {
  std::size_t i = ring_.size();
  while (i > 0) {
    const RingEntry& entry = ring_[i - 1];
    if (entry.seq.value != 0 ? entry.seq <= after : false) break;
    --i;
  }
  // Notices that stand before the first wanted event but came later than the reader did.
  while (i > 0 && ring_[i - 1].position >= position) --i;
  return i;
}

std::optional<Seq> FeedStream::before_last(std::size_t messages) const {
  for (std::size_t i = ring_.size(); i > 0; --i) {
    messages -= ring_[i - 1].messages;
    if (messages == 0) return ring_[i - 1].seq.prev();
  }
  if (floor_.value == 0) return floor_;  // the room's first event is still here
  return std::nullopt;
}

// A message's creation is replayed in its present state, as the store does it, and a deletion empties the message's
// earlier edits too. The ring has the old ones, so from now on it replays only what came behind them; who resumes
// earlier reads the store.
void FeedStream::rewrite(const FrameBatch::Entry& entry) {
  Seq through = entry.rewrites;
  if (entry.kind == EventKind::message_deleted) {
    for (const RingEntry& earlier : ring_) {
      if (earlier.rewrites == entry.rewrites) through = earlier.seq;
    }
  }
  if (through <= floor_) return;
  floor_ = through;
  while (!ring_.empty() && ring_.front().seq <= through) ring_.pop_front();
}

void FeedStream::drop_front() {
  Piece& piece = *pieces_.front();
  while (!ring_.empty() && ring_.front().position < piece.end()) {
    floor_ = std::max(floor_, ring_.front().seq);
    ring_.pop_front();
  }
  store().remove(piece);
  pieces_.pop_front();
}

void FeedStream::trim() {
  const auto beyond_ring = [this] {
    return pieces_.size() > 1 && end_ - pieces_.front()->end() >= options().ring_bytes;
  };
  if (!beyond_ring()) return;
  std::uint64_t owed_from = end_;
  for (const Subscription* member : members_) owed_from = std::min(owed_from, member->cursor());
  while (beyond_ring() && pieces_.front()->end() <= owed_from) drop_front();
}

void FeedStream::give_up_oldest_chunk() {
  const std::uint64_t freed_to = pieces_.front()->end();
  std::vector<Subscription*> holders;
  for (Subscription* member : members_) {
    if (member->cursor() < freed_to) holders.push_back(member);
  }
  for (Subscription* member : holders) {
    member->flush();  // a quiet room's chunk may be the oldest and hold this turn's news: nobody is slow yet
    if (member->cursor() < freed_to) member->fail_slow();
    if (member->cursor() < freed_to) member->forget_owed();  // its connection had ended already
  }
  drop_front();
}

// --- subscriptions ---

FeedStream::Entering& FeedStream::entering() {
  if (!entering_) entering_ = std::make_unique<Entering>();
  return *entering_;
}

void FeedStream::drop_entering() {
  if (entering_ && entering_->approaching.empty() && entering_->awaiting.empty()) entering_.reset();
}

const std::vector<Subscription*>& FeedStream::approaching() const noexcept {
  static const std::vector<Subscription*> kNobody;
  return entering_ ? entering_->approaching : kNobody;
}

void FeedStream::add_approaching(Subscription& subscription) {
  auto& approaching = entering().approaching;
  subscription.index_ = static_cast<std::uint32_t>(approaching.size());
  approaching.push_back(&subscription);
}

void FeedStream::make_member(Subscription& subscription) {
  remove(subscription);
  subscription.current_ = true;
  subscription.index_ = static_cast<std::uint32_t>(members_.size());
  members_.push_back(&subscription);
  all_listed_ = false;
}

// The last one takes the place; while a pass is under way it must not take one that has had its turn already.
void FeedStream::remove(Subscription& subscription) {
  forget(subscription);
  auto& all = subscription.current_ ? members_ : entering().approaching;
  std::size_t hole = subscription.index_;
  const auto move_to_hole = [&](std::size_t from) {
    if (from == hole) return;
    all[hole] = all[from];
    all[hole]->index_ = static_cast<std::uint32_t>(hole);
    hole = from;
  };
  if (subscription.current_ && hole < next_flushed_) {
    --next_flushed_;
    move_to_hole(next_flushed_);
  }
  move_to_hole(all.size() - 1);
  all.pop_back();
  drop_entering();
}

Subscription* FeedStream::find_sender(MessageId message) {
  for (Subscription* member : members_) {
    if (member->has_in_flight(message)) return member;
  }
  return nullptr;
}

void FeedStream::await(Subscription& subscription, bool soon) {
  if (!subscription.awaiting_) {
    subscription.awaiting_ = true;
    entering().awaiting.push_back(&subscription);
  }
  if (soon && live_) {
    advanced_ = true;
    want_flush();
  }
}

void FeedStream::forget(Subscription& subscription) {
  if (!subscription.awaiting_) return;
  subscription.awaiting_ = false;
  auto& awaiting = entering_->awaiting;
  *std::find(awaiting.begin(), awaiting.end(), &subscription) = nullptr;
}

// Whoever still lacks something asks again; others may end meanwhile.
void FeedStream::wake_awaiting() {
  if (!advanced_ || !live_) return;
  advanced_ = false;
  if (!somebody_awaits()) return;
  auto& awaiting = entering_->awaiting;  // stays, for it is not empty until they are erased
  const std::size_t count = awaiting.size();
  for (std::size_t i = 0; i < count; ++i) {
    Subscription* subscription = std::exchange(awaiting[i], nullptr);
    if (!subscription) continue;
    subscription->awaiting_ = false;
    subscription->on_stream_advanced();
  }
  awaiting.erase(awaiting.begin(), awaiting.begin() + static_cast<std::ptrdiff_t>(count));
  drop_entering();
}

// Each send drives the members from the nearer caches, and they lie all over the memory: while the kernel is busy with
// one, the next ones' come.
void FeedStream::prefetch_members_after(std::size_t index) const noexcept {
  if (index + 3 < members_.size()) __builtin_prefetch(members_[index + 3]);
  if (index + 2 < members_.size()) members_[index + 2]->prefetch_owner();
  if (index + 1 < members_.size()) members_[index + 1]->prefetch_socket();
}

// One send for each member that is owed something. A large feed does it in slices: its cursors keep the order, and
// other work gets its turn.
void FeedStream::on_flush() {
  wake_awaiting();
  if (!passing_) {
    if (!appended_since_pass_) return;
    appended_since_pass_ = false;
    passing_ = true;
  }
  const std::size_t stop = next_flushed_ + options().flush_slice;
  while (next_flushed_ < members_.size() && next_flushed_ < stop) {
    prefetch_members_after(next_flushed_);
    members_[next_flushed_++]->flush();
  }
  if (next_flushed_ < members_.size()) return want_flush();
  next_flushed_ = 0;
  passing_ = false;
  trim();
  if (appended_since_pass_) want_flush();
}

void FeedStream::linger() { loop().schedule(*this, options().room_linger); }

void FeedStream::on_timer() noexcept { feed_.shard.linger_over(*this); }

}  // namespace chat::fanout
