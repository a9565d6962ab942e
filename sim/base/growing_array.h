// An array for very many small plain values in one piece. It grows by realloc(3), which moves large
// blocks by their page tables: what was written once is neither copied nor faulted in again.
//
// Left out: everything but appending, cutting and reading. Huge pages are not asked for: where
// memory is full of cached files, the kernel's search for them costs more than the page faults that
// they save.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace lvslab {

/// realloc(3) for large blocks. `block` may be null. Never returns null.
void* grow_block(void* block, std::size_t bytes);

template <class T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  GrowingArray() = default;
  GrowingArray(GrowingArray&& other) noexcept { swap(other); }
  GrowingArray& operator=(GrowingArray&& other) noexcept {
    swap(other);
    return *this;
  }
  GrowingArray(const GrowingArray& other) { append(other.view()); }
  GrowingArray& operator=(const GrowingArray& other) {
    if (this != &other) *this = GrowingArray(other);
    return *this;
  }
  ~GrowingArray() = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return capacity_; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }
  const T& back() const { return data_.get()[size_ - 1]; }
  std::span<const T> view() const { return {data_.get(), size_}; }

  void push_back(const T& value) {
    if (size_ == capacity_) grow(size_ + 1);
    data_.get()[size_++] = value;
  }
  void append(std::span<const T> values) {
    if (values.empty()) return;
    if (size_ + values.size() > capacity_) grow(size_ + values.size());
    std::memcpy(data_.get() + size_, values.data(), values.size_bytes());
    size_ += values.size();
  }
  /// Forgets all but the first `size` values.
  void cut(std::size_t size) {
    if (size < size_) size_ = size;
  }

 private:
  static constexpr std::size_t kFirst = 64;
  struct Free {
    void operator()(T* block) const { std::free(block); }  // NOLINT(*-no-malloc)
  };

  void grow(std::size_t least) {
    std::size_t capacity = capacity_ == 0 ? kFirst : 2 * capacity_;
    while (capacity < least) capacity *= 2;
    void* block = grow_block(data_.release(), capacity * sizeof(T));
    data_.reset(static_cast<T*>(block));
    capacity_ = capacity;
  }
  void swap(GrowingArray& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace lvslab
