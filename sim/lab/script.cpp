// The order in which a scenario's set-up and timeline are played: docs/scenario-format.md.
#include <algorithm>

#include "sim/lab/session.h"

namespace lvslab::lab {

/// When the script does something next; nothing while it waits for a line, and after its end.
std::optional<SimTime> Session::script_due() {
  if (finished()) return std::nullopt;
  if (!state_.pending.empty()) return now();
  if (state_.waiting) return std::nullopt;
  if (state_.phase == Phase::kSetup) {
    while (state_.item < scenario_.hosts.size() &&
           state_.line == scenario_.hosts[state_.item].setup.size()) {
      ++state_.item;
      state_.line = 0;
    }
    if (state_.item < scenario_.hosts.size()) return now();
    state_.phase = Phase::kTimeline;
    state_.item = state_.line = 0;
    state_.free_at = state_.last_end = now();
  }
  if (state_.phase == Phase::kTimeline) {
    if (state_.line > 0) return now();
    if (state_.item == scenario_.timeline.size()) {
      state_.phase = Phase::kClosing;
      return std::nullopt;
    }
    const scenario::TimelineItem& item = scenario_.timeline[state_.item];
    const SimTime after = state_.free_at + item.after.value_or(SimDuration{});
    return std::max(after, item.at.value_or(SimTime{}));
  }
  return std::nullopt;
}

const scenario::Run* Session::run_of(std::size_t item) const {
  return std::get_if<scenario::Run>(&scenario_.timeline[item].action);
}

void Session::script_act() {
  Entry entry;
  if (!state_.pending.empty()) {
    const PendingLine next = state_.pending.front();
    state_.pending.erase(state_.pending.begin());
    const scenario::Run& run = *run_of(next.item);
    entry = {.origin = Entry::Origin::kTimeline,
             .item = next.item,
             .line = next.line,
             .host = run.host,
             .text = run.lines[next.line].text,
             .background = true};
    begin_line(std::move(entry));
    return;
  }
  if (state_.phase == Phase::kSetup) {
    const scenario::Host& host = scenario_.hosts[state_.item];
    entry = {.origin = Entry::Origin::kSetup,
             .item = state_.item,
             .line = state_.line,
             .host = host.name,
             .text = host.setup[state_.line].text};
    ++state_.line;
    begin_line(std::move(entry));
    return;
  }
  begin_item(scenario_.timeline[state_.item]);
}

void Session::begin_item(const scenario::TimelineItem& item) {
  if (state_.line == 0) {
    state_.begun.push_back(now());
    if (!item.note.empty()) {
      TraceRecord note;
      note.at = now();
      note.kind = RecordKind::kNote;
      note.args[0] = static_cast<std::uint32_t>(state_.item);
      trace_.append(note);
    }
    if (listener_ != nullptr && !replaying_) listener_->on_item(item, now());
  }
  const std::size_t index = state_.item;
  if (const auto* fault = std::get_if<scenario::Fault>(&item.action)) {
    ++state_.item;
    state_.free_at = now();
    state_.last_end = std::max(state_.last_end, now());
    if (auto applied = backend_.apply(*fault); !applied) {
      Error error = applied.error();
      error.where = scenario_.location(item.where);
      state_.problems.push_back(std::move(error));
    }
    collect_done();
    return;
  }
  const scenario::Run& run = *run_of(index);
  Entry entry{.origin = Entry::Origin::kTimeline,
              .item = index,
              .line = state_.line,
              .host = run.host,
              .text = run.lines[state_.line].text,
              .background = run.background};
  if (run.background) {
    ++state_.item;
    state_.free_at = now();
  } else {
    ++state_.line;
  }
  begin_line(std::move(entry));
}

std::size_t Session::begin_line(Entry entry) {
  const std::size_t index = state_.entries.size();
  entry.step = state_.step;
  entry.started = entry.ended = now();
  if (auto ticket = backend_.exec(entry.host, entry.text)) {
    entry.ticket = *ticket;
  } else {
    entry.refused = true;
    entry.status = 255;
    entry.output = "lvslab: " + ticket.error().message + "\n";
  }
  if (entry.origin != Entry::Origin::kTyped && !entry.background) state_.waiting = index;
  state_.entries.push_back(std::move(entry));
  state_.open.push_back(index);
  if (listener_ != nullptr && !replaying_) listener_->on_typed(state_.entries[index]);
  collect_done();
  return index;
}

void Session::collect_done() {
  for (std::size_t i = 0; i < state_.open.size();) {
    const Entry& entry = state_.entries[state_.open[i]];
    if (!entry.refused && !entry.unfinished && !backend_.job_done(entry.ticket)) {
      ++i;
      continue;
    }
    const std::size_t index = state_.open[i];
    state_.open.erase(state_.open.begin() + static_cast<std::ptrdiff_t>(i));
    finish_entry(index);
  }
}

void Session::finish_entry(std::size_t index) {
  Entry& entry = state_.entries[index];
  entry.done = true;
  if (!entry.refused) {
    JobState job = backend_.job(entry.ticket);
    entry.ended = job.done ? job.ended : now();
    entry.status = job.done ? job.status : 130;
    entry.output = std::move(job.output);
  }
  item_line_ended(entry);
  if (listener_ != nullptr && !replaying_) listener_->on_done(entry);
}

void Session::item_line_ended(const Entry& entry) {
  if (entry.origin == Entry::Origin::kTyped) return;
  if (!entry.background) state_.waiting.reset();
  if (entry.origin == Entry::Origin::kSetup) return;
  const std::size_t lines = run_of(entry.item)->lines.size();
  const bool more = entry.line + 1 < lines;
  if (entry.background) {
    if (more) state_.pending.push_back({entry.item, entry.line + 1});
  } else if (!more) {
    ++state_.item;
    state_.line = 0;
    state_.free_at = now();
  }
  if (!more) state_.last_end = std::max(state_.last_end, now());
}

// --- ends ----------------------------------------------------------------------------------------

SimTime Session::end_time() const {
  if (finished()) return SimTime::never();
  if (options_.until) return *options_.until;
  if (scenario_.until) return *scenario_.until;
  const bool playing = std::ranges::any_of(state_.open, [&](std::size_t i) {
    return state_.entries[i].origin != Entry::Origin::kTyped;
  });
  if (state_.phase != Phase::kClosing || playing || !state_.pending.empty()) {
    return SimTime::never();
  }
  return state_.last_end + scenario_.settle;
}

bool Session::is_awaited(std::size_t entry, const Goal& goal) const {
  if (entry == goal.entry || entry == state_.waiting) return true;
  return state_.phase == Phase::kClosing && state_.entries[entry].origin != Entry::Origin::kTyped;
}

SimTime Session::give_up_time(const Goal& goal) const {
  SimTime first = SimTime::never();
  for (const std::size_t i : state_.open) {
    if (!is_awaited(i, goal)) continue;
    first = std::min(first, state_.entries[i].started + kLongestCommand);
  }
  return first;
}

void Session::give_up(const Goal& goal) {
  last_step_begin_ = trace_.size();
  ++state_.step;
  const std::vector<std::size_t> open = state_.open;
  for (const std::size_t i : open) {
    Entry& entry = state_.entries[i];
    if (!is_awaited(i, goal) || entry.started + kLongestCommand > now()) continue;
    entry.interrupted = entry.unfinished = true;
    backend_.interrupt(entry.ticket);
  }
  collect_done();
}

}  // namespace lvslab::lab
