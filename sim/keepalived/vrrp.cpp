#include "sim/keepalived/vrrp.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/keepalived/vrrp_context.h"

namespace lvslab::keepalived {
namespace {

constexpr SimTime kNever = SimTime::never();

/// Members of a sync group start as backups, unless all of them own their addresses
/// (vrrp_complete_init()).
VrrpState starts_as(const Configuration& conf, const VrrpInstance& c) {
  if (c.sync_group.empty() || c.want != VrrpState::kMaster) return c.want;
  const bool all = std::ranges::all_of(conf.instances, [&](const VrrpInstance& other) {
    return other.sync_group != c.sync_group ||
           (other.want == VrrpState::kMaster && other.priority == kPriorityOwner);
  });
  return all ? c.want : VrrpState::kBackup;
}

}  // namespace

// --- starting and stopping -----------------------------------------------------------------------

void Vrrp::prepare(Step& step, const Configuration& conf, VrrpPort& port) {
  routers_.clear();
  groups_.clear();
  make_scripts(step, conf, port);
  for (std::size_t i = 0; i < conf.sync_groups.size(); ++i) {
    groups_.push_back({.conf = i, .state = VrrpState::kBackup});
  }
  for (std::size_t i = 0; i < conf.instances.size(); ++i) {
    const VrrpInstance& c = conf.instances[i];
    routers_.push_back({.conf = i,
                        .want = starts_as(conf, c),
                        .base_priority = c.priority,
                        .priority = c.priority,
                        .master_advert_int = c.advert_int});
  }
  Context x{*this, step, conf, port};
  for (VrrpRouter& r : routers_) x.miss_interfaces(r);
  for (VrrpRouter& r : routers_) x.look_at_start(r);
  for (VrrpRouter& r : routers_) x.fault_at_start(r);
}

// vrrp_init_state().
void Vrrp::start(Step& step, const Configuration& conf, VrrpPort& port) {
  Context x{*this, step, conf, port};
  for (VrrpRouter& r : routers_) {
    const VrrpInstance& c = x.conf_of(r);
    const bool owner = r.base_priority == kPriorityOwner && r.want == VrrpState::kMaster;
    const VrrpGroup* group = x.group_of(r);
    const bool waits = r.scripts_to_come > 0 || (group != nullptr && x.waits_for_scripts(*group));
    if (r.state == VrrpState::kFault || waits) {
      // Who waits for a script says nothing of it.
      r.state = VrrpState::kFault;
      r.want = VrrpState::kFault;
    } else {
      r.state = VrrpState::kBackup;
      r.down_timer = owner ? SimDuration{1'000} : x.down_interval(r);
      if (!owner && std::ranges::find(known_, c.name) == known_.end()) {
        x.log(fmt::format("({}) Entering BACKUP STATE (init)", c.name));
        x.notify(r);
      }
      step.explain(owner ? Reason::kVrrpOwnerStarts : Reason::kVrrpStartsAsBackup, {},
                   {c.vrid, r.priority, static_cast<std::uint32_t>(r.down_timer.ms())});
    }
    const bool goes_on = std::ranges::find(masters_, c.name) != masters_.end();
    port.sync_daemon(step, c, goes_on ? SyncTurn::kGoOn : SyncTurn::kBegin);
    x.set_deadline(r);
  }
}

void Vrrp::before_reload(Step& step, const Configuration& conf, VrrpPort& port) {
  Context x{*this, step, conf, port};
  for (VrrpRouter& r : routers_) {
    if (r.state == VrrpState::kMaster) x.send_advert(r, r.priority);
  }
}

void Vrrp::reload(Step& step, const Configuration& before, const Configuration& conf,
                  VrrpPort& port) {
  struct Kept {
    std::string name;
    VrrpRouter router;
  };
  std::vector<Kept> kept;
  for (const VrrpRouter& r : routers_) kept.push_back({before.instances[r.conf].name, r});
  // Addresses that no instance has any more go first (clear_diff_vrrp()).
  for (const Kept& k : kept) {
    const auto now = std::ranges::find(conf.instances, k.name, &VrrpInstance::name);
    if (now != conf.instances.end() || !k.router.has_addresses) continue;
    const VrrpInstance& gone = before.instances[k.router.conf];
    port.send_advert(step, gone, kPriorityStop);
    port.log_detail(step, fmt::format("({}) sent 0 priority", gone.name));
    port.give_addresses(step, gone);
  }
  kept_scripts_.emplace();
  for (const VrrpScriptState& s : scripts_) {
    const VrrpScript& c = before.scripts[s.conf];
    kept_scripts_->push_back({c.name, c.rise, c.fall, s});
  }
  for (const Kept& k : kept) {
    if (k.router.state == VrrpState::kMaster) masters_.push_back(k.name);
    (k.router.state == VrrpState::kFault ? faulty_ : known_).push_back(k.name);
  }
  prepare(step, conf, port);
  kept_scripts_.reset();
  Context x{*this, step, conf, port};
  for (VrrpRouter& r : routers_) {
    const auto old = std::ranges::find(kept, x.conf_of(r).name, &Kept::name);
    if (old != kept.end()) r.stats = old->router.stats;
  }
  const auto old_of = [&](const VrrpRouter& r) {
    const auto old = std::ranges::find(kept, x.conf_of(r).name, &Kept::name);
    return old == kept.end() || old->router.state != VrrpState::kMaster ? nullptr : &*old;
  };
  // The addresses of masters come before anything else (restore_vrrp_state()).
  for (VrrpRouter& r : routers_) {
    const Kept* old = old_of(r);
    if (old == nullptr) continue;
    const VrrpInstance& was = before.instances[old->router.conf];
    const bool goes_on = r.state != VrrpState::kFault && r.scripts_to_come == 0;
    const bool same =
        was.addresses == x.conf_of(r).addresses && was.excluded == x.conf_of(r).excluded;
    if (!goes_on || !same) port.give_addresses(step, was);
    if (!goes_on) continue;
    port.take_addresses(step, x.conf_of(r));
    r.has_addresses = true;
  }
  start(step, conf, port);
  masters_.clear();
  known_.clear();
  faulty_.clear();
  for (VrrpRouter& r : routers_) {
    if (!r.has_addresses) continue;
    r.state = r.want = VrrpState::kMaster;
    if (x.conf_of(r).garp.refresh.ns > 0) r.refresh_at = step.now();
    r.deadline = step.now();
  }
  for (VrrpGroup& group : groups_) {
    bool all = true;
    x.for_members(group, [&](const VrrpRouter& r) { all &= r.state == VrrpState::kMaster; });
    if (all) group.state = VrrpState::kMaster;
  }
}

bool Vrrp::is_master(const Configuration& conf, const std::string& instance) const {
  return std::ranges::any_of(routers_, [&](const VrrpRouter& r) {
    return r.state == VrrpState::kMaster && conf.instances[r.conf].name == instance;
  });
}

void Vrrp::stop(Step& step, const Configuration& conf, VrrpPort& port) {
  Context x{*this, step, conf, port};
  for (VrrpRouter& r : routers_) {
    const bool master = r.state == VrrpState::kMaster;
    port.sync_daemon(step, x.conf_of(r), master ? SyncTurn::kEndAsMaster : SyncTurn::kEndAsBackup);
    if (master) step.explain(Reason::kVrrpStops, {}, {x.conf_of(r).vrid, 0, 0});
    if (master) x.give_up_addresses(r, true);
    const VrrpInstance& c = x.conf_of(r);
    if (!c.notify.on_stop.empty()) port.run_script(step, c.notify.on_stop, "");
    if (!c.notify.on_any.empty()) {
      port.run_script(step, c.notify.on_any,
                      fmt::format("INSTANCE \"{}\" STOP {}", c.name, r.priority));
    }
  }
  routers_.clear();
  scripts_.clear();
}

// --- time ----------------------------------------------------------------------------------------

SimTime Vrrp::next() const {
  SimTime at = kNever;
  for (const VrrpRouter& r : routers_) {
    at = std::min({at, r.deadline, r.announce_at, r.announce_lower_at});
  }
  for (const VrrpScriptState& s : scripts_) at = std::min(at, s.run_at);
  return at;
}

void Vrrp::on_time(Step& step, const Configuration& conf, VrrpPort& port) {
  Context x{*this, step, conf, port};
  const auto take_due = [&](SimTime& at) {
    const bool due = at <= step.now();
    if (due) at = kNever;
    return due;
  };
  // What was put off at once comes before an advert that is due by now: each of those before it
  // came some microseconds late, and this one comes late by all of them.
  std::vector<VrrpRouter*> in_turn;
  for (VrrpRouter& r : routers_) in_turn.push_back(&r);
  std::ranges::stable_sort(in_turn, {}, &VrrpRouter::announce_turn);
  for (VrrpRouter* r : in_turn) {
    const VrrpInstance& c = x.conf_of(*r);
    step.set_cause(r->cause);
    if (take_due(r->announce_at) && r->has_addresses) port.announce(step, c, c.garp.repeat);
    if (take_due(r->announce_lower_at) && r->has_addresses) {
      port.announce(step, c, c.garp.lower_prio_repeat);
    }
  }
  for (VrrpRouter& r : routers_) {
    const VrrpInstance& c = x.conf_of(r);
    step.set_cause(r.cause);
    if (r.deadline > step.now()) continue;
    const VrrpState before = r.state;
    if (r.state == VrrpState::kBackup) {
      x.log_detail(fmt::format("({}) Receive advertisement timeout", c.name));
      step.explain(Reason::kVrrpMasterDown, {},
                   {c.vrid, r.priority, static_cast<std::uint32_t>(r.down_timer.ms())});
      x.go_master(r);
    } else {
      x.advertise(r);
      x.set_deadline(r);
    }
    x.sync_group_of(r, before);
  }
}

// --- what is heard -------------------------------------------------------------------------------

void Vrrp::on_advert(Step& step, const Configuration& conf, VrrpPort& port,
                     const std::string& interface, const ReceivedAdvert& advert) {
  if (advert.message.size() < VrrpRepr::kLength) return;
  Context x{*this, step, conf, port};
  const std::uint8_t vrid = advert.message[1];
  for (VrrpRouter& r : routers_) {
    const VrrpInstance& c = x.conf_of(r);
    if (c.vrid != vrid || (!c.interface.empty() && c.interface != interface)) continue;
    const VrrpState before = r.state;
    if (r.state == VrrpState::kBackup) {
      x.backup_hears(r, advert);
    } else if (r.state == VrrpState::kMaster) {
      x.master_hears(r, advert);
      // Whatever it was, also an advert that was refused, puts off the next one of its own
      // (vrrp_dispatcher_read()).
      if (r.state == VrrpState::kMaster && !c.lower_prio_no_advert.value_or(false)) {
        x.set_deadline(r);
      }
    }
    return x.sync_group_of(r, before);
  }
  step.explain(Reason::kVrrpUnknownRouter, {}, {arg(advert.ip.src), vrid, 0});
  if (conf.global.log_unknown_vrids) {
    x.log(fmt::format("Unknown VRID({}) received on interface({}). ignoring...", vrid, interface));
  }
}

void Vrrp::on_interface(Step& step, const Configuration& conf, VrrpPort& port,
                        const std::string& interface, bool up) {
  Context x{*this, step, conf, port};
  for (VrrpRouter& r : routers_) {
    const std::uint32_t count = x.faults_by(r, interface);
    if (count > 0 && up) x.recover(r);
    if (count > 0 && !up) x.fault(r);
    x.set_priority(r);
  }
}

// netlink_if_address_filter().
void Vrrp::on_address_removed(Step& step, const Configuration& conf, VrrpPort& port,
                              const std::string& interface, Ipv4Addr address) {
  Context x{*this, step, conf, port};
  for (VrrpRouter& r : routers_) {
    const VrrpInstance& c = x.conf_of(r);
    if (r.state != VrrpState::kMaster || !r.has_addresses) continue;
    const auto lost = [&](const VirtualAddress& vip) {
      return vip.address.addr == address && (vip.dev.empty() ? c.interface : vip.dev) == interface;
    };
    if (std::ranges::none_of(c.addresses, lost) && std::ranges::none_of(c.excluded, lost)) continue;
    const VrrpState before = r.state;
    x.log(fmt::format("Netlink reflector reports IP {} removed from {}", address.to_string(),
                      interface));
    step.explain(Reason::kVrrpFault, {}, {c.vrid, 0, 0});
    r.want = VrrpState::kBackup;
    x.leave_master(r, true);
    r.down_timer = skew_time(c.version, r.master_advert_int, r.priority);
    x.set_deadline(r);
    x.sync_group_of(r, before);
  }
}

}  // namespace lvslab::keepalived
