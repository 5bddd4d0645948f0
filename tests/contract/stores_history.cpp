#include "support/storage_fixture.hpp"

#include <limits>

namespace chat::testing {
namespace {

class HistoryStoreContract : public StoreTest {
 protected:
  HistoryStoreContract() : ada_(add_user("ada@example.com", "Ada")), room_(add_room(ada_, "lobby")) {}

  FeedCommand command(
      std::variant<EditMessage, DeleteMessage, SetReaction, SetPin, AddMember, RemoveMember, ChangeRoom> change) {
    FeedCommand out;
    out.room_id = room_.id;
    out.actor = {Principal::Kind::user, ada_.id, ada_.name};
    out.change = std::move(change);
    return out;
  }
  std::vector<std::string> contents(std::int64_t page, std::int64_t size) {
    std::vector<std::string> out;
    for (const Message& m : take(history().history_page(room_.id, ada_.id, page, size)).messages)
      out.push_back(m.content);
    return out;
  }

  User ada_;
  Room room_;
};
INSTANTIATE_TEST_SUITE_P(Every, HistoryStoreContract, ::testing::ValuesIn(all_databases()), database_name);

TEST_P(HistoryStoreContract, AnEmptyRoomHasAPageWithoutMessages) {
  const HistoryPage page = take(history().history_page(room_.id, ada_.id, 1, 10));
  EXPECT_EQ(page.total_messages, 0);
  EXPECT_TRUE(page.messages.empty());
  const EventPage events = take(history().events_after(FeedKey::room(room_.id), Seq(0), {}));
  EXPECT_TRUE(events.events.empty());
  EXPECT_TRUE(events.at_head);
  EXPECT_EQ(take(history().seq_before_last(room_.id, 50)), Seq(0));
}

TEST_P(HistoryStoreContract, PagesAreOldestFirstAndKnowTheTotal) {
  for (int i = 1; i <= 5; ++i) say(room_, ada_, std::to_string(i));
  EXPECT_EQ(contents(1, 2), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(contents(3, 2), (std::vector<std::string>{"5"}));
  EXPECT_EQ(contents(4, 2), (std::vector<std::string>{}));
  EXPECT_EQ(take(history().history_page(room_.id, ada_.id, 4, 2)).total_messages, 5);
  constexpr auto kFar = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(take(history().history_page(room_.id, ada_.id, kFar, 100)).total_messages, 5);
  EXPECT_EQ(contents(kFar, 100), (std::vector<std::string>{}));
}

TEST_P(HistoryStoreContract, AMessageComesBackAsItWasSent) {
  AppendMessage sent = message(room_, ada_, "it's \"\xF0\x9F\x90\xA2\" \\ $1 %\n\t\x01");
  sent.client_id = "c-1";
  sent.metadata = R"({"k":[1.0,"\u00e9"]})";
  const Stored stored = take(append(sent));
  const HistoryPage page = take(history().history_page(room_.id, ada_.id, 1, 10));
  ASSERT_EQ(page.messages.size(), 1u);
  const Message& m = page.messages[0];
  EXPECT_EQ(m.id, sent.id);
  EXPECT_EQ(m.room_id, room_.id);
  EXPECT_EQ(m.seq, stored.seq);
  EXPECT_EQ(m.ordinal, Ordinal(1));
  EXPECT_EQ(m.author_id, ada_.id);
  EXPECT_EQ(m.author_name, "Ada");
  EXPECT_EQ(m.content, sent.content);
  EXPECT_EQ(m.client_id, sent.client_id);
  EXPECT_EQ(m.metadata, sent.metadata);
  EXPECT_EQ(m.timestamp, stored.at);
  EXPECT_EQ(m.edited_at, std::nullopt);
  EXPECT_EQ(m.deleted_at, std::nullopt);
}

TEST_P(HistoryStoreContract, UnknownAndForeignRoomsAreRefused) {
  const User eve = add_user("eve@example.com");
  const Room secret = add_room(ada_, "secret", RoomKind::private_room);
  EXPECT_EQ(history().history_page(RoomId::make(), ada_.id, 1, 10).error().code, Errc::room_not_found);
  EXPECT_EQ(history().history_page(secret.id, eve.id, 1, 10).error().code, Errc::forbidden);
  say(secret, ada_, "hidden");
  EXPECT_EQ(history().history_page(secret.id, eve.id, 1, 10).error().code, Errc::forbidden);
  EXPECT_EQ(take(history().history_page(secret.id, ada_.id, 1, 10)).total_messages, 1);
  EXPECT_EQ(history().events_after(FeedKey::room(RoomId::make()), Seq(0), {}).error().code, Errc::room_not_found);
  EXPECT_EQ(history().seq_before_last(RoomId::make(), 1).error().code, Errc::room_not_found);
  EXPECT_EQ(history().feed_head(FeedKey::room(RoomId::make())).error().code, Errc::room_not_found);
}

TEST_P(HistoryStoreContract, ADeletedMessageKeepsItsPlace) {
  say(room_, ada_, "1");
  const Stored second = say(room_, ada_, "2");
  say(room_, ada_, "3");
  take(execute(command(DeleteMessage{MessageId(second.id)})));
  const HistoryPage page = take(history().history_page(room_.id, ada_.id, 1, 10));
  EXPECT_EQ(page.total_messages, 3);
  ASSERT_EQ(page.messages.size(), 3u);
  EXPECT_EQ(page.messages[1].content, "");
  EXPECT_TRUE(page.messages[1].deleted_at.has_value());
  EXPECT_EQ(page.messages[2].content, "3");
}

TEST_P(HistoryStoreContract, AReplayMergesMessagesAndOtherEventsInTheirCurrentState) {
  const Stored first = say(room_, ada_, "old words");
  say(room_, ada_, "second");
  take(execute(command(EditMessage{MessageId(first.id), "new words", std::nullopt})));
  take(execute(command(SetReaction{MessageId(first.id), "+1", true})));
  say(room_, ada_, "last");
  const EventPage page = take(history().events_after(FeedKey::room(room_.id), Seq(0), {}));
  ASSERT_EQ(page.events.size(), 5u);
  EXPECT_TRUE(page.at_head);
  EXPECT_EQ(page.head.last_seq, Seq(5));
  EXPECT_EQ(page.head.message_count, 3);
  const std::vector<EventKind> kinds{EventKind::message_created, EventKind::message_created, EventKind::message_edited,
                                     EventKind::reaction_added, EventKind::message_created};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(page.events[i].seq, Seq(static_cast<std::int64_t>(i) + 1));
    EXPECT_EQ(page.events[i].kind, kinds[i]);
    EXPECT_EQ(page.events[i].actor_name, "Ada");
    EXPECT_EQ(page.events[i].message.has_value(), kinds[i] == EventKind::message_created);
  }
  EXPECT_EQ(page.events[0].message->content, "new words");
  EXPECT_TRUE(page.events[0].message->edited_at.has_value());
  EXPECT_EQ(page.events[2].message_seq, Seq(1));
  EXPECT_FALSE(page.events[2].payload.empty());
}

// What a subscriber got live and what a replay gives must be the same for a message nobody changed.
TEST_P(HistoryStoreContract, AnUnchangedMessageIsReplayedAsItWasCommitted) {
  AppendMessage sent = message(room_, ada_, "same");
  sent.client_id = "k";
  take(append(sent));
  const auto live = sink_.events();
  ASSERT_EQ(live.size(), 1u);
  const EventPage replayed = take(history().events_after(FeedKey::room(room_.id), Seq(0), {}));
  ASSERT_EQ(replayed.events.size(), 1u);
  const Event &a = *live[0], &b = replayed.events[0];
  EXPECT_EQ(a.seq, b.seq);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.actor_id, b.actor_id);
  EXPECT_EQ(a.actor_name, b.actor_name);
  EXPECT_EQ(a.client_id, b.client_id);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.message_seq, b.message_seq);
  EXPECT_EQ(a.payload, b.payload);
  EXPECT_EQ(a.message->content, b.message->content);
  EXPECT_EQ(a.message->ordinal, b.message->ordinal);
  EXPECT_EQ(a.message->timestamp, b.message->timestamp);
}

TEST_P(HistoryStoreContract, AReplayIsCutByNumberAndBySizeButNeverToNothing) {
  for (int i = 1; i <= 6; ++i) say(room_, ada_, std::string(1000, 'x'));
  const EventPage two = take(history().events_after(FeedKey::room(room_.id), Seq(1), {.events = 2}));
  ASSERT_EQ(two.events.size(), 2u);
  EXPECT_EQ(two.events[0].seq, Seq(2));
  EXPECT_FALSE(two.at_head);
  EXPECT_EQ(two.head.last_seq, Seq(6));
  EXPECT_EQ(take(history().events_after(FeedKey::room(room_.id), Seq(0), {.events = 500, .bytes = 2500})).events.size(),
            3u);
  EXPECT_EQ(take(history().events_after(FeedKey::room(room_.id), Seq(0), {.events = 500, .bytes = 1})).events.size(),
            1u);
  EXPECT_TRUE(take(history().events_after(FeedKey::room(room_.id), Seq(4), {.events = 2})).at_head);
  for (const std::int64_t after : {std::int64_t{99}, std::numeric_limits<std::int64_t>::max()}) {
    const EventPage beyond = take(history().events_after(FeedKey::room(room_.id), Seq(after), {}));
    EXPECT_TRUE(beyond.events.empty());
    EXPECT_TRUE(beyond.at_head);
    EXPECT_EQ(beyond.head.last_seq, Seq(6));
  }
}

TEST_P(HistoryStoreContract, SeqBeforeLastCountsMessagesNotEvents) {
  const Stored first = say(room_, ada_, "1");
  say(room_, ada_, "2");
  take(execute(command(SetReaction{MessageId(first.id), "+1", true})));
  say(room_, ada_, "3");
  EXPECT_EQ(take(history().seq_before_last(room_.id, 1)), Seq(3));
  EXPECT_EQ(take(history().seq_before_last(room_.id, 2)), Seq(1));
  EXPECT_EQ(take(history().seq_before_last(room_.id, 50)), Seq(0));
  EXPECT_EQ(take(history().seq_before_last(room_.id, 0)), Seq(4));
}

}  // namespace
}  // namespace chat::testing
