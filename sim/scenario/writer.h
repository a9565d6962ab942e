// Scenario → the text of a scenario file, as a person would write it: what is a default is left
// out, and load_text(to_yaml(s)) equals s, places aside.
#pragma once

#include <string>
#include <string_view>

#include "sim/scenario/model.h"

namespace lvslab::scenario {

/// `scenario` is valid: it came from load(), or keeps to the rules of docs/scenario-format.md.
std::string to_yaml(const Scenario& scenario);

/// `text` as one YAML scalar outside of [] and {}: plain if that is safe, a block ("|") for lines,
/// else in quotes. `indent` is the number of blanks in front of a block's lines.
std::string yaml_scalar(std::string_view text, int indent);

}  // namespace lvslab::scenario
