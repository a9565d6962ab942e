#include "sim/compare/ignore.h"

#include <algorithm>
#include <optional>

#include "sim/scenario/check.h"
#include "sim/trace/packet_filter.h"

namespace lvslab::compare {
namespace {

/// One declaration, ready to be held against differences.
class Matcher {
 public:
  Matcher(const scenario::Ignore& ignore, const Recording& sim, const Recording& real)
      : ignore_(ignore), sim_(sim), real_(real) {
    const auto* packets = std::get_if<scenario::IgnoredPackets>(&ignore.what);
    if (packets == nullptr || packets->filter.empty()) return;
    // The loader has tried it before.
    if (auto compiled = PacketFilter::compile(packets->filter)) filter_ = *std::move(compiled);
  }

  /// Takes the parts that the declaration is about out of `difference`; true if nothing is left.
  bool takes(Difference& difference) {
    if (auto* frame = std::get_if<FrameDifference>(&difference.what)) {
      return frame_matches(*frame, difference.host);
    }
    if (auto* line = std::get_if<LineDifference>(&difference.what)) {
      return take_lines(*line, difference.host);
    }
    if (const auto* row = std::get_if<RowDifference>(&difference.what)) {
      return row_matches(*row, difference.host);
    }
    return false;
  }
  std::uint64_t hidden() const { return hidden_; }

 private:
  bool count(bool matches) {
    if (matches) ++hidden_;
    return matches;
  }

  bool frame_matches(const FrameDifference& frame, const std::string& host) {
    const auto* wanted = std::get_if<scenario::IgnoredPackets>(&ignore_.what);
    if (wanted == nullptr || wanted->at.host != host || wanted->at.nic != frame.dev) return false;
    if (wanted->direction == scenario::Direction::kIn && frame.out) return false;
    if (wanted->direction == scenario::Direction::kOut && !frame.out) return false;
    if (!wanted->field.empty() &&
        (frame.fields.empty() ||
         !std::ranges::all_of(frame.fields, [&](const FieldDifference& field) {
           return field.name == wanted->field;
         }))) {
      return false;
    }
    return count(passes(sim_.trace, frame.sim) || passes(real_.trace, frame.real));
  }
  bool passes(const Trace& trace, RecordId record) const {
    return record.valid() && filter_.matches(trace.frame(trace[record].frame));
  }

  bool take_lines(LineDifference& line, const std::string& host) {
    const auto* wanted = std::get_if<scenario::IgnoredOutput>(&ignore_.what);
    if (wanted == nullptr || line.kind != LineDifference::Kind::kOutput) return false;
    if (wanted->host != host || line.line.find(wanted->line) == std::string::npos) return false;
    const auto taken = std::erase_if(line.lines, [&](const LineDifference::Pair& pair) {
      return wanted->has.empty() || (pair.sim && scenario::stands_in(*pair.sim, wanted->has)) ||
             (pair.real && scenario::stands_in(*pair.real, wanted->has));
    });
    hidden_ += taken;
    return line.lines.empty();
  }

  bool row_matches(const RowDifference& row, const std::string& host) {
    const auto* wanted = std::get_if<scenario::IgnoredTable>(&ignore_.what);
    if (wanted == nullptr || wanted->host != host || wanted->table != row.table) return false;
    return count(wanted->has.empty() || scenario::stands_in(row.key, wanted->has) ||
                 (row.sim && scenario::stands_in(*row.sim, wanted->has)) ||
                 (row.real && scenario::stands_in(*row.real, wanted->has)));
  }

  const scenario::Ignore& ignore_;
  const Recording& sim_;
  const Recording& real_;
  PacketFilter filter_;
  std::uint64_t hidden_ = 0;
};

}  // namespace

std::vector<IgnoreResult> take_out_ignored(const scenario::Scenario& scenario, const Recording& sim,
                                           const Recording& real,
                                           std::vector<Difference>& differences) {
  std::vector<IgnoreResult> results;
  for (std::size_t i = 0; i < scenario.ignores.size(); ++i) {
    Matcher matcher(scenario.ignores[i], sim, real);
    std::erase_if(differences, [&](Difference& one) { return matcher.takes(one); });
    results.push_back({.index = i, .hidden = matcher.hidden()});
  }
  return results;
}

}  // namespace lvslab::compare
