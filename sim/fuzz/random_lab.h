// Random small labs, for comparing the simulator with a real kernel.
//
// Models: two to eight hosts in one to three segments, with whatever the tables of ingredients.h
// hold; or two or three directors with keepalived, and what may happen to them. Leaves out what
// chance decides in a kernel: jitter and loss, answers that arrive together, listings at a moment
// when a random timer may or may not have fired.
#pragma once

#include <cstdint>
#include <string>

#include "sim/scenario/model.h"

namespace lvslab::fuzz {

enum class LabKind : std::uint8_t {
  kMixed,       ///< anything but keepalived
  kKeepalived,  ///< a cluster of directors
};

/// Lab `index` of `seed`: a valid scenario, the same wherever and whenever it is drawn.
scenario::Scenario random_lab(std::uint64_t seed, std::uint64_t index,
                              LabKind kind = LabKind::kMixed);

/// "fuzz-1-17", "fuzz-keepalived-1-17": what the lab is called, and the file that it is kept in.
std::string lab_name(std::uint64_t seed, std::uint64_t index, LabKind kind = LabKind::kMixed);

}  // namespace lvslab::fuzz
