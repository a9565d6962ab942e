// An open-addressing hash table from a 64-bit hash to a 32-bit index of someone else's storage.
// 8 bytes a slot, at most 3/4 full, no tombstones. Equality is the caller's, so keys are stored
// once, in the entries themselves. Iteration is not offered: order would depend on the hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lvslab {

class IndexTable {
 public:
  static constexpr std::uint32_t kNone = 0xffff'ffffU;

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

  /// The index stored under `hash` for which `equal(index)` holds, or kNone.
  template <class Equal>
  std::uint32_t find(std::uint64_t hash, Equal&& equal) const {
    if (slots_.empty()) return kNone;
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t i = hash & mask();; i = (i + 1) & mask()) {
      const Slot& slot = slots_[i];
      if (slot.index == kNone) return kNone;
      if (slot.tag == tag && equal(slot.index)) return slot.index;
    }
  }

  /// Adds `index` under `hash`. The caller made sure that the key is not present yet.
  void insert(std::uint64_t hash, std::uint32_t index) {
    if (4 * (size_ + 1) > 3 * slots_.size()) grow();
    place(tag_of(hash), hash & mask(), index);
    ++size_;
  }

  /// Removes `index`, which is stored under `hash`; does nothing if it is not there.
  void erase(std::uint64_t hash, std::uint32_t index) {
    if (slots_.empty()) return;
    std::size_t i = hash & mask();
    while (slots_[i].index != index) {
      if (slots_[i].index == kNone) return;
      i = (i + 1) & mask();
    }
    --size_;
    close_gap(i);
  }

  void clear() {
    slots_.clear();
    size_ = 0;
  }

 private:
  // The tag is the low half of the hash, so a slot knows its own home in tables up to 2^32 slots.
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t index = kNone;
  };
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }
  std::size_t mask() const { return slots_.size() - 1; }

  void place(std::uint32_t tag, std::size_t i, std::uint32_t index) {
    while (slots_[i].index != kNone) i = (i + 1) & mask();
    slots_[i] = {tag, index};
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 4 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.index != kNone) place(slot.tag, slot.tag & mask(), slot.index);
    }
  }

  void close_gap(std::size_t gap) {
    for (std::size_t i = gap;;) {
      i = (i + 1) & mask();
      if (slots_[i].index == kNone) break;
      const std::size_t home = slots_[i].tag & mask();
      // The entry may move back into the gap unless its home lies cyclically in (gap, i].
      if (((i - home) & mask()) >= ((i - gap) & mask())) {
        slots_[gap] = slots_[i];
        gap = i;
      }
    }
    slots_[gap] = {};
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace lvslab
