// Objects in the frames of each transport, byte for byte.
#include "centrifuge_support.hpp"

namespace chat::centrifuge {
namespace {

std::string framed(Encoding encoding, Framing framing, std::string_view object) {
  std::string out;
  append_framed(out, encoding, framing, object);
  return out;
}
std::string framed_batch(Encoding encoding, Framing framing, const std::vector<std::string>& objects) {
  std::string batch, out;
  for (const auto& object : objects) append_joined(batch, encoding, object);
  append_framed_batch(out, encoding, framing, batch);
  return out;
}

TEST(CentrifugeFraming, WebSocket) {
  EXPECT_EQ(framed(Encoding::json, Framing::websocket, "{}"), "\x81\x02{}");
  EXPECT_EQ(framed(Encoding::protobuf, Framing::websocket, ""), std::string("\x82\x01\x00", 3));
  EXPECT_EQ(framed(Encoding::protobuf, Framing::websocket, "abc"),
            "\x82\x04\x03"
            "abc");
  EXPECT_EQ(framed_batch(Encoding::json, Framing::websocket, {"{}", "{\"a\":1}"}), "\x81\x0a{}\n{\"a\":1}");
  EXPECT_EQ(framed_batch(Encoding::protobuf, Framing::websocket, {"", "abc"}), std::string("\x82\x05\x00\x03"
                                                                                           "abc",
                                                                                           7));
}

TEST(CentrifugeFraming, WebSocketLengthsOfEveryForm) {
  const std::string medium(126, 'x'), longest_medium(65'535, 'x'), large(65'536, 'x');
  EXPECT_EQ(framed(Encoding::json, Framing::websocket, std::string(125, 'x')), "\x81\x7d" + std::string(125, 'x'));
  EXPECT_EQ(framed(Encoding::json, Framing::websocket, medium), std::string("\x81\x7e\x00\x7e", 4) + medium);
  EXPECT_EQ(framed(Encoding::json, Framing::websocket, longest_medium), "\x81\x7e\xff\xff" + longest_medium);
  EXPECT_EQ(framed(Encoding::json, Framing::websocket, large),
            std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10) + large);
}

TEST(CentrifugeFraming, HttpStream) {
  EXPECT_EQ(framed(Encoding::json, Framing::http_stream, "{}"), "3\r\n{}\n\r\n");
  EXPECT_EQ(framed(Encoding::json, Framing::http_stream, std::string(4095, 'x')),
            "1000\r\n" + std::string(4095, 'x') + "\n\r\n");
  EXPECT_EQ(framed_batch(Encoding::json, Framing::http_stream, {"{}", "{\"a\":1}"}), "b\r\n{}\n{\"a\":1}\n\r\n");
  EXPECT_EQ(framed(Encoding::protobuf, Framing::http_stream, ""), std::string("1\r\n\x00\r\n", 6));
  EXPECT_EQ(framed_batch(Encoding::protobuf, Framing::http_stream, {"abc", "d"}),
            "6\r\n\x03"
            "abc\x01"
            "d\r\n");
}

TEST(CentrifugeFraming, ServerSentEvents) {
  EXPECT_EQ(framed(Encoding::json, Framing::sse, "{}"), "a\r\ndata: {}\n\n\r\n");
  EXPECT_EQ(framed_batch(Encoding::json, Framing::sse, {"{}", "{\"a\":1}"}),
            "a\r\ndata: {}\n\n\r\nf\r\ndata: {\"a\":1}\n\n\r\n");
}

TEST(CentrifugeFraming, FramesFollowEachOther) {
  for (const Encoding encoding : kEncodings) {
    for (const Framing framing : {Framing::websocket, Framing::http_stream}) {
      std::string out = "before";
      append_framed(out, encoding, framing, "{}");
      append_framed(out, encoding, framing, "{\"a\":1}");
      EXPECT_EQ(out, "before" + framed(encoding, framing, "{}") + framed(encoding, framing, "{\"a\":1}"));
    }
  }
}

TEST(CentrifugeFraming, ABatchIsWhatTheReaderReads) {
  for (const Encoding encoding : kEncodings) {
    std::string batch;
    for (int i = 0; i < 300; ++i) {
      std::string object;
      append_reply(object, encoding, static_cast<std::uint32_t>(i + 1), PingResult{});
      append_joined(batch, encoding, object);
    }
    const auto all = read_all(encoding, batch);
    EXPECT_FALSE(all.refused) << all.why;
    ASSERT_EQ(all.commands.size(), 300U);
    EXPECT_EQ(all.commands.back().id, 300U);
  }
}

}  // namespace
}  // namespace chat::centrifuge
