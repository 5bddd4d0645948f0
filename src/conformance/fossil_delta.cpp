#include "conformance/fossil_delta.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace chat::conformance {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";

struct Copy {
  std::size_t from = 0;  // in the origin
  std::size_t to = 0;    // in the target
  std::size_t length = 0;
};

void append_number(std::string& out, std::size_t value) {
  std::string digits;
  do {
    digits += kDigits[value % kDigits.size()];
    value /= kDigits.size();
  } while (value != 0);
  out.append(digits.rbegin(), digits.rend());
}

void append_copy(std::string& out, const Copy& copy) {
  if (copy.length == 0) return;
  append_number(out, copy.length);
  out += '@';
  append_number(out, copy.from);
  out += ',';
}

void append_insert(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  append_number(out, bytes.size());
  out += ':';
  out += bytes;
}

// The sum of the big-endian words of the text, zeros behind its end.
std::uint32_t checksum(std::string_view text) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    sum += std::uint32_t{static_cast<unsigned char>(text[i])} << (24 - 8 * (i % 4));
  }
  return sum;
}

// Does a character begin here (or the text end)?
bool is_boundary(std::string_view text, std::size_t at) {
  return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

// Finds where the target goes on as the origin does somewhere.
class BlockIndex {
 public:
  explicit BlockIndex(std::string_view origin) : origin_(origin) {
    for (std::size_t at = 0; at + kBlock <= origin.size(); at += kBlock)
      blocks_.try_emplace(origin.substr(at, kBlock), at);
  }

  // The first copy of at least a block within target[begin, end), as long as it goes both ways.
  std::optional<Copy> find(std::string_view target, std::size_t begin, std::size_t end) const {
    for (std::size_t at = begin; at + kBlock <= end; ++at) {
      const auto block = blocks_.find(target.substr(at, kBlock));
      if (block == blocks_.end()) continue;
      Copy copy{block->second, at, kBlock};
      while (copy.to + copy.length < end && copy.from + copy.length < origin_.size() &&
             target[copy.to + copy.length] == origin_[copy.from + copy.length]) {
        ++copy.length;
      }
      while (copy.to > begin && copy.from > 0 && target[copy.to - 1] == origin_[copy.from - 1]) {
        --copy.to;
        --copy.from;
        ++copy.length;
      }
      return copy;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kBlock = 16;

  const std::string_view origin_;
  std::unordered_map<std::string_view, std::size_t> blocks_;  // the first place of each aligned one
};

// Without the bytes at its ends that are parts of characters; it may be left with nothing.
void trim_to_characters(std::string_view target, Copy& copy) {
  while (copy.length > 0 && !is_boundary(target, copy.to + copy.length)) --copy.length;
  while (copy.length > 0 && !is_boundary(target, copy.to)) {
    ++copy.from;
    ++copy.to;
    --copy.length;
  }
}

}  // namespace

std::string fossil_delta(std::string_view origin, std::string_view target, bool whole_characters) {
  const std::size_t most = std::min(origin.size(), target.size());
  const auto differ = std::mismatch(target.begin(), target.begin() + static_cast<std::ptrdiff_t>(most), origin.begin());
  auto start = static_cast<std::size_t>(differ.first - target.begin());
  while (whole_characters && !is_boundary(target, start)) --start;

  std::size_t tail = 0;
  while (tail < most - start && target[target.size() - 1 - tail] == origin[origin.size() - 1 - tail]) ++tail;
  while (whole_characters && !is_boundary(target, target.size() - tail)) --tail;

  std::string delta;
  append_number(delta, target.size());
  delta += '\n';
  append_copy(delta, {0, 0, start});
  const std::size_t end = target.size() - tail;
  const BlockIndex index(origin);
  std::size_t written = start;
  for (std::size_t at = start; auto copy = index.find(target, at, end);) {
    at = copy->to + copy->length;
    if (whole_characters) trim_to_characters(target, *copy);
    if (copy->length == 0) continue;
    append_insert(delta, target.substr(written, copy->to - written));
    append_copy(delta, *copy);
    written = copy->to + copy->length;
  }
  append_insert(delta, target.substr(written, end - written));
  append_copy(delta, {origin.size() - tail, end, tail});
  append_number(delta, checksum(target));
  delta += ';';
  return delta;
}

}  // namespace chat::conformance
