// The whole simulated network as one value: hosts, switches, cables, time. Copying it is a
// snapshot; the same calls on a copy give the same run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/world.h"
#include "sim/host/host.h"
#include "sim/link/fabric.h"
#include "sim/link/switch.h"

namespace lvslab::host {

/// In place of a direction: nothing is plugged in.
inline constexpr std::uint32_t kUnplugged = 0xffff'ffffU;

struct SwitchNode {
  std::string name;
  link::Switch ports;
};

/// What an event was about, for those who step through a run.
enum class Ran : std::uint8_t { kNothing, kFrame, kTimer, kScript };

class Network {
 public:
  explicit Network(std::uint64_t seed = 1);

  // --- building; hosts first, then switches, then cables --------------------------------------
  NodeId add_host(const BootConfig& boot);
  NodeId add_switch(std::string name);
  /// Plugs the interface `nic` of a host (0 is eth0) into a switch.
  void plug(NodeId host, std::size_t nic, NodeId into, const link::Impairment& impairment);
  void join_switches(NodeId a, NodeId b, const link::Impairment& impairment);
  /// A cable between two interfaces, each direction with its sender's properties.
  void join_nics(NodeId a, std::size_t nic_a, const link::Impairment& from_a, NodeId b,
                 std::size_t nic_b, const link::Impairment& from_b);
  /// The tick of the kernels that the hosts run (TimerWheel), for all hosts that are there.
  void set_tick(SimDuration tick);
  /// Names nodes and interfaces in `trace`; once, before anything is recorded.
  void describe(Trace& trace) const;
  /// Applies addresses, routes and sysctls of the boot configuration.
  void boot(NodeId host, Trace* trace);

  // --- running ---------------------------------------------------------------------------------
  SimTime now() const { return world_.now; }
  SimTime next_event() const { return world_.events.next_time(); }
  /// Handles the next event; only if there is one.
  Ran run_one(Trace* trace);
  /// Moves time forward without an event; `at` must not pass next_event().
  void advance_to(SimTime at);
  std::uint64_t events_run() const { return events_run_; }
  std::uint64_t frames_arrived() const { return frames_arrived_; }

  // --- commands ----------------------------------------------------------------------------------
  /// Types a line on a host. The job may be done at once, or after events have been run.
  JobId type(NodeId host, std::string_view line, Trace* trace);
  const Job& job(NodeId host, JobId job) const;
  /// Starts a program without a shell: services of benchmarks and tests.
  std::uint32_t start_app(NodeId host, apps::App app, Trace* trace);
  /// Ctrl-C on the terminal of a job.
  void interrupt(NodeId host, JobId job, Trace* trace);
  bool is_up(NodeId host) const { return hosts_[host.value].power == Power::kOn; }

  // --- faults ------------------------------------------------------------------------------------
  /// Both directions of the cable at an interface.
  void set_cable(NodeId host, IfIndex dev, bool up, Trace* trace, RecordId cause);
  link::Impairment impairment(NodeId host, IfIndex dev) const;
  void set_impairment(NodeId host, IfIndex dev, const link::Impairment& impairment);
  void crash(NodeId host, Trace* trace, RecordId cause);
  void power_off(NodeId host, Trace* trace, RecordId cause);
  void reboot(NodeId host, Trace* trace, RecordId cause);
  /// From a command on the host itself: carried out when the event that typed it is over.
  void request_power(NodeId host, Power power) { hosts_[host.value].requested = power; }

  // --- reading -----------------------------------------------------------------------------------
  std::size_t hosts() const { return hosts_.size(); }
  std::size_t switches() const { return switches_.size(); }
  std::optional<NodeId> find_host(std::string_view name) const;
  const Host& host(NodeId id) const { return hosts_[id.value]; }
  Host& host(NodeId id) { return hosts_[id.value]; }
  /// Brings IPVS counters up to now, so it is not const.
  HostTables tables(NodeId host);
  Files& files(NodeId host) { return hosts_[host.value].user.get().files; }
  World& world() { return world_; }
  const std::vector<BootConfig>& boot_configs() const { return boots_; }

 private:
  friend class Wiring;

  bool is_host(NodeId id) const { return id.value < hosts_.size(); }
  SwitchNode& switch_at(NodeId id) { return switches_[id.value - hosts_.size()]; }
  std::uint32_t direction_at(NodeId host, IfIndex dev) const {
    return hosts_[host.value].directions[dev.value - 1U];
  }
  Step step_for(NodeId node, Trace* trace, RecordId cause);
  /// After anything that ran on a host: exited programs, a requested reboot, the next timer.
  void finish(Step& step, NodeId host, Trace* trace);
  bool takes_in(const link::Plug& plug) const;
  Ran run_link(std::uint32_t direction, Trace* trace);
  Ran run_host_timers(NodeId host, Trace* trace);
  void stop_kernel(Step& step, Host& host);
  void carry(NodeId host, IfIndex dev, bool up, Trace* trace, RecordId cause);

  World world_;
  link::Fabric fabric_;
  std::vector<Host> hosts_;
  std::vector<BootConfig> boots_;
  std::vector<SwitchNode> switches_;
  TimerQueue switch_timers_;  ///< switches have none; a Step needs one to refer to
  std::uint64_t events_run_ = 0;
  std::uint64_t frames_arrived_ = 0;
};

/// /etc/hosts of every host: localhost, and each host by its first address.
std::string hosts_file(const std::vector<BootConfig>& boots);

}  // namespace lvslab::host
