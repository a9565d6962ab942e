// A backend without a network: something happens every millisecond, and lines take as long as they
// say. `take N` takes N milliseconds, `forever` never ends, anything else prints itself at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/base/check.h"
#include "sim/lab/backend.h"

namespace lvslab::lab {

class FakeBackend final : public Backend, public Rewindable {
 public:
  /// From this tick on, every tick is a storm.
  int storm_at_tick = -1;
  /// A broken backend: what is replayed differs from the first time.
  bool forgetful = false;

  Capabilities capabilities() const override { return {.simulated_time = true, .rewind = true}; }
  Rewindable* rewindable() override { return this; }

  Result<void> load(const scenario::Scenario& scenario, Trace* sink) override {
    trace_ = sink;
    state_ = {};
    for (const auto& host : scenario.hosts) {
      state_.hosts.insert(host.name);
      trace_->add_node({.name = host.name, .is_switch = false, .devices = {}});
    }
    return {};
  }

  Result<Ticket> exec(std::string_view host, std::string_view line) override {
    if (!state_.hosts.contains(std::string(host))) return fail(std::string(host) + " is down");
    Job job{.line = std::string(line), .state = {.started = now(), .ended = {}, .output = {}}};
    if (line.starts_with("take ")) {
      job.due = now() + SimDuration{std::stoi(std::string(line.substr(5))) * kMs.ns};
    } else if (line == "forever") {
      job.due = SimTime::never();
    } else {
      job.state.done = true;
      job.state.ended = now();
      job.state.output = std::string(line) + "\n";
    }
    note(RecordKind::kCommand, trace_->add_text(line));
    state_.jobs.push_back(std::move(job));
    return Ticket(static_cast<std::uint32_t>(state_.jobs.size() - 1));
  }
  JobState job(Ticket ticket) const override { return state_.jobs[ticket.value].state; }
  bool job_done(Ticket ticket) const override { return state_.jobs[ticket.value].state.done; }
  void interrupt(Ticket ticket) override {
    Job& job = state_.jobs[ticket.value];
    job.state.done = true;
    job.state.status = 130;
    job.state.ended = now();
    note(RecordKind::kExit, 130);
  }

  SimTime now() const override { return state_.now; }
  RunStop run(const RunLimits& limits) override {
    RunStop stop;
    for (;;) {
      for (const Ticket job : limits.jobs) {
        if (job_done(job)) {
          stop.reason = StopReason::kJobDone;
          return stop;
        }
      }
      if (limits.stop != nullptr && *limits.stop != 0) {
        stop.reason = StopReason::kInterrupted;
        return stop;
      }
      if (stop.events == limits.events) {
        stop.reason = StopReason::kEventLimit;
        return stop;
      }
      const SimTime next{(state_.ticks + 1) * kMs.ns};
      if (next > limits.until) {
        state_.now = std::max(state_.now, limits.until);
        stop.reason = StopReason::kTimeReached;
        return stop;
      }
      tick(next);
      ++stop.events;
      if (storm_at_tick >= 0 && state_.ticks >= storm_at_tick) {
        stop.reason = StopReason::kStorm;
        stop.storm.kind = Storm::Kind::kPingPong;
        return stop;
      }
    }
  }

  Result<void> apply(const scenario::Fault& fault) override {
    if (fault.kind == scenario::FaultKind::kCrash) state_.hosts.erase(fault.host);
    note(RecordKind::kFault, trace_->add_text(fault.host));
    return {};
  }
  bool is_up(std::string_view host) const override {
    return state_.hosts.contains(std::string(host));
  }
  Result<HostTables> tables(std::string_view host) override {
    HostTables tables;
    tables.hostname = host;
    tables.now = now();
    return tables;
  }

  SnapshotId snapshot() override {
    snapshots_.push_back(state_);
    return SnapshotId(static_cast<std::uint32_t>(snapshots_.size() - 1));
  }
  bool restore(SnapshotId id) override {
    if (forgotten_.contains(id.value)) return false;
    state_ = snapshots_[id.value];
    if (forgetful) state_.ticks += 1;
    return true;
  }
  void forget(SnapshotId id) override {
    snapshots_[id.value] = {};
    forgotten_.insert(id.value);
  }
  std::size_t snapshots_kept() const { return snapshots_.size() - forgotten_.size(); }

 private:
  static constexpr SimDuration kMs{1'000'000};
  struct Job {
    std::string line{};
    SimTime due{};
    JobState state{};
  };
  struct State {
    SimTime now;
    std::int64_t ticks = 0;
    std::set<std::string> hosts;
    std::vector<Job> jobs;
  };

  void note(RecordKind kind, std::uint32_t arg) {
    TraceRecord record;
    record.at = now();
    record.node = NodeId(0);
    record.kind = kind;
    record.args[0] = arg;
    trace_->append(record);
  }
  void tick(SimTime at) {
    state_.now = at;
    ++state_.ticks;
    if (state_.ticks % 3 == 0) note(RecordKind::kDecision, static_cast<std::uint32_t>(at.ns));
    if (state_.ticks % 5 == 0) note(RecordKind::kFrameSent, static_cast<std::uint32_t>(at.ns));
    for (Job& job : state_.jobs) {
      if (job.state.done || job.due > at) continue;
      job.state.done = true;
      job.state.ended = at;
      job.state.output = "took " + job.line.substr(5) + " ms\n";
    }
  }

  State state_;
  std::vector<State> snapshots_;
  std::set<std::uint32_t> forgotten_;
  Trace* trace_ = nullptr;
};

}  // namespace lvslab::lab
