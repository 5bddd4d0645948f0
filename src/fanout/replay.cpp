#include "fanout/replay.hpp"

#include <algorithm>

namespace chat::fanout {

Result<ReplayPage> read_replay_page(HistoryStore& store, RoomId room, protocol::RoomAudience audience,
                                    const ReplayStart& start, const PageLimit& limit) {
  Seq after = start.after;
  if (start.kind == ReplayStart::Kind::last) {
    auto before = store.seq_before_last(room, static_cast<std::int64_t>(start.messages));
    if (!before) return before.error();
    after = *before;
  }
  auto events = store.events_after(FeedKey::room(room), after, limit);
  if (!events) return events.error();

  ReplayPage page;
  page.at_head = events->at_head || events->events.empty();
  page.through = events->events.empty() ? std::min(after, events->head.last_seq) : events->events.back().seq;
  for (const Event& event : events->events) {
    if (!protocol::is_shown_to(audience, event.kind)) continue;
    ReplayPage::Entry entry;
    entry.seq = event.seq;
    entry.id = event.id.value;
    entry.at = event.at;
    entry.offset = static_cast<std::uint32_t>(page.frames.size());
    protocol::append_event_frame(page.frames, event);
    entry.length = static_cast<std::uint32_t>(page.frames.size()) - entry.offset;
    page.entries.push_back(entry);
  }
  return page;
}

}  // namespace chat::fanout
