#include "sim/base/growing_array.h"

#include "sim/base/check.h"

namespace lvslab {

void* grow_block(void* block, std::size_t bytes) {
  block = std::realloc(block, bytes);  // NOLINT(*-no-malloc): std::vector cannot grow in place
  LVSLAB_CHECK(block != nullptr, "out of memory");
  return block;
}

}  // namespace lvslab
