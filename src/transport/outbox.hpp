// What one connection has still to send: a queue of ranges in shared or own chunks; and the interface of a source that
// owes it more (the cursors of fanout).
//
// Home: the loop of its connection. Empty, it owns no memory.
#pragma once

#include "transport/byte_stream.hpp"
#include "transport/chunk.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chat::transport {

class Outbox {
 public:
  bool empty() const noexcept { return bytes_ == 0; }
  std::size_t bytes() const noexcept { return bytes_; }

  // Copies `bytes` behind what is queued.
  void append(std::string_view bytes) { append(bytes, {}); }
  void append(std::string_view first, std::string_view second);
  // Queues a range of a chunk by reference; copies nothing. Ranges that continue the last one are joined to it.
  void append(const ChunkRef& chunk, std::size_t offset, std::size_t length);

  // Adds ranges from the front until the list is full or holds `max_bytes`; the last one may be cut.
  void gather(IovecList& out, std::size_t max_bytes) const;
  // Drops `bytes` (at most bytes()) from the front: they have been sent.
  void advance(std::size_t bytes);
  // Keeps only the first `bytes`, copied, so that no shared chunk stays referenced.
  void truncate(std::size_t bytes);
  void clear() noexcept;

 private:
  struct Slice {
    ChunkRef chunk;
    std::uint32_t offset;
    std::uint32_t length;
  };

  std::vector<Slice> slices_;
  std::uint32_t first_ = 0;   // slices before it are sent
  bool tail_is_own_ = false;  // the last slice ends a chunk that nobody else appends to
  std::size_t bytes_ = 0;
};

// Whole frames a connection is owed beside its outbox, kept elsewhere (feed cursors). Called by its WebSocket only, on
// its loop. Order: the outbox goes first, then these, in the order `gather` gives them.
class OwedBytes {
 public:
  virtual bool empty() const = 0;
  virtual std::size_t backlog_bytes() const = 0;
  // Adds the ranges owed, oldest first, until the list is full or has grown by `max_bytes`.
  virtual void gather(IovecList& out, std::size_t max_bytes) = 0;
  // The first `bytes` of what the last gather gave were sent; what follows may begin inside a frame.
  virtual void advance(std::size_t bytes) = 0;
  // Moves everything owed into the outbox, by reference; nothing is owed afterwards.
  virtual void settle(Outbox& into) = 0;

 protected:
  ~OwedBytes() = default;
};

}  // namespace chat::transport
