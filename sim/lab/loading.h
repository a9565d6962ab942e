// Scenario files with everything checked that the loader alone cannot: the names of reasons, and
// filters by compiling them.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "sim/base/result.h"
#include "sim/scenario/model.h"

namespace lvslab::lab {

using Loaded = std::expected<scenario::Scenario, std::vector<Error>>;

/// Errors: every mistake in the file, with line and column.
Loaded load_scenario(const std::string& path);
/// The same for a text; `file` is what errors call it.
Loaded load_scenario_text(const std::string& text, const std::string& file);

}  // namespace lvslab::lab
