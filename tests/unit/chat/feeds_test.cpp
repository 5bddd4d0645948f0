#include "chat/feeds.hpp"

#include "support/fake_stores.hpp"
#include "support/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace chat::testing {
namespace {

using ::testing::ElementsAre;

constexpr std::int64_t kFirst = 3, kLast = 5;

// Every feed holds the events 3, 4 and 5: what was before is no longer kept. Remembers what it was asked.
class Kept final : public HistoryStore {
 public:
  std::vector<std::int64_t> asked;

  Result<EventPage> events_after(const FeedKey&, Seq after, PageLimit) override {
    asked.push_back(after.value);
    EventPage page;
    page.head.first_seq = Seq(kFirst);
    page.head.last_seq = Seq(kLast);
    if (after < Seq(kFirst).prev()) return page;
    for (std::int64_t n = kFirst; n <= kLast; ++n) {
      if (Seq(n) > after) page.events.emplace_back().seq = Seq(n);
    }
    page.at_head = true;
    return page;
  }
  Result<HistoryPage> history_page(RoomId, UserId, std::int64_t, std::int64_t) override { return HistoryPage{}; }
  Result<EventPage> events_before(const FeedKey&, Seq, PageLimit) override { return EventPage{}; }
  Result<FeedHead> feed_head(const FeedKey&) override { return FeedHead{}; }
  Result<Seq> seq_before_last(RoomId, std::int64_t) override { return Seq(); }
};

struct Reader {
  FakeRooms rooms;
  Kept kept;
  BlockingPool pool{{.name = "read"}};
  Feeds feeds{rooms, kept, pool};

  ~Reader() { pool.stop(); }

  std::vector<std::int64_t> numbers_after(std::int64_t since) {
    kept.asked.clear();
    const UserId user(Uuid::v7());
    FeedQuery query;
    query.since = Seq(since);
    query.limit = 10;
    const auto stretch = run(feeds.read(FeedKey::user(user), user, query));
    std::vector<std::int64_t> numbers;
    if (stretch)
      std::ranges::transform(stretch->events, std::back_inserter(numbers), [](const Event& e) { return e.seq.value; });
    return numbers;
  }
};

TEST(Feeds, WhoAsksForWhatIsNotKeptGetsWhatThereIs) {
  Reader reader;
  EXPECT_THAT(reader.numbers_after(0), ElementsAre(3, 4, 5));
  EXPECT_THAT(reader.kept.asked, ElementsAre(0, 2));
  EXPECT_THAT(reader.numbers_after(2), ElementsAre(3, 4, 5));
  EXPECT_THAT(reader.kept.asked, ElementsAre(2));
  EXPECT_THAT(reader.numbers_after(4), ElementsAre(5));
}

// The largest number has no next: it once wrapped around, and the reader got everything from the beginning.
TEST(Feeds, NothingComesAfterTheLargestNumber) {
  constexpr auto kLargest = std::numeric_limits<std::int64_t>::max();
  Reader reader;
  EXPECT_THAT(reader.numbers_after(kLargest), ElementsAre());
  EXPECT_THAT(reader.kept.asked, ElementsAre(kLargest));
  EXPECT_THAT(reader.numbers_after(kLast), ElementsAre());
}

}  // namespace
}  // namespace chat::testing
