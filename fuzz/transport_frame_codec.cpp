// The same bytes, whole and split at places chosen by the input, must give the same events; no event may hold text that
// is not UTF-8, or be larger than the limit. Input: one byte of split pattern, then frames.
#include "transport/frame_codec.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace chat::transport;
using Kind = FrameEvent::Kind;

constexpr std::size_t kLimit = 2000;

struct Seen {
  Kind kind;
  std::uint16_t code;
  std::string payload;
  bool operator==(const Seen&) const = default;
};

void check(bool good) {
  if (!good) std::abort();
}

std::vector<Seen> decode(const std::string& bytes, std::uint32_t pattern) {
  FrameDecoder decoder(kLimit);
  std::vector<Seen> seen;
  std::uint32_t random = pattern;
  for (std::size_t at = 0; at < bytes.size();) {
    random = random * 1664525u + 1013904223u;
    const std::size_t size = pattern == 0 ? bytes.size() : 1 + (random >> 24) % (1 + pattern % 32);
    std::string part = bytes.substr(at, size);
    at += part.size();
    std::span<char> in(part);
    for (;;) {
      const FrameEvent event = decoder.next(in);
      if (event.kind == Kind::need_more) {
        check(in.empty());
        break;
      }
      check(event.payload.size() <= kLimit);
      if (event.kind == Kind::text || event.kind == Kind::close) check(valid_utf8(event.payload));
      if (event.kind == Kind::close) check(event.code == close_code::no_status || valid_close_code(event.code));
      seen.push_back({event.kind, event.code, std::string(event.payload)});
      if (event.kind == Kind::close || event.kind == Kind::error) return seen;
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = decode(bytes, 0);
  const auto split = decode(bytes, data[0] | 1u);
  // An error may be seen earlier in the split form (it does not wait for the rest of the frame), never differently.
  check(split.size() >= whole.size());
  check(std::equal(whole.begin(), whole.end(), split.begin()));
  if (split.size() > whole.size()) check(split.size() == whole.size() + 1 && split.back().kind == Kind::error);

  // Our own frames are followed to their end.
  const std::string frame = binary_frame(bytes);
  FrameTracker tracker;
  tracker.feed(std::string_view(frame).substr(0, frame.size() - 1));
  check(tracker.mid_frame());
  tracker.feed(std::string_view(frame).substr(frame.size() - 1));
  check(!tracker.mid_frame());
  return 0;
}
