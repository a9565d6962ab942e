// The sysctls of IPv4 below net.ipv4: conf/* (struct ipv4_devconf), neigh/* (struct neigh_parms),
// and the globals (struct netns_ipv4). A host that changed none of them stores none.
//
// Modelled in effect: arp_ignore, arp_announce, arp_filter, arp_accept, arp_notify,
// arp_evict_nocarrier, drop_gratuitous_arp, proxy_arp, proxy_arp_pvlan, rp_filter, accept_local,
// route_localnet, send_redirects, accept_redirects, shared_media, forwarding,
// bc_forwarding, promote_secondaries, ignore_routes_with_linkdown, all of icmp_* but
// icmp_echo_enable_probe, ip_forward, ip_default_ttl, ip_local_port_range, ip_nonlocal_bind,
// route.min_pmtu, route.mtu_expires, ipfrag_time, and neigh/* but proxy_qlen, app_solicit,
// anycast_delay and interval_probe_time_ms. The others are stored and listed, and change nothing.
// Source: include/linux/inetdevice.h, net/ipv4/devinet.c, net/ipv4/sysctl_net_ipv4.c,
// net/core/neighbour.c: neigh_sysctl_table; defaults as observed on Linux 6.1.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/ids.h"
#include "sim/base/tables.h"

namespace lvslab::ip {

/// The keys of net.ipv4.conf.X in the order in which sysctl(8) lists them.
enum class ConfKey : std::uint8_t {
  kAcceptLocal,
  kAcceptRedirects,
  kAcceptSourceRoute,
  kArpAccept,
  kArpAnnounce,
  kArpEvictNocarrier,
  kArpFilter,
  kArpIgnore,
  kArpNotify,
  kBcForwarding,
  kBootpRelay,
  kDisablePolicy,
  kDisableXfrm,
  kDropGratuitousArp,
  kDropUnicastInL2Multicast,
  kForceIgmpVersion,
  kForwarding,
  kIgmpv2UnsolicitedReportInterval,
  kIgmpv3UnsolicitedReportInterval,
  kIgnoreRoutesWithLinkdown,
  kLogMartians,
  kMcForwarding,
  kMediumId,
  kPromoteSecondaries,
  kProxyArp,
  kProxyArpPvlan,
  kRouteLocalnet,
  kRpFilter,
  kSecureRedirects,
  kSendRedirects,
  kSharedMedia,
  kSrcValidMark,
  kTag,
  kCount
};
inline constexpr std::size_t kConfKeys = static_cast<std::size_t>(ConfKey::kCount);

/// struct ipv4_devconf: conf/all, conf/default, or that of one device.
struct DevConf {
  std::array<std::int32_t, kConfKeys> value{};
  std::uint64_t written = 0;  ///< bit per key: set by hand, so conf/default no longer changes it
  constexpr std::int32_t& operator[](ConfKey key) { return value[static_cast<std::size_t>(key)]; }
  constexpr std::int32_t operator[](ConfKey key) const {
    return value[static_cast<std::size_t>(key)];
  }
};

/// The keys of net.ipv4.neigh.X; times in the unit that sysctl shows.
enum class NeighKey : std::uint8_t {
  kAnycastDelay,
  kAppSolicit,
  kBaseReachableTimeMs,
  kDelayFirstProbeTime,
  kGcStaleTime,
  kIntervalProbeTimeMs,
  kLocktime,
  kMcastResolicit,
  kMcastSolicit,
  kProxyDelay,
  kProxyQlen,
  kRetransTimeMs,
  kUcastSolicit,
  kUnresQlen,
  kUnresQlenBytes,
  kCount
};
inline constexpr std::size_t kNeighKeys = static_cast<std::size_t>(NeighKey::kCount);

struct NeighConf {
  std::array<std::int32_t, kNeighKeys> value{};
  std::uint32_t written = 0;
  constexpr std::int32_t& operator[](NeighKey key) { return value[static_cast<std::size_t>(key)]; }
  constexpr std::int32_t operator[](NeighKey key) const {
    return value[static_cast<std::size_t>(key)];
  }
};

/// The keys directly below net.ipv4 (and net.ipv4.route, net.ipv4.neigh.default.gc_*).
enum class GlobalKey : std::uint8_t {
  kIcmpEchoEnableProbe,
  kIcmpEchoIgnoreAll,
  kIcmpEchoIgnoreBroadcasts,
  kIcmpErrorsUseInboundIfaddr,
  kIcmpIgnoreBogusErrorResponses,
  kIcmpMsgsBurst,
  kIcmpMsgsPerSec,
  kIcmpRatelimit,
  kIcmpRatemask,
  kIpAutobindReuse,
  kIpDefaultTtl,
  kIpDynaddr,
  kIpEarlyDemux,
  kIpForward,
  kIpForwardUpdatePriority,
  kIpForwardUsePmtu,
  kIpLocalPortLow,
  kIpLocalPortHigh,
  kIpNoPmtuDisc,
  kIpNonlocalBind,
  kIpUnprivilegedPortStart,
  kIpfragHighThresh,
  kIpfragLowThresh,
  kIpfragMaxDist,
  kIpfragTime,
  kPingGroupLow,
  kPingGroupHigh,
  kGcInterval,
  kGcThresh1,
  kGcThresh2,
  kGcThresh3,
  kRouteMinAdvMss,
  kRouteMinPmtu,
  kRouteMtuExpires,
  kCount
};
inline constexpr std::size_t kGlobalKeys = static_cast<std::size_t>(GlobalKey::kCount);

/// All of them, once one differs from what a fresh boot has.
struct Settings {
  DevConf all, fallback;      ///< conf/all and conf/default
  std::vector<DevConf> conf;  ///< by IfIndex - 1
  NeighConf neigh_default;
  std::vector<NeighConf> neigh;  ///< by IfIndex - 1
  std::array<std::int32_t, kGlobalKeys> global{};
  std::vector<RuleRow> rules;        ///< empty while `custom_rules` is false
  std::vector<ShortName> labels;     ///< of addresses that are not named like their device
  bool custom_rules = false;         ///< net->ipv4.fib_has_custom_rules: tables are looked up apart
  bool custom_local_routes = false;  ///< net->ipv4.fib_has_custom_local_routes
};

struct Stack;

/// One value of conf/DEV (IfIndex 0: conf/all).
std::int32_t conf(const Stack& stack, IfIndex dev, ConfKey key);
std::int32_t conf_all(const Stack& stack, ConfKey key);
/// IN_DEV_ANDCONF, IN_DEV_ORCONF and IN_DEV_MAXCONF: how conf/all and conf/DEV are combined.
bool conf_and(const Stack& stack, IfIndex dev, ConfKey key);
bool conf_or(const Stack& stack, IfIndex dev, ConfKey key);
std::int32_t conf_max(const Stack& stack, IfIndex dev, ConfKey key);
std::int32_t neigh_conf(const Stack& stack, IfIndex dev, NeighKey key);
std::int32_t global(const Stack& stack, GlobalKey key);
/// The value a fresh boot has.
std::int32_t global_default(GlobalKey key);

}  // namespace lvslab::ip
