// Holds a simulated run of a scenario against one of a real kernel: frames, outputs, tables.
//
// A pure function of the two recordings. What is normalised is fixed and short (normal.h, output.h,
// rows.h, clock.h; docs/compare.md lists it); whatever else a scenario wants to be ignored it
// declares with a reason under `compare`, and a declaration that matches no difference is reported,
// too: it hides nothing, or no longer.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/compare/difference.h"
#include "sim/compare/frames.h"
#include "sim/compare/recording.h"

namespace lvslab::compare {

/// A declaration that hid something, or (hidden == 0) failed to.
struct IgnoreResult {
  std::size_t index = 0;     ///< in Scenario::ignores
  std::uint64_t hidden = 0;  ///< differences
};

struct Comparison {
  std::vector<InterfaceResult> interfaces;  ///< those where frames passed, in scenario order
  std::uint64_t lines_agreed = 0;           ///< typed lines
  std::uint64_t rows_agreed = 0;            ///< rows of tables
  std::vector<Difference> differences;      ///< in the order of simulated time
  std::vector<IgnoreResult> ignored;        ///< one for each declaration of the scenario

  /// Nothing differs, and every declaration was needed.
  bool agrees() const;
};

/// `sim` and `real` are runs of `scenario`.
Comparison compare(const scenario::Scenario& scenario, const Recording& sim, const Recording& real);

}  // namespace lvslab::compare
