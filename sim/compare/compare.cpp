#include "sim/compare/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "sim/compare/ignore.h"
#include "sim/compare/output.h"
#include "sim/compare/rows.h"

namespace lvslab::compare {
namespace {

/// Typed lines of both runs that are the same line.
struct EntryPair {
  const lab::Entry* sim = nullptr;
  const lab::Entry* real = nullptr;
};

/// What names a typed line in both runs. Lines that somebody typed are counted.
std::vector<EntryPair> pair_entries(const Recording& sim, const Recording& real) {
  using Key = std::tuple<lab::Entry::Origin, std::size_t, std::size_t, std::string>;
  std::map<Key, EntryPair> pairs;
  std::vector<Key> order;
  const auto take = [&](const Recording& recording, const lab::Entry* EntryPair::* side) {
    std::size_t typed = 0;
    for (const lab::Entry& entry : recording.entries) {
      const bool free = entry.origin == lab::Entry::Origin::kTyped;
      const Key key{entry.origin, free ? typed++ : entry.item, entry.line, entry.text};
      if (!pairs.contains(key)) order.push_back(key);
      pairs[key].*side = &entry;
    }
  };
  take(sim, &EntryPair::sim);
  take(real, &EntryPair::real);
  std::vector<EntryPair> out;
  for (const Key& key : order) out.push_back(pairs.at(key));
  return out;
}

TimeMap time_map(const std::vector<EntryPair>& entries) {
  std::vector<TimeMap::Knot> knots;
  for (const EntryPair& pair : entries) {
    if (pair.sim == nullptr || pair.real == nullptr) continue;
    knots.push_back({pair.sim->started, pair.real->started});
    if (pair.sim->done && pair.real->done) knots.push_back({pair.sim->ended, pair.real->ended});
  }
  return TimeMap(std::move(knots));
}

std::string seconds(SimDuration length) {
  return fmt::format("{}.{:03} s", length.seconds(), length.ms() % 1'000);
}

std::string status_of(const lab::Entry& entry) {
  if (entry.refused) return "refused: the host is down";
  if (entry.unfinished) return "unfinished";
  return fmt::format("{}", entry.status);
}

class LinesComparer {
 public:
  LinesComparer(const Side& sim, const Side& real, Comparison& result)
      : sim_(sim), real_(real), result_(result) {}

  void compare(const EntryPair& pair) {
    using Kind = LineDifference::Kind;
    const std::size_t before = result_.differences.size();
    const lab::Entry& known = pair.sim != nullptr ? *pair.sim : *pair.real;
    if (pair.sim == nullptr || pair.real == nullptr) {
      const auto typed = [](const lab::Entry* entry) { return entry ? "typed" : "not typed"; };
      add(known, {.kind = Kind::kNotTyped, .sim = typed(pair.sim), .real = typed(pair.real)});
      return;
    }
    const std::string status = status_of(*pair.sim);
    const std::string real_status = status_of(*pair.real);
    if (status != real_status) {
      add(known, {.kind = Kind::kStatus, .sim = status, .real = real_status});
    }
    const SimDuration took = pair.sim->ended - pair.sim->started;
    const SimDuration real_took = pair.real->ended - pair.real->started;
    if (!same_length(took, real_took) &&
        distance(SimTime{took.ns}, SimTime{real_took.ns}) > kFlatTolerance) {
      add(known, {.kind = Kind::kDuration, .sim = seconds(took), .real = seconds(real_took)});
    }
    auto lines = differing_lines({sim_, *pair.sim}, {real_, *pair.real});
    if (!lines.empty()) add(known, {.kind = Kind::kOutput, .lines = std::move(lines)});
    if (result_.differences.size() == before) ++result_.lines_agreed;
  }

 private:
  void add(const lab::Entry& entry, LineDifference what) {
    what.line = entry.text;
    result_.differences.push_back({entry.started, entry.host, std::move(what)});
  }

  const Side& sim_;
  const Side& real_;
  Comparison& result_;
};

void compare_tables(const Side& sim, const Side& real, Comparison& result) {
  const auto take = [&](RowsResult rows) {
    result.rows_agreed += rows.agreed;
    std::ranges::move(rows.differences, std::back_inserter(result.differences));
  };
  const Recording& ours = sim.recording();
  const Recording& theirs = real.recording();
  for (const auto& [index, tables] : ours.kept) {
    const auto other = theirs.kept.find(index);
    if (other != theirs.kept.end()) take(compare_rows(sim, tables, real, other->second));
  }
  for (const auto& [host, tables] : ours.tables.hosts) {
    const auto other = theirs.tables.hosts.find(host);
    if (other != theirs.tables.hosts.end()) {
      take(compare_rows(sim, tables, real, other->second));
    }
  }
}

std::string_view end_name(lab::PlayEnd end) {
  switch (end) {
    case lab::PlayEnd::kReached:
    case lab::PlayEnd::kFinished: return "finished";
    case lab::PlayEnd::kStorm: return "stopped by a packet storm";
    case lab::PlayEnd::kInterrupted: return "interrupted";
  }
  return "";
}

std::string hosts_up(const Recording& recording) {
  std::string names;
  for (const auto& [host, tables] : recording.tables.hosts) {
    names += names.empty() ? host : " " + host;
  }
  return names;
}

void compare_ends(const Recording& sim, const Recording& real, Comparison& result) {
  const auto add = [&](std::string ours, std::string theirs) {
    result.differences.push_back(
        {sim.ended_at, "", RunDifference{.sim = std::move(ours), .real = std::move(theirs)}});
  };
  if (sim.end != real.end) add(std::string(end_name(sim.end)), std::string(end_name(real.end)));
  if (hosts_up(sim) != hosts_up(real)) {
    add("hosts up at the end: " + hosts_up(sim), "hosts up at the end: " + hosts_up(real));
  }
  std::vector<std::string> ours;
  std::vector<std::string> theirs;
  for (const Error& error : sim.problems) ours.push_back(error.to_string());
  for (const Error& error : real.problems) theirs.push_back(error.to_string());
  for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
    const std::string fine = "no such problem";
    const std::string& a = i < ours.size() ? ours[i] : fine;
    const std::string& b = i < theirs.size() ? theirs[i] : fine;
    if (a != b) add(a, b);
  }
}

}  // namespace

bool Comparison::agrees() const {
  return differences.empty() &&
         std::ranges::none_of(ignored, [](const IgnoreResult& one) { return one.hidden == 0; });
}

Comparison compare(const scenario::Scenario& scenario, const Recording& sim,
                   const Recording& real) {
  const Side ours(sim);
  const Side theirs(real);
  const std::vector<EntryPair> entries = pair_entries(sim, real);
  const TimeMap times = time_map(entries);

  Comparison result;
  FramesResult frames = compare_frames(ours, theirs, times, scenario);
  result.interfaces = std::move(frames.interfaces);
  result.differences = std::move(frames.differences);
  LinesComparer lines(ours, theirs, result);
  for (const EntryPair& pair : entries) lines.compare(pair);
  compare_tables(ours, theirs, result);
  compare_ends(sim, real, result);
  std::ranges::stable_sort(result.differences, {}, &Difference::at);
  result.ignored = take_out_ignored(scenario, sim, real, result.differences);
  return result;
}

}  // namespace lvslab::compare
