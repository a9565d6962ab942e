// The rows of a trace, packed. A row that changed mostly differs in one number from what it was:
// only the 64-bit words that differ from an earlier row (its base) are kept, and of a base only
// those that are not zero. A base has no base itself, so a row is unpacked in one step or two.
//
// Rows are found by number: every kBlock rows their place in the stream is kept, and the head of a
// row tells how long it is.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "sim/base/growing_array.h"
#include "sim/base/tables.h"

namespace lvslab {

class RowStore {
 public:
  /// Takes in a row and returns its number.
  template <class Row>
  std::uint32_t add(const Row& row);
  std::uint32_t add(const SysctlRow& row);
  std::uint32_t add(const TableRow& row) {
    return std::visit([this](const auto& r) { return add(r); }, row);
  }
  std::size_t size() const { return size_; }
  TableRow operator[](std::uint32_t number) const;
  /// Forgets all but the first `size` rows.
  void cut(std::size_t size);
  std::size_t memory_bytes() const {
    return units_.memory_bytes() + blocks_.memory_bytes() + bases_.capacity() * sizeof(Base) +
           sysctls_.capacity() * sizeof(SysctlRow);
  }

 private:
  static constexpr std::uint32_t kBlock = 16;
  static constexpr std::size_t kMostWords = 20;  ///< of the largest kind of row
  static constexpr std::size_t kBases = 1'024;
  using Words = std::array<std::uint64_t, kMostWords>;

  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
  static constexpr std::uint32_t kNoKind = 15;
  // The head of a row: its kind, whether a distance to its base follows, and which words do.
  static constexpr std::uint32_t kKindBits = 4, kHasBase = 1U << kKindBits;
  static constexpr int kMaskShift = kKindBits + 1;

  /// A row that later ones are told apart from.
  struct Base {
    std::uint64_t offset = kNowhere;  ///< in `units_`
    std::uint32_t kind = kNoKind;
    Words words{};
  };

  /// The number of a row's kind is its place in TableRow.
  template <class Row, std::uint32_t kKind = 0>
  static consteval std::uint32_t kind_of() {
    if constexpr (std::is_same_v<Row, std::variant_alternative_t<kKind, TableRow>>) {
      return kKind;
    } else {
      return kind_of<Row, kKind + 1>();
    }
  }
  template <class Row>
  static constexpr std::size_t words_of() {
    static_assert(std::is_trivially_copyable_v<Row> && sizeof(Row) <= sizeof(Words));
    return (sizeof(Row) + 7) / 8;
  }
  template <std::size_t kCount>
  std::uint32_t add_words(std::uint32_t kind, std::size_t place,
                          const std::array<std::uint64_t, kCount>& words);
  static std::uint32_t kind_in(std::uint32_t head) { return head & (kHasBase - 1); }
  static std::uint32_t mask_of(std::uint32_t head) { return head >> kMaskShift; }
  static bool has_base(std::uint32_t head) { return (head & kHasBase) != 0; }
  static std::uint32_t length_of(std::uint32_t head);
  void begin_block();
  std::uint64_t offset_of(std::uint32_t number) const;
  /// The words of the row at `offset`.
  Words unpack(std::uint64_t offset) const;

  GrowingArray<std::uint32_t> units_;
  GrowingArray<std::uint64_t> blocks_;  ///< where the first row of each block begins
  std::vector<Base> bases_;             ///< by place_of(row); empty before the first row
  std::vector<SysctlRow> sysctls_;      ///< they hold strings; the stream has their number
  std::uint32_t size_ = 0;
};

// Where the base of a row is looked for: rows with the same key (sim/base/row_key.h) have the same
// place, and others mostly another one.
constexpr std::uint32_t place_of(const LinkRow& r) { return r.dev.value; }
constexpr std::uint32_t place_of(const AddrRow& r) { return r.local.addr.bits; }
constexpr std::uint32_t place_of(const RouteRow& r) { return r.dst.addr.bits + r.gateway.bits; }
constexpr std::uint32_t place_of(const RuleRow& r) { return r.priority; }
constexpr std::uint32_t place_of(const NeighRow& r) { return r.ip.hash(); }
constexpr std::uint32_t place_of(const SocketRow& r) {
  return r.local.hash() + (std::uint32_t{r.local_port} << 12) + r.remote_port + r.id * 7;
}
constexpr std::uint32_t place_of(const IpvsServiceRow& r) { return r.key.addr.hash() + r.key.port; }
constexpr std::uint32_t place_of(const IpvsDestRow& r) { return r.addr.hash() + r.port; }
constexpr std::uint32_t place_of(const IpvsConnRow& r) {
  return r.client.hash() + (std::uint32_t{r.client_port} << 12) + r.id;
}

constexpr std::uint32_t place_of(const Addr6Row& r) { return IpAddr(r.local.addr).hash(); }
constexpr std::uint32_t place_of(const Route6Row& r) {
  return IpAddr(r.dst.addr).hash() + IpAddr(r.gateway).hash() + r.dev.value;
}

template <class Row>
std::uint32_t RowStore::add(const Row& row) {
  constexpr std::uint32_t kKind = kind_of<Row>();
  std::array<std::uint64_t, words_of<Row>()> words;  // NOLINT(*-member-init): all are copied into
  words.back() = 0;
  std::memcpy(words.data(), &row, sizeof row);
  const std::uint32_t key = (place_of(row) * 16 + kKind) * 0x9e37'79b1U;
  return add_words(kKind, key >> 22, words);
}

// The words that differ are written, and which they are. Every word is, and the next one over it if
// it is not wanted: cheaper than to guess.
template <std::size_t kCount>
std::uint32_t RowStore::add_words(std::uint32_t kind, std::size_t place,
                                  const std::array<std::uint64_t, kCount>& words) {
  if (size_ % kBlock == 0) begin_block();
  Base& base = bases_[place];
  const std::uint64_t offset = units_.size();
  std::uint32_t* const begin = units_.room(2 + 2 * kMostWords);
  const auto put = [&](std::uint32_t* out, std::uint32_t head, const auto& before) {
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto differs = static_cast<std::uint32_t>(words[i] != before(i));
      std::memcpy(out, &words[i], sizeof words[i]);
      out += std::size_t{2} * differs;
      head |= differs << (i + kMaskShift);
    }
    *begin = head;
    return static_cast<std::size_t>(out - begin);
  };
  const std::uint64_t distance = offset - base.offset;
  if (base.kind == kind && distance <= 0xffff'ffffU) {
    begin[1] = static_cast<std::uint32_t>(distance);
    const std::size_t length =
        put(begin + 2, kind | kHasBase, [&](std::size_t i) { return base.words[i]; });
    if (length <= kCount) {  // half of it, or less
      units_.extend(length);
      return size_++;
    }
  }
  units_.extend(put(begin + 1, kind, [](std::size_t) { return std::uint64_t{0}; }));
  base.offset = offset;
  base.kind = kind;
  std::memcpy(base.words.data(), words.data(), sizeof words);
  return size_++;
}

}  // namespace lvslab
