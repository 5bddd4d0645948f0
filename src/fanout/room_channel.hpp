// A room's frames in one wire format on one shard: an append-only stream of bytes in chunks, the ring of recent events
// within it, and the members, each a cursor into the stream.
//
// Home: the shard. A position counts the bytes since the channel was made. A chunk is kept while a member has not sent
// it, or while it belongs to the last `ring_bytes`.
#pragma once

#include "fanout/chunk_store.hpp"
#include "fanout/frame_batch.hpp"
#include "fanout/options.hpp"
#include "protocol/room_frames.hpp"
#include "transport/event_loop.hpp"
#include "transport/outbox.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace chat::fanout {

class Subscription;

// A frame in the ring.
struct RingEntry {
  Seq seq;  // 0: a notice
  std::uint64_t position = 0;
  std::uint32_t length = 0;
  std::uint32_t messages = 0;  // 1 for a creation
  Uuid id;                     // of the event
  Timestamp at{};
  std::uint64_t connection = 0;  // that caused it, when it lives on this shard

  std::uint64_t end() const noexcept { return position + length; }
};

class RoomChannel final : public transport::FlushTask {
 public:
  // Numbers begin behind `last_seq`. Everything referenced outlives it.
  RoomChannel(transport::EventLoop& loop, ChunkStore& store, const FanOutOptions& options,
              protocol::RoomAudience audience, Seq last_seq);
  ~RoomChannel();  // has no members any more

  protocol::RoomAudience audience() const noexcept { return audience_; }
  const FanOutOptions& options() const noexcept { return options_; }
  transport::EventLoop& loop() noexcept { return loop_; }

  // --- the stream ---
  // Appends the entry's frame if this audience is shown it, else skips its number. `own` is the subscription that
  // caused it, if it is here: it gets its acknowledgement, or nothing, in that place. Asks for a flush.
  void append(const FrameBatch& batch, const FrameBatch::Entry& entry, Subscription* own, std::uint64_t connection);
  std::uint64_t end() const noexcept { return end_; }
  Seq last_seq() const noexcept { return last_seq_; }

  // Adds the ranges of [from, to), oldest first; false when the list is full or has reached `max_bytes` before the end.
  bool gather(transport::IovecList& out, std::uint64_t from, std::uint64_t to, std::size_t max_bytes) const;
  // Moves them by reference.
  void settle(transport::Outbox& into, std::uint64_t from, std::uint64_t to) const;
  void copy(std::string& into, std::uint64_t from, std::uint64_t to) const;

  // --- the ring ---
  // Is everything after `after` that this audience is shown in the ring?
  bool reaches(Seq after) const noexcept { return after >= floor_; }
  Seq floor() const noexcept { return floor_; }
  const std::deque<RingEntry>& ring() const noexcept { return ring_; }
  // Index of the first entry that is behind `after` or is a notice at `position` or later.
  std::size_t first_after(Seq after, std::uint64_t position) const;
  // Where to resume so that the last `messages` messages are replayed; none when the ring has fewer.
  std::optional<Seq> before_last(std::size_t messages) const;

  // --- members ---
  void add_member(Subscription& member);
  void remove_member(Subscription& member);
  std::size_t members() const noexcept { return members_.size(); }
  // The member that sent this message and has not seen it yet: for events of unknown origin.
  Subscription* find_sender(MessageId message);
  // `on_channel_advanced` is called after each append until `forget`.
  void await_advance(Subscription& subscription);
  void forget(Subscription& subscription);
  void want_flush() { loop_.request_flush(*this); }

  // Frees the oldest chunk; members that still owe it are closed as slow.
  void give_up_oldest_chunk();

 private:
  void on_flush() override;
  void write(std::string_view bytes);
  void drop_front();
  void trim();
  void cut_ring(Seq through);
  std::size_t piece_at(std::uint64_t position) const;

  transport::EventLoop& loop_;
  ChunkStore& store_;
  const FanOutOptions& options_;
  const protocol::RoomAudience audience_;

  std::deque<std::unique_ptr<Piece>> pieces_;
  std::uint64_t end_ = 0;
  Seq last_seq_;
  Seq floor_;  // everything shown after it is in ring_
  std::deque<RingEntry> ring_;

  std::vector<Subscription*> members_;
  std::vector<Subscription*> awaiting_;
  std::size_t next_flushed_ = 0;  // members before it have had their turn in this pass
  bool appended_since_pass_ = false;
};

}  // namespace chat::fanout
