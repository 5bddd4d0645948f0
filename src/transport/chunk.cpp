#include "transport/chunk.hpp"

#include <cstring>
#include <new>
#include <stdexcept>

namespace chat::transport {

ChunkRef Chunk::make(std::size_t capacity, ChunkAccount* account) {
  if (capacity > UINT32_MAX) throw std::length_error("chunk over 4 GiB");
  void* memory = ::operator new(sizeof(Chunk) + capacity);
  if (account) account->bytes += capacity;
  return ChunkRef(new (memory) Chunk(static_cast<std::uint32_t>(capacity), account));
}

bool Chunk::append(std::string_view bytes) noexcept {
  if (bytes.size() > room()) return false;
  if (!bytes.empty()) std::memcpy(reinterpret_cast<char*>(this + 1) + size_, bytes.data(), bytes.size());
  size_ += static_cast<std::uint32_t>(bytes.size());
  return true;
}

// A loop, not a recursion through `next`: a list of chunks may be long.
void Chunk::release(Chunk* chunk) noexcept {
  while (chunk) {
    if (chunk->account_) chunk->account_->bytes -= chunk->capacity_;
    Chunk* following = std::exchange(chunk->next.chunk_, nullptr);
    chunk->~Chunk();
    ::operator delete(chunk);
    chunk = following && --following->references_ == 0 ? following : nullptr;
  }
}

}  // namespace chat::transport
