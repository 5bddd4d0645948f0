// One loop's part of the fan-out: the rooms that its sockets are in, and the feeds of the rooms whose home it is.
//
// Home: its loop. What shards have to tell each other goes through `send_to`, one posted
// batch for each other shard and turn, first in first out.
#pragma once

#include "fanout/chunk_store.hpp"
#include "fanout/options.hpp"
#include "fanout/replay.hpp"
#include "fanout/room_channel.hpp"
#include "fanout/room_feed.hpp"
#include "fanout/subscription.hpp"
#include "model/user.hpp"
#include "ports/journal.hpp"
#include "transport/event_loop.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace chat::fanout {

class FanOut;
class Subscriber;

// Who enters, for those who are there already.
struct Entrant {
  UserId user;
  std::string name;
};

class Shard final : private RoomFeed::Host, private ReplayReader, private transport::FlushTask {
 public:
  Shard(FanOut& fan_out, std::uint32_t index, transport::EventLoop& loop);
  ~Shard();

  std::uint32_t index() const noexcept { return index_; }
  transport::EventLoop& loop() noexcept { return loop_; }

  // --- connections ---
  Origin open_connection(Subscriber& subscriber);
  void close_connection(const Origin& origin);
  // The connection of that number; null when it has ended.
  Subscriber* find_connection(std::uint64_t connection) const noexcept;

  // Enters a room: the others are told first, then the replay begins, then the live stream. The caller has checked that
  // the user may enter. `entrant` is kept by reference: it outlives the subscription.
  void subscribe(Subscription& subscription, RoomId room, protocol::RoomAudience audience, const ReplayStart& start,
                 const Entrant& entrant);
  // Leaves it: what is owed is settled, the others are told.
  void unsubscribe(Subscription& subscription);

  // --- as a room's home ---
  // Events of rooms whose home this is, in commit order.
  void offer(const std::vector<CommittedEvent>& events);
  void offer_head(RoomId room, Seq head);

  // Forgets every room and feed and tells every connection. Shards step into an era one by one; the first letter of a
  // shard that is ahead takes the receiver along, and what one that is behind still writes is thrown away.
  void begin_era(std::uint64_t era);

  struct Counts {
    std::size_t rooms = 0;  // with sockets here
    std::size_t feeds = 0;
    std::size_t connections = 0;
    std::size_t chunk_bytes = 0;
  };
  Counts counts() const;

 private:
  using Mail = std::function<void(Shard&)>;
  struct Feed;

  // RoomFeed::Host
  void read_head(RoomFeed& feed) override;
  void fetch_events(RoomFeed& feed, Seq after) override;
  void start_grace(RoomFeed& feed) override;
  void start_retry(RoomFeed& feed) override;
  void on_feed_live(RoomFeed& feed) override;
  void on_news(RoomFeed& feed) override;
  void on_head_below(RoomFeed& feed) override;
  // ReplayReader
  void read_replay(RoomId room, protocol::RoomAudience audience, const ReplayStart& start, Done done) override;
  // FlushTask
  void on_flush() override;

  // Mail from a room's sockets to its home, with the sender's shard.
  void watch(std::uint32_t from, RoomId room, std::uint64_t generation);
  void unwatch(std::uint32_t from, RoomId room);
  void entered(std::uint32_t from, RoomId room, std::uint64_t connection, const Entrant& entrant);
  void left(std::uint32_t from, RoomId room, std::uint64_t connection, const Entrant& entrant);
  // And back.
  void attached(RoomId room, std::uint64_t generation, Seq last_seq);
  void deliver(const std::shared_ptr<const FrameBatch>& batch);

  void announce(RoomFeed& feed, protocol::NoticeKind kind, std::size_t sockets, Origin origin, const Entrant& entrant);

  void send_to(std::uint32_t shard, Mail mail);
  void send_mail();
  void publish_news();
  void publish(RoomFeed& feed);
  void attach(RoomFeed& feed, std::uint32_t shard);
  RoomFeed* find_feed(RoomId room) noexcept;
  // Runs `f` on the feed if it is still the same one by then.
  template <class F>
  auto for_feed(const RoomFeed& feed, F f);
  void after(std::chrono::milliseconds delay, std::function<void()> f);

  LocalRoom& local_room(RoomId room);
  void begin_arrivals(LocalRoom& room);
  void linger_over(LocalRoom& room);
  Subscription* sender_of(const FrameBatch::Entry& entry, RoomChannel& channel) const;
  std::uint32_t home_of(RoomId room) const noexcept;

  friend class FanOut;
  friend struct LocalRoom;

  struct Slot {
    Subscriber* subscriber = nullptr;
    std::uint32_t generation = 1;
  };

  FanOut& fan_out_;
  const std::uint32_t index_;
  transport::EventLoop& loop_;
  ChunkStore chunks_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<RoomId, std::unique_ptr<LocalRoom>> rooms_;
  std::unordered_map<RoomId, std::unique_ptr<Feed>> feeds_;
  std::vector<RoomId> news_;  // feeds with something to publish
  std::vector<std::vector<Mail>> outgoing_;
  std::uint64_t next_number_ = 1;
  std::uint64_t era_ = 0;
};

}  // namespace chat::fanout
