// Holds what a run printed against what the scenario expects, and says what differs.
//
// `has` and `lacks` look for a text within one line; runs of blanks count as one blank on both
// sides, so that nobody has to count the columns of a listing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/model.h"

namespace lvslab::scenario {

/// True if `wanted` stands in a line of `text`, blanks squeezed.
bool stands_in(std::string_view text, std::string_view wanted);

/// What of `expect` the output does not meet, one sentence each, with what was seen instead.
std::vector<Text> unmet(const OutputExpectation& expect, std::string_view output, int status);

/// The same for a listing of a table. `lines` does not count the listing's head_lines().
std::vector<Text> unmet(const TableExpectation& expect, std::string_view listing);

/// "6 seen, exactly 8 expected", or an empty text if the bounds hold.
Text unmet(const CountBounds& bounds, std::uint64_t seen);

/// Lines above the first row in the listing of a table.
std::size_t head_lines(TableKind table);

}  // namespace lvslab::scenario
