// One event, notice or signal in every wire format: complete frames, each of which says the same.
#include "fanout/replay.hpp"
#include "realtime_client.hpp"

#include "protocol/event_json.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include <set>

namespace chat::fanout::test {
namespace {

using centrifuge::Encoding;
using centrifuge::Framing;

FormatSet all_formats() {
  FormatSet formats;
  for (std::size_t i = 0; i < kWireFormats; ++i) formats.add(static_cast<WireFormat>(i));
  return formats;
}

// The object in a frame of any realtime format.
std::string object_in(WireFormat format, std::string_view frame) {
  const bool protobuf = format >= WireFormat::protobuf_websocket;
  if (format == WireFormat::json_websocket || format == WireFormat::protobuf_websocket) {
    EXPECT_EQ(static_cast<unsigned char>(frame[0]), protobuf ? 0x82 : 0x81);
    const auto length = static_cast<unsigned char>(frame[1]);
    frame.remove_prefix(length < 126 ? 2 : 4);
  } else {
    const std::size_t line = frame.find("\r\n");
    EXPECT_EQ(std::stoul(std::string(frame.substr(0, line)), nullptr, 16), frame.size() - line - 4);
    EXPECT_TRUE(frame.ends_with("\r\n"));
    frame = frame.substr(line + 2, frame.size() - line - 4);
  }
  if (format == WireFormat::json_sse) {
    EXPECT_TRUE(frame.starts_with("data: ") && frame.ends_with("\n\n"));
    frame = frame.substr(6, frame.size() - 8);
  } else if (format == WireFormat::json_http_stream) {
    EXPECT_TRUE(frame.ends_with("\n"));
    frame.remove_suffix(1);
  } else if (protobuf) {
    while (static_cast<unsigned char>(frame[0]) >= 0x80) frame.remove_prefix(1);  // the length
    frame.remove_prefix(1);
  }
  return std::string(frame);
}

Push push_in(WireFormat format, std::string_view frame) {
  return read_push(format >= WireFormat::protobuf_websocket ? Encoding::protobuf : Encoding::json,
                   object_in(format, frame));
}

TEST(WireFormat, AnEventIsTheSameInEveryFormatAndItsDataStandsWhereItIsSaid) {
  FakeStore store;
  const RoomId room = RoomId::make();
  const auto event = store.add_message(room, UserId::make(), "line\nbreak, \"quote\", \xC3\xA9 and </script>");
  std::string data, bytes;
  protocol::append_event_data(data, *event);
  const Origin origin{1, 77};
  const auto frames = Encoder::event(bytes, all_formats(), *event, origin);
  EXPECT_EQ(frames.data_length, data.size());
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kWireFormats; ++i) {
    const auto format = static_cast<WireFormat>(i);
    SCOPED_TRACE(i);
    sum += frames.of[i].length;
    const auto frame = std::string_view(bytes).substr(frames.of[i].offset, frames.of[i].length);
    if (format == WireFormat::events_sse) {
      const std::string body = "id: 1\ndata: " + data + "\n\n";
      char size[16];
      std::snprintf(size, sizeof size, "%zx\r\n", body.size());
      EXPECT_EQ(frame, size + body + "\r\n");
    }
    if (!is_realtime(format)) continue;
    EXPECT_EQ(frame.substr(frames.of[i].data, frames.data_length), data);
    const Push push = push_in(format, frame);
    EXPECT_EQ(push.channel, FeedKey::room(room).str());
    EXPECT_EQ(push.offset, 1);
    EXPECT_EQ(boost::json::parse(push.data), boost::json::parse(data));
    EXPECT_EQ(push.user, event->actor_id.str());
    EXPECT_EQ(push.client, client_text(origin));
  }
  EXPECT_EQ(sum, bytes.size());
}

TEST(WireFormat, OnlyWhatIsAskedForIsEncoded) {
  FakeStore store;
  const auto event = store.add_message(RoomId::make(), UserId::make(), "m");
  FormatSet formats;
  formats.add(WireFormat::json_sse);
  std::string bytes;
  const auto frames = Encoder::event(bytes, formats, *event, {});
  for (std::size_t i = 0; i < kWireFormats; ++i) {
    EXPECT_EQ(frames.of[i].length, i == index_of(WireFormat::json_sse) ? bytes.size() : 0u);
  }
}

TEST(WireFormat, NoticesAndSignalsHaveNoNumberAndTheEventTailShowsNeither) {
  const FeedKey feed = FeedKey::room(RoomId::make());
  const Notice notice{protocol::NoticeKind::leave, UserId::make(), "Ada", {}, Origin{0, 5}};
  const Signal signal{R"({"unread":3})", UserId::make(), Origin{}};
  std::string bytes;
  const auto left = Encoder::notice(bytes, all_formats(), feed, notice);
  const auto told = Encoder::signal(bytes, all_formats(), feed, signal);
  EXPECT_NE(left.of[index_of(WireFormat::room)].length, 0u);
  EXPECT_EQ(told.of[index_of(WireFormat::room)].length, 0u);
  EXPECT_EQ(left.of[index_of(WireFormat::events_sse)].length + told.of[index_of(WireFormat::events_sse)].length, 0u);
  for (std::size_t i = index_of(WireFormat::json_websocket); i < kWireFormats; ++i) {
    const auto format = static_cast<WireFormat>(i);
    const auto frame_of = [&](const Encoder::Frames& frames) {
      return std::string_view(bytes).substr(frames.of[i].offset, frames.of[i].length);
    };
    const Push leave = push_in(format, frame_of(left)), pub = push_in(format, frame_of(told));
    EXPECT_EQ(leave.kind, "leave");
    EXPECT_EQ(leave.user, notice.user.str());
    EXPECT_EQ(leave.client, client_text(notice.origin));
    EXPECT_EQ(pub.kind, "pub");
    EXPECT_EQ(pub.offset, 0);
    EXPECT_EQ(pub.data, signal.data);
    EXPECT_EQ(pub.user, signal.user.str());
    EXPECT_EQ(pub.client, "");
  }
}

TEST(WireFormat, AudiencesDifferInWhatTheyAreShown) {
  for (int i = 0; i <= static_cast<int>(EventKind::session_ended); ++i) {
    const auto kind = static_cast<EventKind>(i);
    EXPECT_EQ(is_shown_to(Audience::messages, kind), kind == EventKind::message_created);
    EXPECT_TRUE(is_shown_to(Audience::events, kind));
    EXPECT_TRUE(is_shown_to(Audience::events_and_notices, kind));
  }
  EXPECT_TRUE(hears_notices(WireFormat::room, Audience::messages));
  EXPECT_FALSE(hears_notices(WireFormat::events_sse, Audience::events_and_notices));
  EXPECT_FALSE(hears_notices(WireFormat::json_sse, Audience::events));
  EXPECT_TRUE(hears_notices(WireFormat::json_sse, Audience::events_and_notices));
}

TEST(WireFormat, AConnectionsNameIsItsOwn) {
  EXPECT_EQ(client_text({}), "");
  std::set<std::string> names;
  for (std::uint32_t shard = 0; shard < 4; ++shard) {
    for (std::uint64_t slot = 0; slot < 50; ++slot) {
      names.insert(client_text({shard, std::uint64_t{1} << 32 | slot}));
      names.insert(client_text({shard, std::uint64_t{2} << 32 | slot}));
    }
  }
  EXPECT_EQ(names.size(), 400u);
  EXPECT_EQ(client_text({2, 9}), client_text({2, 9}));
}

// The event tail: what the ring gives and what the store gives.
TEST(WireFormat, TheEventTailReplaysTheSameFromMemoryAndStore) {
  FakeStore store;
  const RoomId room = RoomId::make();
  for (int i = 0; i < 3; ++i) store.add_message(room, UserId::make(), "m");
  store.add_edit(room, Seq(2), "e");
  std::string live;
  FormatSet formats;
  formats.add(WireFormat::events_sse);
  for (const Event& event : store.log(room)) Encoder::event(live, formats, event, Origin{0, 3});
  const auto page = read_replay_page(store, FeedKey::room(room), WireFormat::events_sse, Audience::events,
                                     {ReplayStart::Kind::after, Seq(0), 0}, {100, 1 << 20});
  EXPECT_EQ(page->frames, live);
  EXPECT_EQ(page->entries.size(), 4u);
}

}  // namespace
}  // namespace chat::fanout::test
