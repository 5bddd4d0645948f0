// First in, first out, in one block of memory. One that was never used is a null pointer: a quiet feed has several.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace chat::fanout {

template <class T>
class Queue {
 public:
  bool empty() const noexcept { return size() == 0; }
  std::size_t size() const noexcept { return block_ ? block_->items.size() - block_->first : 0; }
  const T& operator[](std::size_t i) const noexcept { return block_->items[block_->first + i]; }
  const T& front() const noexcept { return block_->items[block_->first]; }
  const T& back() const noexcept { return block_->items.back(); }
  const T* begin() const noexcept { return block_ ? block_->items.data() + block_->first : nullptr; }
  const T* end() const noexcept { return block_ ? block_->items.data() + block_->items.size() : nullptr; }

  void push_back(T item) {
    if (!block_) block_ = std::make_unique<Block>();
    block_->items.push_back(std::move(item));
  }
  // Moves what is left to the front when as much is gone: a constant cost for each item.
  void pop_front() {
    auto& [items, first] = *block_;
    items[first++] = T();
    if (first < items.size() - first) return;
    items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(first));
    first = 0;
  }

 private:
  struct Block {
    std::vector<T> items;
    std::size_t first = 0;
  };
  std::unique_ptr<Block> block_;
};

}  // namespace chat::fanout
