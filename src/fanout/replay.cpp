#include "fanout/replay.hpp"

#include "protocol/event_json.hpp"

#include <algorithm>
#include <utility>

namespace chat::fanout {

Result<ReplayPage> read_replay_page(HistoryStore& store, const FeedKey& feed, WireFormat format, Audience audience,
                                    const ReplayStart& start, const PageLimit& limit) {
  Seq after = start.after;
  if (start.kind == ReplayStart::Kind::last) {
    auto before = store.seq_before_last(feed.room_id(), static_cast<std::int64_t>(start.messages));
    if (!before) return before.error();
    after = *before;
  }
  auto events = store.events_after(feed, after, limit);
  if (events && events->events.empty() && after < events->head.first_seq.prev()) {
    after = events->head.first_seq.prev();
    events = store.events_after(feed, after, limit);
  }
  if (!events) return events.error();

  ReplayPage page;
  page.head = events->head.last_seq;
  page.through = events->events.empty() ? std::min(after, page.head) : events->events.back().seq;
  FormatSet formats;
  formats.add(format);
  for (const Event& event : events->events) {
    if (!is_shown_to(audience, event.kind)) continue;
    ReplayPage::Entry entry;
    entry.seq = event.seq;
    entry.id = event.id.value;
    entry.at = event.at;
    const auto frame = Encoder::event(page.frames, formats, event, Origin{}).of[index_of(format)];
    entry.offset = frame.offset;
    entry.length = frame.length;
    page.entries.push_back(entry);
  }
  return page;
}

Result<MissedPage> read_missed_page(HistoryStore& store, const FeedKey& feed, Seq after, const PageLimit& limit) {
  const auto events = store.events_after(feed, after, limit);
  if (!events) return events.error();
  MissedPage page;
  page.head = events->head.last_seq;
  page.through = events->events.empty() ? std::min(after, page.head) : events->events.back().seq;
  if (events->events.empty() && after < events->head.first_seq.prev()) page.through = events->head.first_seq.prev();
  for (const Event& event : events->events) {
    std::string data;
    protocol::append_event_data(data, event);
    page.publications.push_back(replayed_publication(std::move(data), event.seq, event.actor_id));
  }
  return page;
}

}  // namespace chat::fanout
