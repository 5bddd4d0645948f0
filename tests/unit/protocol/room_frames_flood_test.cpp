// Names that a client chose so that std::hash gives all of them the same value: the frame must not cost the square of
// their number. libstdc++'s hash is Murmur's with a seed that everybody knows, and each of its steps can be undone.
#include "protocol/room_frames.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace chat::protocol {
namespace {

constexpr std::uint64_t kMultiplier = (0xc6a4a793ull << 32) + 0x5bd1e995ull;
constexpr std::uint64_t kSeed = 0xc70f6907ull;
constexpr std::size_t kBlock = 8;

constexpr std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;  // Newton's, modulo 2^64
  return x;
}
constexpr std::uint64_t kInverse = inverse(kMultiplier);
static_assert(kMultiplier * kInverse == 1);

std::uint64_t shifted(std::uint64_t v) { return v ^ (v >> 47); }  // undoes itself
std::uint64_t of_block(std::uint64_t block) { return shifted(block * kMultiplier) * kMultiplier; }
std::uint64_t block_of(std::uint64_t value) { return shifted(value * kInverse) * kInverse; }
std::uint64_t after(std::uint64_t state, std::uint64_t block) { return (state ^ of_block(block)) * kMultiplier; }

bool is_plain(std::uint64_t block) {
  for (std::size_t i = 0; i < kBlock; ++i, block >>= 8) {
    const auto c = static_cast<char>(block & 0xFF);
    if (c < ' ' || c > '~' || c == '"' || c == '\\') return false;
  }
  return true;
}

// Texts of two blocks each that lead from one state of the hash to another: the first is any, the second follows.
std::vector<std::string> ways(std::uint64_t from, std::uint64_t to, std::size_t count) {
  std::vector<std::string> out;
  for (std::uint64_t number = 0; out.size() < count; ++number) {
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < kBlock; ++i) first = first << 8 | ('a' + (number >> (4 * i) & 0xF));
    const std::uint64_t second = block_of(after(from, first) ^ (to * kInverse));
    if (!is_plain(second)) continue;
    std::string text(2 * kBlock, '\0');
    std::memcpy(text.data(), &first, kBlock);
    std::memcpy(text.data() + kBlock, &second, kBlock);
    out.push_back(std::move(text));
  }
  return out;
}

std::vector<std::string> colliding_names(std::size_t root) {
  const std::uint64_t begin = kSeed ^ (4 * kBlock * kMultiplier), middle = 0x0123456789abcdefull, end = ~middle;
  std::vector<std::string> names;
  for (const auto& head : ways(begin, middle, root)) {
    for (const auto& tail : ways(middle, end, root)) names.push_back(head + tail);
  }
  return names;
}

// CPU time of this thread, so that a busy machine does not count.
std::int64_t nanoseconds_to_decode(const std::vector<std::string>& names) {
  std::string text = R"({"content":"a")";
  for (const auto& name : names) text += ",\"" + name + "\":0";
  text += '}';
  timespec began{}, ended{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
  EXPECT_TRUE(decode_client_frame(text, 100));
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
  return (ended.tv_sec - began.tv_sec) * 1'000'000'000 + ended.tv_nsec - began.tv_nsec;
}

TEST(DecodeClientFrame, NamesThatAreMadeToCollideCostWhatOthersDo) {
  const auto chosen = colliding_names(100);
  const std::hash<std::string> hash;
  std::size_t alike = 0;
  for (const auto& name : chosen) alike += hash(name) == hash(chosen.front()) ? 1 : 0;
  if (alike != chosen.size()) GTEST_SKIP() << "another library's std::hash: these are names as any";

  std::vector<std::string> others;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    others.push_back(std::string(4 * kBlock, 'x') + std::to_string(i));
    others.back().erase(0, others.back().size() - 4 * kBlock);
  }
  const auto usual = nanoseconds_to_decode(others);
  EXPECT_LT(nanoseconds_to_decode(chosen), 8 * usual);
}

}  // namespace
}  // namespace chat::protocol
