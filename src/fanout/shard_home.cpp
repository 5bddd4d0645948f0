// What a shard does for the feeds whose home it is.
#include "fanout/attempt.hpp"
#include "fanout/fanout.hpp"
#include "fanout/shard.hpp"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace chat::fanout {

HomeFeed* Shard::find_home(const FeedKey& feed) noexcept {
  const auto found = homes_.find(feed);
  return found == homes_.end() ? nullptr : &found->second.feed;
}

template <class F>
auto Shard::for_feed(const HomeFeed& feed, F f) {
  return [this, key = feed.key(), number = homes_.at(feed.key()).number, f = std::move(f)](auto&&... arguments) {
    const auto found = homes_.find(key);
    if (found == homes_.end() || found->second.number != number) return;
    f(found->second.feed, arguments...);
  };
}

void Shard::offer(const std::vector<CommittedEvent>& events) {
  for (const CommittedEvent& event : events) {
    if (HomeFeed* feed = find_home(event.event->feed)) feed->offer(event);
  }
  // A commit is a batch already: waiting for the end of the turn would only cost time.
  publish_news();
  send_mail();
}

void Shard::offer_head(const FeedKey& key, Seq head) {
  if (HomeFeed* feed = find_home(key)) feed->offer_head(head);
}

// One that is not live yet is about to read its head anyway; where the store is away, the next commit shows the gap.
void Shard::look_again(const FeedKey& key) {
  HomeFeed* feed = find_home(key);
  if (!feed || !feed->live()) return;
  read_head_of(*feed, [](HomeFeed& to, const Result<FeedHead>& head) {
    if (head) to.offer_head(head->last_seq);
  });
}

void Shard::offer_signal(const FeedKey& key, const Signal& signal) {
  if (HomeFeed* feed = find_home(key)) feed->offer_signal(signal);
}

// --- who watches ---

void Shard::watch(const FeedKey& key, const HomeFeed::Stream& stream) {
  HomeFeed::Host& host = *this;
  const auto [home, fresh] = homes_.try_emplace(key, host, fan_out_.options_, key, next_number_);
  if (fresh) ++next_number_;
  HomeFeed& feed = home->second.feed;
  if (feed.live()) publish(feed);  // the others' news ends where the newcomer's begins
  feed.add_stream(stream);
  if (fresh) {
    fan_out_.bus_.watch(key);
    feed.start();
  } else if (feed.live()) {
    on_feed_live(feed);
  }
}

void Shard::unwatch(const FeedKey& key, std::uint32_t from, std::uint64_t stream) {
  HomeFeed* feed = find_home(key);
  if (!feed) return;
  feed->remove_stream(from, stream);
  if (!feed->streams().empty()) return;
  homes_.erase(key);
  fan_out_.bus_.unwatch(key);
}

void Shard::on_feed_live(HomeFeed& feed) {
  for (HomeFeed::Stream& stream : feed.streams()) {
    if (stream.attached) continue;
    stream.attached = true;
    send_to(stream.shard, [key = feed.key(), number = stream.number, last_seq = feed.last_seq()](Shard& to) {
      to.attached(key, number, last_seq);
    });
  }
}

void Shard::entered(const FeedKey& key, const Origin& who, const Entrant& entrant) {
  HomeFeed* feed = find_home(key);
  if (!feed) return;
  feed->enter();
  announce(*feed, protocol::NoticeKind::join, who, entrant);
}

void Shard::left(const FeedKey& key, const Origin& who, const Entrant& entrant) {
  HomeFeed* feed = find_home(key);
  if (!feed) return;
  announce(*feed, protocol::NoticeKind::leave, who, entrant);
  feed->leave();
}

// Who is alone is told of nobody; but that he has come himself, a realtime client hears too.
void Shard::announce(HomeFeed& feed, protocol::NoticeKind kind, const Origin& who, const Entrant& entrant) {
  const FormatSet formats = feed.noticed_formats();
  if (formats.empty() || !feed.key().is_room()) return;
  const bool hears_itself = kind == protocol::NoticeKind::join && formats.any_realtime();
  if (feed.connections() > fan_out_.options_.join_notice_max_sockets) return;
  if (feed.connections() < 2 && !hears_itself) return;
  if (fan_out_.stopping_.load(std::memory_order_relaxed)) return;
  feed.offer_notice({kind, entrant.user, entrant.name, fan_out_.clock_.now(), who});
}

// --- news ---

void Shard::on_news(HomeFeed& feed) {
  news_.push_back(feed.key());
  loop_.request_early_flush(*this);
}

// A fresh read does not know what was delivered already: the database is another one, or an older state of it.
void Shard::on_head_below(HomeFeed&) { fan_out_.invalidate(); }

void Shard::on_position_lost(HomeFeed& feed) {
  publish(feed);
  const FeedKey key = feed.key();
  auto lost = homes_.extract(key);
  fan_out_.bus_.unwatch(key);
  const auto& streams = lost.mapped().feed.streams();
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (i > 0 && streams[i - 1].shard == streams[i].shard) continue;
    send_to(streams[i].shard, [key](Shard& to) { to.lose_position(key); });
  }
}

void Shard::publish_news() {
  for (const FeedKey& key : std::exchange(news_, {})) {
    if (HomeFeed* feed = find_home(key)) publish(*feed);
  }
}

void Shard::publish(HomeFeed& feed) {
  const auto batch = feed.take_batch();
  if (!batch) return;
  // Last here, at once: who hears of it may have streams come and go.
  bool here = false;
  for (std::size_t i = 0; i < feed.streams().size(); ++i) {
    const std::uint32_t shard = feed.streams()[i].shard;
    if (i > 0 && feed.streams()[i - 1].shard == shard) continue;
    if (shard == index_) {
      here = true;
    } else {
      send_to(shard, [batch](Shard& to) { to.deliver(*batch); });
    }
  }
  if (here) deliver(*batch);
}

// --- HomeFeed::Host ---

void Shard::read_head(HomeFeed& feed) {
  read_head_of(feed, [](HomeFeed& to, const Result<FeedHead>& head) { to.on_head(head); });
}

template <class F>
void Shard::read_head_of(const HomeFeed& feed, F f) {
  auto answer = for_feed(feed, std::move(f));
  auto job = [this, key = feed.key(), answer] {
    auto head = std::make_shared<Result<FeedHead>>(attempt([&] { return fan_out_.history_.feed_head(key); }));
    loop_.post([answer, head] { answer(*head); });
  };
  if (!fan_out_.run_blocking_(std::move(job))) {
    loop_.post([answer] { answer(Result<FeedHead>(Error(Errc::overloaded))); });
  }
}

void Shard::fetch_events(HomeFeed& feed, Seq after_seq) {
  auto answer = for_feed(feed, [](HomeFeed& to, const Result<EventPage>& page) { to.on_fetched(page); });
  const PageLimit limit{fan_out_.options_.page_events, fan_out_.options_.page_bytes};
  auto job = [this, key = feed.key(), after_seq, limit, answer] {
    auto page = std::make_shared<Result<EventPage>>(
        attempt([&] { return fan_out_.history_.events_after(key, after_seq, limit); }));
    loop_.post([answer, page] { answer(*page); });
  };
  if (!fan_out_.run_blocking_(std::move(job))) {
    loop_.post([answer] { answer(Result<EventPage>(Error(Errc::overloaded))); });
  }
}

void Shard::start_grace(HomeFeed& feed) {
  after(fan_out_.options_.gap_grace, for_feed(feed, [](HomeFeed& to) { to.on_grace_over(); }));
}

void Shard::start_retry(HomeFeed& feed) {
  after(fan_out_.options_.retry_delay, for_feed(feed, [](HomeFeed& to) { to.on_retry(); }));
}

void Shard::after(std::chrono::milliseconds delay, std::function<void()> f) {
  auto timer = std::make_shared<boost::asio::steady_timer>(loop_.context(), delay);
  timer->async_wait([timer, f = std::move(f)](const boost::system::error_code& ec) {
    if (!ec) f();
  });
}

}  // namespace chat::fanout
