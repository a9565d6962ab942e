// What a keepalived.conf says, as plain values, after every check that keepalived makes of it.
//
// Models: vrrp_instance, vrrp_sync_group, vrrp_script, virtual_server, virtual_server_group,
// real_server and their checkers, and those parts of global_defs that change what a lab can see.
// Source: keepalived 2.2.7, keepalived.conf(5); defaults from core/global_data.c,
// vrrp/vrrp_data.c, check/check_data.c and include/vrrp.h.
// Leaves out: everything else that keepalived accepts; read_conf() names each such keyword.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/addr.h"
#include "sim/base/time.h"
#include "sim/keepalived/conf_lines.h"

namespace lvslab::keepalived {

inline constexpr std::uint8_t kPriorityOwner = 255;
inline constexpr std::uint8_t kPriorityDefault = 100;
inline constexpr std::uint8_t kPriorityStop = 0;

/// A command of notify_*, vrrp_script or MISC_CHECK, as the shell of the host is to run it.
struct Script {
  std::string command;
  bool empty() const { return command.empty(); }
  bool operator==(const Script&) const = default;
};

struct GarpTimes {
  SimDuration delay{5'000'000'000};  ///< garp_master_delay: the second burst; 0: none
  std::uint32_t repeat = 5;          ///< garp_master_repeat: packets in each burst
  SimDuration refresh{};             ///< garp_master_refresh: 0: never again
  std::uint32_t refresh_repeat = 1;
  SimDuration lower_prio_delay{5'000'000'000};
  std::uint32_t lower_prio_repeat = 5;  ///< on hearing somebody of lower priority
  bool operator==(const GarpTimes&) const = default;
};

/// lvs_sync_daemon. Zero: the kernel's default.
struct SyncDaemon {
  std::string interface;
  std::string vrrp_instance;  ///< whose state it follows; empty: master and backup at once
  std::optional<std::uint8_t> sync_id;  ///< without it: the instance's virtual_router_id
  std::uint16_t max_length = 0, port = 0;
  std::uint8_t ttl = 0;
  Ipv4Addr group;
  bool operator==(const SyncDaemon&) const = default;
};

struct GlobalDefs {
  std::string router_id;
  std::vector<std::string> notification_email;
  std::string notification_email_from;
  std::string smtp_server;
  std::uint8_t vrrp_version = 2;
  Ipv4Addr vrrp_mcast_group{0xe000'0012};  ///< 224.0.0.18
  GarpTimes garp;
  SimDuration garp_interval{};  ///< between any two gratuitous ARPs of an interface
  std::uint32_t down_timer_adverts = 3;
  SimDuration startup_delay{};
  bool strict = false;
  bool skip_check_adv_addr = false;
  bool check_unicast_src = false;
  bool lower_prio_no_advert = false;
  bool higher_prio_send_advert = false;
  bool log_unknown_vrids = false;
  bool checker_log_all_failures = false;
  bool lvs_flush = false;
  bool lvs_flush_on_stop = false;
  std::optional<SyncDaemon> lvs_sync_daemon;
  std::string default_interface;
  std::string script_user;
  bool script_security = false;
  bool operator==(const GlobalDefs&) const = default;
};

// --- VRRP ----------------------------------------------------------------------------------------

/// A line of virtual_ipaddress.
struct VirtualAddress {
  Ipv4Prefix address;
  std::string dev;  ///< empty: the interface of the instance
  std::string label;
  std::string scope;  ///< empty: global
  std::optional<Ipv4Addr> broadcast;
  bool no_track = false;
  bool operator==(const VirtualAddress&) const = default;
};

struct VirtualRoute {
  Ipv4Prefix dst{{}, 0};
  Ipv4Addr via, src;
  std::string dev;
  std::optional<std::uint32_t> metric;
  std::uint32_t table = 254;
  bool operator==(const VirtualRoute&) const = default;
};

/// What a tracked script or interface does to the priority; weight 0: FAULT when it fails.
struct Tracked {
  std::string name;
  int weight = 0;
  bool weight_given = false;
  bool operator==(const Tracked&) const = default;
};

enum class VrrpState : std::uint8_t { kInit, kBackup, kMaster, kFault };

struct VrrpScript {
  std::string name;
  Script script;
  SimDuration interval{1'000'000'000};
  std::optional<SimDuration> timeout;
  int weight = 0;
  std::uint32_t rise = 1, fall = 1;
  bool init_fail = false;
  Location where;
  bool operator==(const VrrpScript&) const = default;
};

/// notify, notify_master and so on of an instance or a sync group.
struct Notify {
  Script on_master, on_backup, on_fault, on_stop, on_any, on_lower_priority;
  bool operator==(const Notify&) const = default;
};

struct VrrpInstance {
  std::string name;
  VrrpState want = VrrpState::kInit;
  std::string interface;
  std::uint8_t vrid = 0;
  std::uint8_t priority = 0;  ///< 0: not given; settle() puts the default
  SimDuration advert_int{1'000'000'000};
  std::uint8_t version = 0;  ///< 0: that of global_defs
  bool auth_pass = false;
  bool auth_ah = false;  ///< asked for, and not modelled
  std::array<char, 8> password{};
  std::vector<VirtualAddress> addresses, excluded;
  std::vector<VirtualRoute> routes;
  std::vector<Ipv4Addr> unicast_peers;
  bool unicast_configured = false;
  std::optional<Ipv4Addr> source;
  std::optional<Ipv4Addr> multicast_group;
  std::vector<Tracked> track_interfaces, track_scripts;
  bool nopreempt = false;
  SimDuration preempt_delay{};
  std::optional<SimDuration> garp_delay, garp_refresh, garp_lower_prio_delay;
  std::optional<std::uint32_t> garp_repeat, garp_refresh_repeat, garp_lower_prio_repeat;
  GarpTimes garp;  ///< after settle(): the above over those of global_defs
  std::optional<std::uint32_t> down_timer_adverts;
  std::optional<bool> lower_prio_no_advert, higher_prio_send_advert;
  std::optional<bool> strict, skip_check_adv_addr;
  bool check_unicast_src = false;
  bool dont_track_primary = false;
  bool promote_secondaries = false;
  Notify notify;
  std::string sync_group;  ///< empty: in none
  Location where;
  bool operator==(const VrrpInstance&) const = default;

  bool unicast() const { return !unicast_peers.empty(); }
};

struct SyncGroup {
  std::string name;
  std::vector<std::string> members;
  std::vector<Tracked> track_interfaces, track_scripts;
  bool tracking_weight = false;
  Notify notify;
  Location where;
  bool operator==(const SyncGroup&) const = default;
};

// --- LVS -----------------------------------------------------------------------------------------

enum class ForwardMethod : std::uint8_t { kNat, kDirectRoute, kTunnel };
enum class ServiceProtocol : std::uint8_t { kNone, kTcp, kUdp, kSctp };

enum class CheckerKind : std::uint8_t { kTcp, kHttp, kSsl, kMisc, kDns, kPing, kUdp, kSmtp };

struct CheckUrl {
  std::string path;
  std::string digest;  ///< 32 hex digits, or empty
  std::string virtual_host;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> status_codes;  ///< ranges; empty: 200..299
  bool operator==(const CheckUrl&) const = default;
};

struct Checker {
  CheckerKind kind = CheckerKind::kTcp;
  std::optional<Ipv4Addr> connect_ip, bind_ip;
  std::optional<std::uint16_t> connect_port, bind_port;
  std::string bind_if;
  std::optional<SimDuration> connect_timeout, delay_before_retry, delay_loop, warmup;
  std::optional<std::uint32_t> retry;
  std::optional<bool> alpha;
  bool log_all_failures = false;
  bool fast_recovery = false;
  bool enable_sni = false;  ///< SSL_GET
  std::string http_protocol = "1.0";
  std::string virtual_host;
  std::vector<CheckUrl> urls;  ///< HTTP_GET, SSL_GET
  Script misc;                 ///< MISC_CHECK
  bool misc_dynamic = false;
  std::optional<SimDuration> misc_timeout;
  std::string dns_type = "SOA", dns_name = ".";
  std::vector<std::uint8_t> udp_payload;
  bool udp_require_reply = false;
  std::vector<std::uint8_t> udp_reply, udp_reply_mask;   ///< mask: bits that do not matter
  std::uint16_t udp_min_reply = 0, udp_max_reply = 255;  ///< bytes
  Location where;
  bool operator==(const Checker&) const = default;
};

struct RealServer {
  Ipv4Addr addr;
  std::uint16_t port = 0;  ///< 0: that of the virtual server
  std::optional<int> weight;
  std::optional<ForwardMethod> method;
  std::uint32_t upper_threshold = 0, lower_threshold = 0;
  std::optional<bool> inhibit_on_failure, alpha;
  std::optional<SimDuration> connect_timeout, delay_before_retry, delay_loop, warmup;
  std::optional<std::uint32_t> retry;
  std::string virtual_host;
  Script notify_up, notify_down;
  std::vector<Checker> checkers;
  Location where;
  bool operator==(const RealServer&) const = default;
};

/// A line of virtual_server_group: addresses in a row with one port, or a firewall mark.
struct GroupEntry {
  Ipv4Addr first, last;
  std::uint16_t port = 0;
  std::uint32_t fwmark = 0;  ///< not 0: the rest does not count
  bool operator==(const GroupEntry&) const = default;
};

struct VirtualServerGroup {
  std::string name;
  std::vector<GroupEntry> entries;
  Location where;
  bool operator==(const VirtualServerGroup&) const = default;
};

struct VirtualServer {
  Ipv4Addr addr;
  std::uint16_t port = 0;
  std::uint32_t fwmark = 0;
  std::string group;  ///< not empty: the services are those of this group
  ServiceProtocol protocol = ServiceProtocol::kNone;
  std::string scheduler;
  std::vector<std::string> scheduler_flags;  ///< "sh-port", "ops", ...
  std::optional<ForwardMethod> method;
  std::optional<std::uint32_t> persistence_timeout;  ///< seconds
  Ipv4Addr persistence_granularity{0xffff'ffff};
  SimDuration delay_loop{60'000'000'000};
  SimDuration connect_timeout{5'000'000'000};
  std::optional<SimDuration> delay_before_retry, warmup;
  std::optional<std::uint32_t> retry;
  int weight = 1;
  std::uint32_t quorum = 1, hysteresis = 0;
  bool alpha = false, omega = false;
  bool inhibit_on_failure = false;
  bool ha_suspend = false;
  std::string virtual_host;
  Script quorum_up, quorum_down;
  std::optional<RealServer> sorry_server;
  bool sorry_inhibit = false;
  std::vector<RealServer> real_servers;
  Location where;
  bool operator==(const VirtualServer&) const = default;

  /// As keepalived names it in its log: "[192.168.80.150]:tcp:80", "FWM 1", or the group's name.
  std::string name() const;
};

struct Configuration {
  GlobalDefs global;
  std::vector<VrrpScript> scripts;
  std::vector<SyncGroup> sync_groups;
  std::vector<VrrpInstance> instances;
  std::vector<VirtualServerGroup> groups;
  std::vector<VirtualServer> virtual_servers;
  /// False: keepalived ends at once ("CONFIG" status), for what the messages say.
  bool usable = true;

  const VrrpScript* find_script(std::string_view name) const;
  const VirtualServerGroup* find_group(std::string_view name) const;
};

}  // namespace lvslab::keepalived
