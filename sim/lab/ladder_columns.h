// The columns of a time-sequence diagram of a scenario: one for each interface of each host, in the
// order of the file.
#pragma once

#include <vector>

#include "sim/scenario/model.h"
#include "sim/trace/ladder_rows.h"

namespace lvslab::lab {

std::vector<LadderColumn> ladder_columns(const scenario::Scenario& scenario);

}  // namespace lvslab::lab
