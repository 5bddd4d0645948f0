#include "chat/feeds.hpp"

#include <utility>

namespace chat {
namespace {

Result<void> may_read(RoomStore& rooms, const FeedKey& feed, UserId reader) {
  if (feed.is_user()) {
    if (feed.user_id() == reader) return {};
    return Error{Errc::forbidden, "another user's feed"};
  }
  const auto access = rooms.find_room(feed.room_id(), reader);
  if (!access) return access.error();
  if (access->room.kind == RoomKind::public_room || access->role) return {};
  return Error{Errc::forbidden, "not a member of this room"};
}

Result<EventPage> page_of(HistoryStore& history, const FeedKey& feed, const FeedQuery& query) {
  const PageLimit limit{query.limit, query.bytes};
  if (query.backwards) return history.events_before(feed, query.since.value_or(HistoryStore::kNewest), limit);
  const Seq after = query.since.value_or(Seq(0));
  auto page = history.events_after(feed, after, limit);
  // What was asked for first is no longer kept: the reader gets what there is. (`after` may be the largest number.)
  if (page && after < page->head.first_seq.prev())
    return history.events_after(feed, page->head.first_seq.prev(), limit);
  return page;
}

Result<FeedStretch> read_stretch(RoomStore& rooms, HistoryStore& history, const FeedKey& feed, UserId reader,
                                 const FeedQuery& query) {
  if (auto allowed = may_read(rooms, feed, reader); !allowed) return allowed.error();
  FeedStretch out;
  if (query.limit == 0) {
    auto head = history.feed_head(feed);
    if (!head) return head.error();
    out.head = *head;
    return out;
  }
  auto page = page_of(history, feed, query);
  if (!page) return page.error();
  out.events = std::move(page->events);
  out.head = page->head;
  out.complete = query.backwards ? page->at_start : page->at_head;
  return out;
}

}  // namespace

Feeds::Feeds(RoomStore& rooms, HistoryStore& history, BlockingPool& read_pool)
    : rooms_(rooms), history_(history), read_pool_(read_pool) {}

boost::asio::awaitable<Result<FeedStretch>> Feeds::read(FeedKey feed, UserId reader, FeedQuery query) {
  co_return co_await run_on(read_pool_, [&rooms = rooms_, &history = history_, feed, reader, query] {
    return read_stretch(rooms, history, feed, reader, query);
  });
}

}  // namespace chat
