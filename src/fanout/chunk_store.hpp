// All chunks that a shard's streams retain, oldest first, and their common limit.
//
// Home: the shard.
#pragma once

#include "transport/chunk.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>

namespace chat::fanout {

class FeedStream;

// A chunk in its stream of bytes.
struct Piece : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  FeedStream* owner = nullptr;
  transport::ChunkRef chunk;
  std::uint64_t start = 0;  // position in the stream of the chunk's first byte

  std::uint64_t end() const noexcept { return start + chunk->size(); }
};

class ChunkStore {
 public:
  explicit ChunkStore(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void add(Piece& piece) {
    pieces_.push_back(piece);
    bytes_ += piece.chunk->capacity();
  }
  void remove(Piece& piece) {
    pieces_.erase(pieces_.iterator_to(piece));
    bytes_ -= piece.chunk->capacity();
  }

  std::size_t bytes() const noexcept { return bytes_; }
  bool over_limit() const noexcept { return bytes_ > limit_bytes_; }
  // The stream with the oldest chunk of all; null when there is none.
  FeedStream* oldest_owner() const noexcept { return pieces_.empty() ? nullptr : pieces_.front().owner; }

 private:
  const std::size_t limit_bytes_;
  std::size_t bytes_ = 0;
  boost::intrusive::list<Piece, boost::intrusive::constant_time_size<false>> pieces_;
};

}  // namespace chat::fanout
