// The messages of rtnetlink as rows: interfaces, addresses, routes, rules, neighbours; the same
// messages come in answers to a dump and as events.
//
// A message that is not about IPv4, or about something that the rows cannot say, gives no row:
// cached route exceptions (RTM_F_CLONED), interface indexes above 65535. Of a multipath route the
// first next hop counts. Route types other than unicast, local, broadcast, blackhole, unreachable
// and prohibit are left out, as are rules by TOS, port, user or the like (their other fields show).
//
// Approximations: a neighbour's `used`, `confirmed` and `updated` are ages in ticks of 10 ms before
// `now`. `carrier` of an interface that is down reads as true: the kernel reports no carrier for it
// whether a peer is there or not, and no tool shows it.
//
// Source: net/core/rtnetlink.c: rtnl_fill_ifinfo(); net/ipv4/devinet.c: inet_fill_ifaddr();
// net/ipv4/fib_semantics.c: fib_dump_info(); net/core/fib_rules.c: fib_nl_fill_rule();
// net/core/neighbour.c: neigh_fill_info().
#pragma once

#include <optional>

#include "kernel-backend/tables_netlink.h"
#include "sim/base/tables.h"

namespace lvslab::kernel {

/// Each takes the body of one message (RTM_NEW* or RTM_DEL*), after its netlink head. Nothing if
/// the message is malformed, or has no row.
std::optional<LinkRow> parse_link(Bytes body);
std::optional<AddrRow> parse_addr(Bytes body);
std::optional<RouteRow> parse_route(Bytes body);
std::optional<RuleRow> parse_rule(Bytes body);
std::optional<Addr6Row> parse_addr6(Bytes body);
std::optional<Route6Row> parse_route6(Bytes body);
/// Of both versions; those of IPv6 without groups, whose entries say nothing.
std::optional<NeighRow> parse_neigh(Bytes body, SimTime now);

/// Which of the tables a reading is to fill.
using TableSet = std::uint32_t;
enum : TableSet {
  kLinkTable = 1U << 0,
  kAddrTable = 1U << 1,
  kRouteTable = 1U << 2,
  kRuleTable = 1U << 3,
  kNeighTable = 1U << 4,
  kSocketTable = 1U << 5,
  kIpvsTable = 1U << 6,  ///< services and destinations with their counters
  kConnTable = 1U << 7,  ///< needs kIpvsTable, or destinations that were read before
  kSysctlTable = 1U << 8,
  kAllTables = (1U << 9) - 1
};

/// Reads the wanted ones of links, addresses, routes, rules and neighbours, in the kernel's order;
/// neighbours, which the kernel keeps in an order drawn at random, by interface and address.
Result<void> read_rtnetlink(NetlinkReader& route, TableSet wanted, HostTables& tables);

}  // namespace lvslab::kernel
