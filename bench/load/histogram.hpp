// Latencies in a fixed memory, to three significant digits, whatever their spread: a log-linear (HDR) histogram of
// nanoseconds from 0 to 2^42 (73 minutes; what is longer counts as that).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace load {

class Histogram {
 public:
  Histogram() : counts_(index_of(kLargest) + 1) {}

  void record(std::uint64_t ns) {
    ns = std::min(ns, kLargest);
    ++counts_[index_of(ns)];
    ++count_;
    sum_ += ns;
    max_ = std::max(max_, ns);
  }

  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }

  void clear() {
    std::fill(counts_.begin(), counts_.end(), 0);
    count_ = sum_ = max_ = 0;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  double mean() const { return count_ ? static_cast<double>(sum_) / static_cast<double>(count_) : 0; }

  // The smallest recorded value that at least the share `q` of all values do not exceed, to within a thousandth above
  // it; exact for the maximum. 0 when nothing was recorded.
  std::uint64_t at(double q) const {
    if (count_ == 0) return 0;
    const auto wanted = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if (seen += counts_[i]; seen >= std::max<std::uint64_t>(wanted, 1)) return std::min(highest_of(i), max_);
    return max_;
  }

 private:
  // Values below 2^11 each have their own cell; above, every power of two is cut into 2^10 cells.
  static constexpr unsigned kBits = 11;
  static constexpr std::uint64_t kLargest = (std::uint64_t{1} << 42) - 1;

  static std::size_t index_of(std::uint64_t ns) {
    const unsigned width = static_cast<unsigned>(std::bit_width(ns));
    if (width <= kBits) return ns;
    const unsigned shift = width - kBits;
    return (std::size_t{shift} << (kBits - 1)) + static_cast<std::size_t>(ns >> shift);
  }

  static std::uint64_t highest_of(std::size_t index) {
    if (index < (std::size_t{1} << kBits)) return index;
    const unsigned shift = static_cast<unsigned>(index >> (kBits - 1)) - 1;
    const std::uint64_t head = index - (std::size_t{shift} << (kBits - 1));
    return ((head + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0, sum_ = 0, max_ = 0;
};

}  // namespace load
