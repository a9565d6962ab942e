// vrrp_instance, vrrp_sync_group, vrrp_script. Source: vrrp/vrrp_parser.c, vrrp/vrrp_track.c,
// vrrp/vrrp_ipaddress.c of keepalived 2.2.7.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sim/keepalived/conf_address.h"
#include "sim/keepalived/conf_reader.h"

namespace lvslab::keepalived {
namespace {

constexpr std::size_t kLongestName = 15;  // IFNAMSIZ - 1
constexpr std::uint32_t kMostSeconds = 4294;
constexpr SimDuration kSecond{1'000'000'000};

VrrpInstance& instance(ConfReader& r) { return r.conf().instances.back(); }
SyncGroup& group(ConfReader& r) { return r.conf().sync_groups.back(); }
VrrpScript& script(ConfReader& r) { return r.conf().scripts.back(); }

// --- vrrp_instance -------------------------------------------------------------------------------

void state(ConfReader& r, const ConfLine& line) {
  VrrpInstance& vrrp = instance(r);
  const std::string& word = r.word(line, 1);
  if (word == "MASTER") {
    vrrp.want = VrrpState::kMaster;
  } else if (word != "BACKUP") {
    r.report(fmt::format("({}) unknown state '{}', defaulting to BACKUP", vrrp.name, word));
    vrrp.want = VrrpState::kBackup;
  } else if (vrrp.want == VrrpState::kMaster) {
    r.report(fmt::format("({}) state previously set as MASTER - ignoring BACKUP", vrrp.name));
  } else {
    vrrp.want = VrrpState::kBackup;
  }
}

void interface(ConfReader& r, const ConfLine& line) {
  VrrpInstance& vrrp = instance(r);
  const std::string& name = r.word(line, 1);
  if (name.size() > kLongestName) {
    return r.report(fmt::format("Interface name '{}' too long - ignoring", name));
  }
  if (name == "lo") {
    return r.report(fmt::format("({}) cannot use a loopback interface ({}) for vrrp - ignoring",
                                vrrp.name, name));
  }
  if (!r.has_interface(name)) {
    return r.report(
        fmt::format("WARNING - interface {} for vrrp_instance {} doesn't exist", name, vrrp.name));
  }
  vrrp.interface = name;
}

void virtual_router_id(ConfReader& r, const ConfLine& line) {
  if (const auto vrid = r.number(line, 1, 1, 255, false)) {
    instance(r).vrid = static_cast<std::uint8_t>(*vrid);
  } else {
    r.report(fmt::format("({}): VRID '{}' not valid - must be between 1 & 255", instance(r).name,
                         last_word(line)));
  }
}

void priority(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 1, kPriorityOwner, false)) {
    instance(r).priority = static_cast<std::uint8_t>(*value);
  } else {
    r.report(fmt::format("({}) Priority not valid! must be between 1 & {}. Using default {}",
                         instance(r).name, kPriorityOwner, kPriorityDefault));
    instance(r).priority = kPriorityDefault;
  }
}

void advert_int(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.seconds(line, 1, {10'000'000}, kSecond * 255)) {
    instance(r).advert_int = *value;
  } else {
    r.report(fmt::format("({}) Advert interval ({}) not valid! Must be > 0 - ignoring",
                         instance(r).name, last_word(line)));
  }
}

void version(ConfReader& r, const ConfLine& line) {
  VrrpInstance& vrrp = instance(r);
  const auto value = r.signed_number(line, 1, 2, 3);
  if (!value) return r.report(fmt::format("({}): Version must be either 2 or 3", vrrp.name));
  if (vrrp.version != 0 && vrrp.version != *value) {
    return r.report(
        fmt::format("({}) vrrp_version {} conflicts with configured or deduced version {}; "
                    "ignoring.",
                    vrrp.name, *value, vrrp.version));
  }
  vrrp.version = static_cast<std::uint8_t>(*value);
}

void auth_type(ConfReader& r, const ConfLine& line) {
  const std::string& word = r.word(line, 1);
  if (word == "PASS") {
    instance(r).auth_pass = true;
  } else if (word == "AH") {
    instance(r).auth_ah = true;
    r.advise("auth_type AH is not modelled; the instance sends without it",
             ConfMessage::Kind::kUnmodelled);
  } else {
    r.report(fmt::format("({}) unknown authentication type '{}'", instance(r).name, word));
  }
}

void sync_daemon_interface(ConfReader& r, const ConfLine& line) {
  r.report(fmt::format("({}) Specifying lvs_sync_daemon_interface against a vrrp is deprecated.",
                       instance(r).name));
  const std::size_t indent = instance(r).name.size() + 4;
  r.report(fmt::format("{:{}}Please use global lvs_sync_daemon", "", indent));
  auto& daemon = r.conf().global.lvs_sync_daemon;
  if (daemon) {
    return r.report(
        fmt::format("({}) lvs_sync_daemon_interface has already been specified as {} - ignoring",
                    instance(r).name, daemon->interface));
  }
  daemon =
      SyncDaemon{.interface = r.word(line, 1), .vrrp_instance = instance(r).name, .sync_id = 0};
}

void auth_pass(ConfReader& r, const ConfLine& line) {
  auto& password = instance(r).password;
  const std::string& word = r.word(line, 1);
  if (word.size() > password.size()) {
    r.report(fmt::format("Truncating auth_pass to {} characters", password.size()));
  }
  password = {};
  std::copy_n(word.begin(), std::min(word.size(), password.size()), password.begin());
}

void addresses(ConfReader& r, const ConfLine& line) {
  r.value_block(line, [&](const ConfLine& value) {
    if (auto vip = virtual_address(r, value)) instance(r).addresses.push_back(*std::move(vip));
  });
}

void excluded(ConfReader& r, const ConfLine& line) {
  r.value_block(line, [&](const ConfLine& value) {
    if (auto vip = virtual_address(r, value)) instance(r).excluded.push_back(*std::move(vip));
  });
}

void routes(ConfReader& r, const ConfLine& line) {
  r.value_block(line, [&](const ConfLine& value) {
    if (auto route = virtual_route(r, value)) instance(r).routes.push_back(*std::move(route));
  });
}

void unicast_peer(ConfReader& r, const ConfLine& line) {
  instance(r).unicast_configured = true;
  r.value_block(line, [&](const ConfLine& value) {
    if (const auto addr = r.address(value.words.front())) {
      instance(r).unicast_peers.push_back(*addr);
      if (value.words.size() > 1) {
        r.advise("min_ttl and max_ttl of a peer are not modelled", ConfMessage::Kind::kUnmodelled);
      }
    } else {
      r.report(
          fmt::format("Configuration error: VRRP instance[{}] malformed unicast peer "
                      "address[{}]. Skipping...",
                      instance(r).name, value.words.front()));
    }
  });
}

void source(ConfReader& r, const ConfLine& line) {
  if (line.words.front() == "unicast_src_ip") instance(r).unicast_configured = true;
  instance(r).source = r.address(r.word(line, 1));
  if (!instance(r).source) {
    r.report(
        fmt::format("Configuration error: VRRP instance[{}] malformed src address[{}]. "
                    "Skipping...",
                    instance(r).name, last_word(line)));
  }
}

void multicast_group(ConfReader& r, const ConfLine& line) {
  const auto addr = r.address(r.word(line, 1));
  if (!addr) {
    r.report(fmt::format("({}) malformed mcast dest address {}. Skipping...", instance(r).name,
                         last_word(line)));
  } else if (!addr->is_multicast()) {
    r.report(fmt::format("({}) mcast_dst_ip {} not multicast. Skipping...", instance(r).name,
                         last_word(line)));
  } else {
    instance(r).multicast_group = addr;
  }
}

/// NAME [weight N]; `what` and `owner` are for the messages.
void tracked(ConfReader& r, const ConfLine& line, std::string_view what, const std::string& owner,
             int default_weight, std::vector<Tracked>& list) {
  Tracked entry{.name = line.words.front(), .weight = default_weight};
  if (std::ranges::find(list, entry.name, &Tracked::name) != list.end()) {
    return r.report(fmt::format("({}) duplicate track_{} {} - ignoring", owner, what, entry.name));
  }
  if (line.words.size() >= 2) {
    if (line.words[1] != "weight") {
      return r.report(
          what == "script"
              ? fmt::format("({}) unknown track script option {} - ignoring", owner, line.words[1])
              : fmt::format("({}) unknown track_interface {} option {} - ignoring", owner,
                            entry.name, line.words[1]));
    }
    if (line.words.size() == 2) {
      return r.report(fmt::format("({}) weight without value specified for track {} {} - ignoring",
                                  owner, what, entry.name));
    }
    if (auto weight = r.signed_number(line, 2, -254, 254)) {
      if (*weight == 254 || *weight == -254) {
        r.report(fmt::format("({}) weight for {} cannot be +/-254. Setting to +/-253", owner,
                             entry.name));
        *weight = *weight < 0 ? -253 : 253;
      }
      entry.weight = *weight;
      entry.weight_given = true;
    } else {
      r.report(what == "script"
                   ? fmt::format("({}) track script {}: weight must be between [-253..253] "
                                 "inclusive, ignoring...",
                                 owner, entry.name)
                   : fmt::format("({}) weight {} for {} must be between [-253..253] inclusive. "
                                 "Ignoring...",
                                 owner, line.words[2], entry.name));
    }
    if (line.words.size() > 3) {
      r.advise(fmt::format("'{}' of a tracked {} is not modelled", line.words[3], what),
               ConfMessage::Kind::kUnmodelled);
    }
  }
  list.push_back(std::move(entry));
}

void track_interfaces(ConfReader& r, const ConfLine& line, const std::string& owner,
                      std::vector<Tracked>& list) {
  r.value_block(line, [&](const ConfLine& value) {
    if (!r.has_interface(value.words.front())) {
      return r.report(
          fmt::format("({}) tracked interface {} doesn't exist", owner, value.words.front()));
    }
    tracked(r, value, "interface", owner, 0, list);
  });
}

void track_scripts(ConfReader& r, const ConfLine& line, const std::string& owner,
                   std::vector<Tracked>& list) {
  r.value_block(line, [&](const ConfLine& value) {
    const VrrpScript* known = r.conf().find_script(value.words.front());
    if (known == nullptr) {
      return r.report(
          fmt::format("({}) track script {} not found, ignoring...", owner, value.words.front()));
    }
    tracked(r, value, "script", owner, known->weight, list);
  });
}

void instance_track_interface(ConfReader& r, const ConfLine& line) {
  track_interfaces(r, line, instance(r).name, instance(r).track_interfaces);
}
void instance_track_script(ConfReader& r, const ConfLine& line) {
  track_scripts(r, line, instance(r).name, instance(r).track_scripts);
}

void nopreempt(ConfReader& r, const ConfLine&) { instance(r).nopreempt = true; }
void preempt(ConfReader& r, const ConfLine&) { instance(r).nopreempt = false; }
void dont_track_primary(ConfReader& r, const ConfLine&) { instance(r).dont_track_primary = true; }
void check_unicast_src(ConfReader& r, const ConfLine&) { instance(r).check_unicast_src = true; }
void promote_secondaries(ConfReader& r, const ConfLine&) { instance(r).promote_secondaries = true; }

void preempt_delay(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.seconds(line, 1, {0}, kSecond * 1000)) {
    instance(r).preempt_delay = *value;
  } else {
    r.report(fmt::format("({}) Preempt_delay not valid! must be between 0-1000", instance(r).name));
  }
}

template <std::optional<SimDuration> VrrpInstance::* kMember>
void garp_seconds(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 0, kMostSeconds)) {
    instance(r).*kMember = kSecond * *value;
  } else if (line.words.front() == "garp_master_refresh") {
    r.report(fmt::format("({}): Invalid garp_master_refresh '{}' - ignoring", instance(r).name,
                         last_word(line)));
  } else {
    r.report(fmt::format("({}): {} '{}' invalid - ignoring", instance(r).name, line.words.front(),
                         last_word(line)));
  }
}

template <std::optional<std::uint32_t> VrrpInstance::* kMember, bool kMayBeZero = false>
void garp_count(ConfReader& r, const ConfLine& line) {
  auto value = r.number(line, 1, 0, 0x7fff'ffff);
  if (!value) {
    return r.report(fmt::format("({}): {} '{}' invalid - ignoring", instance(r).name,
                                line.words.front(), last_word(line)));
  }
  if (*value == 0 && !kMayBeZero) {
    r.report(fmt::format("({}): {} must be greater than 0, setting to 1", instance(r).name,
                         line.words.front()));
    value = 1;
  }
  instance(r).*kMember = value;
}

void down_timer_adverts(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 1, 100)) {
    instance(r).down_timer_adverts = value;
  } else {
    r.report(fmt::format("({}): Invalid down_timer_adverts [1:100] '{}'", instance(r).name,
                         last_word(line)));
  }
}

template <std::optional<bool> VrrpInstance::* kMember>
void optional_flag(ConfReader& r, const ConfLine& line) {
  if (const auto on = r.flag(line)) {
    instance(r).*kMember = on;
  } else {
    r.report(fmt::format("({}) invalid {} {} specified", instance(r).name, line.words.front(),
                         last_word(line)));
  }
}

/// `owner` names the instance or group as keepalived does.
void set_script(ConfReader& r, const ConfLine& line, Script& to, const std::string& owner) {
  static_cast<void>(r.word(line, 1));
  if (!to.empty()) {
    return r.report(fmt::format("{} {} script already specified - ignoring {}", owner,
                                line.words.front(), last_word(line)));
  }
  to = r.script(line);
}

template <Script Notify::* kMember>
void instance_notify(ConfReader& r, const ConfLine& line) {
  set_script(r, line, instance(r).notify.*kMember, fmt::format("({})", instance(r).name));
}

constexpr std::array kAuthentication{Keyword{"auth_type", auth_type},
                                     Keyword{"auth_pass", auth_pass}};

/// Packets to a VIP are accepted here as they are.
void as_the_lab_does(ConfReader&, const ConfLine&) {}

constexpr std::array kInstance{
    Keyword{"state", state},
    Keyword{"interface", interface},
    Keyword{"virtual_router_id", virtual_router_id},
    Keyword{"priority", priority},
    Keyword{"advert_int", advert_int},
    Keyword{"version", version},
    Keyword{"authentication", nullptr, kAuthentication},
    Keyword{"virtual_ipaddress", addresses},
    Keyword{"virtual_ipaddress_excluded", excluded},
    Keyword{"virtual_routes", routes},
    Keyword{"unicast_peer", unicast_peer},
    Keyword{"unicast_src_ip", source},
    Keyword{"mcast_src_ip", source},
    Keyword{"mcast_dst_ip", multicast_group},
    Keyword{"track_interface", instance_track_interface},
    Keyword{"track_script", instance_track_script},
    Keyword{"nopreempt", nopreempt},
    Keyword{"preempt", preempt},
    Keyword{"preempt_delay", preempt_delay},
    Keyword{"dont_track_primary", dont_track_primary},
    Keyword{"check_unicast_src", check_unicast_src},
    Keyword{"promote_secondaries", promote_secondaries},
    Keyword{"garp_master_delay", garp_seconds<&VrrpInstance::garp_delay>},
    Keyword{"garp_master_refresh", garp_seconds<&VrrpInstance::garp_refresh>},
    Keyword{"garp_master_repeat", garp_count<&VrrpInstance::garp_repeat>},
    Keyword{"garp_master_refresh_repeat", garp_count<&VrrpInstance::garp_refresh_repeat>},
    Keyword{"garp_lower_prio_delay", garp_seconds<&VrrpInstance::garp_lower_prio_delay>},
    Keyword{"garp_lower_prio_repeat", garp_count<&VrrpInstance::garp_lower_prio_repeat, true>},
    Keyword{"down_timer_adverts", down_timer_adverts},
    Keyword{"lower_prio_no_advert", optional_flag<&VrrpInstance::lower_prio_no_advert>},
    Keyword{"higher_prio_send_advert", optional_flag<&VrrpInstance::higher_prio_send_advert>},
    Keyword{"skip_check_adv_addr", optional_flag<&VrrpInstance::skip_check_adv_addr>},
    Keyword{"strict_mode", optional_flag<&VrrpInstance::strict>},
    Keyword{"notify_master", instance_notify<&Notify::on_master>},
    Keyword{"notify_backup", instance_notify<&Notify::on_backup>},
    Keyword{"notify_fault", instance_notify<&Notify::on_fault>},
    Keyword{"notify_stop", instance_notify<&Notify::on_stop>},
    Keyword{"notify", instance_notify<&Notify::on_any>},
    Keyword{"notify_master_rx_lower_pri", instance_notify<&Notify::on_lower_priority>},
    unmodelled("smtp_alert"),
    unmodelled("debug"),
    unmodelled("notify_priority_changes"),
    unmodelled("kernel_rx_buf_size"),
    unmodelled("linkbeat_use_polling"),
    Keyword{"accept", as_the_lab_does},
    unmodelled("no_accept"),
    unmodelled("use_vmac"),
    unmodelled("use_vmac_addr"),
    unmodelled("vmac_xmit_base"),
    unmodelled("use_ipvlan"),
    unmodelled("unicast_fault_no_peer"),
    unmodelled("old_unicast_checksum"),
    unmodelled("native_ipv6"),
    unmodelled("vrf"),
    unmodelled("track_file", true),
    unmodelled("track_process", true),
    unmodelled("track_bfd", true),
    unmodelled("track_src_ip"),
    unmodelled("unicast_ttl"),
    unmodelled("virtual_rules", true),
    unmodelled("notify_deleted"),
    Keyword{"lvs_sync_daemon_interface", sync_daemon_interface},
    unmodelled("garp_extra_if"),
    unmodelled("vmac_garp_intvl")};

// --- vrrp_sync_group -----------------------------------------------------------------------------

void members(ConfReader& r, const ConfLine& line) {
  if (!group(r).members.empty()) {
    r.report(fmt::format("Group list already specified for sync group {}", group(r).name));
    return r.skip_block();
  }
  r.value_block(line, [&](const ConfLine& value) {
    for (const std::string& word : value.words) group(r).members.push_back(word);
  });
  if (group(r).members.empty()) {
    r.report(fmt::format("Warning - sync group {} has empty group block", group(r).name));
  }
}

void group_track_interface(ConfReader& r, const ConfLine& line) {
  track_interfaces(r, line, group(r).name, group(r).track_interfaces);
}
void group_track_script(ConfReader& r, const ConfLine& line) {
  track_scripts(r, line, group(r).name, group(r).track_scripts);
}
void tracking_weight(ConfReader& r, const ConfLine&) { group(r).tracking_weight = true; }

template <Script Notify::* kMember>
void group_notify(ConfReader& r, const ConfLine& line) {
  set_script(r, line, group(r).notify.*kMember, fmt::format("vrrp group {}:", group(r).name));
}

constexpr std::array kGroup{Keyword{"group", members},
                            Keyword{"track_interface", group_track_interface},
                            Keyword{"track_script", group_track_script},
                            Keyword{"sync_group_tracking_weight", tracking_weight},
                            Keyword{"notify_master", group_notify<&Notify::on_master>},
                            Keyword{"notify_backup", group_notify<&Notify::on_backup>},
                            Keyword{"notify_fault", group_notify<&Notify::on_fault>},
                            Keyword{"notify_stop", group_notify<&Notify::on_stop>},
                            Keyword{"notify", group_notify<&Notify::on_any>},
                            unmodelled("smtp_alert"),
                            unmodelled("global_tracking"),
                            unmodelled("notify_priority_changes"),
                            unmodelled("track_file", true),
                            unmodelled("track_process", true),
                            unmodelled("track_bfd", true)};

// --- vrrp_script ---------------------------------------------------------------------------------

void script_command(ConfReader& r, const ConfLine& line) {
  static_cast<void>(r.word(line, 1));
  script(r).script = r.script(line);
}

void script_interval(ConfReader& r, const ConfLine& line) {
  const auto value = r.number(line, 1, 0, kMostSeconds);
  if (!value) {
    return r.report(
        fmt::format("({}): vrrp script interval '{}' must be between 1 and {} - "
                    "ignoring",
                    script(r).name, last_word(line), kMostSeconds));
  }
  if (*value == 0) {
    r.report(fmt::format("({}): vrrp script interval must be greater than 0, setting to 1",
                         script(r).name));
  }
  script(r).interval = kSecond * std::max(*value, 1U);
}

void script_timeout(ConfReader& r, const ConfLine& line) {
  const auto value = r.number(line, 1, 0, kMostSeconds);
  if (!value) {
    return r.report(fmt::format("({}): vrrp script timeout '{}' invalid - ignoring", script(r).name,
                                last_word(line)));
  }
  if (*value == 0) {
    r.report(fmt::format("({}): vrrp script timeout must be greater than 0, setting to 1",
                         script(r).name));
  }
  script(r).timeout = kSecond * std::max(*value, 1U);
}

void script_weight(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.signed_number(line, 1, -253, 253)) {
    script(r).weight = *value;
  } else {
    r.report(fmt::format("vrrp_script {} weight {} must be in [-253, 253]", script(r).name,
                         last_word(line)));
  }
  if (line.words.size() > 2) {
    r.advise(fmt::format("'{}' of a weight is not modelled", line.words[2]),
             ConfMessage::Kind::kUnmodelled);
  }
}

template <std::uint32_t VrrpScript::* kMember>
void script_count(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 1, 0x7fff'ffff)) {
    script(r).*kMember = *value;
  } else {
    r.report(fmt::format("({}): vrrp script {} value '{}' invalid, defaulting to 1", script(r).name,
                         line.words.front(), last_word(line)));
    script(r).*kMember = 1;
  }
}

void script_init_fail(ConfReader& r, const ConfLine&) { script(r).init_fail = true; }

constexpr std::array kScript{Keyword{"script", script_command},
                             Keyword{"interval", script_interval},
                             Keyword{"timeout", script_timeout},
                             Keyword{"weight", script_weight},
                             Keyword{"rise", script_count<&VrrpScript::rise>},
                             Keyword{"fall", script_count<&VrrpScript::fall>},
                             Keyword{"init_fail", script_init_fail},
                             unmodelled("user")};

}  // namespace

void begin_vrrp_instance(ConfReader& r, const ConfLine& line) {
  r.set_phase(ConfPhase::kVrrp);
  if (line.words.size() != 2) {
    r.report("vrrp_instance must have a name");
    return r.skip_this_block();
  }
  if (std::ranges::find(r.conf().instances, line.words[1], &VrrpInstance::name) !=
      r.conf().instances.end()) {
    r.report(fmt::format("vrrp instance {} already defined", line.words[1]));
    return r.skip_this_block();
  }
  r.conf().instances.push_back({.name = line.words[1], .where = line.where});
}

void begin_sync_group(ConfReader& r, const ConfLine& line) {
  r.set_phase(ConfPhase::kVrrp);
  if (line.words.size() != 2) {
    r.report("vrrp_sync_group must have a name - skipping");
    return r.skip_this_block();
  }
  if (std::ranges::find(r.conf().sync_groups, line.words[1], &SyncGroup::name) !=
      r.conf().sync_groups.end()) {
    r.report(fmt::format("vrrp sync group {} already defined", line.words[1]));
    return r.skip_this_block();
  }
  r.conf().sync_groups.push_back({.name = line.words[1], .where = line.where});
}

void begin_vrrp_script(ConfReader& r, const ConfLine& line) {
  r.set_phase(ConfPhase::kVrrp);
  r.conf().scripts.push_back({.name = r.word(line, 1), .where = line.where});
}

void end_vrrp_script(ConfReader& r) {
  if (!script(r).script.empty()) return;
  r.report(fmt::format("No script set for vrrp_script {} - removing", script(r).name));
  r.conf().scripts.pop_back();
}

std::span<const Keyword> vrrp_instance_keywords() { return kInstance; }
std::span<const Keyword> sync_group_keywords() { return kGroup; }
std::span<const Keyword> vrrp_script_keywords() { return kScript; }

}  // namespace lvslab::keepalived
