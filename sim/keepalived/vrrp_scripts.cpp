// What routers track by scripts, and what they count.
#include <algorithm>
#include <utility>

#include "sim/keepalived/vrrp_context.h"

namespace lvslab::keepalived {

// vrrp_init_script(); of those that were there before a reload clear_diff_script().
void Vrrp::make_scripts(Step& step, const Configuration& conf, VrrpPort& port) {
  scripts_.clear();
  for (std::size_t i = 0; i < conf.scripts.size(); ++i) {
    scripts_.push_back({.conf = i,
                        .run_at = step.now(),
                        .init = kept_scripts_ ? ScriptInit::kFirstAfterReload : ScriptInit::kFirst,
                        .result = conf.scripts[i].rise - 1});
  }
  if (!kept_scripts_) return;
  for (const KeptScript& old : *kept_scripts_) {
    const auto now = std::ranges::find_if(
        scripts_, [&](const VrrpScriptState& s) { return conf.scripts[s.conf].name == old.name; });
    if (now == scripts_.end()) continue;
    now->init = old.state.init;
    if (old.state.init != ScriptInit::kDone) continue;
    const VrrpScript& c = conf.scripts[now->conf];
    const std::uint32_t was = old.state.result, most = c.rise + c.fall - 1;
    now->up = was >= old.rise;
    if (now->up) {
      now->result = was == old.rise + old.fall - 1 ? most : std::min(c.rise + was - old.rise, most);
    } else {
      const std::uint32_t missing = old.rise - was;
      now->result = was == 0 || missing > c.rise ? 0 : c.rise - missing;
    }
    now->last_status = old.state.last_status;
    port.log(step, fmt::format("VRRP_Script({}) considered {} on reload", c.name,
                               now->up ? "successful" : "unsuccessful"));
  }
}

std::vector<std::size_t> Vrrp::take_due_scripts(SimTime now, const Configuration& conf) {
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < scripts_.size(); ++i) {
    VrrpScriptState& s = scripts_[i];
    if (s.run_at > now) continue;
    s.run_at = now + conf.scripts[s.conf].interval;
    if (std::exchange(s.running, true)) continue;
    due.push_back(i);
  }
  return due;
}

// vrrp_script_child_thread(), process_script_update_priority().
void Vrrp::script_ended(Step& step, const Configuration& conf, VrrpPort& port, std::size_t script,
                        int status) {
  Context x{*this, step, conf, port};
  VrrpScriptState& s = scripts_[script];
  const VrrpScript& c = conf.scripts[s.conf];
  s.running = false;
  if (std::exchange(s.last_status, status) != status) {
    x.log(fmt::format("Script `{}` now returning {}", c.name, status));
  }
  const ScriptInit before = std::exchange(s.init, ScriptInit::kDone);
  const bool success = status == 0;
  bool turned = false;
  if (success) {
    if (s.result + 1 < c.rise) {
      ++s.result;
    } else {
      turned = s.result < c.rise;
      s.result = c.rise + c.fall - 1;
    }
  } else if (s.result > c.rise) {
    --s.result;
  } else {
    turned = s.result == c.rise || before != ScriptInit::kDone;
    s.result = 0;
  }
  if (!turned) return;
  x.log(success ? fmt::format("VRRP_Script({}) succeeded", c.name)
                : fmt::format("VRRP_Script({}) failed (exited with status {})", c.name, status));
  s.up = success;
  for (VrrpRouter& r : routers_) {
    for (const Tracked& t : x.tracked(r, &VrrpInstance::track_scripts, &SyncGroup::track_scripts)) {
      if (t.name != c.name) continue;
      if (t.weight != 0) {
        x.set_priority(r);
        continue;
      }
      bool leaves_init = false;
      if (before == ScriptInit::kFirst && r.scripts_to_come > 0) {
        leaves_init = --r.scripts_to_come == 0;
      }
      const VrrpGroup* group = x.group_of(r);
      if (!success) {
        x.fault(r);
      } else if (r.scripts_to_come == 0 && before != ScriptInit::kFirstAfterReload &&
                 (group == nullptr || !x.waits_for_scripts(*group))) {
        x.recover(r, leaves_init);
      }
    }
  }
}

std::string Vrrp::statistics(const Configuration& conf) const {
  std::string text;
  for (const VrrpRouter& r : routers_) {
    const VrrpStats& n = r.stats;
    text += fmt::format(
        "VRRP Instance: {}\n"
        "  Advertisements:\n    Received: {}\n    Sent: {}\n"
        "  Became master: {}\n  Released master: {}\n"
        "  Packet Errors:\n    Length: {}\n    TTL: {}\n    Invalid Type: {}\n"
        "    Advertisement Interval: 0\n    Address List: {}\n"
        "  Authentication Errors:\n    Invalid Type: {}\n    Type Mismatch: {}\n"
        "    Failure: {}\n"
        "  Priority Zero:\n    Received: {}\n    Sent: {}\n",
        conf.instances[r.conf].name, n.adverts_received, n.adverts_sent, n.became_master,
        n.released_master, n.bad_length, n.bad_ttl, n.bad_type, n.bad_addresses, n.bad_auth_type,
        n.other_auth_type, n.bad_password, n.zeros_received, n.zeros_sent);
  }
  return text;
}

}  // namespace lvslab::keepalived
