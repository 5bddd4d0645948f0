// What a shard does for the rooms whose home it is.
#include "fanout/attempt.hpp"
#include "fanout/fanout.hpp"
#include "fanout/shard.hpp"
#include "fanout/shard_feed.hpp"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace chat::fanout {

RoomFeed* Shard::find_feed(RoomId room) noexcept {
  const auto found = feeds_.find(room);
  return found == feeds_.end() ? nullptr : &found->second->feed;
}

template <class F>
auto Shard::for_feed(const RoomFeed& feed, F f) {
  return [this, room = feed.room(), number = feeds_.at(feed.room())->number, f = std::move(f)](auto&&... arguments) {
    const auto found = feeds_.find(room);
    if (found == feeds_.end() || found->second->number != number) return;
    f(found->second->feed, arguments...);
  };
}

void Shard::offer(const std::vector<CommittedEvent>& events) {
  for (const CommittedEvent& event : events) {
    if (RoomFeed* feed = find_feed(event.event->room_id())) feed->offer(event);
  }
  // A commit is a batch already: waiting for the end of the turn would only cost time.
  publish_news();
  send_mail();
}

void Shard::offer_head(RoomId room, Seq head) {
  if (RoomFeed* feed = find_feed(room)) feed->offer_head(head);
}

// --- who watches ---

void Shard::watch(std::uint32_t from, RoomId room, std::uint64_t generation) {
  auto& slot = feeds_[room];
  const bool fresh = !slot;
  if (fresh) {
    RoomFeed::Host& host = *this;
    slot = std::make_unique<Feed>(host, fan_out_.options_, room, fan_out_.shards(), next_number_++);
  }
  RoomFeed& feed = slot->feed;
  feed.watchers()[from] = {generation, false, 0};
  if (fresh) {
    fan_out_.bus_.watch(FeedKey::room(room));
    feed.start();
  } else if (feed.live()) {
    publish(feed);  // the others' news ends where the newcomer's begins
    attach(feed, from);
  }
}

void Shard::unwatch(std::uint32_t from, RoomId room) {
  RoomFeed* feed = find_feed(room);
  if (!feed) return;
  feed->watchers()[from] = {};
  if (feed->watched()) return;
  feeds_.erase(room);
  fan_out_.bus_.unwatch(FeedKey::room(room));
}

void Shard::attach(RoomFeed& feed, std::uint32_t shard) {
  RoomFeed::Watcher& watcher = feed.watchers()[shard];
  watcher.attached = true;
  send_to(shard, [room = feed.room(), generation = watcher.generation, last_seq = feed.last_seq()](Shard& to) {
    to.attached(room, generation, last_seq);
  });
}

void Shard::on_feed_live(RoomFeed& feed) {
  for (std::uint32_t i = 0; i < feed.watchers().size(); ++i) {
    if (feed.watchers()[i].generation != 0) attach(feed, i);
  }
}

void Shard::entered(std::uint32_t from, RoomId room, std::uint64_t connection, const Entrant& entrant) {
  RoomFeed* feed = find_feed(room);
  if (!feed) return;
  ++feed->watchers()[from].sockets;
  announce(*feed, protocol::NoticeKind::join, feed->sockets(), Origin{from, connection}, entrant);
}

void Shard::left(std::uint32_t from, RoomId room, std::uint64_t connection, const Entrant& entrant) {
  RoomFeed* feed = find_feed(room);
  if (!feed) return;
  announce(*feed, protocol::NoticeKind::leave, feed->sockets(), Origin{from, connection}, entrant);
  --feed->watchers()[from].sockets;
}

void Shard::announce(RoomFeed& feed, protocol::NoticeKind kind, std::size_t sockets, Origin origin,
                     const Entrant& entrant) {
  if (sockets > fan_out_.options_.join_notice_max_sockets || sockets < 2) return;
  if (fan_out_.stopping_.load(std::memory_order_relaxed)) return;
  feed.offer_notice(kind, entrant.user, entrant.name, fan_out_.clock_.now(), origin);
}

// --- news ---

void Shard::on_news(RoomFeed& feed) {
  news_.push_back(feed.room());
  loop_.request_flush(*this);
}

// A fresh read does not know what was delivered already: the database is another one, or an older state of it.
void Shard::on_head_below(RoomFeed&) { fan_out_.invalidate(); }

void Shard::publish_news() {
  for (const RoomId& room : std::exchange(news_, {})) {
    if (RoomFeed* feed = find_feed(room)) publish(*feed);
  }
}

void Shard::publish(RoomFeed& feed) {
  const auto batch = feed.take_batch();
  if (!batch) return;
  for (std::uint32_t i = 0; i < feed.watchers().size(); ++i) {
    if (feed.watchers()[i].attached) send_to(i, [batch](Shard& to) { to.deliver(batch); });
  }
}

// --- RoomFeed::Host ---

void Shard::read_head(RoomFeed& feed) {
  auto answer = for_feed(feed, [](RoomFeed& to, const Result<FeedHead>& head) { to.on_head(head); });
  auto job = [this, room = feed.room(), answer] {
    auto head = std::make_shared<Result<FeedHead>>(attempt([&] { return fan_out_.history_.feed_head(FeedKey::room(room)); }));
    loop_.post([answer, head] { answer(*head); });
  };
  if (!fan_out_.run_blocking_(std::move(job))) {
    loop_.post([answer] { answer(Result<FeedHead>(Error(Errc::overloaded))); });
  }
}

void Shard::fetch_events(RoomFeed& feed, Seq after_seq) {
  auto answer = for_feed(feed, [](RoomFeed& to, const Result<EventPage>& page) { to.on_fetched(page); });
  const PageLimit limit{fan_out_.options_.page_events, fan_out_.options_.page_bytes};
  auto job = [this, room = feed.room(), after_seq, limit, answer] {
    auto page = std::make_shared<Result<EventPage>>(
        attempt([&] { return fan_out_.history_.events_after(FeedKey::room(room), after_seq, limit); }));
    loop_.post([answer, page] { answer(*page); });
  };
  if (!fan_out_.run_blocking_(std::move(job))) {
    loop_.post([answer] { answer(Result<EventPage>(Error(Errc::overloaded))); });
  }
}

void Shard::start_grace(RoomFeed& feed) {
  after(fan_out_.options_.gap_grace, for_feed(feed, [](RoomFeed& to) { to.on_grace_over(); }));
}

void Shard::start_retry(RoomFeed& feed) {
  after(fan_out_.options_.retry_delay, for_feed(feed, [](RoomFeed& to) { to.on_retry(); }));
}

void Shard::after(std::chrono::milliseconds delay, std::function<void()> f) {
  auto timer = std::make_shared<boost::asio::steady_timer>(loop_.context(), delay);
  timer->async_wait([timer, f = std::move(f)](const boost::system::error_code& ec) {
    if (!ec) f();
  });
}

}  // namespace chat::fanout
