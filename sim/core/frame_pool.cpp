#include "sim/core/frame_pool.h"

namespace lvslab {

FramePool::FramePool(const FramePool& other) {
  for (std::size_t c = 0; c < kClasses; ++c) {
    const std::size_t chunk_bytes = kSize[c] << kChunkShift[c];
    classes_[c].free = other.classes_[c].free;
    for (const std::uint8_t* chunk : other.classes_[c].chunks) {
      classes_[c].chunks.push_back(new_chunk(chunk_bytes));
      std::memcpy(classes_[c].chunks.back(), chunk, chunk_bytes);
    }
  }
}

FramePool& FramePool::operator=(const FramePool& other) {
  if (this != &other) *this = FramePool(other);
  return *this;
}

std::uint8_t* FramePool::new_chunk(std::size_t bytes) {
  constexpr std::size_t kFewBytes = 524'288, kLargeBlock = 4'194'304;
  const bool few = total_ + bytes < kFewBytes;
  if (few || blocks_.empty() || blocks_.back().bytes() < taken_ + bytes) {
    blocks_.emplace_back().grow(few ? bytes : kLargeBlock);
    taken_ = 0;
  }
  auto* const chunk = static_cast<std::uint8_t*>(blocks_.back().data()) + taken_;
  if (few) std::memset(chunk, 0, bytes);  // large ones come as zeros
  taken_ += bytes;
  total_ += bytes;
  return chunk;
}

void FramePool::grow(std::uint32_t size_class) {
  Class& c = classes_[size_class];
  const std::uint32_t per_chunk = 1U << kChunkShift[size_class];
  const auto first = static_cast<std::uint32_t>(c.chunks.size()) << kChunkShift[size_class];
  LVSLAB_CHECK(first + per_chunk <= kSlotMask, "more frames in flight than the pool can name");
  c.chunks.push_back(new_chunk(kSize[size_class] * per_chunk));
  for (std::uint32_t i = per_chunk; i-- > 0;) c.free.push_back(first + i);
}

std::size_t FramePool::in_use() const {
  std::size_t used = 0;
  for (std::size_t c = 0; c < kClasses; ++c) {
    used += (classes_[c].chunks.size() << kChunkShift[c]) - classes_[c].free.size();
  }
  return used;
}

std::size_t FramePool::memory_bytes() const {
  std::size_t bytes = 0;
  for (std::size_t c = 0; c < kClasses; ++c) {
    bytes += classes_[c].chunks.size() * (kSize[c] << kChunkShift[c]) +
             classes_[c].free.capacity() * sizeof(std::uint32_t);
  }
  return bytes;
}

}  // namespace lvslab
