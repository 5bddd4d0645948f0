// Reading a feed, a room's or a user's, upwards and downwards.
#include "support/storage_fixture.hpp"

#include <algorithm>
#include <limits>

namespace chat::testing {
namespace {

class FeedReading : public StoreTest {
 protected:
  FeedReading() : ada_(add_user("ada@example.com", "Ada")), bob_(add_user("bob@example.com", "Bob")) {
    room_ = add_room(ada_, "lobby");
  }

  // `count` events in the room's feed (messages and others) or in bob's.
  FeedKey fill(FeedKey::Kind kind, int count) {
    if (kind == FeedKey::Kind::user) {
      for (int i = 0; i < count; ++i) take(users().set_password(bob_.id, "hash " + std::to_string(i)));
      return FeedKey::user(bob_.id);
    }
    for (int i = 0; i < count; ++i) {
      const std::string text = std::to_string(i);
      i % 3 == 2 ? describe(text) : (void)say(room_, ada_, text);
    }
    return FeedKey::room(room_.id);
  }
  void describe(const std::string& text) {
    FeedCommand command;
    command.room_id = room_.id;
    command.actor = {Principal::Kind::user, ada_.id, ada_.name};
    command.change = ChangeRoom{std::nullopt, text};
    take(execute(std::move(command)));
  }

  std::vector<Event> upwards(const FeedKey& feed, Seq after, PageLimit limit) {
    std::vector<Event> all;
    for (bool done = false; !done;) {
      const EventPage page = take(history().events_after(feed, all.empty() ? after : all.back().seq, limit));
      all.insert(all.end(), page.events.begin(), page.events.end());
      done = page.at_head;
      EXPECT_TRUE(done || !page.events.empty());
      if (!done && page.events.empty()) break;
    }
    return all;
  }
  std::vector<Event> downwards(const FeedKey& feed, Seq before, PageLimit limit) {
    std::vector<Event> all;
    for (bool done = false; !done;) {
      const EventPage page = take(history().events_before(feed, all.empty() ? before : all.back().seq, limit));
      all.insert(all.end(), page.events.begin(), page.events.end());
      done = page.at_start;
      EXPECT_TRUE(done || !page.events.empty());
      if (!done && page.events.empty()) break;
    }
    return all;
  }
  static std::vector<std::int64_t> numbers(const std::vector<Event>& events) {
    std::vector<std::int64_t> out;
    for (const Event& event : events) out.push_back(event.seq.value);
    return out;
  }
  static std::vector<std::int64_t> range(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> out;
    for (std::int64_t i = from; i <= to; ++i) out.push_back(i);
    return out;
  }
  static bool same(const Event& a, const Event& b) {
    return a.feed == b.feed && a.seq == b.seq && a.kind == b.kind && a.id == b.id && a.actor_name == b.actor_name &&
           a.at == b.at && a.payload == b.payload && a.message_seq == b.message_seq &&
           a.message.has_value() == b.message.has_value() &&
           (!a.message || (a.message->content == b.message->content && a.message->ordinal == b.message->ordinal));
  }

  static constexpr FeedKey::Kind kBoth[] = {FeedKey::Kind::room, FeedKey::Kind::user};
  User ada_, bob_;
  Room room_;
};
INSTANTIATE_TEST_SUITE_P(Every, FeedReading, ::testing::ValuesIn(all_databases()), database_name);

TEST_P(FeedReading, PagesOfBothDirectionsJoinUpExactly) {
  for (const auto kind : kBoth) {
    const FeedKey feed = fill(kind, 17);
    const auto whole = upwards(feed, Seq(0), {});
    EXPECT_EQ(numbers(whole), range(1, 17));
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{17}, std::size_t{500}}) {
      const auto up = upwards(feed, Seq(0), {.events = size});
      auto down = downwards(feed, HistoryStore::kNewest, {.events = size});
      std::reverse(down.begin(), down.end());
      ASSERT_EQ(up.size(), 17u) << feed.str() << " by " << size;
      ASSERT_EQ(down.size(), 17u) << feed.str() << " by " << size;
      for (std::size_t i = 0; i < 17; ++i) EXPECT_TRUE(same(up[i], whole[i]) && same(down[i], whole[i])) << i;
    }
    // From any place, what lies before it and what lies after it are everything else.
    for (std::int64_t at = 1; at <= 17; ++at) {
      auto before = downwards(feed, Seq(at), {.events = 4});
      std::reverse(before.begin(), before.end());
      EXPECT_EQ(numbers(before), range(1, at - 1));
      EXPECT_EQ(numbers(upwards(feed, Seq(at), {.events = 4})), range(at + 1, 17));
    }
  }
}

TEST_P(FeedReading, APageSaysHowFarItReaches) {
  for (const auto kind : kBoth) {
    const FeedKey feed = fill(kind, 6);
    const FeedHead head = take(history().feed_head(feed));
    EXPECT_EQ(head.last_seq, Seq(6));
    EXPECT_EQ(head.first_seq, Seq(1));
    EXPECT_EQ(head.message_count, kind == FeedKey::Kind::room ? 4 : 0);

    const EventPage newest = take(history().events_before(feed, HistoryStore::kNewest, {.events = 2}));
    EXPECT_EQ(numbers(newest.events), (std::vector<std::int64_t>{6, 5}));
    EXPECT_FALSE(newest.at_start);
    EXPECT_EQ(newest.head.last_seq, Seq(6));
    EXPECT_EQ(newest.head.message_count, head.message_count);
    const EventPage exact = take(history().events_before(feed, Seq(3), {.events = 2}));
    EXPECT_EQ(numbers(exact.events), (std::vector<std::int64_t>{2, 1}));
    EXPECT_TRUE(exact.at_start);
    for (const std::int64_t before : {std::int64_t{1}, std::int64_t{0}, std::int64_t{-5}}) {
      const EventPage nothing = take(history().events_before(feed, Seq(before), {}));
      EXPECT_TRUE(nothing.events.empty());
      EXPECT_TRUE(nothing.at_start);
    }
    EXPECT_EQ(numbers(take(history().events_before(feed, Seq(99), {.events = 1})).events), range(6, 6));
    EXPECT_FALSE(take(history().events_after(feed, Seq(0), {.events = 5})).at_head);
    EXPECT_TRUE(take(history().events_after(feed, Seq(5), {.events = 5})).at_head);
    for (const std::int64_t after : {std::int64_t{6}, std::int64_t{99}, std::numeric_limits<std::int64_t>::max()}) {
      const EventPage beyond = take(history().events_after(feed, Seq(after), {}));
      EXPECT_TRUE(beyond.events.empty());
      EXPECT_TRUE(beyond.at_head);
    }
    EXPECT_EQ(numbers(take(history().events_after(feed, Seq(-7), {.events = 2})).events), range(1, 2));
  }
}

TEST_P(FeedReading, AFeedWithoutEventsIsAtBothItsEnds) {
  for (const FeedKey& feed : {FeedKey::room(room_.id), FeedKey::user(ada_.id)}) {
    EXPECT_EQ(take(history().feed_head(feed)).last_seq, Seq(0));
    const EventPage up = take(history().events_after(feed, Seq(0), {}));
    EXPECT_TRUE(up.events.empty() && up.at_head);
    const EventPage down = take(history().events_before(feed, HistoryStore::kNewest, {}));
    EXPECT_TRUE(down.events.empty() && down.at_start);
  }
}

TEST_P(FeedReading, AnUnknownFeedIsNotFoundAsWhatItIs) {
  const Uuid nobody = Uuid::v4();
  const struct {
    FeedKey feed;
    Errc code;
  } cases[] = {{FeedKey::room(RoomId(nobody)), Errc::room_not_found},
               {FeedKey::user(UserId(nobody)), Errc::user_not_found},
               {FeedKey::room(RoomId(ada_.id.value)), Errc::room_not_found},
               {FeedKey::user(UserId(room_.id.value)), Errc::user_not_found}};
  for (const auto& [feed, code] : cases) {
    EXPECT_EQ(history().feed_head(feed).error().code, code);
    EXPECT_EQ(history().events_after(feed, Seq(0), {}).error().code, code);
    EXPECT_EQ(history().events_before(feed, HistoryStore::kNewest, {}).error().code, code);
  }
}

TEST_P(FeedReading, APageIsCutBySizeInBothDirectionsButNeverToNothing) {
  for (int i = 0; i < 6; ++i) say(room_, ada_, std::string(1000, 'x'));
  for (int i = 0; i < 6; ++i) take(users().set_password(bob_.id, "hash"));
  const FeedKey room = FeedKey::room(room_.id), user = FeedKey::user(bob_.id);
  const std::size_t one = take(history().events_after(user, Seq(0), {})).events[0].payload.size();
  EXPECT_EQ(take(history().events_before(room, HistoryStore::kNewest, {.bytes = 2500})).events.size(), 3u);
  EXPECT_EQ(take(history().events_before(room, HistoryStore::kNewest, {.bytes = 0})).events.size(), 1u);
  EXPECT_EQ(take(history().events_before(room, HistoryStore::kNewest, {.events = 0})).events.size(), 1u);
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, one})
    EXPECT_EQ(take(history().events_before(user, HistoryStore::kNewest, {.bytes = bytes})).events.size(), 1u);
  EXPECT_EQ(take(history().events_before(user, HistoryStore::kNewest, {.bytes = one + 1})).events.size(), 2u);
  EXPECT_EQ(take(history().events_after(user, Seq(0), {.bytes = one + 1})).events.size(), 2u);
  EXPECT_FALSE(take(history().events_after(user, Seq(0), {.bytes = one + 1})).at_head);
}

// Where rows can be taken away beside the stores.
class FeedReadingOnSql : public FeedReading {};
INSTANTIATE_TEST_SUITE_P(Every, FeedReadingOnSql, ::testing::ValuesIn(sql_databases()), database_name);

TEST_P(FeedReadingOnSql, ARoomBeginsWhereItsOldestEventIsStillKept) {
  const FeedKey feed = fill(FeedKey::Kind::room, 12);
  take(
      database_.connect()->script("DELETE FROM messages WHERE seq < 6; DELETE FROM room_events WHERE seq < 6; "
                                  "UPDATE rooms SET first_seq = 6"));
  EXPECT_EQ(take(history().feed_head(feed)).first_seq, Seq(6));
  for (const std::size_t size : {std::size_t{3}, std::size_t{7}, std::size_t{500}}) {
    auto down = downwards(feed, HistoryStore::kNewest, {.events = size});
    std::reverse(down.begin(), down.end());
    EXPECT_EQ(numbers(down), range(6, 12));
    EXPECT_EQ(numbers(upwards(feed, Seq(5), {.events = size})), range(6, 12));
  }
  const EventPage gone = take(history().events_before(feed, Seq(4), {}));
  EXPECT_TRUE(gone.events.empty());
  EXPECT_TRUE(gone.at_start);
  const EventPage lost = take(history().events_after(feed, Seq(4), {}));
  EXPECT_TRUE(lost.events.empty()) << "what comes next is not kept";
  EXPECT_FALSE(lost.at_head);
}

TEST_P(FeedReadingOnSql, AHoleIsAnErrorAndNeverSkipped) {
  const FeedKey room = fill(FeedKey::Kind::room, 6), user = fill(FeedKey::Kind::user, 6);
  take(database_.connect()->script("DELETE FROM messages WHERE seq = 4; DELETE FROM user_events WHERE seq = 4"));
  for (const FeedKey& feed : {room, user}) {
    EXPECT_EQ(history().events_after(feed, Seq(0), {}).error().code, Errc::internal);
    EXPECT_EQ(history().events_before(feed, HistoryStore::kNewest, {}).error().code, Errc::internal);
    EXPECT_EQ(history().events_after(feed, Seq(3), {}).error().code, Errc::internal);
    EXPECT_EQ(history().events_before(feed, Seq(5), {}).error().code, Errc::internal);
    EXPECT_EQ(numbers(take(history().events_after(feed, Seq(4), {})).events), range(5, 6));
  }
}

}  // namespace
}  // namespace chat::testing
