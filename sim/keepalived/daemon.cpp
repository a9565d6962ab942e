#include "sim/keepalived/daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/keepalived/daemon_ports.h"
#include "sim/keepalived/data_files.h"

namespace lvslab::keepalived {
namespace {

constexpr Part kParent = Part::kParent, kVrrp = Part::kVrrp, kCheckers = Part::kCheckers;
constexpr std::string_view kVersion = "Keepalived v2.2.7 (01/16,2022)";
/// How long the VRRP process stays after its last word (vrrp_terminate_phase1()).
constexpr SimDuration kFarewell{1'000'000'000};

Part part_of(ConfPhase phase) {
  switch (phase) {
    case ConfPhase::kChecker: return kCheckers;
    case ConfPhase::kVrrp: return kVrrp;
    case ConfPhase::kParent:
    case ConfPhase::kBfd: break;
  }
  return kParent;
}

}  // namespace

// --- starting ------------------------------------------------------------------------------------

void Daemon::start(Step& step, DaemonIo& io, StartOptions options) {
  conf_path_ = std::move(options.conf_path);
  node_ = std::move(options.node);
  detail_ = options.detail;
  io.log(step, kParent, fmt::format("Starting {}", kVersion));
  io.log(step, kParent, fmt::format("Running on {} (built for Linux 5.19.11)", options.kernel));
  io.log(step, kParent, fmt::format("Command line: {}", options.command_line));
  if (!read(step, io, true)) return;
  for (const std::string& path : options.stale_pid_files) {
    io.log(step, kParent, fmt::format("Remove a zombie pid file {}", path));
  }
  if (!options.stays) io.fork(kParent);
  io.log(step, kParent,
         "NOTICE: setting config option max_auto_priority should result in better keepalived "
         "performance");
  const bool vrrp = !conf_.instances.empty(), checkers = !conf_.virtual_servers.empty();
  if (checkers) fork(step, io, kCheckers);
  if (vrrp) fork(step, io, kVrrp);
  if (vrrp) start_vrrp(step, io, true);
  if (checkers) start_checkers(step, io, true);
  if (!vrrp && !checkers) io.log(step, kParent, "Startup complete");
  rearm(step, io);
}

bool Daemon::read(Step& step, DaemonIo& io, bool first) {
  if (detail_) io.log(step, kParent, fmt::format("Opening file '{}'.", conf_path_));
  ReadConf got = read_conf(io, conf_path_, {.config_id = node_});
  messages_.clear();
  user_told_ = {};
  for (ConfMessage& message : got.messages) {
    if (message.kind == ConfMessage::Kind::kNoted) {
      messages_.push_back(std::move(message));
    } else if (message.kind != ConfMessage::Kind::kReported) {
      io.log(step, Part::kLab, located(message));
    } else if (part_of(message.phase) == kParent) {
      io.log(step, kParent, logged(message));
    } else {
      messages_.push_back(std::move(message));
    }
  }
  if (got.conf.usable) {
    io.log(step, kParent, fmt::format("Configuration file {}", conf_path_));
    conf_ = std::move(got.conf);
    return true;
  }
  for (const Part part : {kCheckers, kVrrp}) tell_messages(step, io, part);
  step.explain(Reason::kKeepalivedBadConfiguration);
  if (first) io.log(step, kParent, fmt::format("Stopped {}", kVersion));
  if (first) io.exit(step, 1);
  return false;
}

/// Each process reads the file by itself, and says what concerns it.
void Daemon::tell_messages(Step& step, DaemonIo& io, Part part) {
  for (const ConfMessage& message : messages_) {
    if (part_of(message.phase) == part) io.log(step, part, logged(message));
  }
}

void Daemon::fork(Step& step, DaemonIo& io, Part part) {
  Child& child = part == kVrrp ? vrrp_process_ : checker_process_;
  child = {.alive = true};
  user_told_[static_cast<std::size_t>(part)] = false;
  const std::uint32_t pid = io.fork(part);
  io.log(step, kParent,
         fmt::format("Starting {} child process, pid={}", part == kVrrp ? "VRRP" : "Healthcheck",
                     pid));
}

void Daemon::start_vrrp(Step& step, DaemonIo& io, bool first) {
  Ports port(io, kVrrp, *this);
  port.log_detail(step, "Registering Kernel netlink reflector");
  port.log_detail(step, "Registering Kernel netlink command channel");
  tell_reading(step, io, sync_of_vrrp() != nullptr ? "Initializing ipvs" : "");
  vrrp_.prepare(step, conf_, port);
  port.log_detail(step, "Registering gratuitous ARP shared channel");
  if (first && !checker_process_.alive) io.log(step, kParent, "Startup complete");
  for (const VrrpInstance& instance : conf_.instances) {
    // What an earlier run may have left behind (vrrp_restore_interface()).
    port.give_addresses(step, instance);
  }
  open_sockets(step, io);
  vrrp_.start(step, conf_, port);
  tell_sockets(step, io);
}

/// What the VRRP process says of its configuration: while it reads, then of it as a whole.
void Daemon::tell_reading(Step& step, DaemonIo& io, std::string_view ipvs) {
  const auto tell = [&](auto&& wanted) {
    for (const ConfMessage& message : messages_) {
      if (part_of(message.phase) == kVrrp && wanted(message)) {
        io.log(step, kVrrp, logged(message));
      }
    }
  };
  const auto has = [](const ConfMessage& m, std::string_view words) {
    return m.text.find(words) != std::string::npos;
  };
  const auto is_read = [&](const ConfMessage& m) {
    return m.where.line != 0 || m.text.starts_with("Script user") || has(m, " missing '}'s or ");
  };
  const auto is_security = [](const ConfMessage& m) {
    return m.text.starts_with("SECURITY") || m.text.starts_with("WARNING - script");
  };
  // vrrp_complete_init() looks at the instances before it knows their addresses.
  const auto is_late = [&](const ConfMessage& m) {
    return has(m, " is not used") || m.text.starts_with("Unable to find vrrp instance");
  };
  tell(is_read);
  if (!ipvs.empty()) io.log(step, kVrrp, ipvs);
  tell(is_security);
  tell([&](const ConfMessage& m) { return !is_read(m) && !is_security(m) && !is_late(m); });
  tell_addresses(step, io);
  tell(is_late);
}

void Daemon::tell_addresses(Step& step, DaemonIo& io) {
  Ports port(io, kVrrp, *this);
  std::vector<std::string> named;
  for (const VrrpInstance& instance : conf_.instances) {
    const Ipv4Addr own = io.address_of(instance.interface);
    if (own.is_any() || std::ranges::find(named, instance.interface) != named.end()) continue;
    named.push_back(instance.interface);
    port.log_detail(step, fmt::format("Assigned address {} for interface {}", own.to_string(),
                                      instance.interface));
  }
}

/// set_ping_group_range(true): root's group may ping from now on.
void Daemon::allow_pings(Step& step, DaemonIo& io) {
  const auto pings = [](const VirtualServer& vs) {
    return std::ranges::any_of(vs.real_servers, [](const RealServer& rs) {
      return std::ranges::find(rs.checkers, CheckerKind::kPing, &Checker::kind) !=
             rs.checkers.end();
    });
  };
  if (pings_allowed_ || std::ranges::none_of(conf_.virtual_servers, pings)) return;
  pings_allowed_ = true;
  const auto [low, high] = io.ping_groups();
  if (low == 0) return;
  lowest_ping_group_ = low;
  if (low > 1 && high > 1) {
    io.log(step, kCheckers,
           fmt::format("Warning: /proc/sys/net/ipv4/ping_group_range being expanded from {} {} to "
                       "0 {}",
                       low, high, high));
  }
  io.set_ping_groups(step, 0, high);
}

void Daemon::forbid_pings(Step& step, DaemonIo& io) {
  if (!std::exchange(pings_allowed_, false)) return;
  const auto [low, high] = io.ping_groups();
  if (low != lowest_ping_group_) io.set_ping_groups(step, lowest_ping_group_, high);
}

void Daemon::start_checkers(Step& step, DaemonIo& io, bool first) {
  Ports port(io, kCheckers, *this);
  allow_pings(step, io);
  tell_messages(step, io, kCheckers);
  port.log(step, "Initializing ipvs");
  if (const SyncDaemon* daemon = sync_of_checkers()) {
    start_both_sync_daemons(step, port, *daemon, true);
  }
  lvs_.start(step, conf_, port);
  if (first) io.log(step, kParent, "Startup complete");
  checkers_.start(step, conf_, port);
  port.log(step, "Activating BFD healthchecker");
}

const SyncDaemon* Daemon::sync_of_vrrp() const {
  const auto& daemon = conf_.global.lvs_sync_daemon;
  return daemon && !daemon->vrrp_instance.empty() ? &*daemon : nullptr;
}

const SyncDaemon* Daemon::sync_of_checkers() const {
  const auto& daemon = conf_.global.lvs_sync_daemon;
  return daemon && daemon->vrrp_instance.empty() ? &*daemon : nullptr;
}

void Daemon::open_sockets(Step& step, DaemonIo& io) {
  for (const VrrpInstance& instance : conf_.instances) {
    if (!instance.unicast()) io.join_group(step, instance.interface, *instance.multicast_group);
  }
}

namespace {

/// How keepalived writes a socket's addresses, with the comma that it writes.
std::string socket_text(const VrrpInstance& conf) {
  if (!conf.unicast()) {
    return fmt::format("multicast, address({})]", conf.multicast_group->to_string());
  }
  if (!conf.source) return "unicast, address(none)]";
  return fmt::format(", unicast, address({})]", conf.source->to_string());
}

}  // namespace

void Daemon::tell_sockets(Step& step, DaemonIo& io) {
  Ports port(io, kVrrp, *this);
  constexpr int kFirstSocket = 13;
  int fd = kFirstSocket + (sync_of_vrrp() != nullptr ? 1 : 0);  // that of IPVS comes before
  std::vector<std::string> pools;
  for (const VrrpInstance& instance : conf_.instances) {
    std::string pool = fmt::format("VRRP sockpool: [ifindex({:>3}), family(IPv4), proto(112), ",
                                   io.device(instance.interface).value);
    if (std::ranges::find(pools, pool) != pools.end()) continue;
    pools.push_back(pool);
    port.log_detail(step, fmt::format("{}fd({},{}) {}", pool, fd, fd + 1, socket_text(instance)));
    fd += 2;
  }
}

void Daemon::close_sockets(Step& step, DaemonIo& io, const Configuration& conf) {
  for (const VrrpInstance& instance : conf.instances) {
    if (!instance.unicast()) io.leave_group(step, instance.interface, *instance.multicast_group);
  }
}

void Daemon::rearm(Step& step, DaemonIo& io) {
  SimTime next = std::min({vrrp_.next(), checkers_.next(), vrrp_process_.ends_at});
  for (const Child* child : {&vrrp_process_, &checker_process_}) {
    next = std::min(next, child->respawn_at);
  }
  io.set_timer(step, next);
}

// --- events --------------------------------------------------------------------------------------

void Daemon::on_timer(Step& step, DaemonIo& io) {
  const RecordId started = step.cause();
  if (vrrp_process_.ends_at <= step.now()) vrrp_is_gone(step, io);
  respawn(step, io);
  Ports vrrp(io, kVrrp, *this), checkers(io, kCheckers, *this);
  vrrp_.on_time(step, conf_, vrrp);
  step.set_cause(started);
  for (const std::size_t script : vrrp_.take_due_scripts(step.now(), conf_)) {
    io.run_script(step, conf_.scripts[script].script, "",
                  {ScriptTicket::Kind::kTrack, static_cast<std::uint32_t>(script)});
  }
  checkers_.on_time(step, conf_, checkers, lvs_);
  rearm(step, io);
}

void Daemon::on_socket(Step& step, DaemonIo& io, const SocketEvent& event) {
  Ports port(io, kCheckers, *this);
  checkers_.on_socket(step, conf_, port, lvs_, event);
  rearm(step, io);
}

void Daemon::on_datagram(Step& step, DaemonIo& io, const DatagramNews& news) {
  Ports port(io, kCheckers, *this);
  checkers_.on_datagram(step, conf_, port, lvs_, news);
  rearm(step, io);
}

void Daemon::on_ping(Step& step, DaemonIo& io, std::uint16_t identifier) {
  Ports port(io, kCheckers, *this);
  checkers_.on_ping(step, conf_, port, lvs_, identifier);
  rearm(step, io);
}

bool Daemon::on_vrrp(Step& step, DaemonIo& io, const std::string& interface,
                     const ReceivedAdvert& advert) {
  if (!hears_vrrp()) return false;
  Ports port(io, kVrrp, *this);
  vrrp_.on_advert(step, conf_, port, interface, advert);
  rearm(step, io);
  return true;
}

void Daemon::on_address_removed(Step& step, DaemonIo& io, const std::string& interface,
                                Ipv4Addr address) {
  if (!hears_vrrp()) return;
  Ports port(io, kVrrp, *this);
  vrrp_.on_address_removed(step, conf_, port, interface, address);
  rearm(step, io);
}

void Daemon::on_interface(Step& step, DaemonIo& io, const std::string& interface, bool up) {
  if (!hears_vrrp()) return;
  Ports port(io, kVrrp, *this);
  port.log(step, fmt::format("Netlink reports {} {}", interface, up ? "up" : "down"));
  vrrp_.on_interface(step, conf_, port, interface, up);
  rearm(step, io);
}

void Daemon::on_script(Step& step, DaemonIo& io, ScriptTicket ticket, int status) {
  if (ticket.kind == ScriptTicket::Kind::kTrack && hears_vrrp()) {
    Ports port(io, kVrrp, *this);
    vrrp_.script_ended(step, conf_, port, ticket.index, status);
  } else if (ticket.kind == ScriptTicket::Kind::kCheck && checker_process_.alive) {
    Ports port(io, kCheckers, *this);
    checkers_.script_ended(step, conf_, port, lvs_, ticket.index, status);
  }
  rearm(step, io);
}

void Daemon::reload(Step& step, DaemonIo& io) {
  io.log(step, kParent, "Reloading ...");
  const Configuration before = conf_;
  if (!read(step, io, false)) return stop(step, io);
  Ports checkers(io, kCheckers, *this), vrrp(io, kVrrp, *this);
  if (vrrp_process_.alive) {
    vrrp_.before_reload(step, before, vrrp);
    vrrp.log(step, "Reloading");
    const SyncDaemon* sync = sync_of_vrrp();
    tell_reading(step, io, sync != nullptr ? "Reinitializing ipvs" : "");
    close_sockets(step, io, before);
    open_sockets(step, io);
    vrrp_.reload(step, before, conf_, vrrp);
    if (sync != nullptr) {
      reload_sync_daemon(step, vrrp, before.global.lvs_sync_daemon != *sync,
                         vrrp_.is_master(conf_, sync->vrrp_instance));
    }
    tell_sockets(step, io);
  }
  if (checker_process_.alive) {
    checkers.log(step, "Reloading");
    allow_pings(step, io);
    tell_messages(step, io, kCheckers);
    checkers.log(step, "Reinitializing ipvs");
    if (const SyncDaemon* sync = sync_of_checkers()) {
      start_both_sync_daemons(step, checkers, *sync, before.global.lvs_sync_daemon != *sync);
    }
    checkers_.stop(step, checkers);
    const CheckedServers checked = checkers_.reload(before, conf_, lvs_);
    lvs_.reload(step, before, conf_, checkers, checked);
    checkers_.activate(step, conf_, checkers);
    checkers.log(step, "Activating BFD healthchecker");
  }
  io.log(step, kParent, "Reload complete");
  rearm(step, io);
}

// --- the end -------------------------------------------------------------------------------------

void Daemon::signal(Step& step, DaemonIo& io, Part part, int signal) {
  constexpr int kHangUp = 1, kInterrupt = 2, kKill = 9, kUser1 = 10, kUser2 = 12, kTerminate = 15;
  const bool terminates = signal == kTerminate || signal == kInterrupt;
  if (signal == kUser1) return print_data(step, io, part);
  if (signal == kUser2) return print_statistics(step, io, part);
  if (part == kParent) {
    if (!parent_alive_) return;
    if (signal == kHangUp) return reload(step, io);
    if (terminates) return stop(step, io);
    if (signal == kKill) return orphan(step, io);
    return;
  }
  Child& child = part == kVrrp ? vrrp_process_ : checker_process_;
  if (!child.alive) return;
  if (signal == kKill) {
    kill_child(step, io, part);
  } else if (terminates && part == kVrrp) {
    terminate_vrrp(step, io);
  } else if (terminates) {
    terminate_checkers(step, io);
  }
  end_if_alone(step, io);
  rearm(step, io);
}

/// SIGUSR1: the parent passes it on; each process writes what it knows.
void Daemon::print_data(Step& step, DaemonIo& io, Part part) {
  const auto begin = [&](Part of, std::string_view what) {
    io.log(step, of,
           fmt::format("Printing {} data for process({}) on signal", what, io.pid_of(of)));
    // Said once by each process, be it while it reads.
    const std::string_view sentence = "Script user 'keepalived_script' does not exist";
    const bool said = std::ranges::any_of(messages_, [&](const ConfMessage& message) {
      return part_of(message.phase) == of && message.text == sentence;
    });
    bool& told = user_told_[static_cast<std::size_t>(of)];
    if (!said && !told && conf_.global.script_user.empty()) io.log(step, of, sentence);
    told = true;
  };
  if (part == kParent) {
    begin(kParent, "parent");
    io.write_file("/tmp/keepalived_parent.data", global_data(conf_.global, node_, ""));
  }
  if (part != kCheckers && hears_vrrp()) {
    Ports port(io, kVrrp, *this);
    begin(kVrrp, "VRRP");
    const std::string interface = io.device("eth0").valid() ? "eth0" : "";
    io.write_file("/tmp/keepalived.data",
                  global_data(conf_.global, node_, interface) + vrrp_.data(conf_, port));
  }
  if (part != kVrrp && checker_process_.alive) {
    begin(kCheckers, "checker");
    io.write_file("/tmp/keepalived_check.data", global_data(conf_.global, node_, "") +
                                                    ssl_data(conf_) + lvs_.data(conf_) +
                                                    checkers_.data(conf_));
  }
}

/// SIGUSR2: the parent passes it on to the VRRP process alone.
void Daemon::print_statistics(Step& step, DaemonIo& io, Part part) {
  if (part == kCheckers || !hears_vrrp()) return;
  io.log(step, kVrrp,
         fmt::format("Printing VRRP stats for process({}) on signal", io.pid_of(kVrrp)));
  io.write_file("/tmp/keepalived.stats", vrrp_.statistics(conf_));
}

/// keepalived_terminate(): the parent waits for its children.
void Daemon::stop(Step& step, DaemonIo& io) {
  if (stopping_) return;
  stopping_ = true;
  io.log(step, kParent, "Stopping");
  for (Child* child : {&vrrp_process_, &checker_process_}) child->respawn_at = SimTime::never();
  terminate_vrrp(step, io);
  terminate_checkers(step, io);
  end_if_alone(step, io);
  rearm(step, io);
}

/// Children get SIGTERM when their parent dies (PR_SET_PDEATHSIG).
void Daemon::orphan(Step& step, DaemonIo& io) {
  parent_alive_ = false;
  for (Child* child : {&vrrp_process_, &checker_process_}) child->respawn_at = SimTime::never();
  terminate_checkers(step, io);
  terminate_vrrp(step, io);
  end_if_alone(step, io);
  rearm(step, io);
}

void Daemon::terminate_vrrp(Step& step, DaemonIo& io) {
  if (!hears_vrrp()) return;
  Ports port(io, kVrrp, *this);
  vrrp_.stop(step, conf_, port);
  close_sockets(step, io, conf_);
  vrrp_process_.ends_at = step.now() + kFarewell;
}

void Daemon::vrrp_is_gone(Step& step, DaemonIo& io) {
  io.log(step, kVrrp, stopped_text());
  child_died(step, io, kVrrp);
  end_if_alone(step, io);
}

void Daemon::terminate_checkers(Step& step, DaemonIo& io) {
  if (!checker_process_.alive) return;
  Ports port(io, kCheckers, *this);
  checkers_.stop(step, port);
  lvs_.stop(step, conf_, port);
  forbid_pings(step, io);
  if (sync_of_checkers() != nullptr) stop_both_sync_daemons(step, port);
  io.log(step, kCheckers, stopped_text());
  child_died(step, io, kCheckers);
}

/// SIGKILL: no word to anybody, and everything stays as it is; the kernel closes the sockets.
void Daemon::kill_child(Step& step, DaemonIo& io, Part part) {
  if (part == kVrrp) {
    close_sockets(step, io, conf_);
    vrrp_ = {};
  } else {
    Ports port(io, kCheckers, *this);
    checkers_.stop(step, port);
    lvs_ = {};
    pings_allowed_ = false;
    lowest_ping_group_ = 0;
  }
  (part == kVrrp ? vrrp_process_ : checker_process_).killed = true;
  child_died(step, io, part);
}

void Daemon::child_died(Step& step, DaemonIo& io, Part part) {
  Child& child = part == kVrrp ? vrrp_process_ : checker_process_;
  const bool respawns = parent_alive_ && !stopping_;
  child = {.killed = child.killed};
  child.pid = io.pid_of(part);
  io.child_ended(part, !child.killed);
  if (respawns) child.respawn_at = step.now();
}

/// The parent hears of it as soon as it runs again (vrrp_respawn_thread()).
void Daemon::respawn(Step& step, DaemonIo& io) {
  for (const Part part : {kCheckers, kVrrp}) {
    Child& child = part == kVrrp ? vrrp_process_ : checker_process_;
    if (child.respawn_at > step.now()) continue;
    const std::string_view name = part == kVrrp ? "VRRP" : "Healthcheck";
    if (child.killed) {
      io.log(
          step, kParent,
          fmt::format("pid {} exited due to signal 9 (Killed) - has rlimit_rttime been exceeded?",
                      child.pid));
    }
    io.log(step, kParent, fmt::format("{} child process({}) died: Respawning", name, child.pid));
    io.log(step, kParent,
           fmt::format("Restart of {} process delayed 0 seconds to limit respawn rate", name));
    fork(step, io, part);
    if (part == kVrrp) {
      start_vrrp(step, io, false);
    } else {
      start_checkers(step, io, false);
    }
  }
}

void Daemon::end_if_alone(Step& step, DaemonIo& io) {
  if (vrrp_process_.alive || checker_process_.alive) return;
  if (!parent_alive_) {
    constexpr int kKilled = 137;
    return io.exit(step, kKilled);
  }
  if (!stopping_) return;
  if (detail_) {
    io.log(step, kParent,
           "CPU usage (self/children) user: 0.000000/0.000000 system: 0.000000/0.000000");
  }
  io.log(step, kParent, fmt::format("Stopped {}", kVersion));
  io.exit(step, 0);
}

std::string Daemon::stopped_text() const {
  return detail_ ? "Stopped - used 0.000000 user time, 0.000000 system time" : "Stopped";
}

}  // namespace lvslab::keepalived
