// What keepalived makes of a configuration when it has been read: checks over several blocks, and
// defaults that depend on others. Source: validate_check_config() in check/check_data.c,
// chk_min_cfg(), vrrp_complete_instance(), vrrp_complete_init(), check_vrid_conflicts() in
// vrrp/vrrp.c of keepalived 2.2.7.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/keepalived/conf_reader.h"

namespace lvslab::keepalived {
namespace {

// --- virtual servers -----------------------------------------------------------------------------

bool has_addresses(const Configuration& conf, const VirtualServer& vs) {
  if (vs.group.empty()) return vs.fwmark == 0;
  const VirtualServerGroup* group = conf.find_group(vs.group);
  return group != nullptr &&
         std::ranges::find(group->entries, 0U, &GroupEntry::fwmark) != group->entries.end();
}

std::string server_name(const RealServer& rs, const VirtualServer& vs) {
  const std::string_view protocol = vs.protocol == ServiceProtocol::kUdp    ? "udp"
                                    : vs.protocol == ServiceProtocol::kSctp ? "sctp"
                                    : vs.protocol == ServiceProtocol::kTcp  ? "tcp"
                                                                            : "none";
  return fmt::format("[{}]:{}:{}", rs.addr.to_string(), protocol, rs.port);
}

void settle_service(ConfReader& r, VirtualServer& vs) {
  constexpr std::uint32_t kDefaultPersistence = 300;  // IPVS_SVC_PERSISTENT_TIMEOUT
  const bool by_address = has_addresses(r.conf(), vs);
  if (vs.ha_suspend && !by_address) {
    r.report_whole(fmt::format(
        "Virtual server {}: cannot use ha_suspend with fwmarks - clearing ha_suspend", vs.name()));
    vs.ha_suspend = false;
  }
  if (by_address) {
    if (vs.protocol == ServiceProtocol::kNone) {
      r.report_whole(
          fmt::format("Virtual server {}: no protocol set - defaulting to UDP", vs.name()));
      vs.protocol = ServiceProtocol::kUdp;
    }
    const auto ops = std::ranges::find(vs.scheduler_flags, "ops");
    if (ops != vs.scheduler_flags.end() && vs.protocol != ServiceProtocol::kUdp) {
      r.report_whole(fmt::format(
          "Virtual server {}: one packet scheduling requires UDP - resetting", vs.name()));
      vs.scheduler_flags.erase(ops);
    }
    if (!vs.persistence_timeout && vs.group.empty() && vs.port == 0) {
      r.report_whole(fmt::format(
          "Virtual server {}: zero port only valid for persistent services - setting", vs.name()));
      vs.persistence_timeout = kDefaultPersistence;
    }
  } else if (vs.protocol != ServiceProtocol::kNone) {
    r.report_whole(
        fmt::format("Warning: Virtual server {}: protocol specified for fwmark - "
                    "protocol will be ignored",
                    vs.name()));
    vs.protocol = ServiceProtocol::kNone;
  }
  if (vs.scheduler.empty()) {
    r.report_whole(
        fmt::format("Virtual server {}: no scheduler set, setting default 'wlc'", vs.name()));
    vs.scheduler = "wlc";
  }
}

/// The method of a server that has none of its own.
void settle_method(ConfReader& r, VirtualServer& vs, RealServer& rs) {
  if (rs.method) return;
  if (!vs.method) {
    r.report_whole(
        fmt::format("Virtual server {}: no forwarding method set, setting default NAT", vs.name()));
    vs.method = ForwardMethod::kNat;
  }
  rs.method = vs.method;
}

void warn_of_group_port(ConfReader& r, const VirtualServer& vs, const RealServer& rs, bool sorry) {
  const VirtualServerGroup* group = r.conf().find_group(vs.group);
  if (group == nullptr || rs.method == ForwardMethod::kNat || rs.port == 0) return;
  const std::string who =
      sorry ? std::string("sorry server") : "real server " + server_name(rs, vs);
  for (const GroupEntry& entry : group->entries) {
    if (entry.fwmark != 0) {
      r.report_whole(
          fmt::format("WARNING - fwmark virtual server {}, {} has port specified - port "
                      "will be ignored",
                      vs.name(), who));
    } else if (entry.port != rs.port) {
      r.report_whole(fmt::format("virtual server {} and {} ports don't match", vs.name(), who));
    }
  }
}

/// Only NAT can change the port.
void settle_port(ConfReader& r, const VirtualServer& vs, RealServer& rs, bool sorry) {
  if (!vs.group.empty()) return warn_of_group_port(r, vs, rs, sorry);
  const std::string who =
      sorry ? std::string("sorry server") : fmt::format("real server {}", server_name(rs, vs));
  if (rs.method == ForwardMethod::kNat) {
    if (vs.fwmark == 0 && rs.port == 0) rs.port = vs.port;
  } else if (vs.fwmark != 0) {
    if (rs.port == 0) return;
    r.report_whole(fmt::format("WARNING - {}virtual server {}, {} has port specified - clearing",
                               sorry ? "" : "fwmark ", vs.name(), who));
    rs.port = 0;
  } else {
    if (rs.port != 0 && rs.port != vs.port) {
      r.report_whole(fmt::format("WARNING - virtual server {} and {} ports don't match - resetting",
                                 vs.name(), who));
    }
    rs.port = vs.port;
  }
}

void settle_servers(ConfReader& r, VirtualServer& vs) {
  std::vector<RealServer> kept;
  std::uint32_t weights = 0;
  for (RealServer& rs : vs.real_servers) {
    const bool twice = std::ranges::any_of(kept, [&](const RealServer& other) {
      return other.addr == rs.addr && other.port == rs.port;
    });
    if (twice) {
      r.report_whole(fmt::format("VS {}: real server {} is duplicated - removing second rs",
                                 vs.name(), server_name(rs, vs)));
      continue;
    }
    settle_method(r, vs, rs);
    const auto inherit = [](auto& own, const auto& from) {
      if (!own) own = from;
    };
    inherit(rs.alpha, vs.alpha);
    inherit(rs.inhibit_on_failure, vs.inhibit_on_failure);
    inherit(rs.connect_timeout, vs.connect_timeout);
    inherit(rs.delay_loop, vs.delay_loop);
    inherit(rs.retry, vs.retry);
    inherit(rs.delay_before_retry, vs.delay_before_retry);
    inherit(rs.warmup, vs.warmup);
    inherit(rs.weight, vs.weight);
    weights += static_cast<std::uint32_t>(*rs.weight);
    kept.push_back(std::move(rs));
  }
  vs.real_servers = std::move(kept);
  if (vs.sorry_server) settle_method(r, vs, *vs.sorry_server);
  if (vs.quorum > weights) {
    r.report_whole(
        fmt::format("Warning - quorum {} for {} exceeds total weight of real servers "
                    "{}, reducing quorum to {}",
                    vs.quorum, vs.name(), weights, weights));
    vs.quorum = weights;
  }
  if (vs.hysteresis >= vs.quorum && vs.quorum > 0) {
    r.report_whole(
        fmt::format("Virtual server {}: hysteresis {} >= quorum {}; setting hysteresis to {}",
                    vs.name(), vs.hysteresis, vs.quorum, vs.quorum - 1));
    vs.hysteresis = vs.quorum - 1;
  }
  for (RealServer& rs : vs.real_servers) settle_port(r, vs, rs, false);
  if (vs.sorry_server) settle_port(r, vs, *vs.sorry_server, true);
}

/// What a checker does not say itself it takes from its server.
void settle_checker(const RealServer& rs, Checker& checker) {
  const auto inherit = [](auto& own, const auto& from) {
    if (!own) own = from;
  };
  const bool http = checker.kind == CheckerKind::kHttp || checker.kind == CheckerKind::kSsl;
  const bool dns = checker.kind == CheckerKind::kDns;
  inherit(checker.connect_timeout, rs.connect_timeout);
  inherit(checker.delay_loop, rs.delay_loop);
  inherit(checker.retry, rs.retry);
  inherit(checker.retry, dns ? 3U : checker.kind == CheckerKind::kMisc ? 0U : 1U);
  inherit(checker.delay_before_retry, rs.delay_before_retry);
  inherit(checker.delay_before_retry,
          dns ? *checker.delay_loop : SimDuration{http ? 3'000'000'000 : 1'000'000'000});
  inherit(checker.warmup, rs.warmup);
  inherit(checker.warmup, checker.delay_loop);
  inherit(checker.alpha, rs.alpha);
}

// --- VRRP ----------------------------------------------------------------------------------------

bool is_usable(ConfReader& r, const VrrpInstance& vrrp) {
  if (vrrp.vrid == 0) {
    r.report_whole(fmt::format("({}) the virtual router id must be set", vrrp.name));
    return false;
  }
  if (vrrp.interface.empty() && !vrrp.unicast()) {
    r.report_whole(fmt::format("({}) Unknown interface!", vrrp.name));
    return false;
  }
  return true;
}

void settle_state(ConfReader& r, VrrpInstance& vrrp, bool strict) {
  if (vrrp.priority == 0) {
    vrrp.priority = vrrp.want == VrrpState::kMaster ? kPriorityOwner : kPriorityDefault;
  }
  const bool owner = vrrp.priority == kPriorityOwner;
  const VrrpState natural = owner ? VrrpState::kMaster : VrrpState::kBackup;
  if (vrrp.want == VrrpState::kInit) {
    vrrp.want = natural;
  } else if (strict && vrrp.want != natural) {
    r.report_whole(fmt::format("({}) State MASTER must match being address owner", vrrp.name));
    vrrp.want = natural;
  }
}

void settle_authentication(ConfReader& r, VrrpInstance& vrrp, bool strict) {
  if (vrrp.auth_ah && vrrp.want == VrrpState::kMaster && vrrp.priority != kPriorityOwner) {
    r.report_whole(fmt::format(
        "({}) Initial state master is incompatible with AH authentication - clearing", vrrp.name));
    vrrp.want = VrrpState::kBackup;
  }
  if (!vrrp.auth_pass) return;
  const auto ignore = [&](std::string_view why) {
    r.report_whole(fmt::format("({}) {}", vrrp.name, why));
    vrrp.auth_pass = false;
  };
  if (strict) {
    ignore("Strict mode does not support authentication. Ignoring.");
  } else if (vrrp.version == 3) {
    ignore("VRRP version 3 does not support authentication. Ignoring.");
  } else if (vrrp.password.front() == '\0') {
    ignore("Authentication specified but no password given. Ignoring");
  }
}

void settle_preemption(ConfReader& r, VrrpInstance& vrrp, bool strict) {
  if (vrrp.priority == kPriorityOwner && vrrp.nopreempt) {
    r.report_whole(
        fmt::format("({}) nopreempt is incompatible with priority {}. resetting nopreempt",
                    vrrp.name, kPriorityOwner));
    vrrp.nopreempt = false;
  }
  if (vrrp.want == VrrpState::kMaster && vrrp.nopreempt) {
    r.report_whole(fmt::format(
        "({}) Warning - nopreempt will not work with initial state MASTER - clearing", vrrp.name));
    vrrp.nopreempt = false;
  }
  if (vrrp.preempt_delay.ns == 0) return;
  if (vrrp.want == VrrpState::kMaster) {
    r.report_whole(
        fmt::format("({}) Warning - preempt delay will not work with initial state MASTER - "
                    "clearing",
                    vrrp.name));
    vrrp.preempt_delay = {};
  } else if (strict) {
    r.report_whole(
        fmt::format("({}) preempt_delay is incompatible with strict mode - resetting", vrrp.name));
    vrrp.preempt_delay = {};
  } else if (vrrp.nopreempt) {
    r.report_whole(fmt::format("({}) preempt_delay is incompatible with nopreempt mode - resetting",
                               vrrp.name));
    vrrp.preempt_delay = {};
  }
}

void settle_garp(const GlobalDefs& global, VrrpInstance& vrrp) {
  vrrp.garp.delay = vrrp.garp_delay.value_or(global.garp.delay);
  vrrp.garp.repeat = vrrp.garp_repeat.value_or(global.garp.repeat);
  vrrp.garp.refresh = vrrp.garp_refresh.value_or(global.garp.refresh);
  vrrp.garp.refresh_repeat = vrrp.garp_refresh_repeat.value_or(global.garp.refresh_repeat);
  vrrp.garp.lower_prio_delay = vrrp.garp_lower_prio_delay.value_or(global.garp.lower_prio_delay);
  vrrp.garp.lower_prio_repeat = vrrp.garp_lower_prio_repeat.value_or(global.garp.lower_prio_repeat);
}

/// An instance follows its own interface anyway; a sync group allows no weights, unless it says so.
void settle_tracking(ConfReader& r, VrrpInstance& vrrp) {
  std::erase_if(vrrp.track_interfaces, [&](const Tracked& tracked) {
    if (tracked.name != vrrp.interface || tracked.weight != 0) return false;
    r.report_whole(fmt::format("({}) Ignoring track_interface {} since own interface", vrrp.name,
                               tracked.name));
    return true;
  });
  const auto group = std::ranges::find(r.conf().sync_groups, vrrp.sync_group, &SyncGroup::name);
  const bool in_group = group != r.conf().sync_groups.end() && !group->tracking_weight;
  const bool owner = vrrp.priority == kPriorityOwner;
  if (!in_group && !owner) return;
  for (Tracked& tracked : vrrp.track_interfaces) {
    if (tracked.weight == 0) continue;
    r.report_whole(fmt::format("({}) ignoring {} tracked interface {}due to {}", vrrp.name,
                               tracked.name, in_group ? "weight " : "",
                               in_group ? "SYNC group" : "address owner"));
    tracked.weight = 0;
  }
  std::erase_if(vrrp.track_scripts, [&](const Tracked& tracked) {
    if (tracked.weight == 0) return false;
    r.report_whole(fmt::format("({}) ignoring tracked script {} with weights due to {}", vrrp.name,
                               tracked.name, in_group ? "SYNC group" : "address_owner"));
    return true;
  });
}

/// VRRPv2 advertises whole seconds, VRRPv3 hundredths, and each has room for so many.
void settle_advert_int(ConfReader& r, VrrpInstance& vrrp) {
  const bool v3 = vrrp.version == 3;
  const std::int64_t unit = v3 ? 10'000'000 : 1'000'000'000;
  const std::int64_t units = v3 ? (1 << 12) - 1 : (1 << 8) - 1;
  const std::int64_t us = vrrp.advert_int.us();
  if (vrrp.advert_int.ns > units * unit) {
    r.report_whole(
        fmt::format("({}) VRRPv{} advertisement interval {}.{:02}s is out of range. Must be less "
                    "than {}. Setting to {}",
                    vrrp.name, vrrp.version, us / 1'000'000, us % 1'000'000 / 10'000,
                    v3 ? "40.96s" : "256s", v3 ? "40.95s" : "255s"));
    vrrp.advert_int = {units * unit};
  } else if (vrrp.advert_int.ns % unit != 0) {
    r.report_whole(fmt::format("({}) VRRPv{} advertisement interval {}.{:06}s must be {}",
                               vrrp.name, vrrp.version, us / 1'000'000, us % 1'000'000,
                               v3 ? "in units of 10ms - rounding" : "an integer. rounding"));
    const std::int64_t rounded = (vrrp.advert_int.ns + unit / 2) / unit * unit;
    vrrp.advert_int = {std::max(rounded, unit)};
  }
}

/// False: keepalived refuses to run with this instance.
bool settle_instance(ConfReader& r, VrrpInstance& vrrp) {
  const GlobalDefs& global = r.conf().global;
  const bool strict = vrrp.strict.value_or(global.strict);
  vrrp.strict = strict;
  if (vrrp.version == 0) vrrp.version = global.vrrp_version;
  if (vrrp.addresses.empty()) {
    const bool required = vrrp.version == 3 || strict;
    r.report_whole(fmt::format("({}) No VIP specified; at least one is {}", vrrp.name,
                               required ? "required" : "sensible"));
    if (required) return false;
  }
  settle_state(r, vrrp, strict);
  settle_authentication(r, vrrp, strict);
  settle_preemption(r, vrrp, strict);
  if (vrrp.interface.empty() && !vrrp.source) {
    r.report_whole(
        fmt::format("({}): Unicast instances must have unicast_src_ip or interface", vrrp.name));
    return false;
  }
  if (vrrp.unicast_configured && !vrrp.unicast()) {
    r.report_whole(
        fmt::format("({}) A unicast keyword has been specified without any unicast peers. "
                    "Defaulting to multicast. This usage is deprecated - please update your "
                    "configuration.",
                    vrrp.name));
  }
  if (vrrp.unicast() && vrrp.multicast_group) {
    r.report_whole(
        fmt::format("({}) multicast destination specified with unicast - ignoring", vrrp.name));
    vrrp.multicast_group.reset();
  }
  if (!vrrp.multicast_group) vrrp.multicast_group = global.vrrp_mcast_group;
  settle_garp(global, vrrp);
  if (!vrrp.down_timer_adverts) vrrp.down_timer_adverts = global.down_timer_adverts;
  if (!vrrp.lower_prio_no_advert) vrrp.lower_prio_no_advert = global.lower_prio_no_advert;
  if (!vrrp.higher_prio_send_advert) vrrp.higher_prio_send_advert = global.higher_prio_send_advert;
  if (!vrrp.skip_check_adv_addr) vrrp.skip_check_adv_addr = global.skip_check_adv_addr;
  settle_advert_int(r, vrrp);
  settle_tracking(r, vrrp);
  return true;
}

void settle_group(ConfReader& r, SyncGroup& group) {
  auto& instances = r.conf().instances;
  std::erase_if(group.members, [&](const std::string& name) {
    const auto it = std::ranges::find(instances, name, &VrrpInstance::name);
    if (it == instances.end()) {
      r.report_whole(
          fmt::format("Virtual router {} specified in sync group {} doesn't exist - "
                      "ignoring",
                      name, group.name));
      return true;
    }
    if (!it->sync_group.empty()) {
      r.report_whole(
          fmt::format("Virtual router {} cannot exist in more than one sync group; "
                      "ignoring {}",
                      name, group.name));
      return true;
    }
    it->sync_group = group.name;
    return false;
  });
  if (group.members.size() == 1) {
    r.report_whole(
        fmt::format("Sync group {} has only 1 virtual router(s) - this probably isn't "
                    "what you want",
                    group.name));
  }
}

/// Without enable_script_security keepalived complains, and runs the scripts all the same.
void complain_of_scripts(ConfReader& r, bool any, std::string_view whose) {
  if (!any || r.conf().global.script_security) return;
  r.report_whole(
      fmt::format("SECURITY VIOLATION - {}scripts are being executed but script_security "
                  "not enabled.",
                  whose));
}

std::string first_word_of(const Script& script) {
  const std::size_t begin =
      std::min(script.command.find_first_not_of("\"' "), script.command.size());
  const std::size_t end = script.command.find_first_of("\"' ", begin);
  return script.command.substr(begin, end - begin);
}

/// A script whose program is there: the others keepalived leaves out (check_script_secure()).
bool runs(const ConfReader& r, const Script& script) {
  const std::string program = first_word_of(script);
  return !program.empty() && r.has_program(program);
}

/// find_path().
void note_search(ConfReader& r, const Script& script) {
  const std::string program = first_word_of(script);
  if (!runs(r, script) || program.find('/') != std::string::npos) return;
  r.note(
      fmt::format("WARNING - script `{}` resolved by path search to `/usr/bin/{}`. Please "
                  "specify full path.",
                  program, program));
}

void note_searches(ConfReader& r, const Notify& n) {
  for (const Script* script :
       {&n.on_backup, &n.on_master, &n.on_fault, &n.on_stop, &n.on_any, &n.on_lower_priority}) {
    note_search(r, *script);
  }
}

void note_vrrp_searches(ConfReader& r) {
  for (const VrrpScript& script : r.conf().scripts) note_search(r, script.script);
  for (const VrrpInstance& vrrp : r.conf().instances) note_searches(r, vrrp.notify);
  for (const SyncGroup& group : r.conf().sync_groups) note_searches(r, group.notify);
}

void note_checker_searches(ConfReader& r) {
  for (const VirtualServer& vs : r.conf().virtual_servers) {
    for (const RealServer& rs : vs.real_servers) {
      for (const Checker& checker : rs.checkers) note_search(r, checker.misc);
    }
  }
  for (const VirtualServer& vs : r.conf().virtual_servers) {
    note_search(r, vs.quorum_up);
    note_search(r, vs.quorum_down);
    for (const RealServer& rs : vs.real_servers) {
      note_search(r, rs.notify_up);
      note_search(r, rs.notify_down);
    }
  }
}

bool has_scripts(const ConfReader& r, const Notify& n) {
  return runs(r, n.on_master) || runs(r, n.on_backup) || runs(r, n.on_fault) ||
         runs(r, n.on_stop) || runs(r, n.on_any) || runs(r, n.on_lower_priority);
}

bool vrrp_has_scripts(ConfReader& r) {
  const Configuration& conf = r.conf();
  const auto notifies = [&](const auto& owner) { return has_scripts(r, owner.notify); };
  const auto tracks = [&](const VrrpScript& script) { return runs(r, script.script); };
  return std::ranges::any_of(conf.scripts, tracks) ||
         std::ranges::any_of(conf.instances, notifies) ||
         std::ranges::any_of(conf.sync_groups, notifies);
}

bool checkers_have_scripts(ConfReader& r) {
  for (const VirtualServer& vs : r.conf().virtual_servers) {
    if (runs(r, vs.quorum_up) || runs(r, vs.quorum_down)) return true;
    for (const RealServer& rs : vs.real_servers) {
      const bool misc =
          std::ranges::any_of(rs.checkers, [&](const Checker& c) { return runs(r, c.misc); });
      if (misc || runs(r, rs.notify_up) || runs(r, rs.notify_down)) return true;
    }
  }
  return false;
}

bool has_vrid_conflict(ConfReader& r) {
  const auto& instances = r.conf().instances;
  bool conflict = false;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    for (std::size_t k = i + 1; k < instances.size(); ++k) {
      const VrrpInstance& a = instances[i];
      const VrrpInstance& b = instances[k];
      const bool apart = a.vrid != b.vrid || a.interface != b.interface || a.unicast() ||
                         b.unicast() || a.multicast_group != b.multicast_group;
      if (apart) continue;
      r.report_whole(fmt::format("{} and {} both use VRID {} with IPv4 on interface {}", a.name,
                                 b.name, a.vrid, a.interface));
      conflict = true;
    }
  }
  return conflict;
}

/// The sync daemon of a router has its number, unless it was given another one.
void settle_sync_daemon(ConfReader& r) {
  auto& daemon = r.conf().global.lvs_sync_daemon;
  if (!daemon) return;
  if (daemon->vrrp_instance.empty()) {
    if (!daemon->sync_id) daemon->sync_id = 0;
    return;
  }
  const auto found =
      std::ranges::find(r.conf().instances, daemon->vrrp_instance, &VrrpInstance::name);
  if (found != r.conf().instances.end()) {
    if (!daemon->sync_id) daemon->sync_id = found->vrid;
    return;
  }
  r.report_whole(
      fmt::format("Unable to find vrrp instance {} for lvs_syncd - clearing lvs_syncd config",
                  daemon->vrrp_instance));
  daemon.reset();
}

void remove_unused_scripts(ConfReader& r) {
  Configuration& conf = r.conf();
  const auto used = [&](const std::string& name) {
    const auto tracks = [&](const auto& owner) {
      return std::ranges::find(owner.track_scripts, name, &Tracked::name) !=
             owner.track_scripts.end();
    };
    return std::ranges::any_of(conf.instances, tracks) ||
           std::ranges::any_of(conf.sync_groups, tracks);
  };
  std::erase_if(conf.scripts, [&](const VrrpScript& script) {
    if (used(script.name)) return false;
    r.report_whole(fmt::format("Warning - script {} is not used", script.name));
    return true;
  });
}

}  // namespace

void settle_checkers(ConfReader& r) {
  r.set_phase(ConfPhase::kChecker);
  Configuration& conf = r.conf();
  std::erase_if(conf.virtual_servers, [&](VirtualServer& vs) {
    if (vs.real_servers.empty()) {
      r.report_whole(fmt::format("Virtual server {} has no real servers - ignoring", vs.name()));
      return true;
    }
    settle_service(r, vs);
    settle_servers(r, vs);
    for (RealServer& rs : vs.real_servers) {
      for (Checker& checker : rs.checkers) {
        settle_checker(rs, checker);
        checker.log_all_failures = checker.log_all_failures || conf.global.checker_log_all_failures;
      }
    }
    return false;
  });
  note_checker_searches(r);
  complain_of_scripts(r, checkers_have_scripts(r), "check ");
}

void settle_vrrp(ConfReader& r) {
  r.set_phase(ConfPhase::kVrrp);
  Configuration& conf = r.conf();
  const auto refuse = [&] { conf.usable = false; };
  if (r.missing_interface()) {
    r.report_whole("Non-existent interface specified in configuration");
    return refuse();
  }
  note_vrrp_searches(r);
  complain_of_scripts(r, vrrp_has_scripts(r), "");
  for (const VrrpInstance& vrrp : conf.instances) {
    if (!is_usable(r, vrrp)) return refuse();
  }
  for (SyncGroup& group : conf.sync_groups) settle_group(r, group);
  std::erase_if(conf.sync_groups, [](const SyncGroup& group) { return group.members.empty(); });
  for (VrrpInstance& vrrp : conf.instances) {
    if (!settle_instance(r, vrrp)) return refuse();
  }
  if (has_vrid_conflict(r)) return refuse();
  settle_sync_daemon(r);
  if (!r.testing()) remove_unused_scripts(r);  // a test ends before
}

}  // namespace lvslab::keepalived
