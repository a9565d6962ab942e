#include "kernel-backend/tables_rtnetlink.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <algorithm>

namespace lvslab::kernel {
namespace {

constexpr std::uint32_t kLowerUp = 0x1'0000;  // IFF_LOWER_UP, which <net/if.h> lacks
constexpr std::int64_t kClockTick = 10'000'000;

/// The fixed part of a message and its attributes.
template <class Fixed, std::size_t N>
bool take_apart(Bytes body, Fixed& fixed, AttributeTable<N>& attributes) {
  if (body.size() < sizeof fixed) return false;
  fixed = load_native<Fixed>(body);
  return attributes.parse(body.subspan(std::min(NLMSG_ALIGN(sizeof fixed), body.size())));
}

std::optional<IfIndex> if_index(std::uint32_t index) {
  if (index > UINT16_MAX) return std::nullopt;
  return IfIndex(static_cast<std::uint16_t>(index));
}

LinkStats parse_stats(Bytes in) {
  LinkStats stats;
  if (in.size() < offsetof(rtnl_link_stats64, collisions)) return stats;
  rtnl_link_stats64 s{};
  std::memcpy(&s, in.data(), std::min(in.size(), sizeof s));
  stats.rx_packets = s.rx_packets;
  stats.rx_bytes = s.rx_bytes;
  stats.rx_errors = s.rx_errors;
  stats.rx_dropped = s.rx_dropped;
  stats.rx_multicast = s.multicast;
  stats.tx_packets = s.tx_packets;
  stats.tx_bytes = s.tx_bytes;
  stats.tx_errors = s.tx_errors;
  stats.tx_dropped = s.tx_dropped;
  return stats;
}

std::optional<RouteType> route_type(std::uint8_t type) {
  switch (type) {
    case RTN_UNICAST: return RouteType::kUnicast;
    case RTN_LOCAL: return RouteType::kLocal;
    case RTN_BROADCAST: return RouteType::kBroadcast;
    case RTN_BLACKHOLE: return RouteType::kBlackhole;
    case RTN_UNREACHABLE: return RouteType::kUnreachable;
    case RTN_PROHIBIT: return RouteType::kProhibit;
    default: return std::nullopt;
  }
}

std::optional<RouteType> rule_action(std::uint8_t action) {
  switch (action) {
    case FR_ACT_TO_TBL: return RouteType::kUnicast;
    case FR_ACT_BLACKHOLE: return RouteType::kBlackhole;
    case FR_ACT_UNREACHABLE: return RouteType::kUnreachable;
    case FR_ACT_PROHIBIT: return RouteType::kProhibit;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<LinkRow> parse_link(Bytes body) {
  ifinfomsg head{};
  AttributeTable<IFLA_MAX + 1> a;
  // AF_BRIDGE: what a port of a bridge says of itself besides.
  if (!take_apart(body, head, a) || head.ifi_family != AF_UNSPEC) return std::nullopt;
  const auto dev = if_index(static_cast<std::uint32_t>(head.ifi_index));
  if (!dev) return std::nullopt;
  LinkRow row;
  row.dev = *dev;
  row.name = a.text(IFLA_IFNAME);
  row.mac = a.mac(IFLA_ADDRESS);
  row.mtu = a.number<std::uint32_t>(IFLA_MTU);
  row.tx_queue_len = a.number<std::uint32_t>(IFLA_TXQLEN);
  row.up = (head.ifi_flags & IFF_UP) != 0;
  row.carrier = !row.up || (head.ifi_flags & kLowerUp) != 0;
  row.no_arp = (head.ifi_flags & IFF_NOARP) != 0;
  row.promisc = (head.ifi_flags & IFF_PROMISC) != 0;
  if (head.ifi_type == ARPHRD_TUNNEL) row.tunnel = TunnelKind::kIpip;
  if (head.ifi_type == ARPHRD_IPGRE) row.tunnel = TunnelKind::kGre;
  if (head.ifi_type == ARPHRD_TUNNEL6) row.tunnel = TunnelKind::kIp6;
  row.loopback = (head.ifi_flags & IFF_LOOPBACK) != 0;
  row.multicast = (head.ifi_flags & IFF_MULTICAST) != 0;
  row.stats = parse_stats(a.bytes(IFLA_STATS64));
  return row;
}

std::optional<AddrRow> parse_addr(Bytes body) {
  ifaddrmsg head{};
  AttributeTable<IFA_MAX + 1> a;
  if (!take_apart(body, head, a) || head.ifa_family != AF_INET) return std::nullopt;
  const auto dev = if_index(head.ifa_index);
  if (!dev || head.ifa_prefixlen > 32) return std::nullopt;
  const std::uint32_t flags =
      a.has(IFA_FLAGS) ? a.number<std::uint32_t>(IFA_FLAGS) : head.ifa_flags;
  AddrRow row;
  row.dev = *dev;
  row.local = {a.ipv4(a.has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS), head.ifa_prefixlen};
  row.broadcast = a.ipv4(IFA_BROADCAST);
  row.scope = static_cast<Scope>(head.ifa_scope);
  row.label = a.text(IFA_LABEL);
  row.secondary = (flags & IFA_F_SECONDARY) != 0;
  return row;
}

std::optional<RouteRow> parse_route(Bytes body) {
  rtmsg head{};
  AttributeTable<RTA_MAX + 1> a;
  if (!take_apart(body, head, a) || head.rtm_family != AF_INET) return std::nullopt;
  const auto type = route_type(head.rtm_type);
  if (!type || head.rtm_dst_len > 32 || (head.rtm_flags & RTM_F_CLONED) != 0) return std::nullopt;
  RouteRow row;
  row.table = a.has(RTA_TABLE) ? a.number<std::uint32_t>(RTA_TABLE) : head.rtm_table;
  row.type = *type;
  row.dst = {a.ipv4(RTA_DST), head.rtm_dst_len};
  row.scope = static_cast<Scope>(head.rtm_scope);
  row.proto = static_cast<RouteProto>(head.rtm_protocol);
  row.prefsrc = a.ipv4(RTA_PREFSRC);
  row.metric = a.number<std::uint32_t>(RTA_PRIORITY);
  row.gateway = a.ipv4(RTA_GATEWAY);
  auto index = a.number<std::uint32_t>(RTA_OIF);
  auto flags = head.rtm_flags;
  if (const Bytes hops = a.bytes(RTA_MULTIPATH); hops.size() >= sizeof(rtnexthop)) {
    const auto hop = load_native<rtnexthop>(hops);
    AttributeTable<RTA_MAX + 1> of_hop;
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.size() ||
        !of_hop.parse(hops.subspan(sizeof hop, hop.rtnh_len - sizeof hop))) {
      return std::nullopt;
    }
    index = static_cast<std::uint32_t>(hop.rtnh_ifindex);
    row.gateway = of_hop.ipv4(RTA_GATEWAY);
    flags |= hop.rtnh_flags;
  }
  const auto dev = if_index(index);
  if (!dev) return std::nullopt;
  row.dev = *dev;
  row.onlink = (flags & RTNH_F_ONLINK) != 0;
  row.linkdown = (flags & RTNH_F_LINKDOWN) != 0;
  return row;
}

std::optional<Addr6Row> parse_addr6(Bytes body) {
  ifaddrmsg head{};
  AttributeTable<IFA_MAX + 1> a;
  if (!take_apart(body, head, a) || head.ifa_family != AF_INET6) return std::nullopt;
  const auto dev = if_index(head.ifa_index);
  if (!dev || head.ifa_prefixlen > 128) return std::nullopt;
  return Addr6Row{.dev = *dev,
                  .local = {a.ipv6(a.has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS), head.ifa_prefixlen},
                  .scope = static_cast<Scope>(head.ifa_scope)};
}

std::optional<Route6Row> parse_route6(Bytes body) {
  rtmsg head{};
  AttributeTable<RTA_MAX + 1> a;
  if (!take_apart(body, head, a) || head.rtm_family != AF_INET6) return std::nullopt;
  const bool group = head.rtm_type == RTN_MULTICAST, anycast = head.rtm_type == RTN_ANYCAST;
  const auto type = group     ? RouteType::kUnicast
                    : anycast ? RouteType::kLocal
                              : route_type(head.rtm_type);
  const auto dev = if_index(a.number<std::uint32_t>(RTA_OIF));
  if (!type || !dev || head.rtm_dst_len > 128 || (head.rtm_flags & RTM_F_CLONED) != 0) {
    return std::nullopt;
  }
  return Route6Row{.table = a.has(RTA_TABLE) ? a.number<std::uint32_t>(RTA_TABLE) : head.rtm_table,
                   .type = *type,
                   .dst = {a.ipv6(RTA_DST), head.rtm_dst_len},
                   .gateway = a.ipv6(RTA_GATEWAY),
                   .dev = *dev,
                   .proto = static_cast<RouteProto>(head.rtm_protocol),
                   .prefsrc = a.ipv6(RTA_PREFSRC),
                   .metric = a.number<std::uint32_t>(RTA_PRIORITY),
                   .multicast = group,
                   .anycast = anycast,
                   .linkdown = (head.rtm_flags & RTNH_F_LINKDOWN) != 0};
}

std::optional<RuleRow> parse_rule(Bytes body) {
  fib_rule_hdr head{};
  AttributeTable<FRA_MAX + 1> a;
  if (!take_apart(body, head, a) || head.family != AF_INET) return std::nullopt;
  const auto action = rule_action(head.action);
  if (!action || head.src_len > 32 || head.dst_len > 32) return std::nullopt;
  RuleRow row;
  row.priority = a.number<std::uint32_t>(FRA_PRIORITY);
  row.from = {a.ipv4(FRA_SRC), head.src_len};
  row.to = {a.ipv4(FRA_DST), head.dst_len};
  row.iif = a.text(FRA_IIFNAME);
  row.oif = a.text(FRA_OIFNAME);
  row.match_fwmark = a.has(FRA_FWMARK);
  row.fwmark = a.number<std::uint32_t>(FRA_FWMARK);
  if (a.has(FRA_FWMASK)) row.fwmask = a.number<std::uint32_t>(FRA_FWMASK);
  row.table = a.has(FRA_TABLE) ? a.number<std::uint32_t>(FRA_TABLE) : head.table;
  row.action = *action;
  return row;
}

std::optional<NeighRow> parse_neigh(Bytes body, SimTime now) {
  ndmsg head{};
  AttributeTable<NDA_MAX + 1> a;
  if (!take_apart(body, head, a)) return std::nullopt;
  if (head.ndm_family != AF_INET && head.ndm_family != AF_INET6) return std::nullopt;
  const bool six = head.ndm_family == AF_INET6;
  if (six && (head.ndm_state & NUD_NOARP) != 0) return std::nullopt;
  const auto dev = if_index(static_cast<std::uint32_t>(head.ndm_ifindex));
  if (!dev || head.ndm_state > UINT8_MAX || (head.ndm_flags & NTF_PROXY) != 0) return std::nullopt;
  NeighRow row;
  row.dev = *dev;
  row.ip = six ? IpAddr(a.ipv6(NDA_DST)) : IpAddr(a.ipv4(NDA_DST));
  row.router = (head.ndm_flags & NTF_ROUTER) != 0;
  row.mac = a.mac(NDA_LLADDR);
  row.state = static_cast<NeighState>(head.ndm_state);
  const auto ages = a.number<nda_cacheinfo>(NDA_CACHEINFO);
  row.used = now - SimDuration{ages.ndm_used * kClockTick};
  row.confirmed = now - SimDuration{ages.ndm_confirmed * kClockTick};
  row.updated = now - SimDuration{ages.ndm_updated * kClockTick};
  row.probes = static_cast<std::uint8_t>(
      std::min<std::uint32_t>(a.number<std::uint32_t>(NDA_PROBES), UINT8_MAX));
  return row;
}

// --- dumps ---------------------------------------------------------------------------------------

namespace {

template <class Fixed>
NetlinkBody request(std::uint8_t family) {
  Fixed fixed{};
  std::memcpy(&fixed, &family, 1);  // the family is the first byte of each
  return NetlinkBody(fixed);
}

template <class Row, class Parse>
Result<void> read_table(NetlinkReader& route, std::uint16_t type, const NetlinkBody& body,
                        const char* what, std::vector<Row>& rows, Parse&& parse) {
  const auto answer = route.dump(type, body);
  if (!answer) return fail(std::string(what) + ": " + std::strerror(answer.error()));
  rows.clear();
  Bytes rest = *answer;
  NetlinkMessage message;
  while (next_message(rest, message)) {
    if (auto row = parse(message.body)) rows.push_back(*std::move(row));
  }
  return {};
}

}  // namespace

Result<void> read_rtnetlink(NetlinkReader& route, TableSet wanted, HostTables& tables) {
  Result<void> done;
  if ((wanted & kLinkTable) != 0) {
    done = read_table(route, RTM_GETLINK, request<ifinfomsg>(AF_UNSPEC), "reading the interfaces",
                      tables.links, parse_link);
  }
  if (done && (wanted & kAddrTable) != 0) {
    done = read_table(route, RTM_GETADDR, request<ifaddrmsg>(AF_INET), "reading the addresses",
                      tables.addrs, parse_addr);
  }
  if (done && (wanted & kAddrTable) != 0) {
    done = read_table(route, RTM_GETADDR, request<ifaddrmsg>(AF_INET6), "reading the addresses",
                      tables.addrs6, parse_addr6);
  }
  if (done && (wanted & kRouteTable) != 0) {
    done = read_table(route, RTM_GETROUTE, request<rtmsg>(AF_INET6), "reading the routes",
                      tables.routes6, parse_route6);
    std::ranges::stable_sort(tables.routes6, std::ranges::greater{}, &Route6Row::table);
  }
  if (done && (wanted & kRouteTable) != 0) {
    done = read_table(route, RTM_GETROUTE, request<rtmsg>(AF_INET), "reading the routes",
                      tables.routes, parse_route);
  }
  if (done && (wanted & kRuleTable) != 0) {
    done = read_table(route, RTM_GETRULE, request<fib_rule_hdr>(AF_INET), "reading the rules",
                      tables.rules, parse_rule);
  }
  if (done && (wanted & kNeighTable) != 0) {
    done = read_table(route, RTM_GETNEIGH, request<ndmsg>(AF_UNSPEC), "reading the neighbours",
                      tables.neighs, [&](Bytes body) { return parse_neigh(body, tables.now); });
    std::ranges::sort(tables.neighs, {}, [](const NeighRow& r) { return std::pair(r.dev, r.ip); });
  }
  return done;
}

}  // namespace lvslab::kernel
