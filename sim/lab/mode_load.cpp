// The load of sim/lab/modes.h: how much each mode carries, and what stands in its way.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sim/lab/modes.h"
#include "sim/lab/session.h"
#include "sim/trace/text.h"

namespace lvslab::lab {
namespace {

using scenario::Host;
using scenario::Scenario;

constexpr std::uint32_t kMostConcurrent = 512;
/// Whether a load gets so much more than another one that it was worth it: by 5 %.
bool is_worthwhile(std::uint64_t more, std::uint64_t than) { return more * 100 > than * 105; }

/// What the NICs of some hosts have sent and received so far.
struct Meter {
  scenario::NicRef nic;
  std::uint64_t rate_bps = 0;
  LinkStats stats;
};

Result<std::vector<Meter>> read_meters(Session& session, const Balanced& balanced) {
  std::vector<Meter> meters;
  const auto read = [&](const std::string& name) -> Result<void> {
    const auto tables = session.tables(name);
    if (!tables) return std::unexpected(tables.error());
    const Host& host = *session.scenario().find_host(name);
    for (const LinkRow& link : tables->links) {
      const scenario::Nic* const nic = host.find_nic(link.name.view());
      if (nic != nullptr) meters.push_back({{name, nic->name}, nic->link.rate_bps, link.stats});
    }
    return {};
  };
  if (auto done = read(balanced.director); !done) return std::unexpected(done.error());
  for (const Balanced::Server& server : balanced.servers) {
    if (auto done = read(server.host); !done) return std::unexpected(done.error());
  }
  return meters;
}

void add_traffic(const Balanced& balanced, const std::vector<Meter>& before,
                 const std::vector<Meter>& after, LoadPoint& point) {
  if (point.took.ns <= 0) return;
  const auto took_us = static_cast<std::uint64_t>(std::max<std::int64_t>(point.took.ns / 1'000, 1));
  for (std::size_t i = 0; i < after.size(); ++i) {
    const LinkStats& from = before[i].stats;
    const LinkStats& to = after[i].stats;
    if (after[i].nic.host == balanced.director) {
      point.director_packets += to.rx_packets - from.rx_packets;
      point.director_bytes += to.rx_bytes - from.rx_bytes;
    }
    for (const bool sends : {true, false}) {
      const std::uint64_t bytes = sends ? to.tx_bytes - from.tx_bytes : to.rx_bytes - from.rx_bytes;
      // Bits per microsecond against megabits per second, in thousandths.
      const std::uint64_t permille =
          bytes * 8'000'000 / took_us / std::max<std::uint64_t>(after[i].rate_bps / 1'000, 1);
      if (permille <= point.busiest_permille) continue;
      point.busiest_permille = permille;
      point.busiest = after[i].nic;
      point.busiest_sends = sends;
    }
  }
}

/// Why most of the frames died that did since `first`.
scenario::Text obstacle(const Trace& trace, std::size_t first) {
  std::map<std::pair<std::uint32_t, Reason>, std::pair<int, RecordId>> deaths;
  for (auto i = static_cast<std::uint32_t>(first); i < trace.size(); ++i) {
    const TraceRecord& record = trace[RecordId(i)];
    if (record.kind != RecordKind::kFrameDropped || record.reason == Reason::kNone) continue;
    auto& [count, id] = deaths[{record.node.value, record.reason}];
    if (count++ == 0) id = RecordId(i);
  }
  scenario::Text text{"a request gets no answer", "请求得不到应答"};
  const auto most =
      std::ranges::max_element(deaths, {}, [](const auto& death) { return death.second.first; });
  if (most == deaths.end()) return text;
  const TraceRecord& record = trace[most->second.second];
  text.en += ": " + reason_sentence(trace, record, Language::kEn);
  text.zh += "：" + reason_sentence(trace, record, Language::kZh);
  return text;
}

/// A lab in one mode, warm: neighbours are known, one request has been answered.
class LoadedLab {
 public:
  LoadedLab(Backend& backend, const Scenario& scenario, const Balanced& balanced,
            const ModeOptions& options)
      : balanced_(balanced),
        options_(options),
        session_(backend, scenario, {.stop = options.stop}) {}

  /// False: it does not work, and why() says why.
  Result<bool> warm_up() {
    if (auto started = session_.start(); !started) return std::unexpected(started.error());
    session_.run_to_end();
    if (auto broken = set_up_failed(); broken) return std::unexpected(*broken);
    first_record_ = session_.trace().size();
    // A page from each server, so that the load does not begin with ARP.
    for (std::size_t i = 0; i < balanced_.servers.size(); ++i) {
      const auto done = type(fmt::format("curl -s -o /dev/null -m 3 http://{}/", vip()));
      if (!done) return std::unexpected(done.error());
      if ((*done)->status != 0) return false;
    }
    return true;
  }
  scenario::Text why() const { return obstacle(session_.trace(), first_record_); }

  Result<LoadPoint> load(std::uint32_t concurrency) {
    const auto before = read_meters(session_, balanced_);
    if (!before) return std::unexpected(before.error());
    const std::uint32_t requests = std::max(options_.requests, 4 * concurrency);
    const auto done = type(fmt::format("ab -n {} -c {} http://{}/", requests, concurrency, vip()));
    if (!done) return std::unexpected(done.error());
    const auto after = read_meters(session_, balanced_);
    if (!after) return std::unexpected(after.error());
    LoadPoint point{.concurrency = concurrency};
    point.took = (*done)->ended - (*done)->started;
    point.answered = reported((*done)->output, "Complete requests:") -
                     reported((*done)->output, "Failed requests:");
    point.failed = requests - point.answered;
    add_traffic(balanced_, *before, *after, point);
    return point;
  }

 private:
  std::string vip() const { return balanced_.vip.to_string(); }

  Result<const Entry*> type(const std::string& line) {
    const auto entry = session_.type(balanced_.client, line);
    if (!entry) return std::unexpected(entry.error());
    if (session_.run_until_done(*entry) != PlayEnd::kReached) {
      return std::unexpected(Error{"interrupted", {}, {}});
    }
    return &session_.entries()[*entry];
  }

  std::optional<Error> set_up_failed() const {
    for (const Entry& entry : session_.entries()) {
      const bool ours = entry.host == balanced_.director ||
                        std::ranges::find(balanced_.servers, entry.host, &Balanced::Server::host) !=
                            balanced_.servers.end();
      if (ours && entry.status != 0) {
        return Error{fmt::format("{}: {}: {}", entry.host, entry.text, entry.output), {}, {}};
      }
    }
    return std::nullopt;
  }

  /// The number behind a label of ab's report; 0 if it is not there.
  static std::uint64_t reported(std::string_view output, std::string_view label) {
    const std::size_t at = output.find(label);
    if (at == std::string_view::npos) return 0;
    std::size_t digit = output.find_first_not_of(' ', at + label.size());
    std::uint64_t number = 0;
    for (; digit < output.size() && output[digit] >= '0' && output[digit] <= '9'; ++digit) {
      number = number * 10 + static_cast<std::uint64_t>(output[digit] - '0');
    }
    return number;
  }

  const Balanced& balanced_;
  const ModeOptions& options_;
  Session session_;
  std::size_t first_record_ = 0;
};

}  // namespace

std::uint64_t LoadPoint::per_1000_s() const {
  const std::int64_t took_us = took.ns / 1'000;
  return took_us <= 0 ? 0 : answered * 1'000'000'000 / static_cast<std::uint64_t>(took_us);
}

SimDuration LoadPoint::latency() const {
  // Little's law: so many are open all the time.
  if (answered == 0) return {};
  return {took.ns * concurrency / static_cast<std::int64_t>(answered)};
}

const LoadPoint* ModeResult::saturation() const {
  if (points.empty()) return nullptr;
  const std::uint64_t most = std::ranges::max(points, {}, &LoadPoint::per_1000_s).per_1000_s();
  return &*std::ranges::find_if(
      points, [&](const LoadPoint& point) { return !is_worthwhile(most, point.per_1000_s()); });
}

bool ModeResult::saturates() const { return points.size() > 1 && saturation() != &points.back(); }

Result<ModeResult> measure_mode(Backend& backend, const Scenario& scenario,
                                const Balanced& balanced, IpvsForward mode,
                                const ModeOptions& options) {
  ModeResult result{.mode = mode};
  const auto made = set_up_for(scenario, balanced, mode, options);
  if (!made) {
    result.obstacle = made.error();
    return result;
  }
  std::uint64_t best = 0;
  int idle_rises = 0;
  for (std::uint32_t load = 1; load <= kMostConcurrent && idle_rises < 2; load *= 2) {
    LoadedLab lab(backend, *made, balanced, options);
    const auto works = lab.warm_up();
    if (!works) return std::unexpected(works.error());
    if (!*works) {
      result.obstacle = lab.why();
      return result;
    }
    const auto point = lab.load(load);
    if (!point) return std::unexpected(point.error());
    idle_rises = is_worthwhile(point->per_1000_s(), best) ? 0 : idle_rises + 1;
    best = std::max(best, point->per_1000_s());
    result.points.push_back(*point);
  }
  return result;
}

}  // namespace lvslab::lab
