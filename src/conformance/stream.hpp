// The numbered publications of one channel, the newest of them kept. Pure; one thread.
#pragma once

#include "protocol/centrifuge.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chat::conformance {

class Stream {
 public:
  Stream(std::string epoch, std::size_t kept) : epoch_(std::move(epoch)), limit_(kept) {}

  const centrifuge::Publication& append(std::string data, std::optional<centrifuge::ClientInfo> info);

  const std::string& epoch() const noexcept { return epoch_; }
  std::uint64_t top() const noexcept { return top_; }  // offset of the newest; 0: there has been none
  const centrifuge::Publication* newest() const noexcept { return kept_.empty() ? nullptr : &kept_.back(); }

  // All that follows a position, ascending. Nothing when that cannot be told: another epoch (an empty one is trusted),
  // an offset above the top, something no longer kept, or more than `max_bytes` of data.
  std::optional<std::vector<centrifuge::Publication>> after(const centrifuge::StreamPosition& position,
                                                            std::size_t max_bytes) const;

  // A page as `history` asks for it, cut short where it would hold more than `max_bytes` of data (never below one).
  struct Page {
    std::vector<centrifuge::Publication> publications;
    std::optional<centrifuge::ErrorCode> error;
  };
  Page page(const centrifuge::HistoryRequest& request, std::size_t max_bytes) const;

 private:
  const std::string epoch_;
  const std::size_t limit_;
  std::uint64_t top_ = 0;
  std::deque<centrifuge::Publication> kept_;
};

}  // namespace chat::conformance
