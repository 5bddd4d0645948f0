// Events as apps see them, byte for byte as contract/golden/realtime_event_*.json has them.
#include "protocol/event_json.hpp"

#include "golden.hpp"

#include <gtest/gtest.h>

namespace chat::protocol {
namespace {

const RoomId kRoom(*Uuid::parse("7f0c0000-0000-7000-8000-000000000001"));
const UserId kAna(*Uuid::parse("5b1e0000-0000-7000-8000-000000000002"));
const MessageId kMessage(*Uuid::parse("9a000000-0000-7000-8000-000000000003"));
const EventId kEvent(*Uuid::parse("9a000000-0000-7000-8000-000000000004"));
const Timestamp kAt = *parse_timestamp("2030-01-02T03:04:05Z");

Event a_message() {
  Event event;
  event.feed = FeedKey::room(kRoom);
  event.seq = Seq(42);
  event.id = EventId(kMessage.value);
  event.actor_id = kAna;
  event.actor_name = "Ana";
  event.client_id = "k1";
  event.at = kAt;
  Message& message = event.message.emplace();
  message.id = kMessage;
  message.room_id = kRoom;
  message.seq = Seq(42);
  message.author_id = kAna;
  message.author_name = "Ana";
  message.client_id = "k1";
  message.content = "lunch?";
  message.timestamp = kAt;
  return event;
}

Event a_change(FeedKey feed, EventKind kind, std::string payload) {
  Event event;
  event.feed = feed;
  event.seq = Seq(43);
  event.kind = kind;
  event.id = kEvent;
  event.at = kAt;
  event.payload = std::move(payload);
  return event;
}

std::string data(const Event& event) {
  std::string out;
  append_event_data(out, event);
  return out;
}

// The protocol's description, section 11.
TEST(EventJsonGolden, AMessageIsTheWorkedExample) {
  EXPECT_EQ(data(a_message()), R"({"type":"message","id":"9a000000-0000-7000-8000-000000000003","seq":42,)"
                               R"("room_id":"7f0c0000-0000-7000-8000-000000000001",)"
                               R"("user":{"id":"5b1e0000-0000-7000-8000-000000000002","name":"Ana"},)"
                               R"("content":"lunch?","client_id":"k1","timestamp":"2030-01-02T03:04:05.000000Z"})");
}

TEST(EventJsonGolden, WithoutAClientIdItHasNone) {
  Event event = a_message();
  event.client_id.reset();
  event.message->client_id.reset();
  event.message->content = "Olá \"mundo\"\n\x01 \xF0\x9F\x98\x80";
  expect_golden("realtime_event_message", data(event));
}

TEST(EventJsonGolden, AMessageShowsEverythingItHas) {
  Event event = a_message();
  event.message->kind = MessageKind::encrypted;
  event.message->reply_to = MessageId(kEvent.value);
  event.message->thread_root_seq = Seq(2);
  event.message->metadata = R"({"a":[1,2]})";
  event.message->edited_at = kAt + std::chrono::microseconds(60'000'001);
  expect_golden("realtime_event_message_full", data(event));
}

TEST(EventJsonGolden, ADeletedMessageIsATombstone) {
  Event event = a_message();
  event.message->edited_at = kAt;
  event.message->deleted_at = kAt;
  expect_golden("realtime_event_message_deleted", data(event));
}

TEST(EventJsonGolden, OtherEventsCarryTheirPayload) {
  Event edited = a_change(FeedKey::room(kRoom), EventKind::message_edited, R"({"content":"lunch!"})");
  edited.actor_id = kAna;
  edited.actor_name = "Ana";
  edited.client_id = "k2";
  edited.message_seq = Seq(42);
  expect_golden("realtime_event_message_edited", data(edited));
  Event joined = a_change(FeedKey::room(kRoom), EventKind::member_joined, "");
  joined.actor_id = kAna;
  joined.actor_name = "Ana";
  expect_golden("realtime_event_member_joined", data(joined));
}

TEST(EventJsonGolden, AnEventOfAUsersFeedSaysAllInItsPayload) {
  const UserId user(kEvent.value);
  expect_golden("realtime_event_invited",
                data(a_change(FeedKey::user(user), EventKind::invited, R"({"room_id":"7f0c"})")));
}

TEST(EventJsonGolden, EveryKindIsNamedAsItIsStored) {
  for (int kind = 1; kind <= static_cast<int>(EventKind::session_ended); ++kind) {
    const auto event = static_cast<EventKind>(kind);
    const std::string head = std::string("{\"type\":\"") + to_string(event) + "\",\"id\":";
    EXPECT_EQ(data(a_change(FeedKey::room(kRoom), event, "{}")).substr(0, head.size()), head);
  }
}

}  // namespace
}  // namespace chat::protocol
