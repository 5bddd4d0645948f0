// One connection's place in one feed: a cursor into a stream, the acknowledgements that stand in it, and, before that,
// the way there (approach.hpp).
//
// Home: the shard. Its owner calls Shard::unsubscribe before it dies.
#pragma once

#include "fanout/approach.hpp"
#include "fanout/feed_stream.hpp"
#include "model/ids.hpp"
#include "ports/journal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chat::fanout {

class Subscriber;

class Subscription {
 public:
  explicit Subscription(Subscriber& owner);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  Subscriber& owner() noexcept { return owner_; }
  bool subscribed() const noexcept { return stream_ != nullptr; }
  const FeedKey& feed() const noexcept;  // while subscribed
  // Has it reached the live stream, so that the cursor counts?
  bool current() const noexcept { return current_; }
  std::uint64_t cursor() const noexcept { return cursor_; }

  // --- own messages (room sockets) ---
  // A message was given to the journal: when it comes by, an acknowledgement stands in its place, or nothing when
  // `client_id` is empty.
  void expect_own(MessageId message, std::string_view client_id, std::size_t bytes);
  // It was refused, or is never to come.
  void forget_own(MessageId message);
  // The journal knew its client_id: the first answer is given, once this socket has had everything up to its seq.
  void answer_repeat(MessageId message, const Stored& first);
  bool has_in_flight(MessageId message) const noexcept;
  std::size_t in_flight() const noexcept;
  std::size_t in_flight_bytes() const noexcept;

  // --- for Subscriber ---
  bool owes() const noexcept;
  std::size_t backlog_bytes() const noexcept;
  // False when the list is full or has reached `max_bytes` before the end.
  bool gather(transport::IovecList& out, std::size_t max_bytes) const;
  // Answers what is left of `bytes` when everything owed here was sent.
  std::size_t advance(std::size_t bytes);
  void settle(transport::Outbox& into);
  void on_writable();
  // Leaves the stream for good, owing nothing: the connection is being closed.
  void drop();
  // Owes nothing any more, and is a member still: nobody can be sent what it owed.
  void forget_owed();

  // --- for FeedStream ---
  void list_owing();
  void flush();
  // Before a flush, a step each, so that what it will touch is in the cache by then.
  void prefetch_owner() const noexcept { __builtin_prefetch(&owner_); }
  void prefetch_socket() const noexcept;
  void fail_slow();
  void replace_own(const RingEntry& entry);
  void on_stream_advanced();

  // --- for its approach ---
  FeedStream& stream() noexcept { return *stream_; }
  // Takes a message of its own out of those in flight: its acknowledgement's frame, which may be empty.
  std::optional<std::string> take_own(Uuid message, Seq seq, Timestamp at);
  // Sets the cursor to the end; ends the approach, which must not touch itself afterwards.
  void become_current();

 private:
  friend class FeedStream;
  friend class Shard;
  friend class Subscriber;
  struct Exchange;

  void enter(FeedStream& stream, std::unique_ptr<Approach> approach);
  void leave();
  void add_detour(std::uint64_t position, std::uint32_t skip, std::string ack);
  void place_late_acks();
  Exchange& exchange();

  Subscriber& owner_;
  Subscription* next_ = nullptr;        // of the same connection
  Subscription* next_owing_ = nullptr;  // of the same connection, in a circle; null: not on the list
  FeedStream* stream_ = nullptr;
  std::unique_ptr<Approach> approach_;  // until it is current
  std::unique_ptr<Exchange> exchange_;  // made when it first sends
  std::uint64_t cursor_ = 0;
  std::uint32_t index_ = 0;  // among the stream's members, or those on their way
  bool current_ : 1 = false;
  bool awaiting_ : 1 = false;      // on the stream's list
  bool announced_ : 1 = false;     // the home was told that it came
  bool members_only_ : 1 = false;  // ends when the user is removed from the room
};

}  // namespace chat::fanout
