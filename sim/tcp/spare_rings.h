// Rings of send queues that nobody uses, kept for the next connection: a large download would
// otherwise ask the system for fresh memory, and give it back, at every growth of every connection.
// They are no state: a copy has none.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/base/raw_buffer.h"

namespace lvslab::tcp {

class SpareRings {
 public:
  SpareRings() = default;
  SpareRings(const SpareRings& /*other*/) {}
  SpareRings(SpareRings&&) noexcept = default;
  SpareRings& operator=(const SpareRings& /*other*/) { return *this; }
  SpareRings& operator=(SpareRings&&) noexcept = default;
  ~SpareRings() = default;

  /// A ring of exactly `size` bytes of unspecified content.
  RawBuffer take(std::size_t size) {
    for (std::size_t i = rings_.size(); i-- > 0;) {
      if (rings_[i].size() != size) continue;
      std::swap(rings_[i], rings_.back());
      RawBuffer ring = std::move(rings_.back());
      rings_.pop_back();
      bytes_ -= size;
      return ring;
    }
    return RawBuffer(size);
  }
  void give_back(RawBuffer ring) {
    if (ring.empty() || rings_.size() >= kMost || bytes_ + ring.size() > kMostBytes) return;
    bytes_ += ring.size();
    rings_.push_back(std::move(ring));
  }
  std::size_t memory_bytes() const { return bytes_ + rings_.capacity() * sizeof(RawBuffer); }

 private:
  static constexpr std::size_t kMost = 64, kMostBytes = std::size_t{8} << 20;

  std::vector<RawBuffer> rings_;
  std::size_t bytes_ = 0;
};

}  // namespace lvslab::tcp
