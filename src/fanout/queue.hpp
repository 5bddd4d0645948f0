// First in, first out, in one block of memory; no memory at all when it was never used, unlike std::deque.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace chat::fanout {

template <class T>
class Queue {
 public:
  bool empty() const noexcept { return first_ == items_.size(); }
  std::size_t size() const noexcept { return items_.size() - first_; }
  const T& operator[](std::size_t i) const noexcept { return items_[first_ + i]; }
  const T& front() const noexcept { return items_[first_]; }
  const T& back() const noexcept { return items_.back(); }
  auto begin() const noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() const noexcept { return items_.end(); }

  void push_back(T item) { items_.push_back(std::move(item)); }
  // Moves what is left to the front when as much is gone: a constant cost for each item.
  void pop_front() {
    items_[first_++] = T();
    if (first_ < items_.size() - first_) return;
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

 private:
  std::vector<T> items_;
  std::size_t first_ = 0;
};

}  // namespace chat::fanout
