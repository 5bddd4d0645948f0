// One loop's part of the fan-out: the feeds that its connections are in, and those whose home it is.
//
// Home: its loop. What shards have to tell each other goes through `send_to`, one posted
// batch for each other shard and turn, first in first out.
#pragma once

#include "fanout/chunk_store.hpp"
#include "fanout/home_feed.hpp"
#include "fanout/local_feed.hpp"
#include "fanout/options.hpp"
#include "fanout/presence.hpp"
#include "fanout/recovery.hpp"
#include "fanout/replay.hpp"
#include "fanout/subscriber.hpp"
#include "fanout/subscription.hpp"
#include "ports/journal.hpp"
#include "transport/event_loop.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace chat::fanout {

class FanOut;

// What a subscription is of. The caller has checked that the user may have it.
struct Place {
  FeedKey feed;
  WireFormat format = WireFormat::room;
  Audience audience = Audience::messages;  // in a realtime format not this one: numbers must not be missing there
  // When only the room's members may be here: the room's newest number when this one's membership was read. The
  // subscription ends when a later event removes him.
  std::optional<Seq> member_as_of{};
};

class Shard final : private HomeFeed::Host, private ReplayReader, private transport::FlushTask {
 public:
  Shard(FanOut& fan_out, std::uint32_t index, transport::EventLoop& loop);
  ~Shard();

  std::uint32_t index() const noexcept { return index_; }
  transport::EventLoop& loop() noexcept { return loop_; }
  const FanOutOptions& options() const noexcept;

  // Of the numbers that this shard's subscriptions have now; FanOut::epoch() may be ahead of it for a moment.
  std::string epoch() const;

  // --- connections ---
  Origin open_connection(Subscriber& subscriber);
  void close_connection(const Origin& origin);
  // The connection of that number; null when it has ended.
  Subscriber* find_connection(std::uint64_t connection) const noexcept;

  // Enters a feed page by page, however far back it begins (room sockets, the event tail): the others are told first,
  // then the replay begins, then the live stream.
  void subscribe(Subscription& subscription, const Place& place, const ReplayStart& start);
  // Enters it in one step: nothing is sent before on_subscribed (or on_subscribe_failed), and the others are told after
  // it. See Subscriber.
  void subscribe(Subscription& subscription, const Place& place, const RecoverFrom& from);
  // Leaves it: what is owed is settled, the others are told. Legal at any time, while it waits too, and harmless when
  // it is not subscribed.
  void unsubscribe(Subscription& subscription);

  // Pushes it to the feed's realtime subscribers everywhere on this node, if there are any.
  void signal(const FeedKey& feed, Signal signal);

  // `done` is called on this shard, never inside the call.
  void presence(const FeedKey& feed, std::size_t limit, std::function<void(Presence)> done);

  // --- as a feed's home ---
  // Events of feeds whose home this is, in commit order.
  void offer(const std::vector<CommittedEvent>& events);
  void offer_head(const FeedKey& feed, Seq head);
  void look_again(const FeedKey& feed);

  // Forgets every feed and tells every connection. Shards step into an era one by one; the first letter of a
  // shard that is ahead takes the receiver along, and what one that is behind still writes is thrown away.
  void begin_era(std::uint64_t era);

  struct Counts {
    std::size_t rooms = 0;  // feeds with connections here
    std::size_t feeds = 0;  // whose home this is
    std::size_t streams = 0;
    std::size_t connections = 0;
    std::size_t chunk_bytes = 0;
  };
  Counts counts() const;

 private:
  using Mail = std::function<void(Shard&)>;
  struct Counted;
  // With a number of its own: an answer from the store may come after the feed has gone and another one of the same key
  // has taken its place.
  struct Home {
    Home(HomeFeed::Host& host, const FanOutOptions& options, const FeedKey& key, std::uint64_t id)
        : feed(host, options, key), number(id) {}

    HomeFeed feed;
    const std::uint64_t number;
  };

  // HomeFeed::Host
  void read_head(HomeFeed& feed) override;
  void fetch_events(HomeFeed& feed, Seq after) override;
  void start_grace(HomeFeed& feed) override;
  void start_retry(HomeFeed& feed) override;
  void on_feed_live(HomeFeed& feed) override;
  void on_news(HomeFeed& feed) override;
  void on_head_below(HomeFeed& feed) override;
  void on_position_lost(HomeFeed& feed) override;
  // ReplayReader
  void read_replay(const FeedKey& feed, WireFormat format, Audience audience, const ReplayStart& start,
                   Done<ReplayPage> done) override;
  void read_missed(const FeedKey& feed, Seq after, Done<MissedPage> done) override;
  template <class Page, class Read>
  void read_page(const FeedKey& feed, Read read, Done<Page> done);
  // FlushTask
  void on_flush() override;

  // Mail from a feed's connections to its home, with the sender's shard.
  void watch(const FeedKey& feed, const HomeFeed::Stream& stream);
  void unwatch(const FeedKey& feed, std::uint32_t from, std::uint64_t stream);
  void entered(const FeedKey& feed, const Origin& who, const Entrant& entrant);
  void left(const FeedKey& feed, const Origin& who, const Entrant& entrant);
  void offer_signal(const FeedKey& feed, const Signal& signal);
  // And back.
  void attached(const FeedKey& feed, std::uint64_t stream, Seq last_seq);
  void deliver(const FrameBatch& batch);
  void lose_position(const FeedKey& feed);

  void announce(HomeFeed& feed, protocol::NoticeKind kind, const Origin& who, const Entrant& entrant);

  void send_to(std::uint32_t shard, Mail mail);
  void send_mail();
  void publish_news();
  void publish(HomeFeed& feed);
  HomeFeed* find_home(const FeedKey& feed) noexcept;
  // Runs `f` on the feed if it is still the same one by then.
  template <class F>
  auto for_feed(const HomeFeed& feed, F f);
  template <class F>
  void read_head_of(const HomeFeed& feed, F f);
  void after(std::chrono::milliseconds delay, std::function<void()> f);

  FeedStream& stream_of(const Place& place);
  void enter(Subscription& subscription, FeedStream& stream, const Place& place, std::unique_ptr<Approach> approach);
  void linger_over(FeedStream& stream);
  Subscription* sender_of(const FrameBatch::Entry& entry, FeedStream& stream) const;
  std::uint32_t home_of(const FeedKey& feed) const noexcept;

  // For subscriptions and their approaches.
  void announce_entrance(Subscription& subscription);
  bool admits(Subscription& subscription);
  void refuse(Subscription& subscription, const Error& error);
  void remove_member(LocalFeed& feed, Seq seq, UserId user);
  Subscription* find_member(const LocalFeed& feed, UserId user) const noexcept;

  Counted count_present(const FeedKey& feed, std::size_t limit) const;

  friend class CatchUp;
  friend class FanOut;
  friend class FeedStream;
  friend class OneReply;
  friend class Subscriber;
  friend class Subscription;

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
  std::unordered_map<FeedKey, LocalFeed> local_;
  std::unordered_map<FeedKey, Home> homes_;
  std::vector<FeedKey> news_;  // feeds with something to publish
  std::vector<std::vector<Mail>> outgoing_;
  std::uint64_t next_number_ = 1;
  std::uint64_t era_ = 0;
};

}  // namespace chat::fanout
