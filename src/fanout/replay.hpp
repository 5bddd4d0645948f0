// A page of a feed's past, read from the store, as a catch-up or a recovery needs it.
#pragma once

#include "base/result.hpp"
#include "fanout/wire_format.hpp"
#include "ports/stores.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::fanout {

struct ReplayPage {
  struct Entry {
    Seq seq;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    Uuid id;
    Timestamp at{};
  };
  std::string frames;
  std::vector<Entry> entries;
  Seq through;  // everything shown up to here has been given
  Seq head;     // the feed's newest event when it was read
};

// Where a socket's replay begins: behind a number, or so that the newest `messages` messages are in it.
struct ReplayStart {
  enum class Kind : std::uint8_t { after, last } kind = Kind::last;
  Seq after;
  std::size_t messages = 0;
};

// What a recovery missed, as far as a page goes.
struct MissedPage {
  std::vector<centrifuge::Publication> publications;
  Seq through;  // as above
  Seq head;
};

// These read a page. They block: for a pool's thread. `through` is below `after` when the feed has no such number, and
// lies behind what is not kept any more when `after` is older.
Result<ReplayPage> read_replay_page(HistoryStore& store, const FeedKey& feed, WireFormat format, Audience audience,
                                    const ReplayStart& start, const PageLimit& limit);
// The page has no publications when the first one is not kept any more.
Result<MissedPage> read_missed_page(HistoryStore& store, const FeedKey& feed, Seq after, const PageLimit& limit);

// Reads pages for the connections of a shard. `done` is called on the shard, never inside the call.
class ReplayReader {
 public:
  template <class Page>
  using Done = std::function<void(Result<Page>)>;
  virtual void read_replay(const FeedKey& feed, WireFormat format, Audience audience, const ReplayStart& start,
                           Done<ReplayPage> done) = 0;
  virtual void read_missed(const FeedKey& feed, Seq after, Done<MissedPage> done) = 0;

 protected:
  ~ReplayReader() = default;
};

}  // namespace chat::fanout
