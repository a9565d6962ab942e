// lvslab: the command line of the lab. Each subcommand lives in a file of its own.
#include <algorithm>
#include <system_error>
#include <thread>

#include "cli/arguments.h"
#include "sim/scenario/units.h"

namespace {

using namespace lvslab;

std::optional<SimTime> time_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return SimTime{scenario::parse_duration(text)->ns};
}

int dispatch(const CLI::App& app, cli::Arguments& a) {
  const cli::Terminal terminal = cli::make_terminal(a.lang, a.color);
  const std::string name = app.get_subcommands().front()->get_name();
  const CLI::App* sub = app.get_subcommands().front();
  const std::optional<SimTime> at = time_of(a.at);
  if (name == "run") {
    a.run.until = time_of(a.until);
    if (sub->count("--seed") > 0) a.run.seed = a.seed;
    return cli::run_command(terminal, a.run);
  }
  if (name == "check") return cli::check_command(terminal, a.check);
  if (name == "list") return cli::list_command(terminal, a.list);
  if (name == "step") return cli::step_command(terminal, a.step_file);
  if (name == "shell") {
    a.shell.at = at;
    return cli::shell_command(terminal, a.shell);
  }
  if (name == "why") {
    a.why.at = at;
    if (sub->count("--packet") > 0) a.why.packet = a.packet;
    return cli::why_command(terminal, a.why);
  }
  if (name == "show") {
    a.show.at = at;
    return cli::show_command(terminal, a.show);
  }
  if (name == "export") return cli::export_command(terminal, a.exported);
  if (name == "compare") return cli::compare_command(terminal, a.compare);
  if (name == "fuzz-compare") return cli::fuzz_compare_command(terminal, a.fuzz);
  if (name == "modes") {
    if (!a.rate.empty()) a.modes.rate_bps = *scenario::parse_rate(a.rate);
    return cli::modes_command(terminal, a.modes);
  }
  return cli::bench_command(terminal, a.bench);
}

}  // namespace

int main(int argc, char** argv) {
  cli::catch_interrupts();
  cli::Arguments arguments;
  arguments.fuzz.jobs = std::clamp(std::thread::hardware_concurrency(), 1U, 64U);
  const cli::Terminal early = cli::make_terminal(cli::language_argument(argc, argv), "auto");
  CLI::App app(
      std::string(early.say("lvslab plays Linux Virtual Server labs in a simulation, and says why.",
                            "lvslab 在模拟中运行 Linux Virtual Server 实验，并解释每一步的原因。")),
      "lvslab");
  cli::declare_arguments(app, arguments, early.language);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    cli::complain_of_arguments(app, argc, argv, error);
    return cli::kExitBadInput;
  }
  try {
    const int status = dispatch(app, arguments);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  } catch (const std::system_error&) {  // NOLINT(*-empty-catch)
    // By {fmt}; what std::fwrite met, ferror() tells.
  }
  fmt::print(stderr, "lvslab: cannot write to standard output\n");
  return cli::kExitBadInput;
}
