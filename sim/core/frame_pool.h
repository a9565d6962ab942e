// Buffers of frames in flight: real bytes with headroom, counted references, recycled in size
// classes, so that the steady path never allocates. A pool is a value; references are indices.
//
// A frame that was sent is immutable while anyone else holds it: writers call `make_writable`,
// which copies if the buffer is shared (a switch flooded it) and edits in place if it is not.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/growing_array.h"
#include "sim/base/ids.h"
#include "sim/wire/bytes.h"

namespace lvslab {

/// A counted reference to a buffer of the pool. Plain data: copying it does not count.
struct FrameRef {
  static constexpr std::uint32_t kNone = 0xffff'ffffU;
  std::uint32_t value = kNone;
  constexpr bool valid() const { return value != kNone; }
  constexpr bool operator==(const FrameRef&) const = default;
};

/// What a packet takes along over lo, where the kernel hands on the very sk_buff that was sent
/// (drivers/net/loopback.c: loopback_xmit()).
struct Looped {
  std::uint32_t mark = 0;
  bool ipvs_property = false;
};

/// Room for Ethernet (14), an outer IPv4 header (20), GRE/GUE with options (up to 30), rounded up.
inline constexpr std::size_t kHeadroom = 64;

class FramePool {
 public:
  FramePool() = default;
  FramePool(FramePool&&) noexcept = default;
  FramePool& operator=(FramePool&&) noexcept = default;
  FramePool(const FramePool& other);
  FramePool& operator=(const FramePool& other);
  ~FramePool() = default;

  /// A buffer of `length` bytes of unspecified content with kHeadroom bytes before them, held once.
  FrameRef allocate(std::size_t length) {
    const std::size_t need = kHeadroom + length;
    std::uint32_t size_class = 0;
    while (need > kPayload[size_class]) {
      ++size_class;
      LVSLAB_CHECK(size_class < kClasses, "a frame longer than 65 535 bytes");
    }
    Class& c = classes_[size_class];
    if (c.free.empty()) grow(size_class);
    const std::uint32_t slot = c.free.back();
    c.free.pop_back();
    const FrameRef ref{size_class << kSlotBits | slot};
    Header& h = header(ref);
    h = {1, static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(kHeadroom), {}, {}};
    return ref;
  }
  void retain(FrameRef ref) { ++header(ref).references; }
  void release(FrameRef ref) {
    Header& h = header(ref);
    LVSLAB_CHECK(h.references > 0, "released a frame that nobody holds");
    if (--h.references == 0) classes_[ref.value >> kSlotBits].free.push_back(ref.value & kSlotMask);
  }

  Bytes bytes(FrameRef ref) const {
    const Header& h = header(ref);
    return {data(ref) + h.offset, h.length};
  }
  /// For the only holder of a buffer: while it is built, or after `make_writable`.
  MutBytes writable(FrameRef ref) {
    Header& h = header(ref);
    LVSLAB_CHECK(h.references == 1, "wrote into a shared frame");
    return {data(ref) + h.offset, h.length};
  }
  /// The same frame for writing: `ref` itself if nobody else holds it, else a copy (`ref` is then
  /// released). The result has no trace identity yet: it is another frame as soon as it is sent.
  FrameRef make_writable(FrameRef ref) {
    if (header(ref).references == 1) {
      header(ref).trace_id = {};
      return ref;
    }
    const Bytes from = bytes(ref);
    const FrameRef copy = allocate(from.size());
    std::memcpy(data(copy) + header(copy).offset, from.data(), from.size());
    release(ref);
    return copy;
  }

  /// Extends the frame to the front by `n` bytes and returns them for writing.
  MutBytes push_front(FrameRef ref, std::size_t n) {
    Header& h = header(ref);
    LVSLAB_CHECK(h.references == 1 && h.offset >= n, "no headroom left in the frame");
    h.offset -= static_cast<std::uint32_t>(n);
    h.length += static_cast<std::uint32_t>(n);
    return {data(ref) + h.offset, n};
  }
  /// Cuts `n` bytes off the front (a header that was consumed). Only for the single holder.
  void pull_front(FrameRef ref, std::size_t n) {
    Header& h = header(ref);
    LVSLAB_CHECK(h.references == 1 && h.length >= n, "pulled more than the frame holds");
    h.offset += static_cast<std::uint32_t>(n);
    h.length -= static_cast<std::uint32_t>(n);
  }
  /// Cuts the frame to `length` bytes (Ethernet padding, ICMP quotes). Only for the single holder.
  void truncate(FrameRef ref, std::size_t length) {
    Header& h = header(ref);
    LVSLAB_CHECK(h.references == 1 && length <= h.length, "truncated a frame beyond its end");
    h.length = static_cast<std::uint32_t>(length);
  }

  /// The frame's identity in the trace, given when it is first sent; invalid before, and if
  /// tracing is off.
  FrameId trace_id(FrameRef ref) const { return header(ref).trace_id; }
  void set_trace_id(FrameRef ref, FrameId id) { header(ref).trace_id = id; }

  /// Of a frame that came over lo; of any other it is nothing. It is taken once.
  Looped take_looped(FrameRef ref) { return std::exchange(header(ref).looped, {}); }
  void set_looped(FrameRef ref, Looped looped) { header(ref).looped = looped; }

  std::size_t in_use() const;
  std::size_t memory_bytes() const;

 private:
  struct Header {
    std::uint32_t references = 0;
    std::uint32_t length = 0;
    std::uint32_t offset = 0;
    FrameId trace_id;
    Looped looped;
  };
  static constexpr std::size_t kClasses = 4;
  static constexpr std::uint32_t kSlotBits = 28, kSlotMask = (1U << kSlotBits) - 1;
  static constexpr std::array<std::size_t, kClasses> kSize = {256, 704, 1728, 65'664};
  static constexpr std::array<std::size_t, kClasses> kPayload = {
      kSize[0] - sizeof(Header), kSize[1] - sizeof(Header), kSize[2] - sizeof(Header),
      kSize[3] - sizeof(Header)};
  // Slots per chunk, a power of two: 16 KiB, 45 KiB, 110 KiB and 131 KiB.
  static constexpr std::array<std::uint32_t, kClasses> kChunkShift = {6, 6, 6, 1};

  struct Class {
    std::vector<std::uint8_t*> chunks;  ///< in `blocks_`
    std::vector<std::uint32_t> free;
  };

  std::uint8_t* slot(FrameRef ref) const {
    const std::uint32_t c = ref.value >> kSlotBits;
    const std::uint32_t s = ref.value & kSlotMask;
    return classes_[c].chunks[s >> kChunkShift[c]] + (s & ((1U << kChunkShift[c]) - 1)) * kSize[c];
  }
  Header& header(FrameRef ref) { return *reinterpret_cast<Header*>(slot(ref)); }
  const Header& header(FrameRef ref) const { return *reinterpret_cast<const Header*>(slot(ref)); }
  std::uint8_t* data(FrameRef ref) const { return slot(ref) + sizeof(Header); }
  void grow(std::uint32_t size_class);
  /// Zeroed, so that a copy of the pool copies no memory of unspecified content.
  std::uint8_t* new_chunk(std::size_t bytes);

  std::array<Class, kClasses> classes_;
  /// The first few hold a chunk each; then come large ones, which the system backs by huge pages.
  std::vector<GrowingBlock> blocks_;
  std::size_t taken_ = 0;  ///< bytes of the last block
  std::size_t total_ = 0;  ///< bytes of all chunks
};

}  // namespace lvslab
