// Numbered pieces of work, shared out among processes. A piece that kills its process is told of
// like any other result, and the rest goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/base/result.h"

namespace lvslab::cli {

struct Shares {
  std::uint64_t first = 0, count = 0;
  unsigned processes = 1;
  /// In a process of its own, which does one piece after the other.
  std::function<std::string(std::uint64_t piece)> work;
  /// In this process, as results come in; not in order. False: no further piece is begun.
  std::function<bool(std::uint64_t piece, const std::string& result)> done;
  /// The same for a piece whose process died: "signal 6 (Aborted)".
  std::function<bool(std::uint64_t piece, const std::string& cause)> died;
};

/// Returns when all pieces are done, or, after Ctrl-C, when those are that were begun. The
/// processes end with this one, however it ends. Errors: no process or pipe to be had.
Result<void> share_out(const Shares& shares);

}  // namespace lvslab::cli
