#include "sim/lab/session.h"

#include <algorithm>

namespace lvslab::lab {
namespace {

/// Events between two looks at the listener and the snapshots.
constexpr std::uint64_t kBatch = 16'384;
/// So many snapshots are kept; then every second one goes, and they are taken half as often.
constexpr std::size_t kSnapshots = 48;

}  // namespace

Session::Session(Backend& backend, scenario::Scenario scenario, SessionOptions options,
                 Listener* listener)
    : backend_(backend),
      scenario_(std::move(scenario)),
      options_(options),
      listener_(listener),
      snapshot_every_(options.snapshot_every) {}

Result<void> Session::start() {
  trace_ = {};
  state_ = {};
  typed_.clear();
  snapshots_.clear();
  snapshot_every_ = backend_.rewindable() == nullptr ? 0 : options_.snapshot_every;
  if (auto loaded = backend_.load(scenario_, &trace_); !loaded) return loaded;
  state_.free_at = state_.last_end = backend_.now();
  last_step_begin_ = trace_.size();
  take_snapshot_if_due();
  return {};
}

PlayEnd Session::run_to_end() { return play({}); }

PlayEnd Session::next(Stride stride) {
  for (;;) {
    const std::uint64_t before = state_.step;
    const PlayEnd end = play({.step = before + 1, .entry = {}});
    if (end != PlayEnd::kReached || was(stride, last_step_begin_)) return end;
  }
}

PlayEnd Session::next_event(SimTime limit) {
  return play({.until = limit, .step = state_.step + 1, .entry = {}, .beyond_end = true});
}

PlayEnd Session::run_until(SimTime at) {
  return play({.until = at, .entry = {}, .beyond_end = true});
}

PlayEnd Session::run_until_done(std::size_t entry) {
  return play({.entry = entry, .beyond_end = true});
}

PlayEnd Session::run_until_done(std::size_t entry, SimTime limit) {
  return play({.until = limit, .entry = entry, .beyond_end = true});
}

// --- playing -------------------------------------------------------------------------------------

PlayEnd Session::play(const Goal& goal) {
  for (;;) {
    if (const auto end = play_once(goal)) return *end;
  }
}

// One line, fault or batch of events, or a stretch of time; an end if there is nothing to do.
std::optional<PlayEnd> Session::play_once(const Goal& goal) {
  if (goal.entry && state_.entries[*goal.entry].done) return PlayEnd::kReached;
  if (state_.step >= goal.step) return PlayEnd::kReached;
  if (state_.storm.kind != Storm::Kind::kNone) return PlayEnd::kStorm;
  if (finished() && !goal.beyond_end) return PlayEnd::kFinished;
  if (options_.stop != nullptr && *options_.stop != 0) return PlayEnd::kInterrupted;
  take_snapshot_if_due();

  const std::optional<SimTime> due = script_due();
  const std::size_t records = trace_.size();
  if (due && *due <= backend_.now()) {
    last_step_begin_ = records;
    script_act();
    ++state_.step;
    return std::nullopt;
  }
  const RunStop stop = backend_.run(limits_for(goal, due));
  state_.step += stop.events;
  if (stop.events > 0) last_step_begin_ = records;
  collect_done();
  if (listener_ != nullptr && !replaying_) listener_->on_progress(now(), state_.step);
  switch (stop.reason) {
    case StopReason::kStorm: state_.storm = stop.storm; return PlayEnd::kStorm;
    case StopReason::kInterrupted: return PlayEnd::kInterrupted;
    case StopReason::kTimeReached: return on_time_reached(goal);
    case StopReason::kIdle: return PlayEnd::kFinished;
    case StopReason::kJobDone:
    case StopReason::kEventLimit: return std::nullopt;
  }
  return std::nullopt;
}

RunLimits Session::limits_for(const Goal& goal, std::optional<SimTime> due) const {
  RunLimits limits{.until = std::min({goal.until, end_time(), next_keep(), give_up_time(goal)}),
                   .events = std::min(kBatch, goal.step - state_.step),
                   .stop = options_.stop};
  if (due) limits.until = std::min(limits.until, *due);
  if (snapshot_every_ > 0) {
    const std::uint64_t next = snapshots_.back().state.step + snapshot_every_;
    if (next > state_.step) limits.events = std::min(limits.events, next - state_.step);
  }
  for (const std::size_t entry : state_.open) limits.jobs.push_back(state_.entries[entry].ticket);
  return limits;
}

std::optional<PlayEnd> Session::on_time_reached(const Goal& goal) {
  keep_tables();
  if (give_up_time(goal) <= now()) {
    give_up(goal);
    return std::nullopt;
  }
  if (const auto due = script_due(); due && *due <= now()) return std::nullopt;
  if (!finished() && end_time() <= now()) {
    state_.phase = Phase::kFinished;
    state_.finished_at = now();
  }
  if (goal.until <= now()) return PlayEnd::kReached;
  return std::nullopt;
}

bool Session::was(Stride stride, std::size_t first_record) const {
  if (stride == Stride::kEvent) return true;
  return std::ranges::any_of(trace_.records().subspan(first_record), [&](const TraceRecord& r) {
    if (stride == Stride::kDecision) return r.kind == RecordKind::kDecision;
    return r.kind == RecordKind::kFrameSent || r.kind == RecordKind::kFrameReceived ||
           r.kind == RecordKind::kFrameDropped;
  });
}

void Session::take_snapshot_if_due() {
  if (snapshot_every_ == 0 || replaying_) return;
  if (!snapshots_.empty() && state_.step < snapshots_.back().state.step + snapshot_every_) return;
  Rewindable& rewindable = *backend_.rewindable();
  if (snapshots_.size() == kSnapshots) {
    std::deque<Snapshot> kept;
    for (std::size_t i = 0; i < snapshots_.size(); ++i) {
      if (i % 2 == 0) {
        kept.push_back(std::move(snapshots_[i]));
      } else {
        rewindable.forget(snapshots_[i].id);
      }
    }
    snapshots_ = std::move(kept);
    snapshot_every_ *= 2;
  }
  snapshots_.push_back({rewindable.snapshot(), state_, now(), trace_.mark()});
}

// --- tables for expectations with a time
// -----------------------------------------------------------

SimTime Session::next_keep() const {
  SimTime next = SimTime::never();
  if (finished()) return next;
  for (std::size_t i = 0; i < scenario_.expectations.size(); ++i) {
    const auto* table = std::get_if<scenario::TableExpectation>(&scenario_.expectations[i].check);
    if (table == nullptr || !table->at || state_.kept.contains(i)) continue;
    next = std::min(next, *table->at);
  }
  return next;
}

void Session::keep_tables() {
  if (next_keep() > now()) return;
  for (std::size_t i = 0; i < scenario_.expectations.size(); ++i) {
    const auto* table = std::get_if<scenario::TableExpectation>(&scenario_.expectations[i].check);
    if (table == nullptr || !table->at || *table->at > now() || state_.kept.contains(i)) continue;
    if (auto tables = backend_.tables(table->host)) state_.kept[i] = *std::move(tables);
  }
}

// --- typing --------------------------------------------------------------------------------------

Result<std::size_t> Session::type(std::string_view host, std::string_view line) {
  if (scenario_.find_host(host) == nullptr) {
    return fail("there is no host '" + std::string(host) + "' in this scenario");
  }
  if (!replaying_) {
    drop_future();
    typed_.push_back({state_.step, now(), std::string(host), std::string(line)});
  }
  last_step_begin_ = trace_.size();
  Entry entry;
  entry.host = host;
  entry.text = line;
  const std::size_t index = begin_line(std::move(entry));
  ++state_.step;
  return index;
}

void Session::interrupt(std::size_t entry) {
  if (state_.entries[entry].done) return;
  if (!replaying_) {
    drop_future();
    typed_.push_back({state_.step, now(), {}, {}, entry});
  }
  last_step_begin_ = trace_.size();
  state_.entries[entry].interrupted = true;
  backend_.interrupt(state_.entries[entry].ticket);
  ++state_.step;
  collect_done();
}

Result<void> Session::strike(const scenario::Fault& fault) {
  const std::size_t before = trace_.size();
  if (auto applied = backend_.apply(fault); !applied) return applied;
  if (!replaying_) {
    drop_future();
    typed_.push_back({.step = state_.step, .at = now(), .fault = fault});
  }
  last_step_begin_ = before;
  state_.struck.push_back({fault, now()});
  state_.last_end = std::max(state_.last_end, now());
  ++state_.step;
  collect_done();
  return {};
}

}  // namespace lvslab::lab
