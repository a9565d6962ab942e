// Makes a scenario that shows something as small as it can be while it still shows it.
//
// Models: delta debugging (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input,
// IEEE TSE 28(2), 2002) over the parts of a scenario, from whole timeline items down to single
// addresses, in rounds until nothing more can go; then simpler numbers (delays, repetitions, MAC
// addresses). Leaves out: other texts in place of those that are there.
#pragma once

#include <cstdint>

#include "sim/scenario/model.h"

namespace lvslab::fuzz {

/// Whether a scenario still shows what is looked for. Asking is dear: it boots a kernel.
class Judge {
 public:
  virtual ~Judge() = default;
  /// The same answer for the same scenario, or the result is anything.
  virtual bool still_differs(const scenario::Scenario& scenario) = 0;
};

struct Shrunk {
  scenario::Scenario scenario;
  std::uint32_t asked = 0;  ///< how often the judge was
  bool minimal = false;     ///< false: `most` was used up before the end
};

/// `scenario` differs; the result does, too. The judge is asked at most `most` times, and never
/// twice about the same scenario.
Shrunk shrink(const scenario::Scenario& scenario, Judge& judge, std::uint32_t most = 400);

}  // namespace lvslab::fuzz
