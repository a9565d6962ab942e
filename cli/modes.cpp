// lvslab modes: one workload by NAT, direct routing and tunnelling, side by side.
#include "sim/lab/modes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/story.h"
#include "sim/scenario/units.h"

namespace lvslab::cli {
namespace {

using lab::LoadPoint;
using lab::ModeResult;

double per_request(std::uint64_t count, const LoadPoint& point) {
  return static_cast<double>(count) /
         static_cast<double>(std::max<std::uint64_t>(point.answered, 1));
}

double per_second(const LoadPoint& point) { return static_cast<double>(point.per_1000_s()) * 1e-3; }

double latency_ms(const LoadPoint& point) { return static_cast<double>(point.latency().ns) * 1e-6; }

class Report {
 public:
  Report(const Terminal& terminal, const lab::Balanced& balanced, const lab::ModeOptions& options,
         const std::vector<ModeResult>& results)
      : terminal_(terminal), balanced_(balanced), options_(options), results_(results) {}

  std::string text() {
    head();
    table();
    for (const ModeResult& result : results_) {
      if (!result.points.empty()) continue;
      out_ += folded(fmt::format("{}: {}", lab::mode_name(result.mode),
                                 result.obstacle.in(terminal_.language)));
    }
    plot();
    return std::move(out_);
  }

 private:
  void head() {
    std::string servers;
    for (const auto& server : balanced_.servers) {
      servers += fmt::format("{}{}", servers.empty() ? "" : ", ", server.host);
    }
    out_ += folded(terminal_.format(
        "{} asks {} (port 80); {} balances ({}) among {}. Answers of {} bytes; NICs of director "
        "and "
        "servers carry {} unless the scenario says otherwise.",
        "{} 访问 {} 的 80 端口；{} 按 {} 算法分给 {}。应答 {} 字节；"
        "除非场景另有规定，负载均衡器和服务器网卡的速率为 {}。",
        balanced_.client, balanced_.vip.to_string(), balanced_.director, balanced_.scheduler,
        servers, options_.response_bytes, scenario::rate_to_text(options_.rate_bps)));
    out_ += '\n';
  }

  template <class Cell>
  void row(std::string_view label, const Cell& cell) {
    out_ += fmt::format("{:<36}", label);
    for (const ModeResult& result : results_) {
      const std::string text = result.points.empty() ? "-" : cell(result);
      out_ += fmt::format("{:>21}", text);
    }
    out_ += '\n';
  }

  void table() {
    std::string names = fmt::format("{:<36}", "");
    for (const ModeResult& result : results_)
      names += fmt::format("{:>21}", lab::mode_name(result.mode));
    out_ += terminal_.paint("1", names) + "\n";
    const auto alone = [](const ModeResult& result) -> const LoadPoint& {
      return result.points.front();
    };
    row(terminal_.say("one request alone, ms", "单个请求的时间（毫秒）"),
        [&](const auto& result) { return fmt::format("{:.3f}", latency_ms(alone(result))); });
    row(terminal_.say("packets to the director, each", "每个请求到负载均衡器的报文"),
        [&](const auto& result) {
          return fmt::format("{:.1f}", per_request(alone(result).director_packets, alone(result)));
        });
    row(terminal_.say("bytes to the director, each", "每个请求到负载均衡器的字节"),
        [&](const auto& result) {
          return fmt::format("{:.0f}", per_request(alone(result).director_bytes, alone(result)));
        });
    row(terminal_.say("saturates at, requests/s", "饱和时每秒请求数"), [](const auto& result) {
      return fmt::format("{}{:.0f}", result.saturates() ? "" : ">",
                         per_second(*result.saturation()));
    });
    row(terminal_.say("  requests open then", "  此时并发请求数"),
        [](const auto& result) { return fmt::format("{}", result.saturation()->concurrency); });
    row(terminal_.say("  latency then, ms", "  此时延迟（毫秒）"),
        [](const auto& result) { return fmt::format("{:.3f}", latency_ms(*result.saturation())); });
    row(terminal_.say("  the fullest cable then", "  此时最满的网线"), [&](const auto& result) {
      const LoadPoint& point = *result.saturation();
      return fmt::format(
          "{} {} {:.0f}%", point.busiest.to_string(),
          point.busiest_sends ? terminal_.say("out", "发") : terminal_.say("in", "收"),
          static_cast<double>(point.busiest_permille) / 10);
    });
    out_ += '\n';
  }

  // Requests per second by the number of open requests: a group of bars for each load.
  void plot() {
    double most = 0;
    std::size_t loads = 0;
    for (const ModeResult& result : results_) {
      for (const LoadPoint& point : result.points) most = std::max(most, per_second(point));
      loads = std::max(loads, result.points.size());
    }
    if (loads == 0) return;
    constexpr int kRows = 12;
    out_ +=
        terminal_.say("requests per second, by requests open at once", "每秒请求数，按并发请求数");
    out_ += '\n';
    for (int line = kRows; line > 0; --line) {
      const bool labelled = line % 3 == 0;
      out_ += labelled ? fmt::format("{:>8.0f} |", most * line / kRows) : std::string(9, ' ') + "|";
      for (std::size_t load = 0; load < loads; ++load) {
        out_ += "  ";
        for (const ModeResult& result : results_) {
          const bool high = load < result.points.size() &&
                            per_second(result.points[load]) >= most * (line - 0.5) / kRows;
          out_ += high ? terminal_.paint(colour_of(result.mode),
                                         std::string(1, lab::mode_name(result.mode).front()))
                       : std::string(" ");
        }
      }
      out_ += '\n';
    }
    out_ += std::string(9, ' ') + "+" + std::string(5 * loads, '-') + "\n" + std::string(10, ' ');
    for (std::size_t load = 0; load < loads; ++load) out_ += fmt::format("{:>5}", 1U << load);
    out_ += terminal_.say("\n          N: NAT   D: DR   T: TUN\n",
                          "\n          N：NAT   D：DR   T：TUN\n");
  }

  static std::string_view colour_of(IpvsForward mode) {
    return mode == IpvsForward::kMasq ? "31" : mode == IpvsForward::kRoute ? "32" : "34";
  }

  const Terminal& terminal_;
  const lab::Balanced& balanced_;
  const lab::ModeOptions& options_;
  const std::vector<ModeResult>& results_;
  std::string out_;
};

void print_json(const ModeResult& result, Language language) {
  if (result.points.empty()) {
    const nlohmann::ordered_json line = {{"mode", lab::mode_name(result.mode)},
                                         {"obstacle", result.obstacle.in(language)}};
    fmt::print("{}\n", line.dump());
  }
  for (const LoadPoint& point : result.points) {
    const nlohmann::ordered_json line = {
        {"mode", lab::mode_name(result.mode)},
        {"concurrency", point.concurrency},
        {"answered", point.answered},
        {"failed", point.failed},
        {"requests_per_s", per_second(point)},
        {"latency_ms", latency_ms(point)},
        {"director_packets_per_request", per_request(point.director_packets, point)},
        {"director_bytes_per_request", per_request(point.director_bytes, point)},
        {"fullest_nic", point.busiest.to_string()},
        {"fullest_direction", point.busiest_sends ? "out" : "in"},
        {"fullest_permille", point.busiest_permille}};
    fmt::print("{}\n", line.dump());
  }
}

}  // namespace

int modes_command(const Terminal& terminal, const ModesOptions& options) {
  const auto scenario = load_or_complain(options.file);
  if (!scenario) return kExitBadInput;
  auto backend = make_backend("sim");
  if (!backend) return complain(backend.error()), kExitBadInput;
  const auto balanced = lab::find_balanced(**backend, *scenario);
  if (!balanced) return complain(balanced.error()), kExitBadInput;
  const lab::ModeOptions load{.rate_bps = options.rate_bps,
                              .response_bytes = options.response_bytes,
                              .requests = options.requests,
                              .stop = &g_interrupted};
  std::vector<ModeResult> results;
  for (const IpvsForward mode : lab::kModes) {
    auto result = lab::measure_mode(**backend, *scenario, *balanced, mode, load);
    if (g_interrupted != 0) return kExitInterrupted;
    if (!result) return complain(result.error()), kExitBadInput;
    if (options.json) print_json(*result, terminal.language);
    results.push_back(*std::move(result));
  }
  if (!options.json) fmt::print("{}", Report(terminal, *balanced, load, results).text());
  const bool any = std::ranges::any_of(results, [](const auto& r) { return !r.points.empty(); });
  return any ? kExitOk : kExitUnmet;
}

}  // namespace lvslab::cli
