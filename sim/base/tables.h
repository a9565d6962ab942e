// The rows of a host's tables, as plain values: what the simulator reports, what the trace records,
// what a recording folds back into, and what the commands print. Nothing here decides anything.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/ids.h"
#include "sim/base/ip_addr.h"
#include "sim/base/time.h"

namespace lvslab {

/// A name of at most 15 characters, as the kernel's IFNAMSIZ and TASK_COMM_LEN allow.
struct ShortName {
  std::array<char, 16> chars{};
  constexpr ShortName() = default;
  constexpr ShortName(std::string_view text) {  // NOLINT(google-explicit-constructor)
    std::copy_n(text.begin(), std::min<std::size_t>(text.size(), 15), chars.begin());
  }
  constexpr ShortName(const char* text) : ShortName(std::string_view(text)) {}  // NOLINT
  constexpr std::string_view view() const { return std::string_view(chars.data()); }
  constexpr bool empty() const { return chars[0] == '\0'; }
  constexpr auto operator<=>(const ShortName&) const = default;
};

// --- interfaces and addresses -----------------------------------------------------------------

struct LinkStats {
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_dropped = 0, rx_multicast = 0;
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0, tx_dropped = 0;
  bool operator==(const LinkStats&) const = default;
};

/// A device that packs IPv4 into IPv4, or IPv6 into IPv6: tunl0, ip6tnl0 and the like.
enum class TunnelKind : std::uint8_t { kNone, kIpip, kGre, kIp6 };

struct LinkRow {
  IfIndex dev;
  ShortName name;
  MacAddr mac;
  std::uint32_t mtu = 1500;
  std::uint32_t tx_queue_len = 1000;
  bool up = false;      ///< IFF_UP: the administrator's wish
  bool carrier = true;  ///< IFF_LOWER_UP: a peer is there
  bool no_arp = false;  ///< IFF_NOARP (`ip link set X arp off`)
  bool promisc = false;
  bool loopback = false;
  bool multicast = true;
  TunnelKind tunnel = TunnelKind::kNone;
  LinkStats stats;
  bool operator==(const LinkRow&) const = default;
};

/// rtnetlink scopes (include/uapi/linux/rtnetlink.h).
enum class Scope : std::uint8_t {
  kUniverse = 0,
  kSite = 200,
  kLink = 253,
  kHost = 254,
  kNowhere = 255
};

struct AddrRow {
  IfIndex dev;
  Ipv4Prefix local;    ///< address and prefix length: 192.168.80.150/24
  Ipv4Addr broadcast;  ///< 0.0.0.0 if none
  Scope scope = Scope::kUniverse;
  ShortName label;         ///< "eth0" or "eth0:1"
  bool secondary = false;  ///< IFA_F_SECONDARY
  bool operator==(const AddrRow&) const = default;
};

/// An IPv6 address of an interface; those of a lab last for ever and were not probed.
struct Addr6Row {
  IfIndex dev;
  Ipv6Prefix local;
  Scope scope = Scope::kUniverse;
  bool operator==(const Addr6Row&) const = default;
};

// --- routing ----------------------------------------------------------------------------------

enum class RouteType : std::uint8_t {
  kUnicast,
  kLocal,
  kBroadcast,
  kBlackhole,
  kUnreachable,
  kProhibit
};
enum class RouteProto : std::uint8_t { kRedirect = 1, kKernel = 2, kBoot = 3, kStatic = 4 };
inline constexpr std::uint32_t kTableDefault = 253, kTableMain = 254, kTableLocal = 255;

struct RouteRow {
  std::uint32_t table = kTableMain;
  RouteType type = RouteType::kUnicast;
  Ipv4Prefix dst{{}, 0};  ///< 0.0.0.0/0 is the default route
  Ipv4Addr gateway;       ///< 0.0.0.0 if on-link
  IfIndex dev;
  Scope scope = Scope::kUniverse;
  RouteProto proto = RouteProto::kBoot;
  Ipv4Addr prefsrc;  ///< 0.0.0.0 if none
  std::uint32_t metric = 0;
  bool onlink = false;
  bool linkdown = false;
  bool operator==(const RouteRow&) const = default;
};

struct Route6Row {
  std::uint32_t table = kTableMain;
  RouteType type = RouteType::kUnicast;
  Ipv6Prefix dst{{}, 0};  ///< ::/0 is the default route
  Ipv6Addr gateway;       ///< :: if on-link
  IfIndex dev;
  RouteProto proto = RouteProto::kBoot;
  Ipv6Addr prefsrc;  ///< :: if none
  std::uint32_t metric = 1024;
  bool multicast = false;  ///< RTN_MULTICAST
  bool anycast = false;    ///< RTN_ANYCAST
  bool linkdown = false;
  bool operator==(const Route6Row&) const = default;
};

struct RuleRow {
  std::uint32_t priority = 0;
  Ipv4Prefix from{{}, 0};
  Ipv4Prefix to{{}, 0};
  ShortName iif;  ///< empty: any
  ShortName oif;
  std::uint32_t fwmark = 0, fwmask = 0xffff'ffffU;
  bool match_fwmark = false;
  std::uint32_t table = kTableMain;
  RouteType action = RouteType::kUnicast;  ///< kUnicast: look up `table`; else blackhole and so on
  bool operator==(const RuleRow&) const = default;
};

// --- neighbours -------------------------------------------------------------------------------

/// NUD_* of include/uapi/linux/neighbour.h.
enum class NeighState : std::uint8_t {
  kNone = 0x00,
  kIncomplete = 0x01,
  kReachable = 0x02,
  kStale = 0x04,
  kDelay = 0x08,
  kProbe = 0x10,
  kFailed = 0x20,
  kNoArp = 0x40,
  kPermanent = 0x80
};

struct NeighRow {
  IfIndex dev;
  IpAddr ip;
  MacAddr mac;  ///< zero while unknown
  NeighState state = NeighState::kNone;
  SimTime used, confirmed, updated;
  std::uint8_t probes = 0;
  bool router = false;  ///< NTF_ROUTER: it said so in an advertisement
  bool operator==(const NeighRow&) const = default;
};

// --- sockets ----------------------------------------------------------------------------------

/// TCP states in the kernel's numbering (include/net/tcp_states.h).
enum class TcpState : std::uint8_t {
  kEstablished = 1,
  kSynSent,
  kSynRecv,
  kFinWait1,
  kFinWait2,
  kTimeWait,
  kClose,
  kCloseWait,
  kLastAck,
  kListen,
  kClosing
};

enum class SocketProto : std::uint8_t { kTcp = 6, kUdp = 17, kRaw = 255 };

struct SocketRow {
  SocketProto proto = SocketProto::kTcp;
  IpAddr local;  ///< 0.0.0.0 or ::: any of that version
  std::uint16_t local_port = 0;
  IpAddr remote;
  std::uint16_t remote_port = 0;
  TcpState state = TcpState::kClose;
  std::uint32_t recv_q = 0;  ///< listen: connections not yet accepted
  std::uint32_t send_q = 0;  ///< listen: the backlog (ss only)
  std::uint32_t pid = 0;     ///< 0: no process owns it (TIME_WAIT, SYN_RECV)
  ShortName program;
  std::uint32_t fd = 0;
  std::uint32_t id = 0;  ///< tells rows of the same ports apart over time
  bool operator==(const SocketRow&) const = default;
};

// --- IPVS -------------------------------------------------------------------------------------

enum class IpvsForward : std::uint8_t { kMasq = 0, kLocal = 1, kTunnel = 2, kRoute = 3 };

/// How packets travel to a server with kTunnel: IP_VS_CONN_F_TUNNEL_TYPE_*.
enum class IpvsTunnelType : std::uint8_t { kIpip = 0, kGue = 1, kGre = 2 };
/// IP_VS_TUNNEL_ENCAP_FLAG_*.
enum class IpvsTunnelChecksum : std::uint8_t { kNone = 0, kFull = 1, kRemote = 2 };
struct IpvsTunnel {
  IpvsTunnelType type = IpvsTunnelType::kIpip;
  IpvsTunnelChecksum checksum = IpvsTunnelChecksum::kNone;
  std::uint16_t port = 0;  ///< UDP port of gue
  bool operator==(const IpvsTunnel&) const = default;
};

/// The counters of ip_vs_stats: what `ipvsadm --stats` and `--rate` print.
struct IpvsCounters {
  std::uint64_t conns = 0, in_pkts = 0, out_pkts = 0, in_bytes = 0, out_bytes = 0;
  std::uint64_t cps = 0, in_pps = 0, out_pps = 0, in_bps = 0, out_bps = 0;  ///< per second
  bool operator==(const IpvsCounters&) const = default;
};

/// What names a virtual service: protocol, address, port, or a firewall mark.
struct IpvsServiceKey {
  std::uint8_t protocol = 6;  ///< IPPROTO_TCP, _UDP or _SCTP; 0 with a fwmark
  IpAddr addr;                ///< with a fwmark 0.0.0.0 or :: (`-6`)
  std::uint16_t port = 0;
  std::uint32_t fwmark = 0;
  auto operator<=>(const IpvsServiceKey&) const = default;
};

struct IpvsServiceRow {
  IpvsServiceKey key;
  ShortName scheduler;  ///< "rr", "wrr", "lc", "wlc", ...
  bool persistent = false;
  bool one_packet = false;
  std::uint32_t timeout_s = 0;     ///< persistence
  Ipv4Addr netmask{0xffff'ffffU};  ///< persistence granularity; IPv6: the prefix length, as bits
  std::uint32_t sched_flags = 0;   ///< -b: IP_VS_SVC_F_SCHED1..3
  IpvsCounters counters;
  bool operator==(const IpvsServiceRow&) const = default;
};

struct IpvsDestRow {
  IpvsServiceKey service;
  IpAddr addr;
  std::uint16_t port = 0;
  IpvsForward forward = IpvsForward::kMasq;
  IpvsTunnel tunnel;
  std::int32_t weight = 1;
  std::uint32_t upper = 0, lower = 0;  ///< connection thresholds
  std::uint32_t active = 0, inactive = 0, persistent = 0;
  IpvsCounters counters;
  bool operator==(const IpvsDestRow&) const = default;
};

/// Connection states; printed by name. Those of TCP have the kernel's numbers (IP_VS_TCP_S_*); SCTP
/// shares NONE and ESTABLISHED with it.
enum class IpvsConnState : std::uint8_t {
  kNone = 0,
  kEstablished,
  kSynSent,
  kSynRecv,
  kFinWait,
  kTimeWait,
  kClose,
  kCloseWait,
  kLastAck,
  kListen,
  kSynAck,
  kUdp,
  kIcmp,
  kAssured,
  kUnassured,
  kSctpInit1,
  kSctpInit,
  kSctpCookieSent,
  kSctpCookieReplied,
  kSctpCookieWait,
  kSctpCookie,
  kSctpCookieEchoed,
  kSctpShutdownSent,
  kSctpShutdownReceived,
  kSctpShutdownAckSent,
  kSctpRejected,
  kSctpClosed
};

struct IpvsConnRow {
  std::uint8_t protocol = 6;
  IpAddr client, virt, dest;  ///< a template of a fwmark has the mark as its `virt`
  std::uint16_t client_port = 0, virt_port = 0, dest_port = 0;
  IpvsConnState state = IpvsConnState::kNone;
  IpvsForward forward = IpvsForward::kMasq;
  SimTime expires;  ///< absolute; listings print expires - now
  std::uint32_t id = 0;
  bool operator==(const IpvsConnRow&) const = default;
};

// --- the rest ---------------------------------------------------------------------------------

struct SysctlRow {
  std::string path;  ///< "net.ipv4.conf.eth0.arp_ignore"
  std::string value;
  bool operator==(const SysctlRow&) const = default;
};

using TableRow =
    std::variant<LinkRow, AddrRow, RouteRow, RuleRow, NeighRow, SocketRow, IpvsServiceRow,
                 IpvsDestRow, IpvsConnRow, SysctlRow, Addr6Row, Route6Row>;

/// All tables of one host at one moment.
struct HostTables {
  std::string hostname;
  SimTime now;
  std::vector<LinkRow> links;
  std::vector<AddrRow> addrs;      ///< kernel order: by interface, primary before secondary
  std::vector<RouteRow> routes;    ///< all tables
  std::vector<Addr6Row> addrs6;    ///< kernel order: by interface, wider scopes first
  std::vector<Route6Row> routes6;  ///< all tables, as the kernel walks them
  std::vector<RuleRow> rules;
  std::vector<NeighRow> neighs;
  std::vector<SocketRow> sockets;
  std::vector<IpvsServiceRow> services;
  std::vector<IpvsDestRow> dests;  ///< kernel order within a service: newest first
  std::vector<IpvsConnRow> conns;
  std::vector<SysctlRow> sysctls;  ///< those that differ from the default

  /// The name of an interface, or "if<N>" if it is unknown.
  std::string dev_name(IfIndex dev) const;
};

}  // namespace lvslab
