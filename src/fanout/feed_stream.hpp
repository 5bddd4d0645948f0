// A feed's frames in one wire format for one audience on one shard: an append-only stream of bytes in chunks, the ring
// of recent events within it, and the members, each a cursor into the stream.
//
// Home: the shard. A position counts the bytes since the stream was made. A chunk is kept while a member has not sent
// it, or while it belongs to the last `ring_bytes`. Kept for `room_linger` after its last subscription, so that a
// reconnecting one finds the ring.
#pragma once

#include "fanout/chunk_store.hpp"
#include "fanout/frame_batch.hpp"
#include "fanout/options.hpp"
#include "fanout/queue.hpp"
#include "transport/event_loop.hpp"
#include "transport/outbox.hpp"
#include "transport/timer_wheel.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace chat::fanout {

struct LocalFeed;
class Subscription;

// A frame in the ring.
struct RingEntry {
  Seq seq;       // 0: a notice
  Seq rewrites;  // the message that this event edits or deletes; 0 = none
  std::uint64_t position = 0;
  std::uint32_t length = 0;
  std::uint32_t data = 0;  // offset within the frame of the event's data; realtime only
  std::uint32_t data_length = 0;
  std::uint32_t messages = 0;  // 1 for a creation
  Uuid id;                     // of the event
  UserId author;
  Timestamp at{};
  std::uint64_t connection = 0;  // that caused it, when it lives on this shard

  std::uint64_t end() const noexcept { return position + length; }
};

class FeedStream final : public transport::FlushTask, private transport::TimerNode {
 public:
  // Numbers begin when it goes live. `feed` outlives it.
  FeedStream(LocalFeed& feed, WireFormat format, Audience audience, std::uint64_t number);
  ~FeedStream();  // has no subscriptions any more

  LocalFeed& feed() noexcept { return feed_; }
  WireFormat format() const noexcept { return format_; }
  Audience audience() const noexcept { return audience_; }
  std::uint64_t number() const noexcept { return number_; }  // of this shard's streams, never used twice
  const FanOutOptions& options() const noexcept;
  transport::EventLoop& loop() noexcept;

  // --- the stream ---
  // The home has said behind which number it begins.
  void go_live(Seq last_seq);
  bool live() const noexcept { return live_; }
  // Appends the entry's frame if this stream shows it, else skips its number. `own` is the subscription that caused it,
  // if it is here and is to get its acknowledgement, or nothing, in that place. Asks for a flush.
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
  const Queue<RingEntry>& ring() const noexcept { return ring_; }
  // Index of the first entry that is behind `after` or is a notice at `position` or later.
  std::size_t first_after(Seq after, std::uint64_t position) const;
  // Where to resume so that the last `messages` messages are replayed; none when the ring has fewer.
  std::optional<Seq> before_last(std::size_t messages) const;

  // --- subscriptions ---
  // Each is either on its way here or a member: one with a cursor.
  void add_approaching(Subscription& subscription);
  void make_member(Subscription& subscription);
  void remove(Subscription& subscription);
  std::size_t subscriptions() const noexcept { return members_.size() + approaching().size(); }
  const std::vector<Subscription*>& members() const noexcept { return members_; }
  const std::vector<Subscription*>& approaching() const noexcept;
  // The member that sent this message and has not seen it yet: for events of unknown origin.
  Subscription* find_sender(MessageId message);
  // `on_stream_advanced` is called once at the end of a turn in which it is live and has advanced, or at the end of
  // this one when it is live already and `soon`.
  void await(Subscription& subscription, bool soon = false);
  void want_flush();
  // A member that was on its connection's list of those that owe something is no longer.
  void note_unlisted() noexcept { all_listed_ = false; }

  // Frees the oldest chunk; members that still owe it are closed as slow.
  void give_up_oldest_chunk();

  // Ends it after a while, unless somebody comes.
  void linger();
  void stay() noexcept { cancel(); }

 private:
  // Those who are on their way to the live stream, and those who want to be told when it has advanced. Mostly there is
  // nobody, and nearly every stream is some user's own: then there is no such object.
  struct Entering {
    std::vector<Subscription*> approaching;
    std::vector<Subscription*> awaiting;  // null: has gone
  };

  ChunkStore& store() noexcept;
  void on_flush() override;
  void on_timer() noexcept override;
  void list_members();
  void prefetch_members_after(std::size_t index) const noexcept;
  void wake_awaiting();
  void forget(Subscription& subscription);
  Entering& entering();
  bool somebody_awaits() const noexcept { return entering_ && !entering_->awaiting.empty(); }
  void drop_entering();
  void write(std::string_view bytes);
  void drop_front();
  void trim();
  void rewrite(const FrameBatch::Entry& entry);
  std::size_t piece_at(std::uint64_t position) const;

  LocalFeed& feed_;
  const std::uint64_t number_;
  const WireFormat format_;
  const Audience audience_;
  bool live_ = false;
  bool all_listed_ = false;  // nothing to do for list_members()
  bool appended_since_pass_ = false;
  bool passing_ = false;   // a pass is under way; those who had their turn may all have left since
  bool advanced_ = false;  // or something else that those who wait may go on for

  Queue<std::unique_ptr<Piece>> pieces_;
  std::uint64_t end_ = 0;
  Seq last_seq_;
  Seq floor_;  // everything shown after it is in ring_
  Queue<RingEntry> ring_;

  std::vector<Subscription*> members_;
  std::unique_ptr<Entering> entering_;
  std::size_t next_flushed_ = 0;  // members before it have had their turn in this pass
};

}  // namespace chat::fanout
