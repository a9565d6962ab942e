// lvslab check, lvslab list
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

int list_command(const Terminal& terminal, bool json) {
  const auto files = shipped_scenarios();
  if (!files) {
    complain(files.error());
    return kExitBadInput;
  }
  int status = kExitOk;
  for (const std::string& file : *files) {
    const auto scenario = load_or_complain(file);
    if (!scenario) {
      status = kExitBadInput;
      continue;
    }
    if (json) {
      const nlohmann::ordered_json line = {
          {"name", scenario->name},
          {"file", file},
          {"title", {{"en", scenario->title.en}, {"zh", scenario->title.zh}}}};
      fmt::print("{}\n", line.dump());
    } else {
      fmt::print("{:<24} {}\n", std::filesystem::path(file).stem().string(),
                 scenario->title.in(terminal.language));
    }
  }
  return status;
}

}  // namespace lvslab::cli
