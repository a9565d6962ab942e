// What was played and typed, as a scenario.
#include <algorithm>

#include "sim/lab/session.h"

namespace lvslab::lab {
namespace {

struct Played {
  scenario::TimelineItem item;
  SimTime begun, ended;
  bool done = false;
};

// The items that have begun and the typed lines, in the order in which they began.
std::vector<Played> played_items(const scenario::Scenario& scenario,
                                 const std::vector<Entry>& entries, std::size_t begun_items,
                                 const std::vector<SimTime>& begun_at) {
  std::vector<Played> played;
  for (std::size_t i = 0; i < begun_items; ++i) {
    played.push_back({scenario.timeline[i], begun_at[i], begun_at[i], true});
  }
  for (const Entry& entry : entries) {
    if (entry.origin == Entry::Origin::kSetup) continue;
    if (entry.origin == Entry::Origin::kTimeline) {
      Played& of = played[entry.item];
      of.ended = std::max(of.ended, entry.done ? entry.ended : SimTime::never());
      of.done = of.done && entry.done;
      continue;
    }
    scenario::Run run;
    run.host = entry.host;
    run.lines.push_back({entry.text, {}});
    Played typed{.item = {}, .begun = entry.started, .ended = entry.ended, .done = entry.done};
    typed.item.action = std::move(run);
    played.push_back(std::move(typed));
  }
  return played;
}

}  // namespace

scenario::Scenario Session::to_scenario() const {
  scenario::Scenario saved = scenario_;
  const auto typed = std::ranges::find(state_.entries, Entry::Origin::kTyped, &Entry::origin);
  if (typed == state_.entries.end() && state_.struck.empty()) return saved;
  SimTime first = typed == state_.entries.end() ? SimTime::never() : typed->started;
  std::vector<Played> played =
      played_items(scenario_, state_.entries, state_.begun.size(), state_.begun);
  for (const Struck& struck : state_.struck) {
    Played one{.item = {}, .begun = struck.at, .ended = struck.at, .done = true};
    one.item.action = struck.fault;
    played.push_back(std::move(one));
    first = std::min(first, struck.at);
  }
  std::ranges::stable_sort(played, {}, &Played::begun);
  saved.timeline.clear();
  for (std::size_t i = 0; i < played.size(); ++i) {
    Played& one = played[i];
    // From the first typed line or struck fault on, every item says when it began, and whether the
    // next one began before it was over.
    if (one.begun >= first) {
      one.item.at = one.begun;
      one.item.after.reset();
    }
    auto* run = std::get_if<scenario::Run>(&one.item.action);
    const bool overlapped = i + 1 < played.size() && (!one.done || played[i + 1].begun < one.ended);
    if (run != nullptr && overlapped) run->background = true;
    saved.timeline.push_back(std::move(one.item));
  }
  for (std::size_t i = state_.begun.size(); i < scenario_.timeline.size(); ++i) {
    saved.timeline.push_back(scenario_.timeline[i]);
  }
  if (saved.until && *saved.until < now()) saved.until = now();
  return saved;
}

}  // namespace lvslab::lab
