// The simulator behind the waist of sim/lab/backend.h: a scenario becomes a network of simulated
// hosts, whose copy is a snapshot.
//
// Models: all of Backend and Rewindable. A frame that goes round for ever is noticed only while
// somebody records (lab::StormWatch reads the trace).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/lab/backend.h"

namespace lvslab::backend {

class SimBackend final : public lab::Backend, public lab::Rewindable {
 public:
  /// `tick`: of the kernel whose timers are simulated (TimerWheel); 0: timers run when they are
  /// due.
  explicit SimBackend(SimDuration tick = {});
  ~SimBackend() override;
  SimBackend(const SimBackend&) = delete;
  SimBackend& operator=(const SimBackend&) = delete;

  lab::Capabilities capabilities() const override;
  lab::Rewindable* rewindable() override { return this; }
  Result<void> load(const scenario::Scenario& scenario, Trace* sink) override;

  Result<lab::Ticket> exec(std::string_view host, std::string_view line) override;
  lab::JobState job(lab::Ticket ticket) const override;
  bool job_done(lab::Ticket ticket) const override;
  void interrupt(lab::Ticket ticket) override;

  SimTime now() const override;
  lab::RunStop run(const lab::RunLimits& limits) override;

  Result<void> apply(const scenario::Fault& fault) override;
  bool is_up(std::string_view host) const override;
  Result<HostTables> tables(std::string_view host) override;

  lab::SnapshotId snapshot() override;
  bool restore(lab::SnapshotId id) override;
  void forget(lab::SnapshotId id) override;

 private:
  struct State;
  struct Interface;

  Result<Interface> find_interface(const scenario::Fault& fault) const;

  std::unique_ptr<State> state_;
  std::map<std::uint32_t, std::unique_ptr<State>> snapshots_;
  std::uint32_t next_snapshot_ = 0;
  Trace* trace_ = nullptr;
  SimDuration tick_;
};

}  // namespace lvslab::backend
