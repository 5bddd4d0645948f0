// Bytes written once and shared by every connection that owes them to its peer.
//
// Home: one loop; the count is plain. Bytes before size() never change and never move, so ranges of them may be handed
// to sendmsg while more is appended behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace chat::transport {

// Sum of the capacities of the chunks made with it. Must outlive them.
struct ChunkAccount {
  std::size_t bytes = 0;
};

class Chunk;

// Counted reference to a chunk.
class ChunkRef {
 public:
  ChunkRef() noexcept = default;
  ChunkRef(const ChunkRef& other) noexcept;
  ChunkRef(ChunkRef&& other) noexcept : chunk_(std::exchange(other.chunk_, nullptr)) {}
  ChunkRef& operator=(ChunkRef other) noexcept {
    std::swap(chunk_, other.chunk_);
    return *this;
  }
  ~ChunkRef();

  explicit operator bool() const noexcept { return chunk_ != nullptr; }
  Chunk* operator->() const noexcept { return chunk_; }
  Chunk& operator*() const noexcept { return *chunk_; }
  Chunk* get() const noexcept { return chunk_; }
  friend bool operator==(const ChunkRef& a, const ChunkRef& b) noexcept { return a.chunk_ == b.chunk_; }

 private:
  friend class Chunk;
  explicit ChunkRef(Chunk* chunk) noexcept : chunk_(chunk) {}
  Chunk* chunk_ = nullptr;
};

class Chunk {
 public:
  static constexpr std::size_t kUsualBytes = 64 * 1024;  // usual upper size; one larger frame gets one larger chunk

  // One allocation of header and `capacity` bytes (below 4 GiB).
  static ChunkRef make(std::size_t capacity, ChunkAccount* account = nullptr);
  static ChunkRef copy_of(std::string_view bytes) {
    auto chunk = make(bytes.size());
    chunk->append(bytes);
    return chunk;
  }

  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  const char* data() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t room() const noexcept { return capacity_ - size_; }
  std::uint32_t references() const noexcept { return references_; }
  std::string_view view(std::size_t offset, std::size_t length) const noexcept { return {data() + offset, length}; }

  // Writes behind what is there; false, and nothing written, when it does not fit.
  bool append(std::string_view bytes) noexcept;

  // Link for an owner's append-only list of chunks; not used here. A chunk keeps what follows it alive.
  ChunkRef next;

 private:
  friend class ChunkRef;
  Chunk(std::uint32_t capacity, ChunkAccount* account) noexcept : capacity_(capacity), account_(account) {}
  ~Chunk() = default;
  static void release(Chunk* chunk) noexcept;

  std::uint32_t references_ = 1;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_;
  ChunkAccount* account_;
};

inline ChunkRef::ChunkRef(const ChunkRef& other) noexcept : chunk_(other.chunk_) {
  if (chunk_) ++chunk_->references_;
}
inline ChunkRef::~ChunkRef() {
  if (chunk_ && --chunk_->references_ == 0) Chunk::release(chunk_);
}

}  // namespace chat::transport
