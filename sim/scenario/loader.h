// Scenario files → Scenario. The format is described in docs/scenario-format.md.
//
// Every mistake of a file is reported, with its line and column, and with the nearest right word
// where there is one. What cannot be known in this room (reason codes, pcap filters) is asked of
// the caller.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"
#include "sim/scenario/model.h"

namespace lvslab::scenario {

struct LoadOptions {
  /// The names of the reason catalogue; empty: any name is taken.
  std::span<const std::string_view> reason_codes{};
  /// What is wrong with a pcap filter; an empty text if nothing. Null: any filter is taken.
  std::string (*check_filter)(const std::string& filter) = nullptr;
};

/// The scenario in the file `path`, or all that is wrong with it, in the order of the file.
/// After a YAML syntax error only that one is known. Duplicate addresses are errors; what else
/// looks odd in the drawing is told by find_topology_faults().
std::expected<Scenario, std::vector<Error>> load(const std::string& path,
                                                 const LoadOptions& options = {});

/// The same for a text; `file` is what errors and Scenario::file call it.
std::expected<Scenario, std::vector<Error>> load_text(std::string text, const std::string& file,
                                                      const LoadOptions& options = {});

}  // namespace lvslab::scenario
