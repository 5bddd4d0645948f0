// What waits in one lane, and what is in flight: order, shares, ages and equal keys. No thread, no clock, no database.
//
// - A feed's entries leave in the order they came. Messages leave in batches, a command alone.
// - A feed whose row somebody else holds is put aside and tried again alone; the others go on.
// - A second send with the key (feed, actor, message or command, client_id) of an entry that is still here attaches to
//   it and never enters a batch.
//
// Not thread-safe: its lane guards it. Time is handed in.
#pragma once

#include "base/ids.hpp"
#include "ports/journal.hpp"
#include "storage/journal/journal_options.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace chat::journal {

using TimePoint = std::chrono::steady_clock::time_point;

struct LaneEntry {
  LaneEntry() = default;
  LaneEntry(const LaneEntry&) = delete;
  LaneEntry& operator=(const LaneEntry&) = delete;
  ~LaneEntry();  // whoever has not been answered is told outcome_unknown: an exception threw the entry away

  std::variant<AppendMessage, FeedCommand, UserCommand> work;
  std::vector<JournalAnswer> answers;  // the first made the entry, the others attached
  TimePoint since{};
  std::size_t bytes = 0;  // of the payload: what counts for a batch
  bool patient = false;
  bool unsure = false;  // a flight with it lost its connection at COMMIT

  bool is_command() const { return !message(); }
  const AppendMessage* message() const { return std::get_if<AppendMessage>(&work); }
  const FeedCommand* command() const { return std::get_if<FeedCommand>(&work); }
  const UserCommand* user_command() const { return std::get_if<UserCommand>(&work); }
  FeedKey feed() const;
  const Principal& actor() const;
  const Origin& origin() const;
  const std::optional<std::string>& client_id() const;  // a UserCommand has none
};
using EntryPtr = std::unique_ptr<LaneEntry>;

class LaneQueue {
 public:
  explicit LaneQueue(const JournalOptions& options) : options_(options) {}

  // False: full, or the feed's or user's share is. Takes the arguments only when true.
  bool push(AppendMessage& message, JournalAnswer& answer, TimePoint now);
  bool push(FeedCommand& command, JournalAnswer& answer, TimePoint now);
  bool push(UserCommand& command, JournalAnswer& answer, TimePoint now);

  // What to send now; empty: nothing is ready. Entries found too old on the way are moved to `expired`.
  std::vector<EntryPtr> take(TimePoint now, std::vector<EntryPtr>& expired);

  // In-flight entries that were not stored, in their order: back to the head of their feeds.
  void put_back(std::vector<EntryPtr> entries);
  // The same for entries whose feed is held by somebody else: set aside until its next try.
  void put_aside(std::vector<EntryPtr> entries, TimePoint now);

  // Something of a feed was stored: should it be set aside again, its pauses begin anew.
  void went_well(const FeedKey& feed);

  // The entry is done: leaves its shares and the key map. Call once for everything taken, before answering.
  void finish(const LaneEntry& entry);

  // Entries that are not patient and have waited too long, wherever they are.
  std::vector<EntryPtr> take_expired(TimePoint now);
  // Entries that are not patient and certainly not stored: refused when the database is away.
  std::vector<EntryPtr> take_impatient();
  std::vector<EntryPtr> take_all();

  bool waiting() const { return !main_.empty() || !aside_.empty(); }  // anything not in flight
  // When to look again although nothing was pushed: a feed set aside is due, or one of its entries gets too old.
  std::optional<TimePoint> next_due() const;

  // Entries may have been thrown away by an exception: no key finds one any more.
  void forget_keys() { keys_.clear(); }

  std::size_t messages() const { return total_.count; }
  std::size_t bytes() const { return total_.bytes; }

 private:
  struct Key {
    FeedKey feed;
    UserId actor;
    bool command = false;
    std::string client_id;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Load {
    std::size_t count = 0;
    std::size_t bytes = 0;
  };
  struct Aside {
    std::deque<EntryPtr> entries;
    TimePoint retry_at{};
    std::chrono::milliseconds pause{0};
  };

  static Key key_of(const LaneEntry& entry);
  bool push(EntryPtr& entry, JournalAnswer& answer, TimePoint now);
  bool has_room(const LaneEntry& entry, std::size_t bytes) const;
  void charge(const LaneEntry& entry, std::size_t bytes);
  bool too_old(const LaneEntry& entry, TimePoint now) const;
  std::vector<EntryPtr> take_aside(TimePoint now, std::vector<EntryPtr>& expired);
  std::vector<EntryPtr> take_main(TimePoint now, std::vector<EntryPtr>& expired);
  template <class Pick>
  std::vector<EntryPtr> extract(Pick pick);

  const JournalOptions options_;
  std::deque<EntryPtr> main_;
  std::unordered_map<FeedKey, Aside> aside_;
  std::unordered_map<Key, LaneEntry*, KeyHash> keys_;  // queued and in flight
  std::unordered_map<FeedKey, Load> feeds_;
  std::unordered_map<UserId, Load> users_;
  Load total_;
  bool main_turn_ = false;  // a feed set aside was served last: the others are next
};

}  // namespace chat::journal
