// lvslab: the command line of the lab. Each subcommand lives in a file of its own.
#include <CLI/CLI.hpp>
#include <system_error>

#include "cli/backends.h"
#include "cli/commands.h"
#include "sim/scenario/units.h"

namespace {

using namespace lvslab;

constexpr const char* kFooter = R"(Examples:
  lvslab list                                    the scenarios that come with the program
  lvslab run dr-basic                            play one, print what a student would see
  lvslab run dr-basic --pcap dr.pcapng           and open it in Wireshark: wireshark dr.pcapng
  lvslab why dr-basic --packet 5                 the decisions behind one packet
  lvslab show dr-basic --host node01 conn        a table of a host, as the real tool lists it
  lvslab step dr-basic                           forth and back, event by event
  lvslab shell dr-basic client                   type commands on a host
Exit status: 0 fine, 1 an expectation failed, 2 bad input, 3 packet storm, 130 Ctrl-C.)";

constexpr const char* kRunFooter = R"(Examples:
  lvslab run scenarios/dr-basic.yaml
  lvslab run dr-basic --lang zh --until 2.5s
  lvslab run dr-basic --pcap dr.pcapng           one capture, an interface block per host interface
  lvslab run dr-basic --pcap captures/           one .pcap per host interface
  lvslab run dr-basic --backend kernel           the same on a real Linux kernel
  lvslab run dr-basic --backend kernel --pcap - | wireshark -k -i -      live
  lvslab run dr-basic --trace jsonl | jq .kind   every record of the run, for machines
With --trace text or jsonl standard output holds the trace only; the summary goes to standard error.
A run is stopped (exit 3) when one frame passes the switches more than 1000 times each, or when a host
receives more than 500000 frames within one simulated second. A command that takes more than one
simulated hour is interrupted.)";

struct Arguments {
  std::string lang, color = "auto", until, at;
  std::uint64_t seed = 0;
  std::uint32_t packet = 0;
  bool json = false;
  cli::RunOptions run;
  cli::CheckOptions check;
  std::string step_file;
  cli::ShellOptions shell;
  cli::WhyOptions why;
  cli::ShowOptions show;
  cli::ExportOptions exported;
  cli::BenchOptions bench;
};

std::string check_time(const std::string& text) {
  const auto time = scenario::parse_duration(text);
  if (time) return {};
  return time.error().message + (time.error().hint.empty() ? "" : " (" + time.error().hint + ")");
}

std::optional<SimTime> time_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return SimTime{scenario::parse_duration(text)->ns};
}

void add_backend(CLI::App* sub, std::string& backend) {
  sub->add_option("--backend", backend,
                  "sim (default); kernel: a real Linux kernel, booted as a process; kernel:native: "
                  "this machine's own")
      ->check(CLI::IsMember(cli::backend_names()));
}

void add_run(CLI::App& app, Arguments& a) {
  CLI::App* sub = app.add_subcommand("run", "play a scenario, print it, check its expectations");
  sub->add_option("FILE", a.run.file, "scenario file, or the name of a shipped one")->required();
  add_backend(sub, a.run.backend);
  sub->add_option(
      "--pcap", a.run.pcap,
      "write captures: FILE.pcapng, or DIR/ (made if needed); -: pcapng to standard output as it "
      "happens");
  sub->add_option("--trace", a.run.trace, "print every record: text, jsonl (none: the story)")
      ->check(CLI::IsMember({"text", "jsonl", "none"}));
  sub->add_option("--until", a.until, "end at this simulated time, as 2.5s")->check(check_time);
  sub->add_option("--seed", a.seed, "seed of all chance, in place of the file's");
  sub->footer(kRunFooter);
}

void add_check(CLI::App& app, Arguments& a) {
  CLI::App* sub = app.add_subcommand("check", "list all that is wrong with scenario files");
  sub->add_option("FILE", a.check.files, "scenario files")->required();
  sub->add_flag("--json", a.check.json, "one JSON object per finding");
  sub->footer("Example:\n  lvslab check my-lab.yaml && lvslab run my-lab.yaml");
  CLI::App* list = app.add_subcommand("list", "the shipped scenarios and their titles");
  list->add_flag("--json", a.json, "one JSON object per scenario");
  list->footer("LVSLAB_SCENARIOS=DIR lists (and finds by name) those of another directory.");
}

void add_interactive(CLI::App& app, Arguments& a) {
  CLI::App* step = app.add_subcommand("step", "step through a scenario, forth and back");
  step->add_option("FILE", a.step_file, "scenario")->required();
  step->footer(
      "Commands inside: next, back, why, show, type, run, goto, save, help, quit.\n"
      "Example:\n  printf 'next decision\\nwhy\\n' | lvslab step dr-basic");
  CLI::App* shell = app.add_subcommand("shell", "type commands on a host of a running lab");
  shell->add_option("FILE", a.shell.file, "scenario")->required();
  shell->add_option("HOST", a.shell.host, "the host to type on")->required();
  shell
      ->add_option("--at", a.at,
                   "begin at this simulated time; the timeline goes on meanwhile "
                   "(default: after its end)")
      ->check(check_time);
  add_backend(shell, a.shell.backend);
  shell->add_flag("--fast", a.shell.fast,
                  "do not wait in real time for what takes simulated time (the default if standard "
                  "input is no terminal)");
  shell->add_option("--save", a.shell.save, "at the end, write the scenario with what was typed");
  shell->footer(
      "Ctrl-C interrupts the command, Ctrl-D or `exit` leaves.\n"
      "Example:\n  lvslab shell dr-basic client");
}

void add_inspect(CLI::App& app, Arguments& a) {
  CLI::App* why = app.add_subcommand("why", "the decisions behind a packet, to its root");
  why->add_option("FILE", a.why.file, "scenario")->required();
  CLI::Option* packet =
      why->add_option("--packet", a.packet, "number of the packet, as `run --trace text` counts");
  CLI::Option* at = why->add_option("--at", a.at, "what --host did last at this simulated time");
  at->check(check_time)->excludes(packet);
  why->add_option("--host", a.why.host, "with --at")->excludes(packet);
  why->footer(
      "Examples:\n  lvslab why dr-basic --packet 5\n"
      "  lvslab why dr-basic --at 2.5s --host node01");
  CLI::App* show = app.add_subcommand("show", "a table of a host, as the real tool lists it");
  show->add_option("FILE", a.show.file, "scenario")->required();
  show->add_option("TABLE", a.show.table,
                   "arp, route, local-route, addr, link, rule, ipvs, conn, socket or sysctl")
      ->required();
  show->add_option("--host", a.show.host, "whose table")->required();
  add_backend(show, a.show.backend);
  show->add_option("--at", a.at, "simulated time (default: the end)")->check(check_time);
  show->footer("Example:\n  lvslab show dr-basic --at 3s --host client arp");
  CLI::App* exported = app.add_subcommand("export", "a scenario in other forms");
  exported->add_option("FILE", a.exported.file, "scenario")->required();
  exported
      ->add_option("--format", a.exported.format,
                   "yaml: the scenario, written canonically; dot: its drawing for Graphviz; "
                   "json: hosts, cables and places in the drawing; jsonl: the records of a run")
      ->check(CLI::IsMember({"yaml", "dot", "json", "jsonl"}));
  add_backend(exported, a.exported.backend);
  exported->add_option("-o,--output", a.exported.output, "file (default: standard output)");
  exported->add_option("--pcap", a.exported.pcap, "captures of a run: FILE.pcapng or DIR/");
  exported->footer(
      "Examples:\n  lvslab export dr-basic --format dot | dot -Tsvg > dr.svg\n"
      "  lvslab export dr-basic --pcap captures/");
}

void add_bench(CLI::App& app, Arguments& a) {
  CLI::App* bench = app.add_subcommand("bench", "measure the simulator on this machine");
  bench->add_option("GROUP", a.bench.groups, "web bulk udp queue hosts memory trace (default: all)")
      ->check(CLI::IsMember({"web", "bulk", "udp", "queue", "hosts", "memory", "trace"}));
  bench->add_flag("--json", a.bench.json, "one JSON object per figure");
  bench->add_flag("--quick", a.bench.quick, "a tenth of the work");
  bench->footer("Example:\n  lvslab bench web udp --json");
}

int dispatch(const CLI::App& app, Arguments& a) {
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
  if (name == "list") return cli::list_command(terminal, a.json);
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
  return cli::bench_command(terminal, a.bench);
}

}  // namespace

int main(int argc, char** argv) {
  cli::catch_interrupts();
  CLI::App app("lvslab plays Linux Virtual Server labs in a simulation, and says why.", "lvslab");
  Arguments arguments;
  app.set_version_flag("--version", "lvslab " LVSLAB_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--lang", arguments.lang, "language of texts (default: by LANG)")
      ->check(CLI::IsMember({"en", "zh"}));
  app.add_option("--color", arguments.color, "colours: auto (on a terminal), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.footer(kFooter);
  add_run(app, arguments);
  add_check(app, arguments);
  add_interactive(app, arguments);
  add_inspect(app, arguments);
  add_bench(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kExitOk : cli::kExitBadInput;
  }
  try {
    const int status = dispatch(app, arguments);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  } catch (const std::system_error&) {  // by {fmt}; what std::fwrite met, ferror() tells
  }
  fmt::print(stderr, "lvslab: cannot write to standard output\n");
  return cli::kExitBadInput;
}
