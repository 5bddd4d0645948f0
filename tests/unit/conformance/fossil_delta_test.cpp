#include "conformance/fossil_delta.hpp"

#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>

namespace chat::conformance {
namespace {

// The reading side, written from the format's description and not from the writer.
class Applier {
 public:
  Applier(std::string_view origin, std::string_view delta) : origin_(origin), delta_(delta) {}

  std::string apply() {
    const std::size_t size = number();
    expect('\n');
    std::string target;
    for (;;) {
      const std::size_t count = number();
      const char what = take();
      if (what == '@') {
        const std::size_t offset = number();
        expect(',');
        if (offset + count > origin_.size()) throw std::runtime_error("a copy beyond the origin");
        target += origin_.substr(offset, count);
      } else if (what == ':') {
        if (at_ + count > delta_.size()) throw std::runtime_error("an insert beyond the delta");
        target += delta_.substr(at_, count);
        at_ += count;
      } else if (what == ';') {
        if (at_ != delta_.size()) throw std::runtime_error("more behind the end");
        if (target.size() != size) throw std::runtime_error("another size");
        if (checksum(target) != count) throw std::runtime_error("another checksum");
        return target;
      } else {
        throw std::runtime_error("an unknown operator");
      }
    }
  }

 private:
  char take() { return at_ < delta_.size() ? delta_[at_++] : '\0'; }
  void expect(char c) {
    if (take() != c) throw std::runtime_error(std::string("no ") + c);
  }
  std::size_t number() {
    static constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
    std::size_t value = 0, digits = 0;
    for (std::size_t d; at_ < delta_.size() && (d = kDigits.find(delta_[at_])) != kDigits.npos; ++at_, ++digits) {
      value = value * 64 + d;
    }
    if (digits == 0) throw std::runtime_error("no number");
    return value;
  }
  static std::uint32_t checksum(std::string text) {
    text.resize((text.size() + 3) / 4 * 4, '\0');
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < text.size(); i += 4) {
      std::uint32_t word = 0;
      for (std::size_t k = 0; k < 4; ++k) word = word * 256 + static_cast<unsigned char>(text[i + k]);
      sum += word;
    }
    return sum;
  }

  const std::string_view origin_, delta_;
  std::size_t at_ = 0;
};

std::string round_trip(std::string_view origin, std::string_view target, bool whole_characters = false) {
  return Applier(origin, fossil_delta(origin, target, whole_characters)).apply();
}

TEST(FossilDelta, IsWrittenAsTheFormatHasIt) {
  // 12 bytes; "hello " from the origin, "you" new, "all" from the origin's end; big-endian words summed.
  EXPECT_EQ(fossil_delta("hello, all", "hello, you", false).substr(0, 9), "A\n7@0,3:y");
  EXPECT_EQ(fossil_delta("", "", false), "0\n0;");
  EXPECT_EQ(fossil_delta("", "a", false),
            "1\n1:a"
            "1X0000;");  // 0x61000000 = 1 33 0 0 0 0 in base 64
  EXPECT_EQ(fossil_delta("a", "", false), "0\n0;");
  EXPECT_EQ(fossil_delta("abcd", "abcd", false), "4\n4@0,1XObD_;");
}

TEST(FossilDelta, MakesTheTargetOfTheOrigin) {
  const std::string texts[] = {"",
                               "a",
                               "aa",
                               "ab",
                               "abcabcabc",
                               std::string(500, 'a'),
                               std::string(499, 'a') + 'b',
                               std::string("\0\0\1\0", 4),
                               "{\"n\":1,\"text\":\"base message content\"}",
                               "{\"n\":2,\"text\":\"base message content updated\"}"};
  for (const auto& origin : texts) {
    for (const auto& target : texts) EXPECT_EQ(round_trip(origin, target), target) << origin << " -> " << target;
  }
}

TEST(FossilDelta, MakesAnyTargetOfAnyOrigin) {
  std::mt19937 random(7);
  const auto text = [&](std::size_t most) {
    std::string out(random() % most, '\0');
    for (char& c : out) c = static_cast<char>('a' + random() % 3);
    return out;
  };
  for (int i = 0; i < 2'000; ++i) {
    const std::string origin = text(300);
    // Pieces of the origin in another order, with something new between them.
    std::string target = text(20);
    for (int piece = 0; piece < 4 && !origin.empty(); ++piece) {
      const std::size_t at = random() % origin.size();
      target += origin.substr(at, random() % 100) + text(8);
    }
    ASSERT_EQ(round_trip(origin, target), target) << origin << " -> " << target;
    ASSERT_EQ(round_trip(origin, target, true), target) << origin << " -> " << target;
  }
}

TEST(FossilDelta, CopiesWhatHasMovedOrIsInTheMiddle) {
  const std::string filler(500, 'a');
  const auto shorter = [](const std::string& origin, const std::string& target) {
    EXPECT_EQ(round_trip(origin, target), target);
    return fossil_delta(origin, target, true).size();
  };
  EXPECT_LT(shorter("{\"counter\":2,\"payload\":\"" + filler + "\"}",
                    "{\"counter\":3,\"payload\":\"" + filler.substr(1) + "b\"}"),
            60u);
  EXPECT_LT(shorter("first " + filler + " last", "last " + filler + " first"), 60u);
}

TEST(FossilDelta, CutsNoCharacterOverJson) {
  std::mt19937 random(11);
  const auto text = [&](std::size_t most) {
    // Characters that share their first or their last bytes.
    static const char* const kCharacters[] = {"é", "è", "ü", "€", "₭", "↬", "😀", "😁", "a", "ø"};
    std::string out;
    for (std::size_t i = random() % most; i > 0; --i) out += kCharacters[random() % std::size(kCharacters)];
    return out;
  };
  int cut = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::string origin = text(40);
    const std::string target = i % 2 ? text(40) : text(3) + origin + text(3);
    ASSERT_EQ(round_trip(origin, target, true), target);
    ASSERT_TRUE(is_utf8(fossil_delta(origin, target, true))) << origin << " -> " << target;
    cut += is_utf8(fossil_delta(origin, target, false)) ? 0 : 1;
  }
  EXPECT_GT(cut, 100);  // it would have happened otherwise
}

}  // namespace
}  // namespace chat::conformance
