#include "fanout/home_feed.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace chat::fanout {
namespace {

CommittedEvent an_event(std::int64_t seq) {
  Event event;
  event.seq = Seq(seq);
  event.kind = EventKind::room_changed;
  return {std::make_shared<const Event>(event), Origin{1, 99}};
}

EventPage a_page(std::int64_t from, std::int64_t to) {
  EventPage page;
  for (auto seq = from; seq <= to; ++seq) page.events.push_back(*an_event(seq).event);
  page.head.last_seq = Seq(to);
  return page;
}

class HomeFeedTest : public testing::Test, protected HomeFeed::Host {
 protected:
  void read_head(HomeFeed&) override { ++heads_; }
  void fetch_events(HomeFeed&, Seq after) override { fetches_.push_back(after.value); }
  void start_grace(HomeFeed&) override { ++graces_; }
  void start_retry(HomeFeed&) override { ++retries_; }
  void on_feed_live(HomeFeed&) override { ++lives_; }
  void on_news(HomeFeed&) override { ++news_; }
  void on_head_below(HomeFeed&) override { ++lost_; }
  void on_position_lost(HomeFeed&) override { ++positions_lost_; }

  void live_at(std::int64_t seq) {
    feed_.start();
    FeedHead head;
    head.last_seq = Seq(seq);
    feed_.on_head(head);
  }
  std::vector<std::int64_t> taken() {
    std::vector<std::int64_t> out;
    if (const auto batch = feed_.take_batch()) {
      for (const auto& entry : batch->entries) out.push_back(entry.seq.value);
    }
    return out;
  }
  using Seqs = std::vector<std::int64_t>;

  FanOutOptions options_{.held_events = 4};
  HomeFeed feed_{*this, options_, FeedKey::room(RoomId::make())};
  int heads_ = 0, graces_ = 0, retries_ = 0, lives_ = 0, news_ = 0, lost_ = 0, positions_lost_ = 0;
  Seqs fetches_;
};

TEST_F(HomeFeedTest, DeliversInOrderAndDropsRepeats) {
  live_at(4);
  for (const std::int64_t seq : {5, 5, 6, 4, 6, 7}) feed_.offer(an_event(seq));
  EXPECT_EQ(taken(), (Seqs{5, 6, 7}));
  EXPECT_EQ(news_, 1);  // one batch, announced once
  EXPECT_EQ(graces_, 0);
}

TEST_F(HomeFeedTest, SaysThatNumbersWereLostWhenTheStoresHeadLiesBelowWhatItDelivered) {
  live_at(4);
  feed_.offer(an_event(7));
  feed_.on_grace_over();
  EXPECT_EQ(fetches_, Seqs{4});
  feed_.offer(an_event(5));  // meanwhile; the read may not have seen it
  feed_.on_fetched(a_page(5, 4));
  EXPECT_EQ(lost_, 0);
  feed_.on_retry();
  EXPECT_EQ(fetches_, (Seqs{4, 5}));
  feed_.on_fetched(a_page(5, 4));
  EXPECT_EQ(lost_, 1);
}

TEST_F(HomeFeedTest, WaitsForTheBusBeforeItFetches) {
  live_at(0);
  feed_.offer(an_event(2));
  feed_.offer(an_event(3));
  EXPECT_EQ(taken(), Seqs{});
  EXPECT_EQ(graces_, 1);
  feed_.offer(an_event(1));
  EXPECT_EQ(taken(), (Seqs{1, 2, 3}));
  feed_.on_grace_over();
  EXPECT_TRUE(fetches_.empty());
}

TEST_F(HomeFeedTest, FetchesTheGapBeforeDeliveringWhatCameAfterIt) {
  live_at(0);
  feed_.offer(an_event(4));
  feed_.on_grace_over();
  feed_.offer(an_event(6));
  feed_.on_grace_over();
  EXPECT_EQ(fetches_, Seqs{0}) << "one read at a time";
  feed_.on_fetched(a_page(1, 3));
  EXPECT_EQ(taken(), (Seqs{1, 2, 3, 4}));
  EXPECT_EQ(fetches_, (Seqs{0, 4})) << "5 is still missing";
  feed_.on_fetched(a_page(5, 9));
  EXPECT_EQ(taken(), (Seqs{5, 6, 7, 8, 9}));
  EXPECT_EQ(fetches_.size(), 2u);
}

TEST_F(HomeFeedTest, WhatIsFetchedHasNoOriginAndWhatIsHeldKeepsIts) {
  live_at(0);
  feed_.offer(an_event(2));
  feed_.on_grace_over();
  feed_.on_fetched(a_page(1, 1));
  const auto batch = feed_.take_batch();
  ASSERT_EQ(batch->entries.size(), 2u);
  EXPECT_TRUE(batch->entries[0].fetched);
  EXPECT_EQ(batch->entries[0].origin, Origin{});
  EXPECT_FALSE(batch->entries[1].fetched);
  EXPECT_EQ(batch->entries[1].origin, (Origin{1, 99}));
}

TEST_F(HomeFeedTest, AReadThatFailsOrBringsNothingIsTriedAgainLater) {
  live_at(0);
  feed_.offer(an_event(2));
  feed_.on_grace_over();
  feed_.on_fetched(Error(Errc::unavailable));
  EXPECT_EQ(retries_, 1);
  feed_.on_retry();
  feed_.on_fetched(EventPage{});
  EXPECT_EQ(retries_, 2);
  EXPECT_EQ(fetches_, (Seqs{0, 0}));
  feed_.on_retry();
  feed_.on_fetched(a_page(1, 1));
  EXPECT_EQ(taken(), (Seqs{1, 2}));
}

TEST_F(HomeFeedTest, HoldsABoundedNumberAndFetchesTheRest) {
  live_at(0);
  for (std::int64_t seq = 2; seq <= 20; ++seq) feed_.offer(an_event(seq));
  feed_.on_grace_over();
  feed_.on_fetched(a_page(1, 1));
  EXPECT_EQ(taken(), (Seqs{1, 2, 3, 4, 5}));
  EXPECT_EQ(fetches_, (Seqs{0, 5}));
  feed_.on_fetched(a_page(6, 20));
  EXPECT_EQ(taken().back(), 20);
}

TEST_F(HomeFeedTest, ANewerHeadIsFetched) {
  live_at(3);
  feed_.offer_head(Seq(3));
  EXPECT_EQ(graces_, 0);
  feed_.offer_head(Seq(4));
  EXPECT_EQ(graces_, 1);
  feed_.on_grace_over();
  EXPECT_EQ(fetches_, Seqs{3});
}

TEST_F(HomeFeedTest, BeforeTheHeadIsKnownEverythingWaits) {
  feed_.start();
  feed_.offer(an_event(7));
  feed_.offer(an_event(8));
  feed_.offer_notice({protocol::NoticeKind::join, UserId::make(), "Ada", {}, {}});
  EXPECT_EQ(taken(), Seqs{});
  feed_.on_head(Error(Errc::unavailable));
  EXPECT_EQ(retries_, 1);
  feed_.on_retry();
  EXPECT_EQ(heads_, 2);
  FeedHead head;
  head.last_seq = Seq(7);
  feed_.on_head(head);
  EXPECT_EQ(lives_, 1);
  EXPECT_EQ(taken(), (Seqs{0, 7, 8}));  // the notice, and all that was committed since it was watched
  EXPECT_EQ(graces_, 0);
}

// An old event that is heard of late is no beginning: only what reaches up to the head is news.
TEST_F(HomeFeedTest, WhatWasHeardBeforeTheHeadIsKnownCountsOnlyWithoutAGap) {
  feed_.start();
  for (const std::int64_t seq : {3, 6, 7}) feed_.offer(an_event(seq));
  FeedHead head;
  head.last_seq = Seq(7);
  feed_.on_head(head);
  EXPECT_EQ(feed_.last_seq(), Seq(7));
  EXPECT_EQ(taken(), (Seqs{6, 7}));
  EXPECT_EQ(graces_, 0);
}

TEST_F(HomeFeedTest, AnEditSaysWhichMessageItRewrites) {
  live_at(0);
  Event edit;
  edit.seq = Seq(1);
  edit.kind = EventKind::message_edited;
  edit.message_seq = Seq(41);
  feed_.offer({std::make_shared<const Event>(edit), {}});
  EXPECT_EQ(feed_.take_batch()->entries.at(0).rewrites, Seq(41));
}

TEST_F(HomeFeedTest, ComingAndGoingFillsNoMemoryWhileTheStoreIsAway) {
  feed_.start();
  feed_.on_head(Error(Errc::unavailable));
  for (int i = 0; i < 100; ++i) feed_.offer_notice({protocol::NoticeKind::join, UserId::make(), "Ada", {}, {}});
  feed_.on_retry();
  feed_.on_head(FeedHead{});
  EXPECT_EQ(taken().size(), options_.held_events);
  feed_.offer_notice({protocol::NoticeKind::join, UserId::make(), "Ada", {}, {}});
  EXPECT_EQ(taken().size(), 1u) << "and is told again afterwards";
}

}  // namespace
}  // namespace chat::fanout
