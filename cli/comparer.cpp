#include "cli/comparer.h"

#include <fmt/format.h>

#include "cli/program.h"
#include "sim/compare/compare.h"

namespace lvslab::cli {
namespace {

using compare::FrameDifference;
using compare::LineDifference;
using compare::RowDifference;
using compare::RunDifference;

/// The protocol that a conversation is of: "TCP", "ARP".
std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

std::string shown(const std::optional<std::string>& text) { return text.value_or("nothing"); }

fuzz::Difference describe(const FrameDifference& frame) {
  static constexpr std::string_view kWords[] = {"missing", "extra", "reordered", "different"};
  const std::string_view word = kWords[static_cast<std::size_t>(frame.kind)];
  std::string kind = fmt::format("frame {} {}", first_word(frame.conversation), word);
  std::string text = fmt::format("{}: a frame {} of {} is {}", frame.dev, frame.out ? "out" : "in",
                                 frame.conversation, word);
  for (const compare::FieldDifference& field : frame.fields) {
    kind += " " + field.name;
    text += fmt::format("; {}: {} simulated, {} real", field.name, field.sim, field.real);
  }
  return {std::move(kind), std::move(text)};
}

fuzz::Difference describe(const LineDifference& line) {
  static constexpr std::string_view kWords[] = {"typed", "status", "duration", "output"};
  const std::string_view word = kWords[static_cast<std::size_t>(line.kind)];
  std::string text = fmt::format("`{}`: {}", line.line, word);
  if (line.lines.empty()) {
    text += fmt::format(" {} simulated, {} real", line.sim, line.real);
  } else {
    text += fmt::format(" '{}' simulated, '{}' real", shown(line.lines.front().sim),
                        shown(line.lines.front().real));
  }
  return {fmt::format("{} {}", word, first_word(line.line)), std::move(text)};
}

fuzz::Difference describe(const RowDifference& row) {
  std::string kind = fmt::format("table {}", to_string(row.table));
  std::string text = fmt::format("{} {}", kind, row.key);
  for (const compare::FieldDifference& field : row.fields) {
    kind += " " + field.name;
    text += fmt::format("; {}: {} simulated, {} real", field.name, field.sim, field.real);
  }
  if (row.fields.empty()) {
    text += fmt::format(": '{}' simulated, '{}' real", shown(row.sim), shown(row.real));
  }
  return {std::move(kind), std::move(text)};
}

fuzz::Difference describe(const RunDifference& run) {
  return {"run", fmt::format("the run {} simulated, {} real", run.sim, run.real)};
}

}  // namespace

fuzz::Difference described(const compare::Difference& difference) {
  fuzz::Difference result =
      std::visit([](const auto& what) { return describe(what); }, difference.what);
  result.text = fmt::format("{} s{}{}: {}", seconds(difference.at),
                            difference.host.empty() ? "" : " ", difference.host, result.text);
  return result;
}

Result<std::vector<fuzz::Difference>> BackendComparer::compare(const scenario::Scenario& scenario) {
  const auto ours = compare::play(*ours_, scenario, "simulator", &g_interrupted);
  if (!ours) return std::unexpected(ours.error());
  const auto theirs = compare::play(*theirs_, scenario, their_name_, &g_interrupted);
  if (!theirs) return std::unexpected(theirs.error());
  if (g_interrupted != 0) return fail("interrupted");
  std::vector<fuzz::Difference> differences;
  for (const compare::Difference& difference :
       compare::compare(scenario, *ours, *theirs).differences) {
    differences.push_back(described(difference));
  }
  return differences;
}

}  // namespace lvslab::cli
