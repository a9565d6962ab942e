#include "sim/base/growing_array.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sim/base/check.h"

namespace lvslab {
namespace {

constexpr std::size_t kMapped = 262'144;          // bytes: from here on a mapping of its own,
constexpr std::size_t kFirstMapping = 4'194'304;  // which is at least as large, with huge pages
constexpr std::size_t kAhead = 131'072;           // bytes that are asked for at once

std::size_t page_size() {
  static const auto kSize = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return kSize;
}

bool is_mapped(std::size_t bytes) { return bytes >= kMapped; }

void* resized_mapping(void* old, std::size_t old_bytes, std::size_t bytes) {
  void* const at = old == nullptr ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                  : mremap(old, old_bytes, bytes, MREMAP_MAYMOVE);
  LVSLAB_CHECK(at != MAP_FAILED, "out of memory");
  madvise(at, bytes, MADV_HUGEPAGE);
  return at;
}

}  // namespace

GrowingBlock::~GrowingBlock() {
  if (is_mapped(bytes_)) {
    munmap(data_, bytes_);
  } else {
    std::free(data_);  // NOLINT(*-no-malloc)
  }
}

void GrowingBlock::grow(std::size_t bytes) {
  if (bytes <= bytes_) return;
  if (!is_mapped(bytes)) {
    data_ = std::realloc(data_, bytes);  // NOLINT(*-no-malloc): std::vector cannot grow in place
    LVSLAB_CHECK(data_ != nullptr, "out of memory");
  } else {
    bytes = (std::max(bytes, kFirstMapping) + page_size() - 1) / page_size() * page_size();
    if (is_mapped(bytes_)) {
      data_ = resized_mapping(data_, bytes_, bytes);
    } else {
      void* const mapping = resized_mapping(nullptr, 0, bytes);
      if (bytes_ > 0) std::memcpy(mapping, data_, bytes_);
      std::free(data_);  // NOLINT(*-no-malloc)
      data_ = mapping;
    }
  }
  bytes_ = bytes;
}

std::size_t GrowingBlock::ask_for_pages(std::size_t begin, std::size_t end) {
  if (!is_mapped(bytes_)) return bytes_;
  const std::size_t until = std::min(bytes_, end + kAhead);
  const std::size_t first = begin / page_size() * page_size();
  // Kernels before 5.14 do not know it: then every page is faulted in when it is written.
  madvise(static_cast<std::uint8_t*>(data_) + first, until - first, MADV_POPULATE_WRITE);
  return until;
}

}  // namespace lvslab
