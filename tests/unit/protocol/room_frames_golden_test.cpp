// The frames of the room socket, byte for byte as contract/golden/room_*.json has them (UPDATE_GOLDEN=1 rewrites).
#include "protocol/room_frames.hpp"

#include "golden.hpp"

#include <gtest/gtest.h>

namespace chat::protocol {
namespace {

const UserId kAda(*Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057"));
const MessageId kMessage(*Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8058"));
const EventId kEvent(*Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8059"));
const Timestamp kAt = *parse_timestamp("2026-11-23T01:02:03.456789Z");

Event a_message() {
  Event event;
  event.seq = Seq(7);
  event.id = EventId(kMessage.value);
  event.actor_id = kAda;
  event.actor_name = "Ada";
  event.at = kAt;
  Message& message = event.message.emplace();
  message.id = kMessage;
  message.seq = Seq(7);
  message.author_id = kAda;
  message.author_name = "Ada";
  message.content = "Olá \"mundo\"\n\x01 \xF0\x9F\x98\x80";
  message.client_id = "c-1";
  message.timestamp = kAt;
  return event;
}

Event a_change(EventKind kind, std::optional<Seq> message_seq, std::string payload) {
  Event event;
  event.seq = Seq(9);
  event.kind = kind;
  event.id = kEvent;
  event.actor_id = kAda;
  event.actor_name = "Ada";
  event.at = kAt;
  event.message_seq = message_seq;
  event.payload = std::move(payload);
  return event;
}

// The payload of the one frame in `bytes`; the header must be that of a final, unmasked text frame and tell its length.
std::string payload_of(const std::string& bytes) {
  if (bytes.size() < 2 || static_cast<unsigned char>(bytes[0]) != 0x81) return "not a text frame";
  std::size_t header = 2;
  std::size_t length = static_cast<unsigned char>(bytes[1]);
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (extended > 0) length = 0;
  for (std::size_t i = 0; i < extended; ++i) length = length << 8 | static_cast<unsigned char>(bytes[header++]);
  return bytes.size() - header == length ? bytes.substr(header) : "wrong length";
}

void expect_golden_frame(const std::string& name, const std::string& frame) {
  expect_golden("room_" + name, payload_of(frame));
}

std::string encoded(const Event& event) {
  std::string out;
  append_event_frame(out, event);
  return out;
}

TEST(RoomFrames, AMessageHasTheOriginalsFieldsFirst) { expect_golden_frame("message", encoded(a_message())); }

TEST(RoomFrames, ADeletedMessageIsATombstone) {
  Event event = a_message();
  event.message->content.clear();
  event.message->edited_at = kAt;
  event.message->deleted_at = kAt;
  expect_golden_frame("message_deleted", encoded(event));
}

TEST(RoomFrames, AMessageShowsEverythingItHas) {
  Event event = a_message();
  event.message->kind = MessageKind::encrypted;
  event.message->reply_to = MessageId(kEvent.value);
  event.message->thread_root_seq = Seq(2);
  event.message->metadata = R"({"a":[1,2]})";
  event.message->edited_at = kAt + std::chrono::seconds(60);
  expect_golden_frame("message_full", encoded(event));
}

TEST(RoomFrames, OtherEventsCarryTheirPayload) {
  expect_golden_frame("event_edit",
                      encoded(a_change(EventKind::message_edited, Seq(7), R"({"content":"new","edited_at":"x"})")));
  expect_golden_frame("event_member_joined", encoded(a_change(EventKind::member_joined, std::nullopt, "")));
}

TEST(RoomFrames, NoticesAcksAndErrors) {
  std::string join, leave, ack, error;
  append_notice_frame(join, NoticeKind::join, kAda, "A\"da", kAt);
  append_notice_frame(leave, NoticeKind::leave, kAda, "A\"da", kAt);
  append_ack_frame(ack, "c-1", kMessage.value, Seq(7), kAt);
  append_error_frame(error, kInvalidMessage);
  expect_golden_frame("join", join);
  expect_golden_frame("leave", leave);
  expect_golden_frame("ack", ack);
  expect_golden_frame("error", error);
}

TEST(RoomFrames, HeadersFollowTheLengthOfThePayload) {
  for (const std::size_t size : {0u, 1u, 90u, 105u, 110u, 111u, 112u, 113u, 114u, 115u, 116u, 117u, 65'000u, 65'522u,
                                 65'523u, 65'524u, 70'000u}) {
    std::string out = "what came before";
    const std::size_t before = out.size();
    append_error_frame(out, std::string(size, 'x'));
    EXPECT_EQ(payload_of(out.substr(before)), "{\"error\":\"" + std::string(size, 'x') + "\"}") << size;
    EXPECT_EQ(out.substr(0, before), "what came before");
  }
}

}  // namespace
}  // namespace chat::protocol
