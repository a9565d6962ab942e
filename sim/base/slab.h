// Storage for many values of one type under stable 32-bit indices: chunks of N, a free list,
// no move of the others when it grows, and a plain copy of the whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/check.h"

namespace lvslab {

template <class T, std::size_t kChunk = 64>
class Slab {
  static_assert((kChunk & (kChunk - 1)) == 0, "chunk size must be a power of two");

 public:
  Slab() = default;
  Slab(Slab&&) noexcept = default;
  Slab& operator=(Slab&&) noexcept = default;
  Slab(const Slab& other) : free_(other.free_), size_(other.size_) {
    chunks_.reserve(other.chunks_.size());
    for (const auto& chunk : other.chunks_) chunks_.push_back(std::make_unique<Chunk>(*chunk));
  }
  Slab& operator=(const Slab& other) {
    if (this != &other) *this = Slab(other);
    return *this;
  }
  ~Slab() = default;

  /// A value-initialised element; its index stays valid until `release`.
  std::uint32_t acquire() {
    std::uint32_t index;
    if (free_.empty()) {
      index = size_++;
      if (index / kChunk == chunks_.size()) chunks_.push_back(std::make_unique<Chunk>());
    } else {
      index = free_.back();
      free_.pop_back();
      (*this)[index] = T{};
    }
    return index;
  }
  void release(std::uint32_t index) {
    LVSLAB_CHECK(index < size_, "released an element that was never acquired");
    free_.push_back(index);
  }
  T& operator[](std::uint32_t index) { return chunks_[index / kChunk]->items[index % kChunk]; }
  const T& operator[](std::uint32_t index) const {
    return chunks_[index / kChunk]->items[index % kChunk];
  }
  /// One past the highest index ever acquired; released elements lie below it, too.
  std::uint32_t limit() const { return size_; }
  std::uint32_t in_use() const { return size_ - static_cast<std::uint32_t>(free_.size()); }

 private:
  struct Chunk {
    T items[kChunk]{};
  };
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t size_ = 0;
};

}  // namespace lvslab
