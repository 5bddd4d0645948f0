#include "fanout/room_channel.hpp"

#include "fanout/subscription.hpp"

#include <algorithm>
#include <cassert>

namespace chat::fanout {
namespace {

constexpr std::size_t kSmallestChunk = 1024;

}  // namespace

RoomChannel::RoomChannel(transport::EventLoop& loop, ChunkStore& store, const FanOutOptions& options,
                         protocol::RoomAudience audience, Seq last_seq)
    : loop_(loop), store_(store), options_(options), audience_(audience), last_seq_(last_seq), floor_(last_seq) {}

RoomChannel::~RoomChannel() {
  assert(members_.empty() && awaiting_.empty());
  loop_.cancel_flush(*this);
  while (!pieces_.empty()) drop_front();
}

// --- the stream ---

void RoomChannel::append(const FrameBatch& batch, const FrameBatch::Entry& entry, Subscription* own,
                         std::uint64_t connection) {
  const bool numbered = entry.seq.value != 0;
  if (numbered) {
    if (entry.rewrites.value != 0) cut_ring(entry.rewrites);
    last_seq_ = entry.seq;
  }
  if (!numbered || protocol::is_shown_to(audience_, entry.kind)) {
    RingEntry in_ring;
    in_ring.seq = entry.seq;
    in_ring.position = end_;
    in_ring.length = entry.length;
    in_ring.messages = numbered && entry.kind == EventKind::message_created ? 1 : 0;
    in_ring.id = entry.id;
    in_ring.at = entry.at;
    in_ring.connection = connection;
    write(batch.frame(entry));
    ring_.push_back(in_ring);
    if (own && own->current()) own->replace_own(in_ring);
    appended_since_pass_ = true;
    loop_.stats().messages_sent.add(members_.size());
    want_flush();
  }
  // A copy: whoever has what it waited for leaves the list meanwhile.
  if (numbered && !awaiting_.empty()) {
    for (Subscription* waiting : std::vector(awaiting_)) waiting->on_channel_advanced();
  }
  while (store_.over_limit()) store_.oldest_owner()->give_up_oldest_chunk();
}

// Chunks grow with their room, so that a quiet one costs a kilobyte and a busy one a system call's worth.
void RoomChannel::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (pieces_.empty() || pieces_.back()->chunk->room() == 0) {
      const std::size_t before = pieces_.empty() ? 0 : pieces_.back()->chunk->capacity();
      const std::size_t capacity =
          std::min(std::max({2 * before, bytes.size(), kSmallestChunk}), transport::Chunk::kUsualBytes);
      auto piece = std::make_unique<Piece>();
      piece->owner = this;
      piece->chunk = transport::Chunk::make(capacity);
      piece->start = end_;
      store_.add(*piece);
      pieces_.push_back(std::move(piece));
    }
    transport::Chunk& tail = *pieces_.back()->chunk;
    const std::size_t taken = std::min(bytes.size(), tail.room());
    tail.append(bytes.substr(0, taken));
    end_ += taken;
    bytes.remove_prefix(taken);
  }
}

std::size_t RoomChannel::piece_at(std::uint64_t position) const {
  assert(!pieces_.empty() && position >= pieces_.front()->start);
  if (position >= pieces_.back()->start) return pieces_.size() - 1;  // nearly always
  const auto behind = std::upper_bound(pieces_.begin(), pieces_.end(), position,
                                       [](std::uint64_t p, const auto& piece) { return p < piece->start; });
  return static_cast<std::size_t>(behind - pieces_.begin()) - 1;
}

bool RoomChannel::gather(transport::IovecList& out, std::uint64_t from, std::uint64_t to, std::size_t max_bytes) const {
  for (std::size_t i = from < to ? piece_at(from) : 0; from < to; ++i) {
    if (out.bytes() >= max_bytes) return false;
    const Piece& piece = *pieces_[i];
    const std::size_t length = std::min(to, piece.end()) - from;
    if (!out.add(piece.chunk->data() + (from - piece.start), length)) return false;
    from += length;
  }
  return true;
}

void RoomChannel::settle(transport::Outbox& into, std::uint64_t from, std::uint64_t to) const {
  for (std::size_t i = from < to ? piece_at(from) : 0; from < to; ++i) {
    const Piece& piece = *pieces_[i];
    const std::size_t length = std::min(to, piece.end()) - from;
    into.append(piece.chunk, from - piece.start, length);
    from += length;
  }
}

void RoomChannel::copy(std::string& into, std::uint64_t from, std::uint64_t to) const {
  for (std::size_t i = from < to ? piece_at(from) : 0; from < to; ++i) {
    const Piece& piece = *pieces_[i];
    const std::size_t length = std::min(to, piece.end()) - from;
    into.append(piece.chunk->view(from - piece.start, length));
    from += length;
  }
}

// --- the ring ---

std::size_t RoomChannel::first_after(Seq after, std::uint64_t position) const {
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

std::optional<Seq> RoomChannel::before_last(std::size_t messages) const {
  for (std::size_t i = ring_.size(); i > 0; --i) {
    messages -= ring_[i - 1].messages;
    if (messages == 0) return ring_[i - 1].seq.prev();
  }
  if (floor_.value == 0) return floor_;  // the room's first event is still here
  return std::nullopt;
}

// A message's creation is replayed in its present state, as the store does it. The ring has the old one, so from now on
// it replays only what came behind it; who resumes earlier reads the store.
void RoomChannel::cut_ring(Seq through) {
  if (through <= floor_) return;
  floor_ = through;
  while (!ring_.empty() && ring_.front().seq <= through) ring_.pop_front();
}

void RoomChannel::drop_front() {
  Piece& piece = *pieces_.front();
  while (!ring_.empty() && ring_.front().position < piece.end()) {
    floor_ = std::max(floor_, ring_.front().seq);
    ring_.pop_front();
  }
  store_.remove(piece);
  pieces_.pop_front();
}

void RoomChannel::trim() {
  const auto beyond_ring = [this] {
    return pieces_.size() > 1 && end_ - pieces_.front()->end() >= options_.ring_bytes;
  };
  if (!beyond_ring()) return;
  std::uint64_t owed_from = end_;
  for (const Subscription* member : members_) owed_from = std::min(owed_from, member->cursor());
  while (beyond_ring() && pieces_.front()->end() <= owed_from) drop_front();
}

void RoomChannel::give_up_oldest_chunk() {
  const std::uint64_t freed_to = pieces_.front()->end();
  std::vector<Subscription*> holders;
  for (Subscription* member : members_) {
    if (member->cursor() < freed_to) holders.push_back(member);
  }
  for (Subscription* member : holders) {
    member->flush();  // a quiet room's chunk may be the oldest and hold this turn's news: nobody is slow yet
    if (member->cursor() < freed_to) member->fail_slow();
    if (member->cursor() < freed_to) member->drop();  // its socket had ended already
  }
  drop_front();
}

// --- members ---

void RoomChannel::add_member(Subscription& member) {
  member.index_ = members_.size();
  members_.push_back(&member);
}

// The last member takes the place; while a pass is under way it must not take one that has had its turn already.
void RoomChannel::remove_member(Subscription& member) {
  std::size_t hole = member.index_;
  const auto move_to_hole = [&](std::size_t from) {
    if (from == hole) return;
    members_[hole] = members_[from];
    members_[hole]->index_ = hole;
    hole = from;
  };
  if (hole < next_flushed_) {
    --next_flushed_;
    move_to_hole(next_flushed_);
  }
  move_to_hole(members_.size() - 1);
  members_.pop_back();
}

Subscription* RoomChannel::find_sender(MessageId message) {
  for (Subscription* member : members_) {
    if (member->has_in_flight(message)) return member;
  }
  return nullptr;
}

void RoomChannel::await_advance(Subscription& subscription) {
  if (std::find(awaiting_.begin(), awaiting_.end(), &subscription) == awaiting_.end())
    awaiting_.push_back(&subscription);
}

void RoomChannel::forget(Subscription& subscription) { std::erase(awaiting_, &subscription); }

// One send for each member that is owed something. A large room does it in slices: its cursors keep the order, and
// other work gets its turn.
void RoomChannel::on_flush() {
  if (next_flushed_ == 0) appended_since_pass_ = false;
  const std::size_t stop = next_flushed_ + options_.flush_slice;
  while (next_flushed_ < members_.size() && next_flushed_ < stop) members_[next_flushed_++]->flush();
  if (next_flushed_ < members_.size()) return want_flush();
  next_flushed_ = 0;
  trim();
  if (appended_since_pass_) want_flush();
}

}  // namespace chat::fanout
