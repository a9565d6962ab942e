#include "sim/compare/frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/compare/align.h"
#include "sim/compare/reports.h"

namespace lvslab::compare {
namespace {

/// Frames with more differing fields than this are two frames, not one that was changed.
constexpr int kMostFields = 8;
/// What it costs to leave a frame without a partner; two of them cost more than kMostFields fields.
constexpr int kAlone = 5;
constexpr int kNever = 1'000'000;

SimDuration gap_before(const std::vector<Passing>& frames, std::size_t i) {
  return i == 0 ? SimDuration{} : frames[i].at - frames[i - 1].at;
}

/// One frame of the simulation and of the kernel that belong together.
struct Partners {
  Passing sim, real;
};

/// Compares one interface.
class InterfaceComparer {
 public:
  InterfaceComparer(const Side& sim, const Side& real, const TimeMap& times, InterfaceName name)
      : sim_(sim), real_(real), times_(times) {
    result_.name = std::move(name);
  }

  void run() {
    const Conversations& ours = sim_.at(result_.name);
    const Conversations& theirs = real_.at(result_.name);
    static const std::vector<Passing> kNone;
    const auto frames_of = [](const Conversations& all, const std::string& name) -> const auto& {
      const auto found = all.find(name);
      return found == all.end() ? kNone : found->second;
    };
    std::set<std::string> names;
    for (const auto& [name, frames] : ours) names.insert(name);
    for (const auto& [name, frames] : theirs) names.insert(name);
    for (const std::string& name : names) {
      if (name == kListenerReports) continue;
      conversation_ = name;
      compare_conversation(frames_of(ours, name), frames_of(theirs, name));
    }
    pair_across_conversations();
    report_the_rest();
  }

  const InterfaceResult& result() const { return result_; }
  const std::vector<Difference>& differences() const { return differences_; }
  const std::vector<Partners>& partners() const { return partners_; }

 private:
  /// A frame that has no partner yet.
  struct Alone {
    Passing frame;
    std::string conversation;
    SimDuration tolerance;
  };
  using Range = std::pair<std::uint32_t, std::uint32_t>;  ///< [first, last)

  const NormalFrame& normal(const Passing& sim) const { return sim_.frame(sim.frame); }
  const NormalFrame& normal_real(const Passing& real) const { return real_.frame(real.frame); }
  bool equal(const Passing& sim, const Passing& real) const {
    return sim.out == real.out && normal(sim).digest == normal_real(real).digest;
  }
  /// Near enough to be the same frame, late or not.
  bool near(const Passing& sim, const Passing& real, SimDuration gap) const {
    const SimDuration lottery = is_report() ? kReportLottery : SimDuration{};
    return distance(times_.to_real(sim.at), real.at) <=
           kFlatTolerance * 3 + tolerance_of(gap) + lottery;
  }

  /// IGMP reports: the second one follows the first at a moment that is drawn by lot.
  bool is_report() const { return is_of_reports(conversation_); }

  void compare_conversation(const std::vector<Passing>& sim, const std::vector<Passing>& real) {
    const auto looks_alike = [&](const Passing& a, const Passing& b) { return equal(a, b); };
    if (is_report() && !std::ranges::equal(sim, real, looks_alike) &&
        tell_the_same(sim_, sim, real_, real, times_)) {
      result_.agreed += sim.size();
      return;
    }
    const Pairs pairs =
        align(static_cast<std::uint32_t>(sim.size()), static_cast<std::uint32_t>(real.size()),
              [&](std::uint32_t i, std::uint32_t j) {
                return equal(sim[i], real[j]) && near(sim[i], real[j], gap_before(sim, i));
              });
    std::vector<Alone> missing;
    std::vector<Alone> extra;
    Pairs together;
    std::uint32_t next_sim = 0;
    std::uint32_t next_real = 0;
    const auto fill = [&](std::uint32_t until_sim, std::uint32_t until_real) {
      pair_between(sim, real, {next_sim, until_sim}, {next_real, until_real}, together);
      next_sim = until_sim + 1;
      next_real = until_real + 1;
    };
    for (const auto& [i, j] : pairs) {
      fill(i, j);
      together.emplace_back(i, j);
    }
    fill(static_cast<std::uint32_t>(sim.size()), static_cast<std::uint32_t>(real.size()));
    judge_pairs(sim, real, together);
    collect_alone(sim, real, together, missing, extra);
    find_reordered(missing, extra);
    missing_.insert(missing_.end(), missing.begin(), missing.end());
    extra_.insert(extra_.end(), extra.begin(), extra.end());
  }

  int cost_of(const Passing& sim, const Passing& real, SimDuration gap) const {
    if (sim.out != real.out || normal(sim).shape != normal_real(real).shape) return kNever;
    const auto fields = static_cast<int>(differing_fields(normal(sim), normal_real(real)).size());
    if (fields > kMostFields) return kNever;
    return fields + (near(sim, real, gap) ? 0 : 4);
  }

  /// Pairs unequal frames of a stretch so that as little as possible differs, keeping the order.
  void pair_between(const std::vector<Passing>& sim, const std::vector<Passing>& real, Range ours,
                    Range theirs, Pairs& together) const {
    const std::size_t n = ours.second - ours.first;
    const std::size_t m = theirs.second - theirs.first;
    if (n == 0 || m == 0 || n * m > 250'000) return;
    std::vector<int> pair_cost(n * m);
    std::vector<int> best((n + 1) * (m + 1));
    const auto at = [&](std::size_t i, std::size_t j) -> int& { return best[i * (m + 1) + j]; };
    for (std::size_t i = 0; i <= n; ++i) at(i, m) = static_cast<int>(n - i) * kAlone;
    for (std::size_t j = 0; j <= m; ++j) at(n, j) = static_cast<int>(m - j) * kAlone;
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t j = m; j-- > 0;) {
        int& cost = pair_cost[i * m + j];
        cost =
            cost_of(sim[ours.first + i], real[theirs.first + j], gap_before(sim, ours.first + i));
        at(i, j) =
            std::min({cost + at(i + 1, j + 1), kAlone + at(i + 1, j), kAlone + at(i, j + 1)});
      }
    }
    for (std::size_t i = 0, j = 0; i < n && j < m;) {
      const int cost = pair_cost[i * m + j];
      if (cost < kNever && at(i, j) == cost + at(i + 1, j + 1)) {
        together.emplace_back(ours.first + i, theirs.first + j);
        ++i;
        ++j;
      } else if (at(i, j) == kAlone + at(i + 1, j)) {
        ++i;
      } else {
        ++j;
      }
    }
  }

  void judge_pairs(const std::vector<Passing>& sim, const std::vector<Passing>& real,
                   const Pairs& together) {
    const bool arp = conversation_.starts_with("ARP") || conversation_.starts_with("ND ");
    for (std::size_t p = 0; p < together.size(); ++p) {
      const Passing& ours = sim[together[p].first];
      const Passing& theirs = real[together[p].second];
      bool on_time = distance(times_.to_real(ours.at), theirs.at) <= kFlatTolerance;
      if (!on_time && p > 0) {
        const SimDuration gap = ours.at - sim[together[p - 1].first].at;
        const SimDuration real_gap = theirs.at - real[together[p - 1].second].at;
        on_time = (!arp || gap <= kArpRetries) && same_length(gap, real_gap);
        if (is_report()) on_time = on_time || drawn_alike(gap, real_gap);
      }
      judge(ours, theirs, on_time);
    }
  }

  /// Both pauses can have been drawn from the same lots.
  static bool drawn_alike(SimDuration sim, SimDuration real) {
    const SimDuration most = kReportLottery + tolerance_of(kReportLottery);
    return sim <= most && real <= most;
  }

  void judge(const Passing& sim, const Passing& real, bool on_time) {
    partners_.push_back({sim, real});
    std::vector<FieldDifference> fields = differing_fields(normal(sim), normal_real(real));
    if (!on_time) {
      fields.push_back(
          {.name = "time", .sim = seconds(times_.to_real(sim.at)), .real = seconds(real.at)});
    }
    if (fields.empty()) {
      ++result_.agreed;
      return;
    }
    add(FrameDifference::Kind::kField, sim, &real, std::move(fields));
  }

  static std::string seconds(SimTime at) {
    return fmt::format("{}.{:06} s", at.ns / 1'000'000'000, at.ns / 1'000 % 1'000'000);
  }

  /// How much later than this one the other side's may come: a report that repeats one may come as
  /// long after that as the lots go.
  SimDuration lateness_of(const std::vector<Passing>& frames, std::size_t i) const {
    const SimDuration gap = gap_before(frames, static_cast<std::uint32_t>(i));
    const SimDuration most = kReportLottery + tolerance_of(kReportLottery);
    const bool repeats = is_report() && i > 0 && gap <= most;
    return repeats ? std::max(tolerance_of(gap), most - gap) : tolerance_of(gap);
  }

  void collect_alone(const std::vector<Passing>& sim, const std::vector<Passing>& real,
                     const Pairs& together, std::vector<Alone>& missing,
                     std::vector<Alone>& extra) const {
    std::vector<bool> has_partner(sim.size());
    std::vector<bool> is_partner(real.size());
    for (const auto& [i, j] : together) has_partner[i] = is_partner[j] = true;
    for (std::size_t i = 0; i < sim.size(); ++i) {
      if (has_partner[i]) continue;
      missing.push_back({sim[i], conversation_, lateness_of(sim, i)});
    }
    for (std::size_t j = 0; j < real.size(); ++j) {
      if (is_partner[j]) continue;
      extra.push_back({real[j], conversation_, lateness_of(real, j)});
    }
  }

  /// The same frame on both sides, but not in the same order as others; or at a wrong time.
  void find_reordered(std::vector<Alone>& missing, std::vector<Alone>& extra) {
    for (auto ours = missing.begin(); ours != missing.end();) {
      const auto theirs = std::ranges::find_if(
          extra, [&](const Alone& real) { return equal(ours->frame, real.frame); });
      if (theirs == extra.end()) {
        ++ours;
        continue;
      }
      partners_.push_back({ours->frame, theirs->frame});
      const SimTime due = times_.to_real(ours->frame.at);
      if (distance(due, theirs->frame.at) <= kFlatTolerance) {
        add(FrameDifference::Kind::kReordered, ours->frame, &theirs->frame, {});
      } else {
        add(FrameDifference::Kind::kField, ours->frame, &theirs->frame,
            {{.name = "time", .sim = seconds(due), .real = seconds(theirs->frame.at)}});
      }
      extra.erase(theirs);
      ours = missing.erase(ours);
    }
  }

  void pair_across_conversations() {
    std::ranges::stable_sort(missing_, {}, [](const Alone& a) { return a.frame.at; });
    for (auto ours = missing_.begin(); ours != missing_.end();) {
      auto best = extra_.end();
      int least = kNever;
      for (auto theirs = extra_.begin(); theirs != extra_.end(); ++theirs) {
        if (!near(ours->frame, theirs->frame, SimDuration{})) continue;
        const int cost = cost_of(ours->frame, theirs->frame, {});
        if (cost >= least) continue;
        least = cost;
        best = theirs;
      }
      if (best == extra_.end()) {
        ++ours;
        continue;
      }
      conversation_ = ours->conversation;
      judge(ours->frame, best->frame,
            distance(times_.to_real(ours->frame.at), best->frame.at) <= kFlatTolerance);
      extra_.erase(best);
      ours = missing_.erase(ours);
    }
  }

  void report_the_rest() {
    const SimTime end = real_.recording().ended_at;
    for (const Alone& ours : missing_) {
      if (times_.to_real(ours.frame.at) + kFlatTolerance + ours.tolerance > end) continue;
      conversation_ = ours.conversation;
      add(FrameDifference::Kind::kMissing, ours.frame, nullptr, {});
    }
    for (const Alone& theirs : extra_) {
      conversation_ = theirs.conversation;
      add(FrameDifference::Kind::kExtra, theirs.frame, nullptr, {});
    }
  }

  void add(FrameDifference::Kind kind, const Passing& frame, const Passing* real,
           std::vector<FieldDifference> fields) {
    ++result_.different;
    const bool extra = kind == FrameDifference::Kind::kExtra;
    FrameDifference difference{.kind = kind,
                               .dev = result_.name.dev,
                               .conversation = conversation_,
                               .out = frame.out,
                               .sim = extra ? RecordId{} : frame.record,
                               .real = extra ? frame.record : RecordId{},
                               .fields = std::move(fields)};
    if (real != nullptr) difference.real = real->record;
    differences_.push_back({frame.at, result_.name.host, std::move(difference)});
  }

  const Side& sim_;
  const Side& real_;
  const TimeMap& times_;
  std::string conversation_;
  std::vector<Alone> missing_, extra_;
  InterfaceResult result_;
  std::vector<Difference> differences_;
  std::vector<Partners> partners_;
};

std::vector<InterfaceName> interface_names(const scenario::Scenario& scenario) {
  std::vector<InterfaceName> names;
  for (const scenario::Host& host : scenario.hosts) {
    names.push_back({host.name, "lo"});
    for (const scenario::Nic& nic : host.nics) names.push_back({host.name, nic.name});
  }
  return names;
}

/// Each frame left after the one that it answers.
class CauseChecker {
 public:
  CauseChecker(const Side& sim, const Side& real, const std::vector<Partners>& partners)
      : sim_(sim), real_(real) {
    for (const Partners& pair : partners) real_of_[pair.sim.record.value] = pair.real.record;
  }

  void check(const Partners& pair, const InterfaceName& name, std::vector<Difference>& out) const {
    if (!pair.sim.out) return;
    const std::optional<RecordId> cause = cause_of(pair.sim.record);
    if (!cause) return;
    const RecordId real_cause = real_of_.at(cause->value);
    const Trace& trace = real_.recording().trace;
    if (std::pair(trace[real_cause].at, real_cause) < std::pair(pair.real.at, pair.real.record)) {
      return;
    }
    out.push_back({pair.sim.at, name.host,
                   FrameDifference{.kind = FrameDifference::Kind::kReordered,
                                   .dev = name.dev,
                                   .conversation = sim_.flows().frame(pair.sim.frame).conversation,
                                   .out = true,
                                   .sim = pair.sim.record,
                                   .real = pair.real.record,
                                   .fields = {}}});
  }

 private:
  /// The nearest cause of a sent frame that is a frame at the same host, if it has a partner.
  std::optional<RecordId> cause_of(RecordId sent) const {
    const Trace& trace = sim_.recording().trace;
    for (RecordId id = trace[sent].cause; id.valid(); id = trace[id].cause) {
      const TraceRecord& r = trace[id];
      if (r.kind != RecordKind::kFrameReceived && r.kind != RecordKind::kFrameSent) continue;
      if (r.node != trace[sent].node || !real_of_.contains(id.value)) return std::nullopt;
      return id;
    }
    return std::nullopt;
  }

  const Side& sim_;
  const Side& real_;
  std::map<std::uint32_t, RecordId> real_of_;
};

}  // namespace

FramesResult compare_frames(const Side& sim, const Side& real, const TimeMap& times,
                            const scenario::Scenario& scenario) {
  FramesResult result;
  std::vector<Partners> partners;
  std::vector<std::size_t> ends;
  for (InterfaceName& name : interface_names(scenario)) {
    InterfaceComparer comparer(sim, real, times, std::move(name));
    comparer.run();
    partners.insert(partners.end(), comparer.partners().begin(), comparer.partners().end());
    ends.push_back(partners.size());
    result.interfaces.push_back(comparer.result());
    result.differences.insert(result.differences.end(), comparer.differences().begin(),
                              comparer.differences().end());
  }
  const CauseChecker causes(sim, real, partners);
  std::size_t next = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    InterfaceResult& interface = result.interfaces[i];
    const std::size_t before = result.differences.size();
    for (; next < ends[i]; ++next) {
      causes.check(partners[next], interface.name, result.differences);
    }
    interface.different += result.differences.size() - before;
  }
  std::erase_if(result.interfaces,
                [](const InterfaceResult& one) { return one.agreed + one.different == 0; });
  return result;
}

}  // namespace lvslab::compare
