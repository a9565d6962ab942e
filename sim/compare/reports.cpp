#include "sim/compare/reports.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>

namespace lvslab::compare {
namespace {

constexpr SimDuration kMost = kReportLottery + tolerance_of(kReportLottery);

/// A change of a group, as an interface saw it told.
struct Change {
  SimTime at;
  std::string what;  ///< "3 (left)"
  std::string rest;  ///< of the packet
  bool repeated = false;
  SimTime ended = SimTime::never();  ///< when it no longer needed to be told

  bool may_lack_a_repetition() const { return ended != SimTime::never() && ended - at <= kMost; }
};

/// By group, and whether the interface sent it.
using Changes = std::map<std::pair<bool, std::string>, std::vector<Change>>;

/// All but what says how many changes there are, and which.
std::string rest_of(const NormalFrame& frame) {
  std::string rest;
  for (const NormalField& field : frame.fields) {
    const bool counts = field.name == "IGMP record count" || field.name == "IGMP change" ||
                        field.name == "IGMP group" || field.name == "IPv4 total length";
    if (!counts) rest += field.name + "=" + field.value + ";";
  }
  return rest;
}

/// When a host, a cable or an interface may have gone, and no second time came: `trace` is that of
/// the simulator, which alone knows of faults.
std::vector<SimTime> losses(const Trace& trace) {
  std::vector<SimTime> times;
  for (const TraceRecord& r : trace.records()) {
    bool lost = r.kind == RecordKind::kFault;
    if (r.kind == RecordKind::kRowChanged) {
      const TableRow changed = trace.row(r.args[0]);
      const auto* link = std::get_if<LinkRow>(&changed);
      lost = link != nullptr && !(link->up && link->carrier);
    }
    if (lost) times.push_back(r.at);
  }
  times.push_back(SimTime::never());
  std::ranges::sort(times);
  return times;
}

Changes changes_of(const Side& side, const std::vector<Passing>& frames,
                   const std::vector<SimTime>& losses) {
  Changes all;
  for (const Passing& passing : frames) {
    const NormalFrame& frame = side.frame(passing.frame);
    std::string what;
    for (const NormalField& field : frame.fields) {
      if (field.name == "IGMP change") what = field.value;
      if (field.name != "IGMP group") continue;
      std::vector<Change>& changes = all[{passing.out, field.value}];
      if (!changes.empty()) {
        Change& last = changes.back();
        if (last.what == what && !last.repeated && passing.at - last.at <= kMost) {
          last.repeated = true;
          continue;
        }
        last.ended = passing.at;
      }
      changes.push_back({.at = passing.at, .what = what, .rest = rest_of(frame)});
    }
  }
  const SimTime end = side.recording().ended_at;
  for (auto& [group, changes] : all) {
    for (Change& change : changes) {
      change.ended = std::min({change.ended, end, *std::ranges::lower_bound(losses, change.at)});
    }
  }
  return all;
}

}  // namespace

bool is_of_reports(std::string_view conversation) {
  return conversation.starts_with("IP protocol 2 ") || conversation == kListenerReports;
}

bool tell_the_same(const Side& sim, const std::vector<Passing>& ours, const Side& real,
                   const std::vector<Passing>& theirs, const TimeMap& times) {
  const std::vector<SimTime> lost = losses(sim.recording().trace);
  const Changes told = changes_of(sim, ours, lost);
  const Changes told_there = changes_of(real, theirs, lost);
  const auto same_change = [&](const Change& a, const Change& b) {
    return a.what == b.what && a.rest == b.rest &&
           distance(times.to_real(a.at), b.at) <= kFlatTolerance &&
           (a.repeated == b.repeated || a.may_lack_a_repetition() || b.may_lack_a_repetition());
  };
  return std::ranges::equal(told, told_there, [&](const auto& a, const auto& b) {
    return a.first == b.first && std::ranges::equal(a.second, b.second, same_change);
  });
}

}  // namespace lvslab::compare
