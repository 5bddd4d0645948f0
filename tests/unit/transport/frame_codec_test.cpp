#include "transport/frame_codec.hpp"

#include <gtest/gtest.h>

#include <random>

namespace chat::transport {
namespace {

using Kind = FrameEvent::Kind;

struct Seen {
  Kind kind;
  std::uint16_t code;
  std::string payload;
  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& s) {
  return out << "{" << static_cast<int>(s.kind) << ", " << s.code << ", " << s.payload.substr(0, 40) << "}";
}

struct FrameSpec {
  int first = 0x81;  // FIN, RSV, opcode
  bool masked = true;
  int length_bytes = 0;  // force 2 or 8; 0 = the shortest
};

// A client's frame.
std::string client_frame(FrameSpec spec, std::string payload, std::uint32_t mask = 0xA1B2C3D4) {
  std::string out(1, static_cast<char>(spec.first));
  const std::size_t n = payload.size();
  const int bytes = spec.length_bytes ? spec.length_bytes : n < 126 ? 0 : n < 65536 ? 2 : 8;
  out.push_back(static_cast<char>((spec.masked ? 0x80 : 0) | (bytes == 0   ? static_cast<int>(n)
                                                              : bytes == 2 ? 126
                                                                           : 127)));
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(n >> shift));
  if (!spec.masked) return out + payload;
  std::uint8_t key[4];
  for (int i = 0; i < 4; ++i) key[i] = static_cast<std::uint8_t>(mask >> (8 * i));
  out.append(reinterpret_cast<const char*>(key), 4);
  for (std::size_t i = 0; i < n; ++i) out.push_back(static_cast<char>(payload[i] ^ static_cast<char>(key[i % 4])));
  return out;
}

std::string text(const std::string& payload) { return client_frame({0x81}, payload); }
std::string close_payload(int code, const std::string& reason = "") {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + reason;
}

// Feeds the bytes in pieces of `piece` and collects events; ends at close or error.
std::vector<Seen> decode(std::string bytes, std::size_t piece = std::string::npos, std::size_t limit = 1 << 16,
                         std::size_t* used = nullptr) {
  FrameDecoder decoder(limit);
  std::vector<Seen> seen;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size())) {
    std::string part = bytes.substr(at, piece);
    std::span<char> in(part);
    for (;;) {
      const FrameEvent event = decoder.next(in);
      if (event.kind == Kind::need_more) {
        EXPECT_TRUE(in.empty());
        break;
      }
      seen.push_back({event.kind, event.code, event.kind == Kind::error ? "" : std::string(event.payload)});
      if (event.kind == Kind::close || event.kind == Kind::error) {
        if (used) *used = at + part.size();
        return seen;
      }
    }
  }
  return seen;
}

TEST(FrameDecoder, HandsOutAWholeFrameWithoutCopyingIt) {
  std::string bytes = text("hello, world");
  FrameDecoder decoder(1000);
  std::span<char> in(bytes);
  const FrameEvent event = decoder.next(in);
  EXPECT_EQ(event.kind, Kind::text);
  EXPECT_EQ(event.payload, "hello, world");
  EXPECT_EQ(event.payload.data(), bytes.data() + 6);
  EXPECT_TRUE(in.empty());
  EXPECT_FALSE(decoder.midway());
}

TEST(FrameDecoder, GivesTheSameEventsHoweverTheBytesAreSplit) {
  const std::string big(70'000, 'x');
  const std::string medium(300, 'm');
  const std::string bytes = text("") + text("h\xC3\xA9llo \xF0\x9F\x98\x80") +
                            client_frame({0x82}, std::string("\0\xFF\x80", 3)) + client_frame({0x01}, "frag\xE2\x82") +
                            client_frame({0x89}, "are you there?") + client_frame({0x00}, "\xAC ment") +
                            client_frame({0x8A}, "") + client_frame({0x80}, "ed") + text(medium) +
                            client_frame({0x82}, big) + client_frame({0x02}, "") + client_frame({0x80}, "") +
                            client_frame({0x88}, close_payload(1000, "bye \xC3\xBC"));
  const std::vector<Seen> expected = {{Kind::text, 0, ""},
                                      {Kind::text, 0, "h\xC3\xA9llo \xF0\x9F\x98\x80"},
                                      {Kind::binary, 0, std::string("\0\xFF\x80", 3)},
                                      {Kind::ping, 0, "are you there?"},
                                      {Kind::pong, 0, ""},
                                      {Kind::text, 0, "frag\xE2\x82\xAC mented"},
                                      {Kind::text, 0, medium},
                                      {Kind::binary, 0, big},
                                      {Kind::binary, 0, ""},
                                      {Kind::close, 1000, "bye \xC3\xBC"}};
  for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7},
                                  std::size_t{64}, std::size_t{4096}})
    EXPECT_EQ(decode(bytes, piece, 100'000), expected) << "pieces of " << piece;
}

TEST(FrameDecoder, UnmasksAtEveryOffsetAndLength) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 70; ++size) {
    std::string payload(size, '\0');
    for (char& c : payload) c = static_cast<char>(random());
    for (std::size_t piece : {std::size_t{1}, std::size_t{5}, std::size_t{11}, std::string::npos}) {
      const auto mask = static_cast<std::uint32_t>(random());
      const auto seen = decode(client_frame({0x82}, payload, mask), piece);
      ASSERT_EQ(seen.size(), 1u);
      EXPECT_EQ(seen[0].payload, payload);
    }
  }
}

TEST(FrameDecoder, TakesNoMemoryBetweenFrames) {
  FrameDecoder decoder(1000);
  std::string bytes = text("one") + text("two").substr(0, 4);
  std::span<char> in(bytes);
  EXPECT_EQ(decoder.next(in).payload, "one");
  EXPECT_EQ(decoder.next(in).kind, Kind::need_more);
  EXPECT_TRUE(decoder.midway());
  std::string rest = text("two").substr(4);
  in = rest;
  EXPECT_EQ(decoder.next(in).payload, "two");
  EXPECT_EQ(decoder.next(in).kind, Kind::need_more);
  EXPECT_FALSE(decoder.midway());
}

struct BadFrames {
  const char* name;
  std::string bytes;
  int code;
};

class FrameDecoderRefuses : public testing::TestWithParam<BadFrames> {};

TEST_P(FrameDecoderRefuses, WithTheCodeOfTheStandard) {
  for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{3}}) {
    const auto seen = decode(GetParam().bytes, piece, 1000);
    ASSERT_FALSE(seen.empty()) << piece;
    EXPECT_EQ(seen.back(), (Seen{Kind::error, static_cast<std::uint16_t>(GetParam().code), ""})) << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rfc6455, FrameDecoderRefuses,
    testing::Values(
        BadFrames{"Unmasked", client_frame({0x81, false}, "hi"), 1002},
        BadFrames{"Rsv1", client_frame({0xC1}, "hi"), 1002}, BadFrames{"Rsv2", client_frame({0xA1}, "hi"), 1002},
        BadFrames{"Rsv3", client_frame({0x91}, "hi"), 1002}, BadFrames{"Opcode3", client_frame({0x83}, "hi"), 1002},
        BadFrames{"Opcode7", client_frame({0x87}, "hi"), 1002}, BadFrames{"OpcodeB", client_frame({0x8B}, "hi"), 1002},
        BadFrames{"OpcodeF", client_frame({0x8F}, "hi"), 1002},
        BadFrames{"FragmentedPing", client_frame({0x09}, "hi"), 1002},
        BadFrames{"FragmentedClose", client_frame({0x08}, close_payload(1000)), 1002},
        BadFrames{"LongPing", client_frame({0x89}, std::string(126, 'x')), 1002},
        BadFrames{"LongClose", client_frame({0x88}, close_payload(1000, std::string(124, 'x'))), 1002},
        BadFrames{"ContinuationOfNothing", client_frame({0x80}, "hi"), 1002},
        BadFrames{"ContinuationAfterTheEnd",
                  client_frame({0x01}, "a") + client_frame({0x80}, "b") + client_frame({0x80}, "c"), 1002},
        BadFrames{"TextInsideAMessage", client_frame({0x01}, "a") + text("b"), 1002},
        BadFrames{"BinaryInsideAMessage", client_frame({0x02}, "a") + client_frame({0x82}, "b"), 1002},
        BadFrames{"LengthNotShortest16", client_frame({0x81, true, 2}, "hi"), 1002},
        BadFrames{"LengthNotShortest64", client_frame({0x81, true, 8}, std::string(200, 'x')), 1002},
        BadFrames{"LengthNegative", std::string("\x82\xFF\x80\0\0\0\0\0\0\1", 10), 1002},
        BadFrames{"LengthHuge", std::string("\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10), 1009},
        BadFrames{"TooBig", client_frame({0x82}, std::string(1001, 'x')), 1009},
        BadFrames{"TooBigInPieces",
                  client_frame({0x02}, std::string(600, 'x')) + client_frame({0x80}, std::string(401, 'x')), 1009},
        BadFrames{"CloseOfOneByte", client_frame({0x88}, "\x03"), 1002},
        BadFrames{"Close0", client_frame({0x88}, close_payload(0)), 1002},
        BadFrames{"Close999", client_frame({0x88}, close_payload(999)), 1002},
        BadFrames{"Close1004", client_frame({0x88}, close_payload(1004)), 1002},
        BadFrames{"Close1005", client_frame({0x88}, close_payload(1005)), 1002},
        BadFrames{"Close1006", client_frame({0x88}, close_payload(1006)), 1002},
        BadFrames{"Close1015", client_frame({0x88}, close_payload(1015)), 1002},
        BadFrames{"Close1100", client_frame({0x88}, close_payload(1100)), 1002},
        BadFrames{"Close2999", client_frame({0x88}, close_payload(2999)), 1002},
        BadFrames{"Close5000", client_frame({0x88}, close_payload(5000)), 1002},
        BadFrames{"Close65535", client_frame({0x88}, close_payload(65535)), 1002},
        BadFrames{"ReasonNotUtf8", client_frame({0x88}, close_payload(1000, "\xC3\x28")), 1007},
        BadFrames{"ReasonCutOff", client_frame({0x88}, close_payload(1000, "\xC3")), 1007},
        BadFrames{"TextNotUtf8", text("a\xFF"), 1007}, BadFrames{"TextCutOff", text("a\xE2\x82"), 1007},
        BadFrames{"TextOverlong", text("\xC0\xAF"), 1007}, BadFrames{"TextSurrogate", text("\xED\xA0\x80"), 1007},
        BadFrames{"TextTooHigh", text("\xF4\x90\x80\x80"), 1007},
        BadFrames{"TextCutOffAcrossFragments", client_frame({0x01}, "\xE2") + client_frame({0x80}, "\x82"), 1007}),
    [](const auto& test) { return test.param.name; });

TEST(FrameDecoder, TakesEveryRegisteredCloseCode) {
  for (const int code :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    const auto seen = decode(client_frame({0x88}, close_payload(code)));
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0], (Seen{Kind::close, static_cast<std::uint16_t>(code), ""}));
  }
  EXPECT_EQ(decode(client_frame({0x88}, "")), (std::vector<Seen>{{Kind::close, 1005, ""}}));
}

TEST(FrameDecoder, RefusesTextAtItsFirstImpossibleByte) {
  const std::string bad = "fine so far \xED\xA0 and much more that is not waited for";
  const std::string frame = text(bad);
  std::size_t used = 0;
  const auto seen = decode(frame, 1, 1000, &used);
  EXPECT_EQ(seen.back().code, 1007);
  EXPECT_EQ(used, 6 + bad.find('\xA0') + 1);
}

TEST(FrameDecoder, RefusesAHeaderAtTheByteThatIsWrong) {
  std::size_t used = 0;
  decode(client_frame({0xC1}, "hi"), 1, 1000, &used);
  EXPECT_EQ(used, 1u);
  decode(client_frame({0x81, false}, "hi"), 1, 1000, &used);
  EXPECT_EQ(used, 2u);
  decode(client_frame({0x82}, std::string(1001, 'x')), 1, 1000, &used);
  EXPECT_EQ(used, 4u) << "too big is known from the length alone";
}

TEST(FrameDecoder, AMessageOfExactlyTheLimitPasses) {
  EXPECT_EQ(decode(client_frame({0x82}, std::string(1000, 'x')), 100, 1000).size(), 1u);
  EXPECT_EQ(decode(client_frame({0x02}, std::string(600, 'x')) + client_frame({0x80}, std::string(400, 'x')), 100, 1000)
                .size(),
            1u);
}

TEST(Utf8Validator, AgreesWithTheTableOnEveryTwoByteSequenceAndOnAllLeads) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string s{static_cast<char>(a), static_cast<char>(b)};
      const bool two_ascii = a < 0x80 && b < 0x80;
      const bool pair = a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF;
      EXPECT_EQ(valid_utf8(s), two_ascii || pair) << a << " " << b;
    }
  }
  EXPECT_TRUE(valid_utf8("\xE0\xA0\x80\xED\x9F\xBF\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
  for (const char* bad :
       {"\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80"})
    EXPECT_FALSE(valid_utf8(bad));
}

TEST(FrameEncoder, WritesTheShortestLength) {
  EXPECT_EQ(text_frame("hi"), std::string("\x81\x02hi"));
  EXPECT_EQ(text_frame(std::string(125, 'x')).substr(0, 2), std::string("\x81\x7D"));
  EXPECT_EQ(text_frame(std::string(126, 'x')).substr(0, 4), std::string("\x81\x7E\x00\x7E", 4));
  EXPECT_EQ(binary_frame(std::string(65535, 'x')).substr(0, 4), std::string("\x82\x7E\xFF\xFF", 4));
  EXPECT_EQ(binary_frame(std::string(65536, 'x')).substr(0, 10), std::string("\x82\x7F\0\0\0\0\0\1\0\0", 10));
}

TEST(FrameEncoder, CutsACloseReasonAtACharacter) {
  EXPECT_EQ(close_frame(1000, "bye"), std::string("\x88\x05\x03\xE8"
                                                  "bye"));
  EXPECT_EQ(close_frame(1005, ""), std::string("\x88\x00", 2));
  std::string reason(122, 'x');
  reason += "\xC3\xA9";  // would end at 124
  EXPECT_EQ(close_frame(1000, reason).size(), 2u + 2 + 122);
}

TEST(FrameTracker, KnowsWhatIsLeftOfTheBegunFrameAtEveryByte) {
  const std::vector<std::string> frames = {text_frame("hello"), text_frame(""), binary_frame(std::string(300, 'a')),
                                           binary_frame(std::string(66'000, 'b')), close_frame(1000, "x")};
  std::string all(17, 'H');  // an answer's head goes first
  std::vector<std::size_t> ends = {all.size()};
  for (const auto& f : frames) ends.push_back((all += f).size());
  FrameTracker tracker(17);
  std::size_t next_end = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    tracker.feed(std::string_view(all).substr(i, 1));
    const std::size_t sent = i + 1;
    while (ends[next_end] < sent) ++next_end;
    ASSERT_EQ(tracker.mid_frame(), sent != ends[next_end]) << sent;
    if (tracker.header_complete()) {
      ASSERT_EQ(tracker.left(), ends[next_end] - sent) << sent;
    }
  }
}

}  // namespace
}  // namespace chat::transport
