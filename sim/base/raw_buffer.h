// Bytes on the heap that begin with unspecified content: nobody pays for zeros that are written
// over. A value: it is copied with its owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace lvslab {

class RawBuffer {
 public:
  RawBuffer() = default;
  explicit RawBuffer(std::size_t size)
      : bytes_(std::make_unique_for_overwrite<std::uint8_t[]>(size)), size_(size) {}
  RawBuffer(RawBuffer&& other) noexcept
      : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  RawBuffer& operator=(RawBuffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  RawBuffer(const RawBuffer& other) {
    if (other.empty()) return;
    *this = RawBuffer(other.size_);
    std::memcpy(data(), other.data(), size_);
  }
  RawBuffer& operator=(const RawBuffer& other) {
    if (this != &other) *this = RawBuffer(other);
    return *this;
  }
  ~RawBuffer() = default;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::uint8_t* data() { return bytes_.get(); }
  const std::uint8_t* data() const { return bytes_.get(); }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace lvslab
