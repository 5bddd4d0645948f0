// A watched room on its home shard: puts what was committed, here and on other nodes, into one gapless order and
// encodes it once.
//
// Home: the room's home shard. Pure but for its Host, which reads the store and keeps the time.
#pragma once

#include "base/result.hpp"
#include "fanout/frame_batch.hpp"
#include "fanout/options.hpp"
#include "ports/stores.hpp"
#include "protocol/room_frames.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace chat::fanout {

class RoomFeed {
 public:
  // Answers come back as on_head, on_fetched, on_grace_over and on_retry, never inside the call.
  class Host {
   public:
    virtual void read_head(RoomFeed& feed) = 0;
    virtual void fetch_events(RoomFeed& feed, Seq after) = 0;
    virtual void start_grace(RoomFeed& feed) = 0;   // options.gap_grace
    virtual void start_retry(RoomFeed& feed) = 0;   // options.retry_delay
    virtual void on_feed_live(RoomFeed& feed) = 0;  // `last_seq` is known from now on; may be inside on_head
    virtual void on_news(RoomFeed& feed) = 0;       // take_batch() has something; once for each batch
    // The store's head lies below what was delivered: numbers were lost. The feed is of no use any more.
    virtual void on_head_below(RoomFeed& feed) = 0;

   protected:
    ~Host() = default;
  };

  // What one shard has of the room.
  struct Watcher {
    std::uint64_t generation = 0;  // 0: does not watch
    bool attached = false;         // was told last_seq and gets every batch
    std::size_t sockets = 0;
  };

  RoomFeed(Host& host, const FanOutOptions& options, RoomId room, std::size_t shards);

  // Reads the room's head; nothing is delivered before. Call once, after the bus watches the room.
  void start();

  RoomId room() const noexcept { return room_; }
  bool live() const noexcept { return live_; }
  Seq last_seq() const noexcept { return last_; }

  // An event that was committed. A repeat is dropped; one above a gap is held until the gap is closed.
  void offer(const CommittedEvent& event);
  // The room's newest number, as heard from elsewhere: what is missing is fetched.
  void offer_head(Seq head);
  void offer_notice(protocol::NoticeKind kind, UserId user, std::string_view name, Timestamp at, Origin origin);

  void on_head(const Result<FeedHead>& head);
  void on_fetched(const Result<EventPage>& page);
  void on_grace_over();
  void on_retry();

  // What was accepted since the last call; null when nothing was.
  std::shared_ptr<const FrameBatch> take_batch();

  std::vector<Watcher>& watchers() noexcept { return watchers_; }
  bool watched() const noexcept;
  std::size_t sockets() const noexcept;

 private:
  bool gap() const noexcept { return known_head_ > last_; }
  void hold(const CommittedEvent& event);
  void accept(const Event& event, const Origin& origin, bool fetched);
  void release_held();
  void await_gap();
  void fetch();
  FrameBatch& batch();

  Host& host_;
  const FanOutOptions& options_;
  const RoomId room_;
  bool live_ = false;
  bool grace_ = false;
  bool busy_ = false;  // a read or its retry is under way
  Seq last_;
  Seq known_head_;
  Seq asked_after_;                     // what had been delivered when the read under way began
  std::map<Seq, CommittedEvent> held_;  // above last_+1, or before the feed is live
  std::shared_ptr<FrameBatch> batch_;
  std::shared_ptr<FrameBatch> early_notices_;  // from before the feed is live
  std::vector<Watcher> watchers_;
};

}  // namespace chat::fanout
