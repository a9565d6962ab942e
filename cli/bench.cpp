// lvslab bench: how fast the simulator is on this machine. CPU seconds of the process, the median
// of some runs each; docs/benchmarks.md tells what every figure stands for.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <malloc.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "sim/backend/bench/workload.h"
#include "sim/trace/pcap.h"

namespace lvslab::cli {
namespace {

using backend::WebWork;
using backend::Workload;

constexpr int kRuns = 3;
constexpr int kTraceRuns = 7;
constexpr int kLessonRuns = 15;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Bytes that the program has asked the allocator for and not given back.
double allocated_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

/// What the program occupies of the machine's memory right now, all things told.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

constexpr double kMib = 1'048'576;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

class Report {
 public:
  explicit Report(bool json) : json_(json) {}
  void add(const std::string& name, std::string_view metric, double value) const {
    if (json_) {
      const nlohmann::ordered_json line = {{"name", name}, {"metric", metric}, {"value", value}};
      fmt::print("{}\n", line.dump());
    } else {
      fmt::print("{:<24} {:<22} {:>12.4g}\n", name, metric, value);
    }
    std::fflush(stdout);
  }

 private:
  bool json_;
};

struct Timed {
  double build_s = 0, run_s = 0;
  backend::WorkCounts counts;
  double per_frame_us() const { return run_s * 1e6 / static_cast<double>(counts.frames); }
};

enum class Recording { kOff, kRecords, kPcap };

template <class Make>
Timed time_once(const Make& make, Recording recording) {
  Timed timed;
  const double begin = cpu_seconds();
  Workload work = make();
  const double built = cpu_seconds();
  Trace trace;
  if (recording != Recording::kOff) work.record(trace);
  work.run();
  if (recording == Recording::kPcap) {
    // The director's interface, in the way of `tcpdump -w` on it.
    const auto path =
        std::filesystem::temp_directory_path() / fmt::format("lvslab-{}.pcap", getpid());
    if (auto written = write_pcap(path.string(), trace, NodeId(0), IfIndex(2)); !written) {
      complain(written.error());
    }
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  timed.build_s = built - begin;
  timed.run_s = cpu_seconds() - built;
  timed.counts = work.counts();
  return timed;
}

/// The median run by time.
template <class Make>
Timed time_median(const Make& make, Recording recording = Recording::kOff) {
  std::vector<Timed> runs;
  for (int i = 0; i < kRuns && g_interrupted == 0; ++i) runs.push_back(time_once(make, recording));
  if (runs.empty()) return {};
  std::ranges::sort(runs, {}, &Timed::run_s);
  return runs[runs.size() / 2];
}

void add_web(const Report& report, const std::string& name, const Timed& timed) {
  report.add(name, "us_per_frame", timed.per_frame_us());
  report.add(name, "conn_per_s", static_cast<double>(timed.counts.succeeded) / timed.run_s);
  report.add(name, "events_per_frame",
             static_cast<double>(timed.counts.events) / static_cast<double>(timed.counts.frames));
  report.add(name, "failed", static_cast<double>(timed.counts.failed));
}

void bench_web(const Report& report, std::uint32_t scale) {
  const WebWork work{.connections = 100'000 / scale};
  add_web(report, "A.h100", time_median([&] { return Workload::web(work); }));
}

void bench_bulk(const Report& report, std::uint32_t scale) {
  const WebWork work{.clients = 10, .connections = 200 / scale, .response_bytes = 1'048'576};
  const Timed timed = time_median([&] { return Workload::web(work); });
  report.add("B.h10", "us_per_frame", timed.per_frame_us());
  report.add("B.h10", "mbyte_per_s", static_cast<double>(timed.counts.bytes) / timed.run_s * 1e-6);
  report.add("B.h10", "failed", static_cast<double>(timed.counts.failed));
}

void bench_udp(const Report& report, std::uint32_t scale) {
  const Timed timed = time_median([&] { return Workload::udp(1'000'000 / scale); });
  report.add("C.udp", "us_per_frame", timed.per_frame_us());
  report.add("C.udp", "received", static_cast<double>(timed.counts.bytes));
}

void bench_hosts(const Report& report, std::uint32_t scale) {
  for (const std::uint32_t hosts : {10U, 100U, 1'000U, 10'000U}) {
    const std::string name = fmt::format("S.h{}", hosts);
    std::vector<double> builds;
    for (int i = 0; i < kRuns; ++i) {
      const double begin = cpu_seconds();
      const Workload idle = Workload::idle(hosts);
      builds.push_back(cpu_seconds() - begin);
    }
    report.add(name, "build_s", median(builds));
    const WebWork work{.clients = hosts, .connections = std::max(100'000 / scale, 2 * hosts)};
    add_web(report, name, time_median([&] { return Workload::web(work); }));
  }
}

struct Opened {
  double bytes_each = 0;
  double resident_mib = 0;
};

/// Opens all connections and stops when each has its response and nothing is in flight.
Opened open_all(const Report& report, const std::string& name, const WebWork& work) {
  Workload loaded = Workload::web(work);
  const double before = allocated_bytes();
  loaded.run();
  const auto counts = loaded.counts();
  const std::uint64_t open = counts.bytes / work.response_bytes;  // those that have all of it
  report.add(name, "open", static_cast<double>(open));
  report.add(name, "failed", static_cast<double>(counts.failed));
  return {(allocated_bytes() - before) / static_cast<double>(work.connections),
          resident_bytes() / kMib};
}

void bench_memory(const Report& report, std::uint32_t scale) {
  WebWork work{.clients = 1'000,
               .connections = 1'000'000 / scale,
               .parallel = 1'000 / scale,
               .hold = {600'000'000'000}};
  const Opened through_director = open_all(report, "M.connection", work);
  report.add("M.connection", "bytes", through_director.bytes_each);
  report.add("M.connection", "allocated_mib",
             through_director.bytes_each * work.connections / kMib);
  report.add("M.connection", "resident_mib", through_director.resident_mib);
  work.director = false;
  const Opened direct = open_all(report, "M.tcp_connection", work);
  report.add("M.tcp_connection", "bytes", direct.bytes_each);
  report.add("M.ipvs_connection", "bytes", through_director.bytes_each - direct.bytes_each);

  constexpr std::uint32_t kHosts = 10'000;
  const double before = allocated_bytes();
  const Workload idle = Workload::idle(kHosts);
  report.add("M.idle_host", "bytes", (allocated_bytes() - before) / kHosts);
}

void bench_trace(const Report& report, std::uint32_t scale) {
  const WebWork work{.connections = 20'000 / std::min(scale, 4U)};
  const auto make = [&] { return Workload::web(work); };
  constexpr std::array kModes = {Recording::kOff, Recording::kRecords, Recording::kPcap};
  std::array<std::vector<double>, kModes.size()> cost;
  // Interleaved, so that a busy moment of the machine meets all three.
  for (int i = 0; i < kTraceRuns && g_interrupted == 0; ++i) {
    for (std::size_t m = 0; m < kModes.size(); ++m) {
      cost[m].push_back(time_once(make, kModes[m]).per_frame_us());
    }
  }
  if (cost.back().empty()) return;
  const double off = median(cost[0]);
  report.add("T.off", "us_per_frame", off);
  report.add("T.records", "us_per_frame", median(cost[1]));
  report.add("T.records", "ratio", median(cost[1]) / off);
  report.add("T.pcap", "us_per_frame", median(cost[2]));
  report.add("T.pcap", "ratio", median(cost[2]) / off);
}

// --- a lesson from the shell -------------------------------------------------------------------

/// Process time of `lvslab run SCENARIO` in a process of its own, from exec(2) to its end.
std::optional<double> lesson_ms(const std::string& scenario) {
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::string program = "lvslab";
  std::string verb = "run";
  std::string name = scenario;
  std::array<char*, 4> argv = {program.data(), verb.data(), name.data(), nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  rusage used{};
  if (error != 0 || wait4(child, &status, 0, &used) != child || status != 0) return std::nullopt;
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) * 1e-3;
  };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

void bench_lesson(const Report& report, std::uint32_t /*scale*/) {
  std::vector<double> times;
  for (int i = 0; i < kLessonRuns && g_interrupted == 0; ++i) {
    const auto ms = lesson_ms("dr-basic");
    if (!ms) return complain(Error{"lvslab run dr-basic fails: no figure for it", {}, {}});
    times.push_back(*ms);
  }
  if (!times.empty()) report.add("L.dr-basic", "process_ms", median(times));
}

// --- the event queue, by Google Benchmark
// ----------------------------------------------------------

class HoldReporter final : public benchmark::BenchmarkReporter {
 public:
  explicit HoldReporter(const Report& report) : report_(report) {}
  bool ReportContext(const Context& /*context*/) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      report_.add(run.run_name.function_name, "ns_per_hold", run.GetAdjustedCPUTime() / kHolds);
    }
  }
  static constexpr int kHolds = 1'000;

 private:
  const Report& report_;
};

void bench_queue(const Report& report, std::uint32_t /*scale*/) {
  for (const std::uint32_t pending : {10U, 1'000U, 100'000U, 1'000'000U}) {
    benchmark::RegisterBenchmark(fmt::format("Q.{}", pending).c_str(),
                                 [pending](benchmark::State& state) {
                                   backend::EventHold queue(pending);
                                   for (auto _ : state) {
                                     benchmark::DoNotOptimize(queue.hold(HoldReporter::kHolds));
                                   }
                                 });
  }
  HoldReporter reporter(report);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::ClearRegisteredBenchmarks();
}

}  // namespace

int bench_command(const Terminal& /*terminal*/, const BenchOptions& options) {
  const Report report(options.json);
  const std::uint32_t scale = options.quick ? 10 : 1;
  const auto wanted = [&](std::string_view group) {
    return g_interrupted == 0 && (options.groups.empty() ||
                                  std::ranges::find(options.groups, group) != options.groups.end());
  };
  if (wanted("web")) bench_web(report, scale);
  if (wanted("bulk")) bench_bulk(report, scale);
  if (wanted("udp")) bench_udp(report, scale);
  if (wanted("queue")) bench_queue(report, scale);
  if (wanted("hosts")) bench_hosts(report, scale);
  if (wanted("memory")) bench_memory(report, scale);
  if (wanted("trace")) bench_trace(report, scale);
  if (wanted("lesson")) bench_lesson(report, scale);
  return g_interrupted == 0 ? kExitOk : kExitInterrupted;
}

}  // namespace lvslab::cli
