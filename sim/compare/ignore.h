// What a scenario declares as known differences, under `compare`.
#pragma once

#include <vector>

#include "sim/compare/compare.h"

namespace lvslab::compare {

/// Takes the differences that the scenario wants to be ignored out of `differences`; says for each
/// declaration how many those were.
std::vector<IgnoreResult> take_out_ignored(const scenario::Scenario& scenario, const Recording& sim,
                                           const Recording& real,
                                           std::vector<Difference>& differences);

}  // namespace lvslab::compare
