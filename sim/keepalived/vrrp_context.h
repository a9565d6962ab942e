// One step of the VRRP machine: a router's changes of state, its adverts, its group, and what it
// tracks. Not for use outside of vrrp*.cpp.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/keepalived/vrrp.h"

namespace lvslab::keepalived {

/// The weights that tracked things add to a priority; nothing for those that decide over FAULT.
inline int weight_of(const Tracked& tracked, bool up) {
  if (tracked.weight > 0) return up ? tracked.weight : 0;
  return up ? 0 : tracked.weight;
}

/// One step of the machine: everything that the functions below share.
struct Vrrp::Context {
  Vrrp& vrrp;
  Step& step;
  const Configuration& conf;
  VrrpPort& port;

  const VrrpInstance& conf_of(const VrrpRouter& r) const { return conf.instances[r.conf]; }
  VrrpGroup* group_of(const VrrpRouter& r) {
    const std::string& name = conf_of(r).sync_group;
    if (name.empty()) return nullptr;
    for (VrrpGroup& group : vrrp.groups_) {
      if (conf.sync_groups[group.conf].name == name) return &group;
    }
    return nullptr;
  }
  void log(std::string_view text) { port.log(step, text); }
  void log_detail(std::string_view text) { port.log_detail(step, text); }
  SimDuration down_interval(const VrrpRouter& r) const {
    const VrrpInstance& c = conf_of(r);
    return master_down_interval(c.version, c.down_timer_adverts.value_or(3), r.master_advert_int,
                                r.priority);
  }

  // --- timers ------------------------------------------------------------------------------------

  /// vrrp_init_instance_sands().
  void set_deadline(VrrpRouter& r) {
    r.cause = step.cause();
    switch (r.state) {
      case VrrpState::kMaster: r.deadline = step.now() + conf_of(r).advert_int; return;
      case VrrpState::kBackup: r.deadline = step.now() + r.down_timer; return;
      case VrrpState::kFault:
      case VrrpState::kInit: r.deadline = SimTime::never(); return;
    }
  }

  // --- states ------------------------------------------------------------------------------------

  void notify(const VrrpRouter& r) {
    const VrrpInstance& c = conf_of(r);
    const Script* own = r.state == VrrpState::kMaster   ? &c.notify.on_master
                        : r.state == VrrpState::kBackup ? &c.notify.on_backup
                                                        : &c.notify.on_fault;
    const std::string arguments =
        fmt::format("INSTANCE \"{}\" {} {}", c.name, to_string(r.state), r.priority);
    if (!own->empty()) port.run_script(step, *own, "");
    if (!c.notify.on_any.empty()) port.run_script(step, c.notify.on_any, arguments);
  }

  /// vrrp_state_goto_master(), vrrp_state_master_tx().
  void go_master(VrrpRouter& r) {
    r.want = VrrpState::kMaster;
    if (VrrpGroup* group = group_of(r); group != nullptr && !group_may_be_master(r, *group)) {
      r.down_timer = down_interval(r);
      return set_deadline(r);
    }
    r.state = VrrpState::kMaster;
    r.last_transition = step.now();
    set_deadline(r);
    advertise(r);
  }

  /// vrrp_send_adv().
  void send_advert(VrrpRouter& r, std::uint8_t priority) {
    port.send_advert(step, conf_of(r), priority);
    ++r.stats.adverts_sent;
  }

  /// The advert comes first, so that an old master drops the addresses before they are announced.
  void advertise(VrrpRouter& r) {
    const VrrpInstance& c = conf_of(r);
    send_advert(r, r.priority);
    if (!r.has_addresses) return become_master(r);
    if (r.refresh_at != SimTime::never() && step.now() >= r.refresh_at) {
      port.announce(step, c, c.garp.refresh_repeat);
      r.refresh_at = step.now() + c.garp.refresh;
    }
  }

  /// vrrp_state_become_master().
  void become_master(VrrpRouter& r) {
    const VrrpInstance& c = conf_of(r);
    log(fmt::format("({}) Entering MASTER STATE", c.name));
    ++r.stats.became_master;
    r.master_advert_int = c.advert_int;
    port.take_addresses(step, c);
    r.has_addresses = true;
    port.announce(step, c, c.garp.repeat);
    if (c.garp.refresh.ns > 0) r.refresh_at = step.now() + c.garp.refresh;
    notify(r);
    port.sync_daemon(step, c, SyncTurn::kBecomeMaster);
    if (c.garp.delay.ns > 0) {
      r.announce_at = step.now() + c.garp.delay;
      r.announce_turn = ++vrrp.turns_;
    }
  }

  void give_up_addresses(VrrpRouter& r, bool advertise_stop) {
    const VrrpInstance& c = conf_of(r);
    if (advertise_stop) {
      send_advert(r, kPriorityStop);
      ++r.stats.zeros_sent;
      log_detail(fmt::format("({}) sent 0 priority", c.name));
    }
    if (!r.has_addresses) return;
    port.give_addresses(step, c);
    r.has_addresses = false;
  }

  /// vrrp_state_leave_master(): to what `want` says.
  void leave_master(VrrpRouter& r, bool advertise_stop) {
    const VrrpInstance& c = conf_of(r);
    if (r.has_addresses) port.sync_daemon(step, c, SyncTurn::kLeaveMaster);
    if (r.want == VrrpState::kBackup) {
      log(fmt::format("({}) Entering BACKUP STATE", c.name));
      r.preempt_at.reset();
    } else {
      log(fmt::format("({}) Entering FAULT STATE", c.name));
      send_advert(r, kPriorityStop);
    }
    give_up_addresses(r, advertise_stop);
    r.state = r.want;
    r.last_transition = step.now();
    notify(r);
    r.down_timer = down_interval(r);
    set_deadline(r);
    ++r.stats.released_master;
  }

  /// vrrp_state_leave_fault(): also how a backup goes to FAULT.
  void leave_fault(VrrpRouter& r) {
    const VrrpInstance& c = conf_of(r);
    if (r.want == VrrpState::kMaster) {
      go_master(r);
    } else {
      if (r.state != r.want) {
        log(fmt::format("({}) Entering {} STATE", c.name, to_string(r.want)));
      }
      r.state = r.want;
      r.last_transition = step.now();
      notify(r);
      if (r.state == VrrpState::kBackup) r.preempt_at.reset();
    }
    r.master_advert_int = c.advert_int;
    r.down_timer = down_interval(r);
    set_deadline(r);
  }

  /// down_instance(): one more reason for FAULT.
  void fault(VrrpRouter& r) {
    if (r.faults++ != 0 && r.state != VrrpState::kInit) return;
    r.want = VrrpState::kFault;
    step.explain(Reason::kVrrpFault, {}, {conf_of(r).vrid, 0, 0});
    if (r.state == VrrpState::kMaster) {
      leave_master(r, true);
    } else {
      leave_fault(r);
    }
    if (VrrpGroup* group = group_of(r)) fault_group(r, *group);
  }

  /// try_up_instance(): one reason less, or the last of the scripts has run.
  void recover(VrrpRouter& r, bool leaves_init = false) {
    VrrpGroup* group = group_of(r);
    if (leaves_init) {
      if (r.faults > 0) return;
    } else if (r.faults == 0) {
      return;
    } else if (--r.faults != 0 || r.scripts_to_come != 0) {
      if (r.faults != 0) return;
      if (group != nullptr) group->state = VrrpState::kInit;
      r.want = VrrpState::kBackup;
      return;
    }
    r.want = VrrpState::kBackup;
    step.explain(Reason::kVrrpRecovered, {}, {conf_of(r).vrid, 0, 0});
    if (group != nullptr &&
        (is_any_faulty(*group) || (!leaves_init && waits_for_scripts(*group)))) {
      return;
    }
    leave_fault(r);
    // The switches are to learn where a unicast router is.
    if (conf_of(r).unicast()) port.announce_source(step, conf_of(r));
    if (group != nullptr) sync_backup(r, *group);
  }

  // --- faults from the beginning (vrrp_complete_init(), initialise_tracking_priorities()) --------

  void miss_interfaces(VrrpRouter& r) {
    const VrrpInstance& c = conf_of(r);
    std::vector<std::string> names{c.interface};
    for (const Tracked& t :
         tracked(r, &VrrpInstance::track_interfaces, &SyncGroup::track_interfaces)) {
      names.push_back(t.name);
    }
    for (const VirtualAddress& vip : c.addresses) names.push_back(vip.dev);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string& name = names[i];
      if (name.empty() || std::find(names.begin(), names.begin() + i, name) != names.begin() + i) {
        continue;
      }
      if (faults_by(r, name) == 0 || port.is_up(name)) continue;
      log(fmt::format("({}): entering FAULT state (interface {} down)", c.name, name));
      ++r.faults;
    }
  }

  void look_at_start(VrrpRouter& r) {
    const VrrpInstance& c = conf_of(r);
    if (port.source_of(c).is_any()) {
      log(fmt::format("({}) entering FAULT state (no IPv4 address for interface)", c.name));
      ++r.faults;
    }
    for (const Tracked& t : tracked(r, &VrrpInstance::track_scripts, &SyncGroup::track_scripts)) {
      const VrrpScriptState* script = script_state(t.name);
      if (t.weight != 0 || script == nullptr) continue;
      if (script->init == ScriptInit::kFirst) {
        ++r.scripts_to_come;
      } else if (script->init == ScriptInit::kDone && !script->up) {
        ++r.faults;
        log(fmt::format("({}): entering FAULT state due to script {}", c.name, t.name));
      }
    }
    set_priority(r);
    VrrpGroup* group = group_of(r);
    if (group == nullptr || group->state == VrrpState::kFault) return;
    if (r.faults > 0) {
      group->state = VrrpState::kFault;
      log(fmt::format("VRRP_Group({}): Syncing {} to FAULT state",
                      conf.sync_groups[group->conf].name, c.name));
    } else if (r.scripts_to_come > 0) {
      group->state = VrrpState::kInit;
    }
  }

  /// FAULT for its own reasons, or for those of its group.
  void fault_at_start(VrrpRouter& r) {
    const VrrpGroup* group = group_of(r);
    if (r.faults == 0 && (group == nullptr || group->state != VrrpState::kFault)) return;
    r.state = r.want = VrrpState::kFault;
    const std::string& name = conf_of(r).name;
    if (std::ranges::find(vrrp.faulty_, name) != vrrp.faulty_.end()) return;
    log(fmt::format("({}) entering FAULT state", name));
    notify(r);
  }

  // --- sync groups (vrrp_sync.c) -----------------------------------------------------------------

  template <class Each>
  void for_members(const VrrpGroup& group, Each each) {
    const std::string& name = conf.sync_groups[group.conf].name;
    for (VrrpRouter& r : vrrp.routers_) {
      if (conf_of(r).sync_group == name) each(r);
    }
  }

  bool group_may_be_master(const VrrpRouter& wants, const VrrpGroup& group) {
    if (group.state == VrrpState::kMaster) return true;
    bool all = true;
    for_members(group, [&](const VrrpRouter& r) {
      if (&r != &wants && r.want != VrrpState::kMaster) all = false;
    });
    return all;
  }

  bool is_any_faulty(const VrrpGroup& group) {
    bool any = false;
    for_members(group, [&](const VrrpRouter& r) { any = any || r.faults > 0; });
    return any;
  }

  bool waits_for_scripts(const VrrpGroup& group) {
    bool any = false;
    for_members(group, [&](const VrrpRouter& r) { any = any || r.scripts_to_come > 0; });
    return any;
  }

  void tell_sync(const VrrpGroup& group, VrrpState state) {
    log(fmt::format("VRRP_Group({}) Syncing instances to {} state",
                    conf.sync_groups[group.conf].name, to_string(state)));
  }

  /// vrrp_sync_fault(): backups follow without a word.
  void fault_group(const VrrpRouter& first, VrrpGroup& group) {
    if (group.state == VrrpState::kFault) return;
    tell_sync(group, VrrpState::kFault);
    for_members(group, [&](VrrpRouter& r) {
      if (&r == &first || r.state == VrrpState::kFault) return;
      r.want = VrrpState::kFault;
      if (r.state == VrrpState::kMaster) return leave_master(r, false);
      r.state = VrrpState::kFault;
      leave_fault(r);
    });
    group.state = VrrpState::kFault;
  }

  /// vrrp_sync_backup().
  void sync_backup(const VrrpRouter& first, VrrpGroup& group) {
    if (group.state == VrrpState::kBackup) return;
    tell_sync(group, VrrpState::kBackup);
    for_members(group, [&](VrrpRouter& r) {
      if (&r == &first || r.state == VrrpState::kBackup) return;
      r.want = VrrpState::kBackup;
      if (r.state == VrrpState::kMaster) return leave_master(r, false);
      leave_fault(r);
    });
    group.state = VrrpState::kBackup;
  }

  /// vrrp_sync_master().
  void sync_master(const VrrpRouter& first, VrrpGroup& group) {
    if (group.state == VrrpState::kMaster || !group_may_be_master(first, group)) return;
    tell_sync(group, VrrpState::kMaster);
    for_members(group, [&](VrrpRouter& r) {
      if (&r == &first || r.state == VrrpState::kMaster) return;
      r.want = VrrpState::kMaster;
      go_master(r);
    });
    group.state = VrrpState::kMaster;
  }

  /// VRRP_TSM_HANDLE(): the others of the group follow.
  void sync_group_of(VrrpRouter& r, VrrpState before) {
    VrrpGroup* group = group_of(r);
    if (group == nullptr || r.state == before) return;
    if (r.state == VrrpState::kMaster) sync_master(r, *group);
    if (r.state == VrrpState::kBackup) sync_backup(r, *group);
  }

  // --- adverts -----------------------------------------------------------------------------------

  /// vrrp_state_backup().
  void backup_hears(VrrpRouter& r, const ReceivedAdvert& advert) {
    const VrrpInstance& c = conf_of(r);
    const bool check = !c.skip_check_adv_addr.value_or(false) || r.master != advert.ip.src;
    if (!accept(r, advert, check)) return ignore(r);
    const auto priority = advert.message[2];
    if (priority == kPriorityStop) {
      log_detail(fmt::format("({}) Backup received priority 0 advertisement", c.name));
      step.explain(
          Reason::kVrrpMasterLeaves, {},
          {arg(advert.ip.src), c.vrid,
           static_cast<std::uint32_t>(skew_time(c.version, r.master_advert_int, r.priority).ms())});
      r.down_timer = skew_time(c.version, r.master_advert_int, r.priority);
      return set_deadline(r);
    }
    const bool waits = c.preempt_delay.ns > 0 && (!r.preempt_at || *r.preempt_at > step.now());
    if (!c.nopreempt && priority < r.priority && !waits) {
      log(fmt::format("({}) received lower priority ({}) advert from {} - discarding", c.name,
                      priority, advert.ip.src.to_string()));
      step.explain(Reason::kVrrpLowerIgnored, {}, {arg(advert.ip.src), priority, r.priority});
      r.master = advert.ip.src;
      r.master_priority = priority;
      return ignore(r);
    }
    explain_yield(r, c, advert.ip.src, priority);
    if (c.version == 3) r.master_advert_int = advertised_interval(advert);
    r.down_timer = down_interval(r);
    r.master = advert.ip.src;
    r.master_priority = priority;
    if (c.preempt_delay.ns > 0) follow_preempt_delay(r, c, priority);
    r.want = VrrpState::kBackup;
    set_deadline(r);
  }

  /// The deadline stays as it was; what is left until then counts as the timer from now on.
  void ignore(VrrpRouter& r) const {
    r.down_timer = std::max(r.deadline - step.now(), SimDuration{});
  }

  void explain_yield(const VrrpRouter& r, const VrrpInstance& c, Ipv4Addr from,
                     std::uint8_t priority) {
    const Reason why = priority >= r.priority ? Reason::kVrrpMasterAlive
                       : c.nopreempt          ? Reason::kVrrpNoPreempt
                                              : Reason::kVrrpPreemptDelayed;
    step.explain(why, {}, {arg(from), priority, r.priority});
  }

  void follow_preempt_delay(VrrpRouter& r, const VrrpInstance& c, std::uint8_t priority) {
    if (priority >= r.priority) {
      if (r.preempt_at) log_detail(fmt::format("({}) stop preempt delay", c.name));
      r.preempt_at.reset();
    } else if (!r.preempt_at) {
      log_detail(fmt::format("({}) start preempt delay ({}.{:06})", c.name,
                             c.preempt_delay.seconds(), c.preempt_delay.us() % 1'000'000));
      r.preempt_at = step.now() + c.preempt_delay;
    }
  }

  /// vrrp_state_master_rx().
  void master_hears(VrrpRouter& r, const ReceivedAdvert& advert) {
    const VrrpInstance& c = conf_of(r);
    if (!accept(r, advert, true)) return;
    const std::uint8_t priority = advert.message[2];
    const Ipv4Addr own = port.source_of(c);
    const bool higher = priority > r.priority || (priority == r.priority && advert.ip.src > own);
    if (priority == kPriorityStop || (c.higher_prio_send_advert.value_or(false) && higher)) {
      send_advert(r, r.priority);
      if (priority == kPriorityStop) {
        log(fmt::format("({}) Master received priority 0 message", c.name));
        return;
      }
    }
    if (priority == r.priority && advert.ip.src == own) {
      log(
          fmt::format("({}) WARNING - equal priority advert received from remote host with our IP "
                      "address.",
                      c.name));
      return;
    }
    if (priority == r.priority && priority == kPriorityOwner) {
      log(
          fmt::format("({}) CONFIGURATION ERROR: local instance and a remote instance are both "
                      "configured as address owner, please fix - reducing local priority",
                      c.name));
      r.priority = r.base_priority = kPriorityOwner - 1;
    }
    if (higher) {
      yield(r, c, advert, priority);
    } else {
      insist(r, c, advert, priority);
    }
  }

  void yield(VrrpRouter& r, const VrrpInstance& c, const ReceivedAdvert& advert,
             std::uint8_t priority) {
    const std::string from = advert.ip.src.to_string();
    log(priority > r.priority
            ? fmt::format("({}) Master received advert from {} with higher priority {}, ours {}",
                          c.name, from, priority, r.priority)
            : fmt::format("({}) Master received advert from {} with same priority {} but higher IP "
                          "address than ours",
                          c.name, from, priority));
    step.explain(Reason::kVrrpYields, {}, {arg(advert.ip.src), priority, r.priority});
    if (c.version == 3) r.master_advert_int = advertised_interval(advert);
    r.want = VrrpState::kBackup;
    r.master = advert.ip.src;
    r.master_priority = priority;
    leave_master(r, false);
  }

  void insist(VrrpRouter& r, const VrrpInstance& c, const ReceivedAdvert& advert,
              std::uint8_t priority) {
    const bool quiet = c.lower_prio_no_advert.value_or(false);
    log(fmt::format("({}) Received advert from {} with lower priority {}, ours {}{}", c.name,
                    advert.ip.src.to_string(), priority, r.priority,
                    quiet ? "" : ", forcing new election"));
    step.explain(Reason::kVrrpInsists, {}, {arg(advert.ip.src), priority, r.priority});
    if (!quiet) send_advert(r, r.priority);
    if (c.garp.lower_prio_repeat > 0) {
      port.announce(step, c, c.garp.lower_prio_repeat);
      if (c.garp.lower_prio_delay.ns > 0) {
        r.announce_lower_at = step.now() + c.garp.lower_prio_delay;
      }
    }
    if (!c.notify.on_lower_priority.empty()) port.run_script(step, c.notify.on_lower_priority, "");
  }

  bool accept(VrrpRouter& r, const ReceivedAdvert& advert, bool check_addresses) {
    const AdvertFault fault = fault_of(advert, conf_of(r), check_addresses);
    count_advert(r.stats, advert, fault);
    if (fault == AdvertFault::kNone) return true;
    log(fault_text(fault, advert, conf_of(r)));
    step.explain(Reason::kVrrpAdvertRefused, {},
                 {arg(advert.ip.src), conf_of(r).vrid, static_cast<std::uint32_t>(fault)});
    return false;
  }

  static SimDuration advertised_interval(const ReceivedAdvert& advert) {
    return {(load_be16(advert.message.data() + 4) & 0xfff) * std::int64_t{10'000'000}};
  }

  // --- what is tracked ---------------------------------------------------------------------------

  /// vrrp_set_effective_priority().
  void set_priority(VrrpRouter& r) {
    int total = r.base_priority;
    if (r.base_priority != kPriorityOwner) {
      for (const Tracked& t :
           tracked(r, &VrrpInstance::track_interfaces, &SyncGroup::track_interfaces)) {
        total += weight_of(t, port.is_up(t.name));
      }
      for (const Tracked& t : tracked(r, &VrrpInstance::track_scripts, &SyncGroup::track_scripts)) {
        if (const VrrpScriptState* script = script_state(t.name);
            script && script->init == ScriptInit::kDone) {
          total += weight_of(t, script->up);
        }
      }
      total = std::clamp(total, 1, kPriorityOwner - 1);
    }
    const auto priority = static_cast<std::uint8_t>(total);
    if (priority == r.priority) return;
    log(fmt::format("({}) Changing effective priority from {} to {}", conf_of(r).name, r.priority,
                    priority));
    step.explain(Reason::kVrrpPriority, {}, {conf_of(r).vrid, r.priority, priority});
    r.priority = priority;
    const SimDuration before = r.down_timer;
    r.down_timer = down_interval(r);
    if (r.state == VrrpState::kBackup) r.deadline = r.deadline + (r.down_timer - before);
  }

  std::vector<Tracked> tracked(const VrrpRouter& r, std::vector<Tracked> VrrpInstance::* own,
                               std::vector<Tracked> SyncGroup::* shared) {
    std::vector<Tracked> all = conf_of(r).*own;
    if (const VrrpGroup* group = group_of(r)) {
      const auto& more = conf.sync_groups[group->conf].*shared;
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  VrrpScriptState* script_state(const std::string& name) {
    for (VrrpScriptState& s : vrrp.scripts_) {
      if (conf.scripts[s.conf].name == name) return &s;
    }
    return nullptr;
  }

  /// How often `interface` going down puts this instance into FAULT: for itself, and as tracked.
  std::uint32_t faults_by(const VrrpRouter& r, const std::string& interface) {
    const VrrpInstance& c = conf_of(r);
    std::uint32_t count = c.interface == interface && !c.dont_track_primary ? 1 : 0;
    for (const Tracked& t :
         tracked(r, &VrrpInstance::track_interfaces, &SyncGroup::track_interfaces)) {
      if (t.name == interface && t.weight == 0 && count == 0) count = 1;
    }
    for (const VirtualAddress& vip : c.addresses) {
      if (vip.dev == interface && !vip.no_track && count == 0) count = 1;
    }
    return count;
  }
};

}  // namespace lvslab::keepalived
