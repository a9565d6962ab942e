// lvslab compare
#include "sim/compare/compare.h"

#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "sim/compare/report.h"

namespace lvslab::cli {
namespace {

/// Plays scenarios on both sides. One kernel serves them all.
class Comparer {
 public:
  Comparer(const Terminal& terminal, const CompareOptions& options)
      : terminal_(terminal), options_(options) {}

  /// Errors: a side that this machine lacks.
  Result<void> start() {
    auto kernel = make_backend(options_.backend);
    if (!kernel) return std::unexpected(kernel.error());
    sim_ = make_simulator_of_kernel();
    kernel_ = *std::move(kernel);
    return {};
  }

  int compare_file(const std::string& file) {
    const auto scenario = load_or_complain(file);
    if (!scenario) return kExitBadInput;
    const auto sim = play(*sim_, *scenario, "simulator");
    if (!sim) return kExitBadInput;
    const auto real = play(*kernel_, *scenario, "kernel");
    if (!real) return kExitBadInput;
    if (g_interrupted != 0) return kExitInterrupted;
    if (!options_.save.empty() && !(save(*scenario, *sim) && save(*scenario, *real))) {
      return kExitBadInput;
    }
    const compare::Comparison comparison = compare::compare(*scenario, *sim, *real);
    const std::string report =
        options_.json
            ? compare::report_jsonl(*scenario, *sim, *real, comparison, terminal_.language)
            : compare::report_text(*scenario, *sim, *real, comparison,
                                   {.language = terminal_.language, .colour = terminal_.colour});
    std::fwrite(report.data(), 1, report.size(), stdout);
    std::fflush(stdout);
    return comparison.agrees() ? kExitOk : kExitUnmet;
  }

 private:
  static std::optional<compare::Recording> play(lab::Backend& backend,
                                                const scenario::Scenario& scenario,
                                                const std::string& name) {
    auto recording = compare::play(backend, scenario, name, &g_interrupted);
    if (recording) return *std::move(recording);
    complain(recording.error());
    return std::nullopt;
  }

  bool save(const scenario::Scenario& scenario, const compare::Recording& recording) const {
    const std::string path =
        fmt::format("{}/{}-{}.pcapng", options_.save, scenario.name, recording.backend);
    const auto written = write_capture(path, scenario, recording.trace, terminal_.language);
    if (!written) complain(written.error());
    return written.has_value();
  }

  const Terminal& terminal_;
  const CompareOptions& options_;
  std::unique_ptr<lab::Backend> sim_, kernel_;
};

}  // namespace

int compare_command(const Terminal& terminal, const CompareOptions& options) {
  if (!options.save.empty()) {
    if (auto target = check_capture_target(options.save + "/"); !target) {
      return complain(target.error()), kExitBadInput;
    }
  }
  Comparer comparer(terminal, options);
  if (auto started = comparer.start(); !started) return complain(started.error()), kExitBadInput;
  int worst = kExitOk;
  for (const std::string& file : options.files) {
    worst = std::max(worst, comparer.compare_file(file));
    if (g_interrupted != 0) return kExitInterrupted;
  }
  return worst;
}

}  // namespace lvslab::cli
