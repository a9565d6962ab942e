// The frames of a trace, packed. Hosts that pass a frame on change its Ethernet addresses, TTL and
// checksum at most, and requests and responses of a kind have the same payload, so a frame is cut
// at two fixed places:
//   [0, 26)   what a hop rewrites: Ethernet header, IPv4 header up to its checksum
//   [26, 66)  addresses, ports, and the TCP header with its usual options
//   [66, ...) payload
// The second and the third part are kept once: a frame whose part is equal to that of an earlier
// frame refers to it. Nothing is parsed: where the cuts fall in frames of other kinds does not
// matter, parts that are not found again are just kept.
//
// Readers get a frame in one piece. One that is not kept so is put together the first time somebody
// asks, and stays; reading is therefore for one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/base/growing_array.h"
#include "sim/base/ids.h"
#include "sim/wire/bytes.h"

namespace lvslab {

class FrameStore {
 public:
  FrameStore() = default;
  FrameStore(FrameStore&&) noexcept = default;
  FrameStore& operator=(FrameStore&&) noexcept = default;
  FrameStore(const FrameStore& other);
  FrameStore& operator=(const FrameStore& other);
  ~FrameStore() = default;

  FrameId add(Bytes frame);
  std::size_t size() const { return size_; }
  std::size_t length(FrameId id) const;
  /// Valid until the store changes.
  Bytes operator[](FrameId id) const;
  /// The same without keeping anything: the frame may be put together in `buffer`.
  Bytes read(FrameId id, std::vector<std::uint8_t>& buffer) const;
  /// Forgets all but the first `size` frames.
  void cut(std::size_t size);
  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kBlock = 8;
  static constexpr std::size_t kPlaces = 2'048;

  /// Where a part was kept last that hashes to this place.
  struct Kept {
    std::uint64_t offset = kNowhere;
    std::uint32_t check = 0;  ///< more bits of the hash: old bytes are looked at only if they fit
  };
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
  struct Head;
  /// Frames put together for readers.
  struct Unpacked {
    std::vector<std::unique_ptr<std::uint8_t[]>> chunks;
    std::size_t used = 0;                 ///< of the last chunk
    std::vector<const std::uint8_t*> of;  ///< by frame; null if not yet
  };

  template <class Equal>
  std::uint64_t find_or_keep(const std::uint8_t* part, std::size_t length,
                             std::uint64_t would_be_at, const Equal& equal);
  std::uint8_t* put_payload(std::uint8_t* out, Bytes payload, std::uint64_t at,
                            std::uint32_t& head);
  void begin_block();
  std::uint64_t offset_of(FrameId id) const;
  Head head_at(std::uint64_t offset) const;
  void put_together(const Head& head, std::uint8_t* out) const;
  std::uint8_t* unpacked_room(std::size_t length) const;

  GrowingArray<std::uint8_t> bytes_;
  GrowingArray<std::uint64_t> blocks_;  ///< where the first frame of each block begins
  std::vector<Kept> kept_;              ///< empty before the first frame
  std::uint32_t size_ = 0;
  mutable Unpacked unpacked_;
};

}  // namespace lvslab
