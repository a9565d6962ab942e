#include "sim/backend/sim_backend.h"

#include <algorithm>

#include "sim/backend/build_network.h"
#include "sim/lab/storm.h"
#include "sim/scenario/units.h"

namespace lvslab::backend {

using lab::RunStop;
using lab::StopReason;
using lab::Ticket;

struct Typed {
  NodeId host;
  host::JobId job = 0;
};

struct SimBackend::State {
  host::Network network;
  std::vector<Typed> typed;  ///< by ticket
  lab::StormWatch storms;
};

struct SimBackend::Interface {
  NodeId host;
  IfIndex dev;
};

SimBackend::SimBackend(SimDuration tick) : state_(std::make_unique<State>()), tick_(tick) {}
SimBackend::~SimBackend() = default;

lab::Capabilities SimBackend::capabilities() const {
  return {
      .simulated_time = true, .rewind = true, .live_tables = true, .events = true, .reasons = true};
}

Result<void> SimBackend::load(const scenario::Scenario& scenario, Trace* sink) {
  snapshots_.clear();
  trace_ = sink;
  state_ = std::make_unique<State>();
  state_->network = build_network(scenario);
  state_->network.set_tick(tick_);
  if (trace_ != nullptr) state_->network.describe(*trace_);
  for (std::size_t h = 0; h < scenario.hosts.size(); ++h) {
    state_->network.boot(NodeId(static_cast<std::uint32_t>(h)), trace_);
  }
  return {};
}

// --- typing --------------------------------------------------------------------------------------

namespace {

std::unexpected<Error> no_host(std::string_view name) {
  return fail("there is no host '" + std::string(name) + "'");
}

}  // namespace

Result<Ticket> SimBackend::exec(std::string_view host, std::string_view line) {
  host::Network& network = state_->network;
  const auto id = network.find_host(host);
  if (!id) return no_host(host);
  if (!network.is_up(*id)) return fail(std::string(host) + " is down: nothing can be typed on it");
  state_->typed.push_back({*id, network.type(*id, line, trace_)});
  return Ticket(static_cast<std::uint32_t>(state_->typed.size() - 1));
}

lab::JobState SimBackend::job(Ticket ticket) const {
  const Typed& typed = state_->typed[ticket.value];
  const host::Job& job = state_->network.job(typed.host, typed.job);
  return {.done = job.done,
          .status = job.status,
          .started = job.started,
          .ended = job.ended,
          .output = job.output};
}

bool SimBackend::job_done(Ticket ticket) const {
  const Typed& typed = state_->typed[ticket.value];
  return state_->network.job(typed.host, typed.job).done;
}

void SimBackend::interrupt(Ticket ticket) {
  const Typed& typed = state_->typed[ticket.value];
  if (job_done(ticket)) return;
  state_->network.interrupt(typed.host, typed.job, trace_);
}

// --- running -------------------------------------------------------------------------------------

SimTime SimBackend::now() const { return state_->network.now(); }

RunStop SimBackend::run(const lab::RunLimits& limits) {
  host::Network& network = state_->network;
  RunStop stop;
  const auto ends = [&](StopReason reason) {
    stop.reason = reason;
    return stop;
  };
  const auto is_done = [&](Ticket ticket) { return job_done(ticket); };
  for (;;) {
    if (limits.stop != nullptr && *limits.stop != 0) return ends(StopReason::kInterrupted);
    if (std::ranges::any_of(limits.jobs, is_done)) return ends(StopReason::kJobDone);
    if (stop.events >= limits.events) return ends(StopReason::kEventLimit);
    const SimTime next = network.next_event();
    if (next > limits.until || next == SimTime::never()) {
      if (limits.until == SimTime::never()) return ends(StopReason::kIdle);
      if (network.now() < limits.until) network.advance_to(limits.until);
      return ends(StopReason::kTimeReached);
    }
    network.run_one(trace_);
    ++stop.events;
    if (trace_ != nullptr && state_->storms.look(*trace_)) {
      stop.storm = state_->storms.storm();
      return ends(StopReason::kStorm);
    }
  }
}

// --- faults and tables ---------------------------------------------------------------------------

Result<SimBackend::Interface> SimBackend::find_interface(const scenario::Fault& fault) const {
  const host::Network& network = state_->network;
  const auto id = network.find_host(fault.host);
  if (!id) return no_host(fault.host);
  if (!scenario::is_link_fault(fault.kind)) return Interface{*id, {}};
  const auto& nics = network.boot_configs()[id->value].nics;
  for (std::size_t nic = 0; nic < nics.size(); ++nic) {
    if (nics[nic].name.view() != fault.nic) continue;
    return Interface{*id, IfIndex(static_cast<std::uint16_t>(nic + 2))};
  }
  return fail("there is no interface '" + fault.host + "/" + fault.nic + "'");
}

Result<void> SimBackend::apply(const scenario::Fault& fault) {
  using scenario::FaultKind;
  const auto at = find_interface(fault);
  if (!at) return std::unexpected(at.error());
  host::Network& network = state_->network;
  link::Impairment impairment;
  switch (fault.kind) {
    case FaultKind::kLinkDown: network.set_cable(at->host, at->dev, false, trace_, {}); return {};
    case FaultKind::kLinkUp: network.set_cable(at->host, at->dev, true, trace_, {}); return {};
    case FaultKind::kCrash: network.crash(at->host, trace_, {}); return {};
    case FaultKind::kReboot: network.reboot(at->host, trace_, {}); return {};
    case FaultKind::kPowerOff: network.power_off(at->host, trace_, {}); return {};
    case FaultKind::kLoss:
    case FaultKind::kDelay:
    case FaultKind::kDuplicate: break;
  }
  impairment = network.impairment(at->host, at->dev);
  std::string text(scenario::to_string(fault.kind));
  if (fault.kind == FaultKind::kLoss) {
    impairment.loss_ppm = fault.ppm;
    text += " " + scenario::share_to_text(fault.ppm);
  } else if (fault.kind == FaultKind::kDuplicate) {
    impairment.duplicate_ppm = fault.ppm;
    text += " " + scenario::share_to_text(fault.ppm);
  } else {
    impairment.delay = fault.delay;
    impairment.jitter = fault.jitter;
    text += " " + scenario::duration_to_text(fault.delay);
  }
  network.set_impairment(at->host, at->dev, impairment);
  if (trace_ != nullptr) {
    TraceRecord record;
    record.at = now();
    record.node = at->host;
    record.dev = at->dev;
    record.kind = RecordKind::kFault;
    record.args[0] = trace_->add_text(text);
    trace_->append(record);
  }
  return {};
}

bool SimBackend::is_up(std::string_view host) const {
  const auto id = state_->network.find_host(host);
  return id && state_->network.is_up(*id);
}

Result<HostTables> SimBackend::tables(std::string_view host) {
  const auto id = state_->network.find_host(host);
  if (!id) return no_host(host);
  return state_->network.tables(*id);
}

// --- snapshots -----------------------------------------------------------------------------------

lab::SnapshotId SimBackend::snapshot() {
  snapshots_[next_snapshot_] = std::make_unique<State>(*state_);
  return lab::SnapshotId(next_snapshot_++);
}

bool SimBackend::restore(lab::SnapshotId id) {
  const auto found = snapshots_.find(id.value);
  if (found == snapshots_.end()) return false;
  *state_ = *found->second;
  return true;
}

void SimBackend::forget(lab::SnapshotId id) { snapshots_.erase(id.value); }

}  // namespace lvslab::backend
