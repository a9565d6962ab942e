// global_defs and the words of the root. Source: core/global_parser.c of keepalived 2.2.7.
#include <fmt/format.h>

#include <array>

#include "sim/keepalived/conf_reader.h"

namespace lvslab::keepalived {
namespace {

GlobalDefs& global(ConfReader& r) { return r.conf().global; }

/// A handler that stores the flag of its line, with the words of a mistake.
template <bool GlobalDefs::* kMember>
void set_flag(ConfReader& r, const ConfLine& line) {
  if (const auto on = r.flag(line)) {
    global(r).*kMember = *on;
  } else {
    r.report(
        fmt::format("Invalid value '{}' for global {} specified", line.words[1], line.words[0]));
  }
}

/// A flag whose presence is enough.
template <bool GlobalDefs::* kMember>
void set(ConfReader& r, const ConfLine& line) {
  static_cast<void>(line);
  global(r).*kMember = true;
}

template <std::string GlobalDefs::* kMember>
void set_word(ConfReader& r, const ConfLine& line) {
  global(r).*kMember = r.word(line, 1);
}

void email(ConfReader& r, const ConfLine& line) {
  r.value_block(line, [&](const ConfLine& value) {
    for (const std::string& word : value.words) global(r).notification_email.push_back(word);
  });
}

void whole_seconds(ConfReader& r, const ConfLine& line, SimDuration& to) {
  if (const auto value = r.number(line, 1, 0, 4294)) {
    to = SimDuration{std::int64_t{*value} * 1'000'000'000};
  } else {
    r.report(fmt::format("{} '{}' is invalid", line.words[0],
                         line.words.size() > 1 ? line.words[1] : ""));
  }
}

void garp_delay(ConfReader& r, const ConfLine& line) {
  whole_seconds(r, line, global(r).garp.delay);
}
void garp_refresh(ConfReader& r, const ConfLine& line) {
  whole_seconds(r, line, global(r).garp.refresh);
}
void garp_lower_delay(ConfReader& r, const ConfLine& line) {
  whole_seconds(r, line, global(r).garp.lower_prio_delay);
}

void count(ConfReader& r, const ConfLine& line, std::uint32_t min, std::uint32_t& to) {
  if (const auto value = r.number(line, 1, min, 0x7fff'ffff)) {
    to = *value;
  } else {
    r.report(fmt::format("{} '{}' is invalid", line.words[0],
                         line.words.size() > 1 ? line.words[1] : ""));
  }
}

void garp_repeat(ConfReader& r, const ConfLine& line) { count(r, line, 1, global(r).garp.repeat); }
void garp_refresh_repeat(ConfReader& r, const ConfLine& line) {
  count(r, line, 1, global(r).garp.refresh_repeat);
}
void garp_lower_repeat(ConfReader& r, const ConfLine& line) {
  count(r, line, 0, global(r).garp.lower_prio_repeat);
}
void down_timer_adverts(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 1, 100)) {
    global(r).down_timer_adverts = *value;
  } else {
    r.report(fmt::format("Invalid vrrp_down_timer_adverts [1:100] '{}'", line.words.back()));
  }
}

void garp_interval(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.seconds(line, 1, {1'000}, kLongestTimer)) {
    global(r).garp_interval = *value;
  } else {
    r.report(fmt::format("{} '{}' is invalid", line.words[0], line.words.back()));
  }
}

// Meant for IPv6; read, so that a mistake in it is told.
void gna_interval(ConfReader& r, const ConfLine& line) {
  if (!r.seconds(line, 1, {1'000}, kLongestTimer)) {
    r.report(fmt::format("{} '{}' is invalid", line.words[0], line.words.back()));
  }
}

void version(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 2, 3)) {
    global(r).vrrp_version = static_cast<std::uint8_t>(*value);
  } else {
    r.report("VRRP Error: Version must be either 2 or 3");
  }
}

void multicast_group(ConfReader& r, const ConfLine& line) {
  const auto addr = r.address(r.word(line, 1));
  if (addr && addr->is_multicast()) {
    global(r).vrrp_mcast_group = *addr;
  } else if (addr) {
    r.report(fmt::format("vrrp_mcast_group4 [{}] is not multicast. Skipping", line.words.back()));
  } else {
    r.report(fmt::format("Configuration error: Cant parse vrrp_mcast_group4 [{}]. Skipping",
                         line.words.back()));
  }
}

void startup_delay(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.seconds(line, 1, {1'000}, kLongestTimer)) {
    global(r).startup_delay = *value;
  } else {
    r.report(fmt::format("vrrp_startup_delay '{}' is invalid", line.words.back()));
  }
}

void checker_log_all_failures(ConfReader& r, const ConfLine& line) {
  if (const auto on = r.flag(line)) {
    global(r).checker_log_all_failures = *on;
  } else {
    r.report("Invalid value for checker_log_all_failures specified");
  }
}

void script_user(ConfReader& r, const ConfLine& line) { global(r).script_user = r.word(line, 1); }

// What follows `option` of lvs_sync_daemon at `at`; false if nothing does.
bool sync_option(ConfReader& r, const ConfLine& line, std::size_t at, SyncDaemon& daemon) {
  const std::string& option = line.words[at];
  if (at + 1 >= line.words.size()) {
    r.report(fmt::format("No value specified for lvs_sync_daemon {}{}", option,
                         option == "id" ? ", defaulting to vrid" : " - ignoring"));
    return false;
  }
  const std::string& value = line.words[at + 1];
  if (option == "id") {
    const auto id = r.number(line, at + 1, 0, 255, false);
    if (!id) r.report(fmt::format("Invalid syncid ({}) - defaulting to vrid", value));
    if (id) daemon.sync_id = static_cast<std::uint8_t>(*id);
    return true;
  }
  if (option == "group") {
    const auto group = Ipv4Addr::parse(value);
    if (!group) r.report(fmt::format("Invalid lvs_sync_daemon group ({}) - ignoring", value));
    if (group && !group->is_multicast()) {
      r.report(fmt::format("lvs_sync_daemon group address {} is not multicast - ignoring", value));
    }
    if (group && group->is_multicast()) daemon.group = *group;
    return true;
  }
  const std::uint32_t most = option == "maxlen" ? 65'507U : option == "port" ? 65'535U : 255U;
  const auto number = r.number(line, at + 1, 1, most, false);
  if (!number) {
    r.report(fmt::format("Invalid lvs_sync_daemon {} ({}) - ignoring", option, value));
  } else if (option == "maxlen") {
    daemon.max_length = static_cast<std::uint16_t>(*number);
  } else if (option == "port") {
    daemon.port = static_cast<std::uint16_t>(*number);
  } else {
    daemon.ttl = static_cast<std::uint8_t>(*number);
  }
  return true;
}

// The old way: lvs_sync_daemon INTERFACE VRRP_INSTANCE SYNC_ID.
void sync_word(ConfReader& r, const ConfLine& line, std::size_t at, SyncDaemon& daemon) {
  const std::string& word = line.words[at];
  if (at == 2) {
    daemon.vrrp_instance = word;
  } else if (at != 3) {
    r.report(fmt::format("Unknown option {} specified for lvs_sync_daemon", word));
  } else if (const auto id = r.number(line, at, 0, 255, false)) {
    r.report("Please use keyword \"id\" before lvs_sync_daemon SYNCID");
    daemon.sync_id = static_cast<std::uint8_t>(*id);
  } else {
    r.report(fmt::format("Invalid syncid ({}) - defaulting to vrid", word));
  }
}

// lvs_sync_daemon INTERFACE [VRRP_INSTANCE | inst VRRP_INSTANCE] [id 0..255] [maxlen N] [port N]
// [ttl N] [group ADDRESS]
void sync_daemon(ConfReader& r, const ConfLine& line) {
  constexpr std::size_t kLongestDevice = 15;
  if (global(r).lvs_sync_daemon) {
    return r.report(fmt::format("lvs_sync_daemon has already been specified as {} {} - ignoring",
                                global(r).lvs_sync_daemon->interface,
                                global(r).lvs_sync_daemon->vrrp_instance));
  }
  if (line.words.size() < 2) return r.report("lvs_sync_daemon requires interface");
  SyncDaemon daemon;
  daemon.interface = line.words[1];
  if (daemon.interface.size() > kLongestDevice) {
    return r.report(
        fmt::format("lvs_sync_daemon interface name '{}' too long - ignoring", daemon.interface));
  }
  for (std::size_t at = 2; at < line.words.size(); ++at) {
    const std::string& word = line.words[at];
    if (word == "inst" && at + 1 < line.words.size()) {
      const std::string& name = line.words[++at];
      if (daemon.vrrp_instance.empty()) {
        daemon.vrrp_instance = name;
      } else {
        r.report(
            fmt::format("lvs_sync_daemon vrrp instance has already been specified as {} - ignoring",
                        daemon.vrrp_instance));
      }
    } else if (word == "id" || word == "maxlen" || word == "port" || word == "ttl" ||
               word == "group") {
      if (sync_option(r, line, at, daemon)) ++at;
    } else {
      sync_word(r, line, at, daemon);
    }
  }
  global(r).lvs_sync_daemon = std::move(daemon);
}

constexpr std::array kGlobal{
    Keyword{"router_id", set_word<&GlobalDefs::router_id>}, Keyword{"notification_email", email},
    Keyword{"notification_email_from", set_word<&GlobalDefs::notification_email_from>},
    Keyword{"smtp_server", set_word<&GlobalDefs::smtp_server>},
    Keyword{"default_interface", set_word<&GlobalDefs::default_interface>},
    Keyword{"vrrp_version", version}, Keyword{"vrrp_mcast_group4", multicast_group},
    Keyword{"vrrp_garp_master_delay", garp_delay}, Keyword{"vrrp_garp_master_repeat", garp_repeat},
    Keyword{"vrrp_garp_master_refresh", garp_refresh},
    Keyword{"vrrp_garp_master_refresh_repeat", garp_refresh_repeat},
    Keyword{"vrrp_garp_lower_prio_delay", garp_lower_delay},
    Keyword{"vrrp_garp_lower_prio_repeat", garp_lower_repeat},
    Keyword{"vrrp_garp_interval", garp_interval}, Keyword{"vrrp_gna_interval", gna_interval},
    Keyword{"vrrp_down_timer_adverts", down_timer_adverts},
    Keyword{"vrrp_startup_delay", startup_delay},
    Keyword{"vrrp_strict", set_flag<&GlobalDefs::strict>},
    Keyword{"vrrp_skip_check_adv_addr", set_flag<&GlobalDefs::skip_check_adv_addr>},
    Keyword{"vrrp_check_unicast_src", set<&GlobalDefs::check_unicast_src>},
    Keyword{"vrrp_lower_prio_no_advert", set_flag<&GlobalDefs::lower_prio_no_advert>},
    Keyword{"vrrp_higher_prio_send_advert", set_flag<&GlobalDefs::higher_prio_send_advert>},
    Keyword{"log_unknown_vrids", set<&GlobalDefs::log_unknown_vrids>},
    Keyword{"checker_log_all_failures", checker_log_all_failures},
    Keyword{"lvs_flush", set<&GlobalDefs::lvs_flush>},
    Keyword{"lvs_flush_on_stop", set<&GlobalDefs::lvs_flush_on_stop>},
    Keyword{"lvs_flush_onstop", set<&GlobalDefs::lvs_flush_on_stop>},
    Keyword{"lvs_sync_daemon", sync_daemon}, Keyword{"script_user", script_user},
    Keyword{"enable_script_security", set<&GlobalDefs::script_security>},
    // What a lab cannot see: process names and priorities, buffers, SNMP, D-Bus.
    unmodelled("process_names"), unmodelled("process_name"), unmodelled("vrrp_process_name"),
    unmodelled("checker_process_name"), unmodelled("lvs_process_name"),
    unmodelled("bfd_process_name"), unmodelled("vrrp_priority"), unmodelled("vrrp_no_swap"),
    unmodelled("vrrp_rt_priority"), unmodelled("vrrp_cpu_affinity"),
    unmodelled("vrrp_rlimit_rttime"), unmodelled("vrrp_rlimit_rtime"),
    unmodelled("checker_priority"), unmodelled("checker_no_swap"),
    unmodelled("checker_rt_priority"), unmodelled("checker_cpu_affinity"),
    unmodelled("checker_rlimit_rttime"), unmodelled("checker_rlimit_rtime"),
    unmodelled("bfd_priority"), unmodelled("bfd_no_swap"), unmodelled("bfd_rt_priority"),
    unmodelled("bfd_cpu_affinity"), unmodelled("bfd_rlimit_rttime"), unmodelled("bfd_rlimit_rtime"),
    unmodelled("max_auto_priority"), unmodelled("min_auto_priority_delay"),
    unmodelled("snmp_socket"), unmodelled("enable_traps"), unmodelled("enable_snmp_vrrp"),
    unmodelled("enable_snmp_keepalived"), unmodelled("enable_snmp_rfc"),
    unmodelled("enable_snmp_rfcv2"), unmodelled("enable_snmp_rfcv3"),
    unmodelled("enable_snmp_checker"), unmodelled("enable_dbus"), unmodelled("dbus_service_name"),
    unmodelled("vrrp_netlink_cmd_rcv_bufs"), unmodelled("vrrp_netlink_cmd_rcv_bufs_force"),
    unmodelled("vrrp_netlink_monitor_rcv_bufs"), unmodelled("vrrp_netlink_monitor_rcv_bufs_force"),
    unmodelled("lvs_netlink_cmd_rcv_bufs"), unmodelled("lvs_netlink_cmd_rcv_bufs_force"),
    unmodelled("lvs_netlink_monitor_rcv_bufs"), unmodelled("lvs_netlink_monitor_rcv_bufs_force"),
    unmodelled("process_monitor_rcv_bufs"), unmodelled("process_monitor_rcv_bufs_force"),
    unmodelled("vrrp_rx_bufs_policy"), unmodelled("vrrp_rx_bufs_multiplier"), unmodelled("umask"),
    unmodelled("random_seed"), unmodelled("config_save_dir"), unmodelled("data_use_instance"),
    unmodelled("tmp_config_directory"), unmodelled("vrrp_notify_priority_changes"),
    unmodelled("rs_init_notifies"),
    // What changes a run, and is not modelled.
    unmodelled("startup_script"), unmodelled("startup_script_timeout"),
    unmodelled("shutdown_script"), unmodelled("shutdown_script_timeout"),
    unmodelled("dynamic_interfaces"), unmodelled("disable_local_igmp"), unmodelled("lvs_timeouts"),
    unmodelled("vrrp_mcast_group6"), unmodelled("vrrp_min_garp"), unmodelled("vrrp_garp_extra_if"),
    unmodelled("vrrp_vmac_garp_intvl"), unmodelled("vrrp_iptables"), unmodelled("vrrp_ipsets"),
    unmodelled("nftables"), unmodelled("nftables_priority"), unmodelled("nftables_ifindex"),
    unmodelled("nftables_ipvs"), unmodelled("nftables_ipvs_priority"),
    unmodelled("nftables_ipvs_start_fwmark"), unmodelled("nftables_counters"),
    unmodelled("notify_fifo"), unmodelled("notify_fifo_script"), unmodelled("vrrp_notify_fifo"),
    unmodelled("vrrp_notify_fifo_script"), unmodelled("fifo_write_vrrp_states_on_reload"),
    unmodelled("lvs_notify_fifo"), unmodelled("lvs_notify_fifo_script"), unmodelled("vmac_prefix"),
    unmodelled("vmac_addr_prefix"), unmodelled("reload_check_config"),
    unmodelled("reload_time_file"), unmodelled("reload_repeat"), unmodelled("reload_file"),
    unmodelled("include_check"),
    // Mail.
    unmodelled("smtp_helo_name"), unmodelled("smtp_connect_timeout"), unmodelled("smtp_alert"),
    unmodelled("smtp_alert_vrrp"), unmodelled("smtp_alert_checker"), unmodelled("no_email_faults"),
    unmodelled("no_checker_emails")};

// A root keyword with a block of keywords gets it when the table is asked for: the tables are in
// several files.
const std::array kRoot{
    Keyword{"global_defs", begin_global, global_keywords()},
    Keyword{"vrrp_instance", begin_vrrp_instance, vrrp_instance_keywords()},
    Keyword{"vrrp_sync_group", begin_sync_group, sync_group_keywords()},
    Keyword{"vrrp_script", begin_vrrp_script, vrrp_script_keywords(), end_vrrp_script},
    Keyword{"virtual_server_group", begin_server_group},
    Keyword{"virtual_server", begin_virtual_server, virtual_server_keywords()},
    unmodelled("net_namespace"),
    unmodelled("net_namespace_ipvs"),
    unmodelled("namespace_with_ipsets"),
    unmodelled("use_pid_dir"),
    unmodelled("instance"),
    unmodelled("child_wait_time"),
    unmodelled("linkbeat_use_polling"),
    unmodelled("linkbeat_interfaces", true),
    unmodelled("track_group", true),
    unmodelled("static_ipaddress", true),
    unmodelled("static_routes", true),
    unmodelled("static_rules", true),
    unmodelled("garp_group", true),
    unmodelled("vrrp_track_process", true),
    unmodelled("vrrp_track_file", true),
    unmodelled("track_file", true),
    unmodelled("interface_up_down_delays", true),
    unmodelled("bfd_instance", true),
    unmodelled("SSL", true)};

}  // namespace

void begin_global(ConfReader& r, const ConfLine& line) {
  static_cast<void>(line);
  r.set_phase(ConfPhase::kParent);
}

std::span<const Keyword> global_keywords() { return kGlobal; }
std::span<const Keyword> root_keywords() { return kRoot; }

}  // namespace lvslab::keepalived
