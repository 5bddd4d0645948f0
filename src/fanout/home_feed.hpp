// A watched feed on its home shard: puts what was committed, here and on other nodes, into one gapless order and
// encodes it once for each wire format that somebody watches it in.
//
// Home: the feed's home shard. Pure but for its Host, which reads the store and keeps the time.
#pragma once

#include "base/result.hpp"
#include "fanout/frame_batch.hpp"
#include "fanout/options.hpp"
#include "ports/stores.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace chat::fanout {

class HomeFeed {
 public:
  // Answers come back as on_head, on_fetched, on_grace_over and on_retry, never inside the call.
  class Host {
   public:
    virtual void read_head(HomeFeed& feed) = 0;
    virtual void fetch_events(HomeFeed& feed, Seq after) = 0;
    virtual void start_grace(HomeFeed& feed) = 0;   // options.gap_grace
    virtual void start_retry(HomeFeed& feed) = 0;   // options.retry_delay
    virtual void on_feed_live(HomeFeed& feed) = 0;  // `last_seq` is known from now on; may be inside on_head
    virtual void on_news(HomeFeed& feed) = 0;       // take_batch() has something; once for each batch
    // The store's head lies below what was delivered: numbers were lost. The feed is of no use any more.
    virtual void on_head_below(HomeFeed& feed) = 0;
    // What comes next is not kept any more: nobody who listens can be given it. The feed is of no use any more.
    virtual void on_position_lost(HomeFeed& feed) = 0;

   protected:
    ~Host() = default;
  };

  // A stream of the feed on some shard.
  struct Stream {
    std::uint32_t shard = 0;
    std::uint64_t number = 0;  // unique on its shard
    WireFormat format = WireFormat::room;
    bool hears_notices = false;
    bool attached = false;  // was told where it begins; set by the host
  };

  HomeFeed(Host& host, const FanOutOptions& options, const FeedKey& key);

  // Reads the feed's head; nothing is delivered before. Call once, after the bus watches the feed.
  void start();

  const FeedKey& key() const noexcept { return key_; }
  bool live() const noexcept { return live_; }
  Seq last_seq() const noexcept { return last_; }

  // An event that was committed. A repeat is dropped; one above a gap is held until the gap is closed.
  void offer(const CommittedEvent& event);
  // The feed's newest number, as heard from elsewhere: what is missing is fetched.
  void offer_head(Seq head);
  void offer_notice(const Notice& notice);
  void offer_signal(const Signal& signal);

  void on_head(const Result<FeedHead>& head);
  void on_fetched(const Result<EventPage>& page);
  void on_grace_over();
  void on_retry();

  // What was accepted since the last call; null when nothing was, or it is not live.
  std::shared_ptr<const FrameBatch> take_batch();

  // --- who watches ---
  void add_stream(const Stream& stream);
  void remove_stream(std::uint32_t shard, std::uint64_t number);  // harmless when there is none
  std::vector<Stream>& streams() noexcept { return streams_; }    // by shard
  FormatSet noticed_formats() const noexcept { return noticed_formats_; }
  // Connections that came and went; the event tail's are not among them.
  void enter() noexcept { ++connections_; }
  void leave() noexcept { connections_ -= connections_ > 0 ? 1 : 0; }
  std::size_t connections() const noexcept { return connections_; }

 private:
  bool gap() const noexcept { return known_head_ > last_; }
  void hold(const CommittedEvent& event);
  void accept(const Event& event, const Origin& origin, bool fetched);
  void release_held();
  Seq before_what_was_heard(Seq head) const;
  void await_gap();
  void fetch();
  void note_formats();
  FrameBatch& batch();

  Host& host_;
  const FanOutOptions& options_;
  const FeedKey key_;
  bool live_ = false;
  bool grace_ = false;
  bool busy_ = false;  // a read or its retry is under way
  FormatSet formats_;  // what somebody watches in
  FormatSet noticed_formats_;
  Seq last_;
  Seq known_head_;
  Seq asked_after_;  // what had been delivered when the read under way began
  // Above last_+1, or before the feed is live; null: none.
  std::unique_ptr<std::map<Seq, CommittedEvent>> held_;
  std::shared_ptr<FrameBatch> batch_;  // only notices before the feed is live
  std::vector<Stream> streams_;
  std::uint32_t connections_ = 0;
};

}  // namespace chat::fanout
