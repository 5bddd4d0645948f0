// What a publisher writes at the head of every message's content, so that every receiver of every server can tell who
// said it, as which of its messages, and when: `~` and 40 lower-case hex digits, plain text in any encoding.
//
//   ~ RRRRRRRR SSSSSSSS NNNNNNNN TTTTTTTTTTTTTTTT      (without the blanks)
//     room     sender   number   send time, ns of CLOCK_MONOTONIC
//
// `~` stands nowhere else in what the measured servers send (names, ids and tokens of a run have none), so a receiver
// finds the stamp with one memchr.
#pragma once

#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace load {

struct Stamp {
  std::uint32_t room = 0;     // index of the room in the run
  std::uint32_t sender = 0;   // index of the sender in its room, from 0
  std::uint32_t number = 0;   // of the sender's messages, from 1, without holes
  std::uint64_t sent_ns = 0;  // when it was sent; at a rate: when it should have been (coordinated omission)
  bool operator==(const Stamp&) const = default;
};

inline constexpr std::size_t kStampBytes = 41;
inline constexpr char kStampMark = '~';

inline std::uint64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

inline void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789abcdef"[(value >> shift) & 15];
}

// Eight hex digits; what is no hex digit gives some number, which the receiver's checks then refuse.
inline std::uint32_t eight_hex(const char* digits) {
  std::uint64_t v;
  std::memcpy(&v, digits, 8);
  v = (v & 0x0F0F0F0F0F0F0F0Fu) + 9 * ((v >> 6) & 0x0101010101010101u);  // a letter is 0x61.. : 1 + 9 = 10
  v = ((v << 4) | (v >> 8)) & 0x00FF00FF00FF00FFu;                       // first digit lies lowest: it is the high half
  v = ((v << 8) | (v >> 16)) & 0x0000FFFF0000FFFFu;
  return static_cast<std::uint32_t>((v << 16) | (v >> 32));
}

inline void append_stamp(std::string& out, const Stamp& s) {
  out += kStampMark;
  append_hex(out, s.room, 8);
  append_hex(out, s.sender, 8);
  append_hex(out, s.number, 8);
  append_hex(out, s.sent_ns, 16);
}

// `at` points to the mark of a stamp, with at least kStampBytes behind it.
inline Stamp read_stamp(const char* at) {
  return {eight_hex(at + 1), eight_hex(at + 9), eight_hex(at + 17),
          static_cast<std::uint64_t>(eight_hex(at + 25)) << 32 | eight_hex(at + 33)};
}

// Where the next stamp of `text` begins, from `from` on; npos without a whole one.
inline std::size_t find_stamp(std::string_view text, std::size_t from = 0) {
  const std::size_t at = text.find(kStampMark, from);
  return at != std::string_view::npos && text.size() - at >= kStampBytes ? at : std::string_view::npos;
}

}  // namespace load
