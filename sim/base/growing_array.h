// An array for very many small plain values in one piece. A large one is a mapping of its own,
// which grows by mremap(2): what was written once is neither copied nor faulted in again.
// (realloc(3) does so only for blocks that are larger than any that was freed before.) Its pages
// are huge where the system has some, and else asked for some at a time, ahead of the writer: a
// page fault for each costs more than what is written to it.
//
// Left out: everything but appending, cutting and reading.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

namespace lvslab {

/// Memory that grows, of unspecified content; a block that began with 256 KiB or more begins as
/// zeros.
class GrowingBlock {
 public:
  GrowingBlock() = default;
  GrowingBlock(GrowingBlock&& other) noexcept { swap(other); }
  GrowingBlock& operator=(GrowingBlock&& other) noexcept {
    swap(other);
    return *this;
  }
  GrowingBlock(const GrowingBlock&) = delete;
  GrowingBlock& operator=(const GrowingBlock&) = delete;
  ~GrowingBlock();

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  /// To at least `bytes`; what is there stays, perhaps elsewhere.
  void grow(std::size_t bytes);
  /// Asks the system for the pages of [begin, end) and some more; returns up to where it was asked.
  std::size_t ask_for_pages(std::size_t begin, std::size_t end);

 private:
  void swap(GrowingBlock& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }

  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

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
  std::size_t capacity() const { return block_.bytes() / sizeof(T); }
  /// What the system was asked to back; with huge pages it is up to 2 MiB more.
  std::size_t memory_bytes() const { return ready_ * sizeof(T); }
  const T& operator[](std::size_t i) const { return data()[i]; }
  const T& back() const { return data()[size_ - 1]; }
  std::span<const T> view() const { return {data(), size_}; }

  void push_back(const T& value) {
    if (size_ == ready_) grow(size_ + 1);
    data()[size_++] = value;
  }
  void append(std::span<const T> values) {
    if (values.empty()) return;
    if (size_ + values.size() > ready_) grow(size_ + values.size());
    std::memcpy(data() + size_, values.data(), values.size_bytes());
    size_ += values.size();
  }
  /// Room for `count` values behind the last one, of unspecified content, for a writer that knows
  /// only afterwards how many it needs; `extend` takes them in. Valid until the array changes.
  T* room(std::size_t count) {
    if (size_ + count > ready_) grow(size_ + count);
    return data() + size_;
  }
  /// Takes in the first `count` values of the room.
  void extend(std::size_t count) { size_ += count; }
  /// Forgets all but the first `size` values.
  void cut(std::size_t size) {
    if (size < size_) size_ = size;
  }

 private:
  static constexpr std::size_t kFirst = 64;

  T* data() const { return static_cast<T*>(block_.data()); }
  void grow(std::size_t least) {
    if (least > capacity()) {
      std::size_t wanted = std::max(kFirst, 2 * capacity());
      while (wanted < least) wanted *= 2;
      block_.grow(wanted * sizeof(T));
    }
    ready_ = block_.ask_for_pages(ready_ * sizeof(T), least * sizeof(T)) / sizeof(T);
  }
  void swap(GrowingArray& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(size_, other.size_);
    std::swap(ready_, other.ready_);
  }

  GrowingBlock block_;
  std::size_t size_ = 0;
  std::size_t ready_ = 0;  ///< values that may be written without asking for pages
};

}  // namespace lvslab
