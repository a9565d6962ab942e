#include "sim/base/growing_array.h"

#include <sys/mman.h>
#include <unistd.h>

#include "sim/base/check.h"

namespace lvslab {

void* grow_block(void* block, std::size_t bytes) {
  block = std::realloc(block, bytes);  // NOLINT(*-no-malloc): std::vector cannot grow in place
  LVSLAB_CHECK(block != nullptr, "out of memory");
  return block;
}

void back_with_pages(void* block, std::size_t begin, std::size_t end) {
  static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto at = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t first = (at + begin) / page * page, last = (at + end) / page * page;
  // Kernels before 5.14 do not know it: then every page is faulted in when it is written.
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_POPULATE_WRITE);
}

}  // namespace lvslab
