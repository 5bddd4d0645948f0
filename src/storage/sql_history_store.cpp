#include "storage/sql_history_store.hpp"

#include "storage/sql_rows.hpp"
#include "storage_sql.hpp"

#include <algorithm>
#include <limits>

namespace chat::storage {
namespace {

constexpr sql::Query kPage{sql_text::kHistoryPageSqliteSql, sql_text::kHistoryPagePostgresSql};
constexpr sql::Query kEventsAfter{sql_text::kEventsAfterSqliteSql, sql_text::kEventsAfterPostgresSql};
constexpr sql::Query kEventsBefore{sql_text::kEventsBeforeSqliteSql, sql_text::kEventsBeforePostgresSql};
constexpr sql::Query kUserEventsAfter{sql_text::kUserEventsAfterSql};
constexpr sql::Query kUserEventsBefore{sql_text::kUserEventsBeforeSql};
constexpr sql::Query kSeqBeforeLast{sql_text::kSeqBeforeLastSql};
constexpr sql::Query kHead{sql_text::kRoomHeadSql};
constexpr sql::Query kUserHead{sql_text::kUserFeedHeadSql};

Error no_such_room() { return {Errc::room_not_found, "no such room"}; }
Error no_such_feed(const FeedKey& feed) {
  return feed.is_room() ? no_such_room() : Error{Errc::user_not_found, "no such user"};
}

void read_message(const sql::Row& row, RoomId room, Message& out) {
  out.room_id = room;
  out.seq = Seq(row.integer(2));
  out.ordinal = Ordinal(row.integer(3));
  out.id = MessageId(row.uuid(4));
  out.kind = stored_message_kind(row.text(5));
  out.author_id = UserId(row.uuid(6));
  out.author_name = row.text(7);
  out.client_id = row.optional_text(8);
  out.content = row.text(9);
  out.metadata = row.optional_text(10);
  if (!row.is_null(11)) out.reply_to = MessageId(row.uuid(11));
  if (!row.is_null(12)) out.thread_root_seq = Seq(row.integer(12));
  out.timestamp = row.time(13);
  out.edited_at = row.optional_time(14);
  out.deleted_at = row.optional_time(15);
}

// seq, event_kind, id, actor_id, actor_name, client_id, at, message_seq, payload, ordinal, message_kind, content,
// metadata, reply_to, thread_root_seq, edited_at, deleted_at
Event read_event(const sql::Row& row, RoomId room) {
  Event event;
  event.feed = FeedKey::room(room);
  event.seq = Seq(row.integer(0));
  event.kind = stored_event_kind(row.text(1));
  event.id = EventId(row.uuid(2));
  event.actor_id = UserId(row.uuid(3));
  event.actor_name = row.text(4);
  event.client_id = row.optional_text(5);
  event.at = row.time(6);
  if (!row.is_null(7)) event.message_seq = Seq(row.integer(7));
  event.payload = row.text(8);
  if (event.kind != EventKind::message_created) return event;

  Message& message = event.message.emplace();
  message.id = MessageId(event.id.value);
  message.room_id = room;
  message.seq = event.seq;
  message.ordinal = Ordinal(row.integer(9));
  message.kind = stored_message_kind(row.text(10));
  message.author_id = event.actor_id;
  message.author_name = event.actor_name;
  message.client_id = event.client_id;
  message.content = row.text(11);
  message.metadata = row.optional_text(12);
  if (!row.is_null(13)) message.reply_to = MessageId(row.uuid(13));
  if (!row.is_null(14)) message.thread_root_seq = Seq(row.integer(14));
  message.timestamp = event.at;
  message.edited_at = row.optional_time(15);
  message.deleted_at = row.optional_time(16);
  return event;
}

// user: last_seq, seq, kind, id, at, payload
Event read_user_event(const sql::Row& row, const FeedKey& feed) {
  Event event;
  event.feed = feed;
  event.seq = Seq(row.integer(1));
  event.kind = stored_event_kind(row.text(2));
  event.id = EventId(row.uuid(3));
  event.at = row.time(4);
  event.payload = row.text(5);
  return event;
}

// Adds what rows bring until the limit is reached.
class EventReader {
 public:
  EventReader(const FeedKey& feed, PageLimit limit) : feed_(feed), limit_(limit) {}

  bool operator()(const sql::Row& row) { return feed_.is_room() ? of_room(row) : of_user(row); }

  bool found() const { return found_; }
  EventPage& page() { return page_; }

 private:
  static constexpr int kRoomHead = 17;  // the columns of the one row that brings the room's head

  bool of_room(const sql::Row& row) {
    if (row.is_null(kRoomHead)) return add(read_event(row, feed_.room_id()));
    page_.head = read_head(row, kRoomHead);
    return found_ = true;
  }
  bool of_user(const sql::Row& row) {
    page_.head.last_seq = Seq(row.integer(0));
    found_ = true;
    return !row.is_null(1) && add(read_user_event(row, feed_));
  }
  bool add(Event event) {
    bytes_ += event.payload.size() + (event.message ? event.message->content.size() : 0);
    page_.events.push_back(std::move(event));
    return page_.events.size() < limit_.events && bytes_ < limit_.bytes;
  }

  FeedKey feed_;
  PageLimit limit_;
  EventPage page_;
  std::size_t bytes_ = 0;
  bool found_ = false;
};

// One page, not looked at yet.
Result<EventPage> read_events(ConnectionPool& readers, const FeedKey& feed, const sql::Query& of_room,
                              const sql::Query& of_user, Seq from, PageLimit limit) {
  limit.events = std::max<std::size_t>(limit.events, 1);
  limit.bytes = std::max<std::size_t>(limit.bytes, 1);
  const auto events = static_cast<std::int64_t>(limit.events), bytes = static_cast<std::int64_t>(limit.bytes);
  auto read = readers.use([&](sql::Connection& connection) -> sql::Outcome<EventReader> {
    EventReader reader(feed, limit);
    auto done = feed.is_room() ? connection.each(of_room, {feed.id, from, events, bytes}, reader)
                               : connection.each(of_user, {feed.id, from, events}, reader);
    if (!done) return done.error();
    return reader;
  });
  if (!read) return read.error();
  if (!read->found()) return no_such_feed(feed);
  return std::move(read->page());
}

Error missing_number() { return {Errc::internal, "a number is missing in the feed"}; }

// The first message's ordinal of a page, less one; pages beyond all numbers are beyond all messages.
std::int64_t ordinals_before(std::int64_t page, std::int64_t size) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const std::int64_t before = std::max<std::int64_t>(page - 1, 0);
  return before > kMost / size - 1 ? kMost - size : before * size;
}

Error no_such_size() { return {Errc::invalid, "a page has at least one message"}; }

// Makes a page of its statement's rows.
class PageReader {
 public:
  PageReader(RoomId room, std::int64_t size) : room_(room) {
    page_.messages.reserve(static_cast<std::size_t>(std::min<std::int64_t>(size, 100)));
  }

  bool operator()(const sql::Row& row) {
    found_ = true;
    page_.total_messages = row.integer(0);
    may_enter_ = row.boolean(1);
    if (!may_enter_ || row.is_null(2)) return false;
    read_message(row, room_, page_.messages.emplace_back());
    return true;
  }

  Result<HistoryPage> answer() && {
    if (!found_) return no_such_room();
    if (!may_enter_) return Error{Errc::forbidden, "not a member of this room"};
    return std::move(page_);
  }

 private:
  RoomId room_;
  HistoryPage page_;
  bool found_ = false;
  bool may_enter_ = false;
};

}  // namespace

Result<HistoryPage> SqlHistoryStore::history_page(RoomId room, UserId viewer, std::int64_t page, std::int64_t size) {
  if (size < 1) return no_such_size();
  const std::int64_t before = ordinals_before(page, size);
  auto read = page_readers_.use([&](sql::Connection& connection) -> sql::Outcome<PageReader> {
    PageReader reader(room, size);
    auto done = connection.each(kPage, {room, viewer, before, before + size}, reader);
    if (!done) return done.error();
    return reader;
  });
  if (!read) return read.error();
  return std::move(*read).answer();
}

std::vector<Result<HistoryPage>> SqlHistoryStore::history_pages(std::span<const PageRead> reads) {
  std::vector<Result<HistoryPage>> out(reads.size(), no_such_size());
  std::vector<std::size_t> open;  // indexes of what has no answer yet
  for (std::size_t i = 0; i < reads.size(); ++i)
    if (reads[i].size >= 1) open.push_back(i);
  auto done = page_readers_.use([&](sql::Connection& connection) -> sql::Outcome<bool> {
    std::vector<std::vector<sql::Value>> sets;
    std::vector<PageReader> readers;
    for (const std::size_t i : open) {
      const PageRead& read = reads[i];
      const std::int64_t before = ordinals_before(read.page, read.size);
      sets.push_back({read.room, read.viewer, before, before + read.size});
      readers.emplace_back(read.room, read.size);
    }
    auto add = [&](std::size_t which, const sql::Row& row) { return readers[which](row); };
    const auto outcomes = connection.run_each(kPage, sets, sql::RowsVisitor(add));
    std::vector<std::size_t> lost;
    sql::Failure why;
    for (std::size_t k = 0; k < outcomes.size(); ++k) {
      Result<HistoryPage>& answer = out[open[k]];
      if (outcomes[k]) {
        answer = std::move(readers[k]).answer();
      } else if (outcomes[k].error().cause != sql::Cause::connection_lost) {
        answer = sql::to_error(outcomes[k].error());
      } else {
        lost.push_back(open[k]);
        why = outcomes[k].error();
      }
    }
    open = std::move(lost);
    if (!open.empty()) return why;
    return true;
  });
  if (!done)
    for (const std::size_t i : open) out[i] = done.error();
  return out;
}

Result<EventPage> SqlHistoryStore::events_after(const FeedKey& feed, Seq after, PageLimit limit) {
  after = std::max(after, Seq(0));
  auto page = read_events(readers_, feed, kEventsAfter, kUserEventsAfter, after, limit);
  if (!page) return page;
  // `after` may be the largest number there is: it has no next.
  if (page->head.first_seq.prev() > after) page->events.clear();
  for (Seq before = after; const Event& event : page->events) {
    if (event.seq.prev() != before) return missing_number();
    before = event.seq;
  }
  const Seq last = page->events.empty() ? after : page->events.back().seq;
  page->at_head = last >= page->head.last_seq;
  return page;
}

Result<EventPage> SqlHistoryStore::events_before(const FeedKey& feed, Seq before, PageLimit limit) {
  before = std::max(before, Seq(0));
  auto page = read_events(readers_, feed, kEventsBefore, kUserEventsBefore, before, limit);
  if (!page) return page;
  // What is left of events that are not kept any more is not shown.
  std::erase_if(page->events, [&](const Event& event) { return event.seq < page->head.first_seq; });
  Seq last = before > page->head.last_seq ? page->head.last_seq.next() : before;
  for (const Event& event : page->events) {
    if (event.seq.next() != last) return missing_number();
    last = event.seq;
  }
  page->at_start = last <= page->head.first_seq;
  return page;
}

Result<Seq> SqlHistoryStore::seq_before_last(RoomId room, std::int64_t messages) {
  auto read = readers_.use([&](sql::Connection& connection) -> sql::Outcome<std::optional<Seq>> {
    std::optional<Seq> out;
    auto done = connection.each(kSeqBeforeLast, {room, std::max<std::int64_t>(messages, 0)}, [&](const sql::Row& row) {
      const Seq last(row.integer(0)), oldest_kept(row.integer(1) - 1);
      out = row.is_null(2) ? last : std::max(Seq(row.integer(2) - 1), oldest_kept);
    });
    if (!done) return done.error();
    return out;
  });
  if (!read) return read.error();
  if (!*read) return no_such_room();
  return **read;
}

Result<FeedHead> SqlHistoryStore::feed_head(const FeedKey& feed) {
  auto read = readers_.use([&](sql::Connection& connection) -> sql::Outcome<std::optional<FeedHead>> {
    std::optional<FeedHead> head;
    auto done = connection.each(feed.is_room() ? kHead : kUserHead, {feed.id},
                                [&](const sql::Row& row) { head = read_head(row, 0); });
    if (!done) return done.error();
    return head;
  });
  if (!read) return read.error();
  if (!*read) return no_such_feed(feed);
  return **read;
}

}  // namespace chat::storage
