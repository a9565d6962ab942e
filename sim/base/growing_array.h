// An array for very many small plain values in one piece. It grows by realloc(3), which moves large
// blocks by their page tables: what was written once is neither copied nor faulted in again. Of a
// large block the system is asked for some pages at a time, ahead of the writer: a page fault for
// each would cost more than what is written to it.
//
// Left out: everything but appending, cutting and reading. Huge pages are not asked for: where
// memory is full of cached files, the kernel's search for them costs more than the page faults that
// they save.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace lvslab {

/// realloc(3) for large blocks. `block` may be null. Never returns null.
void* grow_block(void* block, std::size_t bytes);

/// Has the system back the bytes [begin, end) of a block, as far as whole pages go, if it can.
void back_with_pages(void* block, std::size_t begin, std::size_t end);

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
    if (size_ == ready_) grow(size_ + 1);
    data_.get()[size_++] = value;
  }
  void append(std::span<const T> values) {
    if (values.empty()) return;
    if (size_ + values.size() > ready_) grow(size_ + values.size());
    std::memcpy(data_.get() + size_, values.data(), values.size_bytes());
    size_ += values.size();
  }
  /// Room for `count` values behind the last one, of unspecified content, for a writer that knows
  /// only afterwards how many it needs; `extend` takes them in. Valid until the array changes.
  T* room(std::size_t count) {
    if (size_ + count > ready_) grow(size_ + count);
    return data_.get() + size_;
  }
  /// Takes in the first `count` values of the room.
  void extend(std::size_t count) { size_ += count; }
  /// Forgets all but the first `size` values.
  void cut(std::size_t size) {
    if (size < size_) size_ = size;
  }

 private:
  static constexpr std::size_t kFirst = 64;
  static constexpr std::size_t kLarge = 1'048'576, kAhead = 131'072;  ///< bytes
  struct Free {
    void operator()(T* block) const { std::free(block); }  // NOLINT(*-no-malloc)
  };

  void grow(std::size_t least) {
    if (least > capacity_) {
      std::size_t capacity = capacity_ == 0 ? kFirst : 2 * capacity_;
      while (capacity < least) capacity *= 2;
      void* block = grow_block(data_.release(), capacity * sizeof(T));
      data_.reset(static_cast<T*>(block));
      capacity_ = capacity;
    }
    const std::size_t before = ready_;
    ready_ = capacity_ * sizeof(T) < kLarge ? capacity_
                                            : std::min(capacity_, least + kAhead / sizeof(T));
    if (capacity_ * sizeof(T) >= kLarge) {
      back_with_pages(data_.get(), before * sizeof(T), ready_ * sizeof(T));
    }
  }
  void swap(GrowingArray& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(ready_, other.ready_);
  }

  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t ready_ = 0;  ///< values that may be written without asking for pages
};

}  // namespace lvslab
