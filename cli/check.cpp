// lvslab check, lvslab list
#include <algorithm>
#include <climits>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/files.h"
#include "sim/scenario/topology.h"

namespace lvslab::cli {
namespace {

using Severity = scenario::Finding::Severity;

void report(const CheckOptions& options, const Error& error, Severity severity) {
  const std::string_view name = severity == Severity::kError ? "error" : "warning";
  if (!options.json) {
    Error named = error;
    if (severity == Severity::kWarning) named.message = "warning: " + named.message;
    fmt::print("{}\n", named.to_string());
    return;
  }
  const nlohmann::ordered_json json = {{"file", error.where.file},     {"line", error.where.line},
                                       {"column", error.where.column}, {"severity", name},
                                       {"message", error.message},     {"hint", error.hint}};
  fmt::print("{}\n", json.dump());
}

// True if nothing is wrong with the file; warnings do not count.
bool check_file(const Terminal& terminal, const CheckOptions& options, const std::string& file) {
  const auto scenario = load_scenario(file);
  if (!scenario) {
    for (const Error& error : scenario.error()) report(options, error, Severity::kError);
    return false;
  }
  bool fine = true;
  for (const scenario::Finding& finding : scenario::find_topology_faults(*scenario)) {
    report(options, {finding.message, scenario->location(finding.where), finding.hint},
           finding.severity);
    fine = fine && finding.severity == Severity::kWarning;
  }
  if (fine && !options.json) {
    fmt::print("{}\n", terminal.format("{}: fine ({} hosts, {} timeline items, {} expectations)",
                                       "{}：没有错误（{} 台主机，{} 个时间线条目，{} 项预期）",
                                       file, scenario->hosts.size(), scenario->timeline.size(),
                                       scenario->expectations.size()));
  }
  return fine;
}

}  // namespace

int check_command(const Terminal& terminal, const CheckOptions& options) {
  bool fine = true;
  for (const std::string& file : options.files) fine = check_file(terminal, options, file) && fine;
  return fine ? kExitOk : kExitBadInput;
}

namespace {

std::string_view difficulty_word(const Terminal& terminal, const scenario::Scenario& scenario) {
  if (!scenario.difficulty) return "-";
  switch (*scenario.difficulty) {
    case scenario::Difficulty::kBeginner: return terminal.say("beginner", "入门");
    case scenario::Difficulty::kIntermediate: return terminal.say("intermediate", "进阶");
    case scenario::Difficulty::kAdvanced: return terminal.say("advanced", "高级");
  }
  return "-";
}

std::string difficulty_key(const scenario::Scenario& scenario) {
  return scenario.difficulty ? std::string(scenario::to_string(*scenario.difficulty)) : "";
}

void print_listed(const Terminal& terminal, const scenario::Scenario& scenario, bool json) {
  if (json) {
    const nlohmann::ordered_json line = {
        {"name", scenario.name},
        {"file", scenario.file},
        {"difficulty", difficulty_key(scenario)},
        {"title", {{"en", scenario.title.en}, {"zh", scenario.title.zh}}}};
    fmt::print("{}\n", line.dump());
    return;
  }
  // Two Chinese characters are as wide as four letters.
  const bool zh = terminal.language == Language::kZh;
  fmt::print("{:<26} {:<{}} {}\n", std::filesystem::path(scenario.file).stem().string(),
             difficulty_word(terminal, scenario), zh ? 2 : 12,
             scenario.title.in(terminal.language));
}

}  // namespace

int list_command(const Terminal& terminal, const ListOptions& options) {
  const auto files = shipped_scenarios();
  if (!files) {
    complain(files.error());
    return kExitBadInput;
  }
  int status = kExitOk;
  std::vector<scenario::Scenario> listed;
  for (const std::string& file : *files) {
    auto scenario = load_or_complain(file);
    if (!scenario) {
      status = kExitBadInput;
    } else if (options.difficulty.empty() || options.difficulty == difficulty_key(*scenario)) {
      listed.push_back(*std::move(scenario));
    }
  }
  // Those that do not say how hard they are come last.
  const auto rank = [](const scenario::Scenario& s) {
    return s.difficulty ? static_cast<int>(*s.difficulty) : INT_MAX;
  };
  if (options.easiest_first) std::ranges::stable_sort(listed, {}, rank);
  for (const scenario::Scenario& scenario : listed) print_listed(terminal, scenario, options.json);
  return status;
}

}  // namespace lvslab::cli
