// Bytes to values and back, once for each message or delivery: frames, what a client says, what an event looks like.
#include "fanout/wire_format.hpp"
#include "protocol/centrifuge_codec.hpp"
#include "protocol/room_frames.hpp"
#include "transport/frame_codec.hpp"

#include <benchmark/benchmark.h>

#include <span>
#include <string>
#include <string_view>

namespace chat {
namespace {

// As people write: 120 bytes, nothing to escape; or every eighth character a quote, a line feed or an emoji.
std::string content(bool plain) {
  if (plain) return std::string(120, 'm');
  std::string out;
  while (out.size() < 112) out += "mmmmmm\"\nmmmm\xF0\x9F\x99\x82";
  return out;
}

std::string said(std::string_view text) {
  std::string out = R"({"client_id":"12345-1234","content":")";
  for (const char c : text) {
    if (c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out + "\"}";
}

Event created(bool plain) {
  Event event;
  event.feed = FeedKey::room(RoomId::make());
  event.seq = Seq(123456);
  event.id = EventId::make();
  event.actor_id = UserId::make();
  event.actor_name = "Ada Lovelace";
  event.at = system_clock().now();
  Message& message = event.message.emplace();
  message.id = MessageId(event.id.value);
  message.room_id = event.feed.room_id();
  message.seq = event.seq;
  message.author_id = event.actor_id;
  message.author_name = event.actor_name;
  message.client_id = "12345-1234";
  message.content = content(plain);
  message.timestamp = event.at;
  return event;
}

void per_byte(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

// A client's frame: header, mask, UTF-8.
void frame_decode(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'm');
  std::string frame = transport::text_frame(payload);
  const std::size_t head = frame.size() - payload.size();
  frame[1] = static_cast<char>(frame[1] | 0x80);
  frame.insert(head, "\x12\x34\x56\x78");
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame[head + 4 + i] = static_cast<char>(frame[head + 4 + i] ^ "\x12\x34\x56\x78"[i % 4]);
  std::string bytes = frame;
  transport::FrameDecoder decoder(1 << 20);
  for (auto _ : state) {
    state.PauseTiming();
    bytes = frame;  // it is unmasked in place
    state.ResumeTiming();
    std::span<char> in(bytes);
    const auto event = decoder.next(in);
    if (event.kind != transport::FrameEvent::Kind::text) return state.SkipWithError("not decoded");
  }
  per_byte(state, frame.size());
}
BENCHMARK(frame_decode)->ArgName("bytes")->Arg(160)->Arg(4096)->Arg(65536);

void unmask(benchmark::State& state) {
  std::string data(static_cast<std::size_t>(state.range(0)), 'm');
  const std::uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
  for (auto _ : state) {
    transport::unmask(data.data(), data.size(), mask);
    benchmark::ClobberMemory();
  }
  per_byte(state, data.size());
}
BENCHMARK(unmask)->ArgName("bytes")->Arg(160)->Arg(65536);

void frame_encode(benchmark::State& state) {
  const std::string payload(280, 'm');
  std::string out;
  for (auto _ : state) {
    out.clear();
    transport::append_frame(out, transport::Opcode::text, payload);
    benchmark::DoNotOptimize(out.data());
  }
  per_byte(state, out.size());
}
BENCHMARK(frame_encode);

void room_frame_decode(benchmark::State& state) {
  const std::string text = said(content(state.range(0) != 0));
  for (auto _ : state) {
    const auto frame = protocol::decode_client_frame(text, 65536);
    if (!frame) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(frame->content.data());
  }
  per_byte(state, text.size());
}
BENCHMARK(room_frame_decode)->ArgName("plain")->Arg(1)->Arg(0);

// What a commit costs for each wire format in which somebody watches.
void event_encode(benchmark::State& state, fanout::WireFormat format) {
  const Event event = created(true);
  fanout::FormatSet formats;
  formats.add(format);
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(fanout::Encoder::event(out, formats, event, Origin{0, 1}));
  }
  per_byte(state, out.size());
}
BENCHMARK_CAPTURE(event_encode, room, fanout::WireFormat::room);
BENCHMARK_CAPTURE(event_encode, json_websocket, fanout::WireFormat::json_websocket);
BENCHMARK_CAPTURE(event_encode, protobuf_websocket, fanout::WireFormat::protobuf_websocket);
BENCHMARK_CAPTURE(event_encode, events_sse, fanout::WireFormat::events_sse);

void ack_encode(benchmark::State& state) {
  const Uuid id = MessageId::make().value;
  const Timestamp now = system_clock().now();
  std::string out;
  for (auto _ : state) {
    out.clear();
    protocol::append_ack_frame(out, "12345-1234", id, Seq(123456), now);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(ack_encode);

// A publish of the Centrifuge protocol: the command, and the message in its data.
void publish_decode(benchmark::State& state) {
  const std::string frame =
      R"({"id":7,"publish":{"channel":"room:)" + RoomId::make().str() + R"(","data":)" + said(content(true)) + "}}";
  for (auto _ : state) {
    centrifuge::CommandReader reader(centrifuge::Encoding::json, frame);
    const auto command = reader.next();
    if (!command || !*command) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(&**command);
  }
  per_byte(state, frame.size());
}
BENCHMARK(publish_decode);

void publish_reply(benchmark::State& state) {
  std::string object, frame;
  for (auto _ : state) {
    object.clear();
    frame.clear();
    centrifuge::append_reply(object, centrifuge::Encoding::json, 7, centrifuge::PublishResult{});
    centrifuge::append_framed(frame, centrifuge::Encoding::json, centrifuge::Framing::websocket, object);
    benchmark::DoNotOptimize(frame.data());
  }
}
BENCHMARK(publish_reply);

}  // namespace
}  // namespace chat

BENCHMARK_MAIN();
