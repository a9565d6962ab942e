// One lab of a campaign: drawn, compared, and made small if its two sides differ.
//
// Models: what `lvslab fuzz-compare` does for each index, with any two things to compare. Leaves
// out: the two sides (a Comparer knows them), processes and output.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/result.h"
#include "sim/fuzz/random_lab.h"
#include "sim/fuzz/shrink.h"
#include "sim/scenario/model.h"

namespace lvslab::fuzz {

/// What the two sides do not agree on.
struct Difference {
  /// What kind of thing it is, without names and numbers: "frame tcp.flags", "output ip neigh".
  /// A lab that is being shrunk must go on to show one of the kinds it showed at first.
  std::string kind;
  std::string text;  ///< one line for people
  bool operator==(const Difference&) const = default;
};

class Comparer {
 public:
  virtual ~Comparer() = default;
  /// Plays the scenario on both sides. Empty: they agree. Errors: a side cannot play it.
  virtual Result<std::vector<Difference>> compare(const scenario::Scenario& scenario) = 0;
};

struct CampaignOptions {
  LabKind kind = LabKind::kMixed;
  bool shrink = true;
  std::uint32_t most_questions = 200;  ///< of a shrink; each plays a lab on both sides
};

struct LabResult {
  std::uint64_t seed = 0, index = 0;
  LabKind kind = LabKind::kMixed;
  std::vector<Difference> differences;  ///< of the lab as it was drawn
  /// Where they differ: the smallest lab that still does, and its differences.
  std::optional<Shrunk> smallest;
  std::vector<Difference> smallest_differences;
};

/// Errors: the Comparer's, about the lab as it was drawn.
Result<LabResult> try_lab(std::uint64_t seed, std::uint64_t index, Comparer& comparer,
                          const CampaignOptions& options = {});

/// The file that a differing lab is kept in: where it comes from and what differs, as a comment,
/// and the smallest scenario.
std::string kept_text(const LabResult& result);

}  // namespace lvslab::fuzz
