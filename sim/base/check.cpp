#include "sim/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace lvslab {

void check_failed(const char* condition, const char* file, int line, const char* message) {
  std::fprintf(stderr, "%s:%d: internal error: %s (%s)\n", file, line, message, condition);
  std::abort();
}

}  // namespace lvslab
