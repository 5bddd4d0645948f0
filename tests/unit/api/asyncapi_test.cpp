// The AsyncAPI document: the golden one, complete, and its room socket frames are those that are sent.
#include "api/asyncapi/document.hpp"
#include "api/asyncapi/event_shapes.hpp"
#include "api/asyncapi/frame_shapes.hpp"
#include "api/asyncapi/yaml.hpp"
#include "api/error_map.hpp"
#include "api/operations/resources.hpp"
#include "protocol/centrifuge_codes.hpp"
#include "protocol/event_json.hpp"
#include "protocol/room_frames.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace chat::testing {
namespace {

const Timestamp kAt = *parse_timestamp("2030-01-02T03:04:05.678901Z");

bool has(const std::string& document, const std::string& part) { return document.find(part) != std::string::npos; }

TEST(AsyncApi, IsTheGoldenOne) {
  const std::string path = std::string(CHATD_SOURCE_DIR) + "/contract/asyncapi.yaml";
  const std::string text = api::asyncapi_document_for_people();
  if (std::getenv("UPDATE_GOLDEN")) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in) << path << " is missing; UPDATE_GOLDEN=1 makes it";
  EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(in), {})) << "UPDATE_GOLDEN=1 rewrites " << path;
}

TEST(AsyncApi, HasEveryMethodWithItsErrors) {
  const auto operations = api::make_operations({});
  const auto document = api::asyncapi_document(operations);
  std::size_t methods = 0;
  for (const auto& operation : operations.all()) {
    if (operation->spec.rpc.empty()) continue;
    ++methods;
    const std::string method(operation->spec.rpc);
    const auto at = document.find("\"" + method + R"(":{"action":"receive","channel":{"$ref":"#/channels/rpc"})");
    ASSERT_NE(at, std::string::npos) << method;
    const auto errors = document.substr(document.find("\"x-errors\":[", at), 2'000);
    for (const auto code : operation->spec.errors) {
      const auto number = std::to_string(api::mapping_of(code).realtime_code);
      EXPECT_LT(errors.find("{\"code\":" + number + ","), errors.find(']')) << method << " " << number;
    }
  }
  EXPECT_GE(methods, 8u);
}

TEST(AsyncApi, HasEveryKindOfEvent) {
  const auto document = api::asyncapi_document(api::make_operations({}));
  for (int kind = 0; kind <= static_cast<int>(EventKind::session_ended); ++kind) {
    const auto event = static_cast<EventKind>(kind);
    const std::string name = event == EventKind::message_created ? "message" : to_string(event);
    const std::string channel = is_user_event(event) ? "user" : "room";
    EXPECT_TRUE(has(document, R"({"$ref":"#/channels/)" + channel + "/messages/" + name + "\"}")) << name;
    EXPECT_TRUE(has(document, R"("const":")" + name + "\"")) << name;
  }
}

TEST(AsyncApi, HasEveryCode) {
  const auto document = api::asyncapi_document(api::make_operations({}));
  const auto row = [](auto code, std::string_view name, std::string_view text) {
    return "{\"code\":" + std::to_string(static_cast<unsigned>(code)) + ",\"" + std::string(name) + "\":\"" +
           std::string(text) + "\",";
  };
  for (const auto& error : centrifuge::error_table())
    EXPECT_TRUE(has(document, row(error.code, "message", error.message))) << error.message;
  for (const auto& close : centrifuge::close_table())
    EXPECT_TRUE(has(document, row(close.code, "reason", close.reason))) << close.reason;
  for (const auto& end : centrifuge::unsubscribe_table())
    EXPECT_TRUE(has(document, row(end.code, "reason", end.reason))) << end.reason;
}

TEST(AsyncApi, NamesEverySchemaThatItRefersTo) {
  const auto document = api::asyncapi_document(api::make_operations({}));
  const auto schemas = document.substr(document.find("\"components\":"));
  static const std::regex reference("\"#/components/schemas/([A-Za-z0-9]+)\"");
  std::set<std::string> seen;
  for (std::sregex_iterator it(document.begin(), document.end(), reference), end; it != end; ++it)
    seen.insert((*it)[1].str());
  for (const auto& name : seen) EXPECT_TRUE(has(schemas, "\"" + name + R"(":{"type":"object")")) << name;
  EXPECT_GE(seen.size(), 60u);
}

// --- the room socket's frames ---

std::string payload_of(const std::string& frame) {
  const auto length = static_cast<unsigned char>(frame.at(1));
  return frame.substr(length < 126 ? 2 : 4);
}

// Everything that is written is known, in that order; nothing that is required is missing.
template <class Shape>
void expect_shape(const std::string& json) {
  const auto parsed = schema::parse_json<Shape>(json);
  ASSERT_TRUE(parsed) << json << "\n" << (parsed.faults.empty() ? "" : parsed.faults[0].msg);
  EXPECT_EQ(schema::write(parsed.value), json);
}

Event a_message() {
  Event event;
  event.feed = FeedKey::room(RoomId::make());
  event.seq = Seq(42);
  event.actor_id = UserId::make();
  event.actor_name = "Ana";
  event.at = kAt;
  Message& message = event.message.emplace();
  message.id = MessageId::make();
  event.id = EventId(message.id.value);
  message.room_id = event.feed.room_id();
  message.seq = event.seq;
  message.author_id = event.actor_id;
  message.author_name = "Ana";
  message.content = "Ol\u00e1 \"mundo\"\n";
  message.timestamp = kAt;
  return event;
}

std::vector<Event> all_messages() {
  std::vector<Event> out(4, a_message());
  Message& full = *out[1].message;
  full.kind = MessageKind::encrypted;
  full.client_id = "k1";
  full.reply_to = MessageId::make();
  full.thread_root_seq = Seq(2);
  full.metadata = R"({"a":[1,2]})";
  full.edited_at = kAt;
  out[2].message->deleted_at = kAt;
  out[2].message->content.clear();
  out[3].message->kind = MessageKind::system;
  return out;
}

TEST(RoomFrameShapes, AreTheFramesThatAreSent) {
  for (const Event& event : all_messages()) {
    std::string frame;
    protocol::append_event_frame(frame, event);
    expect_shape<api::shape::RoomSocketMessage>(payload_of(frame));
  }
  for (int kind = 1; kind <= static_cast<int>(EventKind::message_unpinned); ++kind) {
    Event event = a_message();
    event.message.reset();
    event.kind = static_cast<EventKind>(kind);
    event.payload = R"({"message_id":"x"})";
    if (kind < 5) event.message_seq = Seq(7);
    std::string frame;
    protocol::append_event_frame(frame, event);
    expect_shape<api::shape::RoomSocketChange>(payload_of(frame));
  }
  std::string join, leave, ack, error;
  protocol::append_notice_frame(join, protocol::NoticeKind::join, UserId::make(), "Ana", kAt);
  protocol::append_notice_frame(leave, protocol::NoticeKind::leave, UserId::make(), "Ana", kAt);
  protocol::append_ack_frame(ack, "k1", Uuid::v7(), Seq(3), kAt);
  protocol::append_error_frame(error, protocol::kInvalidMessage);
  expect_shape<api::shape::RoomSocketNotice>(payload_of(join));
  expect_shape<api::shape::RoomSocketNotice>(payload_of(leave));
  expect_shape<api::shape::RoomSocketAck>(payload_of(ack));
  expect_shape<api::shape::RoomSocketError>(payload_of(error));
}

TEST(EventShapes, MessagesAreThoseThatArePublished) {
  for (const Event& event : all_messages()) {
    std::string data;
    protocol::append_event_data(data, event);
    expect_shape<api::shape::MessageEvent>(data);
  }
}

// --- YAML ---

TEST(Yaml, KeepsEveryValueWhatItIs) {
  EXPECT_EQ(api::yaml_of(R"({"a":{"b":[1,{"c":"x","d":[]},[true,null]],"e":{}},"f":-1.5e3})"),
            "a:\n  b:\n    - 1\n    - c: x\n      d: []\n    - - true\n      - null\n  e: {}\nf: -1.5e3\n");
}

TEST(Yaml, QuotesWhatItCouldTakeForSomethingElse) {
  for (const char* text :
       {"",    "true", "No",   "null", "~",  "1.0", "3.0.0",     "2026-11-23", "- x", "a: b", "a #b", "@a",
        "`a`", "{a}",  "a[0]", "x ",   " x", "#/a", "a\\u0001b", "\\\"a",      "a%",  "&a",   "*a",   "!a"}) {
    const std::string json = "\"" + std::string(text) + "\"";
    EXPECT_EQ(api::yaml_of("{\"k\":" + json + "}"), "k: " + json + "\n");
  }
  EXPECT_EQ(api::yaml_of(R"({"k":"room:{x}","on":"a:b c","$ref":"a/b"})"),
            "k: \"room:{x}\"\n\"on\": a:b c\n\"$ref\": a/b\n");
}

TEST(Yaml, WritesLinesAsABlock) {
  EXPECT_EQ(api::yaml_of(R"({"a":{"t":"one: {x}\n\n  two"},"u":"x\n"})"),
            "a:\n  t: |-\n    one: {x}\n\n      two\nu: \"x\\n\"\n");
}

}  // namespace
}  // namespace chat::testing
