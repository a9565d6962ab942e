#include "sim/trace/row_store.h"

#include <algorithm>

#include "sim/base/check.h"

namespace lvslab {
namespace {

template <std::size_t kIndex = 0>
TableRow row_from(std::uint32_t kind, const std::uint64_t* words) {
  if constexpr (kIndex < std::variant_size_v<TableRow>) {
    using Row = std::variant_alternative_t<kIndex, TableRow>;
    if constexpr (std::is_trivially_copyable_v<Row>) {
      if (kind == kIndex) {
        Row row;
        std::memcpy(static_cast<void*>(&row), words, sizeof row);
        return row;
      }
    }
    return row_from<kIndex + 1>(kind, words);
  } else {
    check_failed("kind", __FILE__, __LINE__, "a row of no known kind");
  }
}

}  // namespace

std::uint32_t RowStore::add(const SysctlRow& row) {
  const std::uint64_t number = sysctls_.size();
  sysctls_.push_back(row);
  return add_words(kind_of<SysctlRow>(), 0, std::array{number});
}

std::uint32_t RowStore::length_of(std::uint32_t head) {
  return 1 + (has_base(head) ? 1U : 0U) +
         2 * static_cast<std::uint32_t>(std::popcount(mask_of(head)));
}

void RowStore::begin_block() {
  if (bases_.empty()) bases_.resize(kBases);
  blocks_.push_back(units_.size());
}

std::uint64_t RowStore::offset_of(std::uint32_t number) const {
  std::uint64_t offset = blocks_[number / kBlock];
  for (std::uint32_t i = number % kBlock; i > 0; --i) offset += length_of(units_[offset]);
  return offset;
}

RowStore::Words RowStore::unpack(std::uint64_t offset) const {
  const std::uint32_t* in = units_.view().data() + offset;
  const std::uint32_t head = *in++;
  Words words{};
  if (has_base(head)) words = unpack(offset - *in++);
  for (std::uint32_t left = mask_of(head); left != 0; left &= left - 1) {
    std::memcpy(&words[static_cast<std::size_t>(std::countr_zero(left))], in, sizeof words[0]);
    in += 2;
  }
  return words;
}

TableRow RowStore::operator[](std::uint32_t number) const {
  const std::uint64_t offset = offset_of(number);
  const Words words = unpack(offset);
  const std::uint32_t kind = kind_in(units_[offset]);
  if (kind == kind_of<SysctlRow>()) return sysctls_[words[0]];
  return row_from(kind, words.data());
}

void RowStore::cut(std::size_t size) {
  if (size >= size_) return;
  const auto keep = static_cast<std::uint32_t>(size);
  const std::uint64_t end = offset_of(keep);
  for (Base& base : bases_) {
    if (base.offset >= end) base = {};  // what is forgotten must not be referred to
  }
  for (std::uint64_t at = end; at < units_.size(); at += length_of(units_[at])) {
    if (kind_in(units_[at]) == kind_of<SysctlRow>()) sysctls_.pop_back();
  }
  units_.cut(end);
  blocks_.cut((keep + kBlock - 1) / kBlock);
  size_ = keep;
}

}  // namespace lvslab
