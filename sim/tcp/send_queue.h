// The bytes that a program has written and the peer has not acknowledged. They lie in buffers of
// the frame pool, each as large as what was queued when it was taken: nothing is copied when the
// queue grows, and what is acknowledged goes back for the next frame, still in the processor's
// cache.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/frame_pool.h"

namespace lvslab::tcp {

/// A value that holds buffers of a pool: `clear` gives them back.
class SendQueue {
 public:
  bool empty() const { return size_ == 0; }
  /// Bytes.
  std::uint32_t size() const { return size_; }
  /// The sequence number of the oldest byte, and of the one behind the newest.
  std::uint32_t seq() const { return seq_; }
  std::uint32_t end() const { return seq_ + size_; }
  /// Of an empty queue: where the next byte begins.
  void begin_at(std::uint32_t seq) { seq_ = seq; }

  void append(FramePool& pool, std::span<const std::uint8_t> data);
  /// Copies [seq, seq + out.size()), all of which is queued.
  void copy(const FramePool& pool, std::uint32_t seq, MutBytes out) const;
  /// Drops the oldest `bytes`.
  void release(FramePool& pool, std::uint32_t bytes);
  void clear(FramePool& pool) { release(pool, size_); }
  std::size_t memory_bytes() const { return later_.capacity() * sizeof(Part); }

 private:
  /// A buffer with the bytes [begin, begin + used).
  struct Part {
    FrameRef buffer;
    std::uint32_t begin = 0, used = 0, room = 0;
  };
  Part& newest() { return later_.empty() ? first_ : later_.back(); }
  void add_part(FramePool& pool, std::size_t wanted);

  Part first_;
  std::vector<Part> later_;
  std::uint32_t seq_ = 0, size_ = 0;
};

}  // namespace lvslab::tcp
