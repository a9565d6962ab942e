// The subcommands. Each returns the program's exit status.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/program.h"

namespace lvslab::cli {

struct RunOptions {
  std::string file;
  std::string backend = "sim";  ///< one of backend_names()
  /// FILE.pcapng, DIR/, or "-": to standard output as it happens; empty: none.
  std::string pcap;
  std::string trace;  ///< "text", "jsonl", or "none": the story in place of the trace
  std::optional<SimTime> until;
  std::optional<std::uint64_t> seed;
};
int run_command(const Terminal& terminal, const RunOptions& options);

struct CheckOptions {
  std::vector<std::string> files;
  bool json = false;
};
int check_command(const Terminal& terminal, const CheckOptions& options);
struct ListOptions {
  bool json = false;
  bool easiest_first = false;  ///< by difficulty, then by name; else by name
  std::string difficulty;      ///< only these; empty: all
};
int list_command(const Terminal& terminal, const ListOptions& options);

int step_command(const Terminal& terminal, const std::string& file);

struct ShellOptions {
  std::string file, host;
  std::optional<SimTime> at;  ///< nothing: after the scenario's end
  std::string backend = "sim";
  bool fast = false;  ///< simulated time does not wait for real time
  std::string save;   ///< write what was typed as a scenario
};
int shell_command(const Terminal& terminal, const ShellOptions& options);

struct WhyOptions {
  std::string file;
  std::optional<std::uint32_t> packet;
  std::optional<SimTime> at;
  std::string host;
};
int why_command(const Terminal& terminal, const WhyOptions& options);

struct ShowOptions {
  std::string file, host, table;
  std::string backend = "sim";
  std::optional<SimTime> at;  ///< nothing: at the end
};
int show_command(const Terminal& terminal, const ShowOptions& options);

struct ExportOptions {
  std::string file;
  std::string backend = "sim";
  std::string format = "yaml";  ///< yaml, dot, json, jsonl
  std::string output;           ///< empty: standard output
  std::string pcap;
  std::string report;  ///< an HTML file; empty: none
};
int export_command(const Terminal& terminal, const ExportOptions& options);

struct CompareOptions {
  std::vector<std::string> files;
  std::string backend = "kernel";  ///< the other side
  std::string save;                ///< directory for both captures; empty: none
  bool json = false;
};
int compare_command(const Terminal& terminal, const CompareOptions& options);

struct FuzzOptions {
  std::string labs = "mixed";  ///< which draw: mixed or keepalived
  std::uint64_t seed = 1, start = 0, count = 100;
  unsigned jobs = 1;
  std::string keep = ".";          ///< directory for the files of labs that differ
  std::string backend = "kernel";  ///< what the simulator is held against
  bool json = false;
  bool no_shrink = false;
  bool draw = false;  ///< write the labs, compare nothing
};
int fuzz_compare_command(const Terminal& terminal, const FuzzOptions& options);

struct ModesOptions {
  std::string file;
  std::uint64_t rate_bps = 100'000'000;
  std::uint32_t response_bytes = 10'000;
  std::uint32_t requests = 1'000;
  bool json = false;
};
int modes_command(const Terminal& terminal, const ModesOptions& options);

struct BenchOptions {
  std::vector<std::string> groups;
  bool json = false;
  bool quick = false;
};
int bench_command(const Terminal& terminal, const BenchOptions& options);

}  // namespace lvslab::cli
