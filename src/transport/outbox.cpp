#include "transport/outbox.hpp"

#include <algorithm>

namespace chat::transport {

void Outbox::append(std::string_view first, std::string_view second) {
  const std::size_t size = first.size() + second.size();
  if (size == 0) return;
  if (!tail_is_own_ || slices_.back().chunk->room() < size) {
    // The first reply of a turn pays for itself only; a connection that sends many gets room for more at a time.
    constexpr std::size_t kMore = 4096;
    auto chunk = Chunk::make(slices_.empty() ? size : std::max(size, kMore));
    slices_.push_back({std::move(chunk), 0, 0});
    tail_is_own_ = true;
  }
  Slice& last = slices_.back();
  last.chunk->append(first);
  last.chunk->append(second);
  last.length += static_cast<std::uint32_t>(size);
  bytes_ += size;
}

void Outbox::append(const ChunkRef& chunk, std::size_t offset, std::size_t length) {
  if (length == 0) return;
  bytes_ += length;
  if (!slices_.empty()) {
    Slice& last = slices_.back();
    if (last.chunk == chunk && last.offset + last.length == offset) {
      last.length += static_cast<std::uint32_t>(length);
      return;
    }
  }
  slices_.push_back({chunk, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)});
  tail_is_own_ = false;
}

void Outbox::gather(IovecList& out, std::size_t max_bytes) const {
  for (std::size_t i = first_; i < slices_.size() && max_bytes != 0; ++i) {
    const Slice& slice = slices_[i];
    const std::size_t length = std::min<std::size_t>(slice.length, max_bytes);
    if (!out.add(slice.chunk->data() + slice.offset, length)) return;
    max_bytes -= length;
  }
}

void Outbox::advance(std::size_t bytes) {
  bytes_ -= bytes;
  if (bytes_ == 0) return clear();
  while (bytes != 0) {
    Slice& slice = slices_[first_];
    const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(slice.length, bytes));
    slice.offset += part;
    slice.length -= part;
    bytes -= part;
    if (slice.length == 0) {
      slice.chunk = {};
      ++first_;
    }
  }
  if (first_ >= 32 && first_ * 2 >= slices_.size()) {
    slices_.erase(slices_.begin(), slices_.begin() + first_);
    first_ = 0;
  }
}

void Outbox::truncate(std::size_t bytes) {
  std::string kept;
  kept.reserve(bytes);
  for (std::size_t i = first_; i < slices_.size() && kept.size() < bytes; ++i) {
    const Slice& slice = slices_[i];
    kept.append(slice.chunk->view(slice.offset, std::min<std::size_t>(slice.length, bytes - kept.size())));
  }
  clear();
  append(kept);
}

void Outbox::clear() noexcept {
  std::vector<Slice>().swap(slices_);
  first_ = 0;
  tail_is_own_ = false;
  bytes_ = 0;
}

}  // namespace chat::transport
