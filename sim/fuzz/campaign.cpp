#include "sim/fuzz/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/scenario/writer.h"

namespace lvslab::fuzz {
namespace {

/// More differences than this say nothing new to a reader.
constexpr std::size_t kKeptDifferences = 12;

/// Whether a smaller lab still shows what the first one showed.
class SameKind : public Judge {
 public:
  SameKind(Comparer& comparer, const std::vector<Difference>& first)
      : comparer_(comparer), first_(first) {}

  bool still_differs(const scenario::Scenario& scenario) override {
    auto differences = comparer_.compare(scenario);
    if (!differences) return false;
    const bool same = std::ranges::any_of(*differences, [&](const Difference& seen) {
      return std::ranges::find(first_, seen.kind, &Difference::kind) != first_.end();
    });
    if (same) last_ = *std::move(differences);
    return same;
  }

  /// Of the last scenario that still differed.
  std::vector<Difference> take_last() { return std::move(last_); }

 private:
  Comparer& comparer_;
  const std::vector<Difference>& first_;
  std::vector<Difference> last_ = first_;
};

}  // namespace

Result<LabResult> try_lab(std::uint64_t seed, std::uint64_t index, Comparer& comparer,
                          const CampaignOptions& options) {
  const scenario::Scenario lab = random_lab(seed, index, options.kind);
  auto differences = comparer.compare(lab);
  if (!differences) return std::unexpected(std::move(differences.error()));
  LabResult result{seed, index, options.kind, *std::move(differences), {}, {}};
  if (result.differences.empty()) return result;
  if (!options.shrink) {
    result.smallest = Shrunk{lab, 0, false};
    result.smallest_differences = result.differences;
    return result;
  }
  SameKind judge(comparer, result.differences);
  result.smallest = shrink(lab, judge, options.most_questions);
  result.smallest_differences = judge.take_last();
  return result;
}

std::string kept_text(const LabResult& result) {
  if (!result.smallest) return {};
  std::string text = fmt::format(
      "# Lab {} of seed {}: the simulator and the kernel differ.\n"
      "#   lvslab fuzz-compare {}--seed {} --start {} --count 1\n#\n",
      result.index, result.seed, result.kind == LabKind::kKeepalived ? "--labs keepalived " : "",
      result.seed, result.index);
  const auto& shown = result.smallest_differences;
  for (std::size_t i = 0; i < std::min(shown.size(), kKeptDifferences); ++i) {
    text += fmt::format("# {}\n", shown[i].text);
  }
  if (shown.size() > kKeptDifferences) {
    text += fmt::format("# … and {} more\n", shown.size() - kKeptDifferences);
  }
  return text + scenario::to_yaml(result.smallest->scenario);
}

}  // namespace lvslab::fuzz
