// ip(8) of iproute2 6.1: addr, link, route, rule, neigh as typed commands.
//
// Models: the global options -4 -6 -s -s -br -j -p -o -d -N -V (-c is accepted, colours are
// not printed), unique and non-unique abbreviations as iproute2 resolves them,
// show/add/del/get/flush/ change/replace; -6 for addr, route and neigh. Leaves out: every other
// object, rules of IPv6, -batch,
// multipath, metrics locks. Source: iproute2 6.1 ip/ip.c, ipaddress.c, iplink.c, iproute.c,
// iprule.c, ipneigh.c, lib/utils.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/tables.h"
#include "sim/command/output.h"

namespace lvslab::command {

enum class IpFamily : std::uint8_t { kAny, kInet, kInet6 };

struct IpOptions {
  IpFamily family = IpFamily::kAny;
  int stats = 0;  ///< how many -s
  bool brief = false, json = false, pretty = false, oneline = false, details = false;
  bool numeric = false;  ///< -N
  friend bool operator==(const IpOptions&, const IpOptions&) = default;
};

/// add: NLM_F_CREATE|EXCL, replace: CREATE|REPLACE, change: REPLACE, append: CREATE|APPEND.
enum class IpVerb : std::uint8_t { kAdd, kReplace, kChange, kAppend, kPrepend, kDel };

struct IpAddrShow {
  std::string dev;
  bool up_only = false;
  std::optional<Ipv4Prefix> to;
  std::string label;  ///< shell pattern
  std::optional<Scope> scope;
  bool primary_only = false, secondary_only = false;
  friend bool operator==(const IpAddrShow&, const IpAddrShow&) = default;
};

struct IpAddrChange {
  enum class Broadcast : std::uint8_t { kNone, kAddress, kPlus, kMinus };
  IpVerb verb = IpVerb::kAdd;
  Ipv4Prefix local;
  bool len_given = true;  ///< false: "del A" (which only warns) or "add A" (then /32)
  Broadcast broadcast_kind = Broadcast::kNone;
  Ipv4Addr broadcast;
  std::optional<Scope> scope;
  std::string label;
  std::string dev;
  friend bool operator==(const IpAddrChange&, const IpAddrChange&) = default;
};

struct IpAddrFlush {
  IpAddrShow filter;
  friend bool operator==(const IpAddrFlush&, const IpAddrFlush&) = default;
};

struct IpLinkShow {
  std::string dev;
  bool up_only = false;
  friend bool operator==(const IpLinkShow&, const IpLinkShow&) = default;
};

struct IpLinkSet {
  std::string dev;
  std::optional<bool> up, arp, promisc, multicast;
  std::optional<std::uint32_t> mtu, tx_queue_len;
  std::optional<MacAddr> address;
  friend bool operator==(const IpLinkSet&, const IpLinkSet&) = default;
};

/// Also the filter of `ip route flush`.
struct IpRouteShow {
  enum class Match : std::uint8_t { kAny, kExact, kRoot, kMatch };
  std::optional<std::uint32_t> table;  ///< nothing: main
  bool all_tables = false;
  bool cache = false;
  Match match = Match::kAny;
  Ipv4Prefix dst{{}, 0};
  std::string dev;
  std::optional<Ipv4Addr> via, src;
  std::optional<RouteProto> proto;
  std::optional<Scope> scope;
  std::optional<RouteType> type;
  friend bool operator==(const IpRouteShow&, const IpRouteShow&) = default;
};

struct IpRouteChange {
  IpVerb verb = IpVerb::kAdd;
  std::optional<RouteType> type;
  Ipv4Prefix dst{{}, 0};
  std::optional<Ipv4Addr> via, src;
  std::string dev;
  std::optional<std::uint32_t> metric, table, mtu;
  std::optional<Scope> scope;
  std::optional<RouteProto> proto;
  bool onlink = false;
  friend bool operator==(const IpRouteChange&, const IpRouteChange&) = default;
};

struct IpRouteGet {
  Ipv4Addr dst;
  std::optional<Ipv4Addr> from;
  std::string iif, oif;
  std::optional<std::uint32_t> mark;
  friend bool operator==(const IpRouteGet&, const IpRouteGet&) = default;
};

struct IpRouteFlush {
  IpRouteShow filter;
  friend bool operator==(const IpRouteFlush&, const IpRouteFlush&) = default;
};

struct IpNeighShow {
  std::string dev;
  std::optional<Ipv4Prefix> to;
  std::optional<NeighState> nud;
  bool all_states = false;  ///< nud all
  friend bool operator==(const IpNeighShow&, const IpNeighShow&) = default;
};

struct IpNeighChange {
  IpVerb verb = IpVerb::kAdd;
  Ipv4Addr ip;
  std::optional<MacAddr> lladdr;
  std::optional<NeighState> nud;
  std::string dev;
  friend bool operator==(const IpNeighChange&, const IpNeighChange&) = default;
};

struct IpNeighFlush {
  IpNeighShow filter;
  friend bool operator==(const IpNeighFlush&, const IpNeighFlush&) = default;
};

struct IpRuleShow {
  std::optional<std::uint32_t> table;
  friend bool operator==(const IpRuleShow&, const IpRuleShow&) = default;
};

struct IpRuleChange {
  IpVerb verb = IpVerb::kAdd;
  bool negated = false;  ///< "not"; parsed to refuse it clearly
  std::optional<std::uint32_t> priority;
  Ipv4Prefix from{{}, 0}, to{{}, 0};
  std::string iif, oif;
  std::optional<std::uint32_t> fwmark;
  std::uint32_t fwmask = 0xffff'ffffU;
  std::optional<std::uint32_t> table;
  RouteType action = RouteType::kUnicast;
  friend bool operator==(const IpRuleChange&, const IpRuleChange&) = default;
};

struct IpRuleFlush {
  friend bool operator==(const IpRuleFlush&, const IpRuleFlush&) = default;
};

// --- IPv6: `ip -6`, or an IPv6 address on the line ---

struct IpAddr6Change {
  IpVerb verb = IpVerb::kAdd;
  Ipv6Prefix local;
  std::string dev;
  friend bool operator==(const IpAddr6Change&, const IpAddr6Change&) = default;
};

struct IpRoute6Show {
  std::optional<std::uint32_t> table;  ///< nothing: main
  bool all_tables = false;
  std::optional<Ipv6Prefix> dst;
  std::string dev;
  friend bool operator==(const IpRoute6Show&, const IpRoute6Show&) = default;
};

struct IpRoute6Change {
  IpVerb verb = IpVerb::kAdd;
  RouteType type = RouteType::kUnicast;
  Ipv6Prefix dst{{}, 0};
  std::optional<Ipv6Addr> via, src;
  std::string dev;
  std::optional<std::uint32_t> metric, table;
  friend bool operator==(const IpRoute6Change&, const IpRoute6Change&) = default;
};

struct IpRoute6Get {
  Ipv6Addr dst;
  std::optional<Ipv6Addr> from;
  std::string oif;
  friend bool operator==(const IpRoute6Get&, const IpRoute6Get&) = default;
};

struct IpNeigh6Change {
  IpVerb verb = IpVerb::kAdd;
  Ipv6Addr ip;
  std::optional<MacAddr> lladdr;
  std::optional<NeighState> nud;
  std::string dev;
  friend bool operator==(const IpNeigh6Change&, const IpNeigh6Change&) = default;
};

/// `ip tunnel [show [DEV]]`.
struct IpTunnelShow {
  std::string dev;
  friend bool operator==(const IpTunnelShow&, const IpTunnelShow&) = default;
};

struct IpVersion {
  friend bool operator==(const IpVersion&, const IpVersion&) = default;
};

using IpAction =
    std::variant<IpAddrShow, IpAddrChange, IpAddrFlush, IpLinkShow, IpLinkSet, IpRouteShow,
                 IpRouteChange, IpRouteGet, IpRouteFlush, IpNeighShow, IpNeighChange, IpNeighFlush,
                 IpRuleShow, IpRuleChange, IpRuleFlush, IpTunnelShow, IpVersion, IpAddr6Change,
                 IpRoute6Show, IpRoute6Change, IpRoute6Get, IpNeigh6Change>;

struct IpCommand {
  IpOptions options;
  IpAction action;
  friend bool operator==(const IpCommand&, const IpCommand&) = default;
};

Parsed<IpCommand> parse_ip(Args args);
std::string to_text(const IpCommand& command);

// Listings. `Cannot find device` and the like come back as err and status 1.
Output render_ip_addr(const HostTables& tables, const IpAddrShow& show, const IpOptions& options);
Output render_ip_link(const HostTables& tables, const IpLinkShow& show, const IpOptions& options);
Output render_ip_route(const HostTables& tables, const IpRouteShow& show, const IpOptions& options);
Output render_ip_neigh(const HostTables& tables, const IpNeighShow& show, const IpOptions& options);
Output render_ip_tunnel(const HostTables& tables, const IpTunnelShow& show);
Output render_ip_rule(const HostTables& tables, const IpRuleShow& show, const IpOptions& options);

Output render_ip_route6(const HostTables& tables, const IpRoute6Show& show,
                        const IpOptions& options);

/// What `ip -6 route get` prints.
struct Route6GetResult {
  RouteType type = RouteType::kUnicast;
  Ipv6Addr dst, gateway, src;
  std::optional<Ipv6Addr> from;
  std::string dev;
  std::uint32_t table = kTableMain, metric = 1024;
  RouteProto proto = RouteProto::kBoot;
};
std::string render_ip_route6_get(const Route6GetResult& result);

/// What `ip route get` prints about one decision of the kernel.
struct RouteGetResult {
  RouteType type = RouteType::kUnicast;
  Ipv4Addr dst;
  std::optional<Ipv4Addr> from;  ///< as asked
  Ipv4Addr gateway;              ///< 0.0.0.0 if on-link
  std::string dev;               ///< the output device
  std::string iif;               ///< as asked
  Ipv4Addr src;                  ///< the preferred source; 0.0.0.0: not printed
  std::uint32_t table = kTableMain;
  std::optional<std::uint32_t> mark;
  std::uint32_t mtu = 0;  ///< path MTU learnt; 0: none
  SimDuration expires{};  ///< of a learnt exception; 0: none
  bool redirected = false;
  friend bool operator==(const RouteGetResult&, const RouteGetResult&) = default;
};
std::string render_ip_route_get(const RouteGetResult& result, const IpOptions& options);

/// Any show command against the tables; everything else must be executed by the host.
std::optional<Output> render_ip(const HostTables& tables, const IpCommand& command);

// What the kernel's refusals look like.
enum class IpError : std::uint8_t {
  kExists,              ///< RTNETLINK answers: File exists
  kNoSuchProcess,       ///< RTNETLINK answers: No such process (route/rule to delete)
  kNoSuchFile,          ///< RTNETLINK answers: No such file or directory
  kNoSuchDevice,        ///< RTNETLINK answers: No such device
  kCannotAssign,        ///< RTNETLINK answers: Cannot assign requested address
  kNetworkUnreachable,  ///< RTNETLINK answers: Network is unreachable
  kHostUnreachable,     ///< RTNETLINK answers: No route to host
  kNetworkDown,         ///< RTNETLINK answers: Network is down
  kInvalid,             ///< RTNETLINK answers: Invalid argument
  kPermission,          ///< RTNETLINK answers: Operation not permitted
  kAccess,              ///< RTNETLINK answers: Permission denied (prohibit routes)
  kInvalidGateway,      ///< Error: Nexthop has invalid gateway.
  kInvalidPrefsrc,      ///< Error: Invalid prefsrc address.
  kNoRouteTable,        ///< Error: ipv4: FIB table does not exist. + Dump terminated
  kNotAssigned,         ///< Error: ipv4: Address not found.
  kMtuTooSmall,         ///< Error: mtu less than device minimum.
  kMtuTooBig,           ///< Error: mtu greater than device maximum.
  kNoLinkLayer,         ///< Error: No link layer address given.
  kInvalidPrefix,       ///< Error: Invalid prefix for given prefix length.
};
/// The message and status (2) that ip prints for a refusal of the kernel.
Output ip_failure(IpError error);
/// What `ip -s ... flush` says about `deleted` entries; without -s nothing.
std::string render_ip_flush(const IpCommand& command, std::size_t deleted);
/// What `ip addr del A` without a prefix length says on standard error.
std::string ip_wildcard_deletion_warning(Ipv4Addr addr);
/// `ip link show dev eth0:1`: of all listings, this one asks the kernel by name. Status 1.
Output ip_link_of_alias();
/// `Cannot find device "eth9"`, status 1.
Output ip_cannot_find_device(std::string_view dev);

/// Names of rtnetlink values as iproute2 prints them; numbers where it has no name.
std::string scope_name(Scope scope);
std::string table_name(std::uint32_t table);
std::string proto_name(RouteProto proto);
std::string route_type_name(RouteType type);
std::string neigh_state_name(NeighState state);

}  // namespace lvslab::command
