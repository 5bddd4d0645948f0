#include "storage/journal/lane_queue.hpp"

#include "base/siphash.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace chat::journal {
namespace {

constexpr std::size_t kEntryBytes = 256;  // what an entry, or an attached answer, costs beside its payload

std::size_t size_of(const std::optional<std::string>& text) { return text ? text->size() : 0; }

std::size_t payload_bytes(const AppendMessage& m) {
  return m.content.size() + size_of(m.metadata) + size_of(m.client_id) + m.author.name.size();
}

std::size_t payload_bytes(const FeedCommand& c) {
  std::size_t bytes = size_of(c.client_id) + c.actor.name.size();
  if (const auto* edit = std::get_if<EditMessage>(&c.change)) bytes += edit->content.size() + size_of(edit->metadata);
  if (const auto* react = std::get_if<SetReaction>(&c.change)) bytes += react->reaction.size();
  if (const auto* room = std::get_if<ChangeRoom>(&c.change)) bytes += size_of(room->name) + size_of(room->description);
  return bytes;
}

std::size_t payload_bytes(const UserCommand& c) {
  const auto* password = std::get_if<SetPassword>(&c.change);
  return c.actor.name.size() + (password ? password->hash.size() : 0);
}

}  // namespace

LaneEntry::~LaneEntry() {
  for (JournalAnswer& answer : answers) {
    try {
      answer(Error(Errc::outcome_unknown, "the journal failed"));
    } catch (...) {  // there is nobody left to tell
    }
  }
}

FeedKey LaneEntry::feed() const {
  if (const UserCommand* of_user = user_command()) return FeedKey::user(of_user->user_id);
  return FeedKey::room(is_command() ? command()->room_id : message()->room_id);
}
const Principal& LaneEntry::actor() const {
  if (const UserCommand* of_user = user_command()) return of_user->actor;
  return is_command() ? command()->actor : message()->author;
}
const Origin& LaneEntry::origin() const {
  return std::visit([](const auto& of) -> const Origin& { return of.origin; }, work);
}
const std::optional<std::string>& LaneEntry::client_id() const {
  static const std::optional<std::string> kNone;
  if (user_command()) return kNone;
  return is_command() ? command()->client_id : message()->client_id;
}

std::size_t LaneQueue::KeyHash::operator()(const Key& key) const noexcept {
  const std::size_t a = std::hash<FeedKey>{}(key.feed), b = std::hash<UserId>{}(key.actor);
  return a ^ (b * 0x9E3779B97F4A7C15ull) ^ SecretHash()(key.client_id) ^ key.command;
}

LaneQueue::Key LaneQueue::key_of(const LaneEntry& entry) {
  return {entry.feed(), entry.actor().id, entry.is_command(), *entry.client_id()};
}

bool LaneQueue::push(AppendMessage& message, JournalAnswer& answer, TimePoint now) {
  auto entry = std::make_unique<LaneEntry>();
  entry->bytes = payload_bytes(message);
  entry->patient = message.patient;
  entry->work = std::move(message);
  if (push(entry, answer, now)) return true;
  message = std::move(std::get<AppendMessage>(entry->work));
  return false;
}

bool LaneQueue::push(FeedCommand& command, JournalAnswer& answer, TimePoint now) {
  auto entry = std::make_unique<LaneEntry>();
  entry->bytes = payload_bytes(command);
  entry->work = std::move(command);
  if (push(entry, answer, now)) return true;
  command = std::move(std::get<FeedCommand>(entry->work));
  return false;
}

bool LaneQueue::push(UserCommand& command, JournalAnswer& answer, TimePoint now) {
  auto entry = std::make_unique<LaneEntry>();
  entry->bytes = payload_bytes(command);
  entry->work = std::move(command);
  if (push(entry, answer, now)) return true;
  command = std::move(std::get<UserCommand>(entry->work));
  return false;
}

bool LaneQueue::push(EntryPtr& entry, JournalAnswer& answer, TimePoint now) {
  if (entry->client_id()) {
    if (const auto same = keys_.find(key_of(*entry)); same != keys_.end()) {
      LaneEntry& first = *same->second;
      if (!has_room(first, kEntryBytes)) return false;
      charge(first, kEntryBytes);
      first.patient |= entry->patient;
      first.answers.push_back(std::move(answer));
      return true;
    }
  }
  if (!has_room(*entry, entry->bytes + kEntryBytes)) return false;
  charge(*entry, entry->bytes + kEntryBytes);
  entry->since = now;
  entry->answers.push_back(std::move(answer));
  if (entry->client_id()) keys_.emplace(key_of(*entry), entry.get());
  main_.push_back(std::move(entry));
  return true;
}

bool LaneQueue::has_room(const LaneEntry& entry, std::size_t bytes) const {
  // A share always admits one entry, so that a small lane still serves everybody.
  const auto fits = [bytes](const Load& load, std::size_t count_limit, std::size_t byte_limit) {
    return load.count == 0 || (load.count < count_limit && load.bytes + bytes <= byte_limit);
  };
  const auto load_of = [](const auto& loads, const auto& id) {
    const auto found = loads.find(id);
    return found == loads.end() ? Load{} : found->second;
  };
  return fits(total_, options_.queue_messages, options_.queue_bytes) &&
         fits(load_of(feeds_, entry.feed()), options_.queue_messages / 4, options_.queue_bytes / 4) &&
         fits(load_of(users_, entry.actor().id), options_.queue_messages / 8, options_.queue_bytes / 8);
}

void LaneQueue::charge(const LaneEntry& entry, std::size_t bytes) {
  for (Load* load : {&total_, &feeds_[entry.feed()], &users_[entry.actor().id]}) {
    ++load->count;
    load->bytes += bytes;
  }
}

void LaneQueue::finish(const LaneEntry& entry) {
  const std::size_t count = entry.answers.size();
  const std::size_t bytes = entry.bytes + count * kEntryBytes;
  const auto release = [&](auto& loads, const auto& id) {
    const auto found = loads.find(id);
    found->second.count -= count;
    found->second.bytes -= bytes;
    if (found->second.count == 0) loads.erase(found);
  };
  release(feeds_, entry.feed());
  release(users_, entry.actor().id);
  total_.count -= count;
  total_.bytes -= bytes;
  if (entry.client_id()) keys_.erase(key_of(entry));
}

void LaneQueue::went_well(const FeedKey& feed) {
  if (const auto aside = aside_.find(feed); aside != aside_.end()) aside->second.pause = {};
}

bool LaneQueue::too_old(const LaneEntry& entry, TimePoint now) const {
  return !entry.patient && now - entry.since > options_.max_wait;
}

std::vector<EntryPtr> LaneQueue::take(TimePoint now, std::vector<EntryPtr>& expired) {
  std::erase_if(aside_, [](const auto& feed) { return feed.second.entries.empty(); });
  if (main_turn_) {
    main_turn_ = false;
    auto batch = take_main(now, expired);
    if (!batch.empty()) return batch;
  }
  auto batch = take_aside(now, expired);
  if (batch.empty()) return take_main(now, expired);
  main_turn_ = true;
  return batch;
}

std::vector<EntryPtr> LaneQueue::take_aside(TimePoint now, std::vector<EntryPtr>& expired) {
  auto due = aside_.end();
  for (auto feed = aside_.begin(); feed != aside_.end(); ++feed)
    if (feed->second.retry_at <= now && (due == aside_.end() || feed->second.retry_at < due->second.retry_at))
      due = feed;
  std::vector<EntryPtr> batch;
  if (due == aside_.end()) return batch;
  auto& entries = due->second.entries;
  std::size_t bytes = 0;
  while (!entries.empty()) {
    LaneEntry& next = *entries.front();
    if (too_old(next, now)) {
      expired.push_back(std::move(entries.front()));
      entries.pop_front();
      continue;
    }
    const bool full = batch.size() >= options_.batch_messages || bytes + next.bytes > options_.batch_bytes;
    if (!batch.empty() && (full || next.is_command())) break;
    bytes += next.bytes;
    batch.push_back(std::move(entries.front()));
    entries.pop_front();
    if (batch.back()->is_command()) break;
  }
  return batch;  // an emptied feed stays until the next take: its pause is remembered should the flight fail
}

std::vector<EntryPtr> LaneQueue::take_main(TimePoint now, std::vector<EntryPtr>& expired) {
  std::vector<EntryPtr> batch;
  std::size_t bytes = 0;
  while (!main_.empty()) {
    LaneEntry& next = *main_.front();
    if (too_old(next, now)) {
      expired.push_back(std::move(main_.front()));
      main_.pop_front();
      continue;
    }
    if (const auto aside = aside_.find(next.feed()); aside != aside_.end()) {
      aside->second.entries.push_back(std::move(main_.front()));
      main_.pop_front();
      continue;
    }
    const bool full = batch.size() >= options_.batch_messages || bytes + next.bytes > options_.batch_bytes;
    if (!batch.empty() && (full || next.is_command())) break;
    bytes += next.bytes;
    batch.push_back(std::move(main_.front()));
    main_.pop_front();
    if (batch.back()->is_command()) break;
  }
  return batch;
}

void LaneQueue::put_back(std::vector<EntryPtr> entries) {
  // They are older than whatever else of their feed is here.
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const auto aside = aside_.find((*entry)->feed());
    (aside == aside_.end() ? main_ : aside->second.entries).push_front(std::move(*entry));
  }
}

void LaneQueue::put_aside(std::vector<EntryPtr> entries, TimePoint now) {
  std::vector<FeedKey> feeds;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const FeedKey feed = (*entry)->feed();
    if (std::find(feeds.begin(), feeds.end(), feed) == feeds.end()) feeds.push_back(feed);
    aside_[feed].entries.push_front(std::move(*entry));
  }
  using std::chrono::milliseconds;
  for (const FeedKey& feed : feeds) {
    Aside& aside = aside_[feed];
    aside.retry_at = now + aside.pause;  // first at once, waiting in a flight of its own
    aside.pause = std::min(options_.room_retry_max, std::max(options_.room_lock_wait, aside.pause * 2));
  }
}

template <class Pick>
std::vector<EntryPtr> LaneQueue::extract(Pick pick) {
  std::vector<EntryPtr> out;
  const auto sweep = [&](std::deque<EntryPtr>& entries) {
    for (EntryPtr& entry : entries)
      if (pick(*entry)) out.push_back(std::move(entry));
    std::erase(entries, nullptr);
  };
  for (auto& [feed, aside] : aside_) sweep(aside.entries);
  sweep(main_);
  return out;
}

std::vector<EntryPtr> LaneQueue::take_expired(TimePoint now) {
  return extract([&](const LaneEntry& entry) { return too_old(entry, now); });
}

std::vector<EntryPtr> LaneQueue::take_impatient() {
  return extract([](const LaneEntry& entry) { return !entry.patient && !entry.unsure; });
}

std::vector<EntryPtr> LaneQueue::take_all() {
  return extract([](const LaneEntry&) { return true; });
}

std::optional<TimePoint> LaneQueue::next_due() const {
  std::optional<TimePoint> due;
  const auto sooner = [&due](TimePoint at) {
    if (!due || at < *due) due = at;
  };
  for (const auto& [feed, aside] : aside_) {
    sooner(aside.retry_at);
    for (const EntryPtr& entry : aside.entries)
      if (!entry->patient) sooner(entry->since + options_.max_wait);
  }
  return due;
}

}  // namespace chat::journal
