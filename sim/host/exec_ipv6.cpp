// ip(8) with IPv6 addresses applied to a host.
#include "sim/host/executor.h"

namespace lvslab::host {

using command::IpError;
using command::IpVerb;
using command::Output;

namespace {

/// As on a kernel that was booted without IPv6; the simulator says how to have it.
Output no_ipv6() {
  return {.out = {},
          .err =
              "RTNETLINK answers: Operation not supported\n"
              "lvslab: IPv6 is off in this lab: it is on where a NIC of the scenario has "
              "'addresses6'\n",
          .status = 2};
}

ip::RouteVerb route6_verb(IpVerb verb) {
  switch (verb) {
    case IpVerb::kReplace: return ip::RouteVerb::kReplace;
    case IpVerb::kChange: return ip::RouteVerb::kChange;
    case IpVerb::kAppend: return ip::RouteVerb::kAppend;
    default: return ip::RouteVerb::kAdd;
  }
}

}  // namespace

Output Executor::change(const command::IpAddr6Change& c) {
  ip::Stack& stack = wiring_.host().ip;
  if (!ip::has_ipv6(stack)) return no_ipv6();
  const IfIndex dev = ip_device(c.dev);
  if (!dev.valid()) return command::ip_cannot_find_device(c.dev);
  if (c.verb == IpVerb::kDel)
    return rtnetlink_answer(ip::delete_address6(step_, stack, dev, c.local));
  const Errno error = ip::add_address6(step_, stack, wiring_, dev, c.local);
  if (error == Errno::kExist && c.verb != IpVerb::kAdd) return {};
  return rtnetlink_answer(error);
}

Output Executor::change(const command::IpRoute6Change& c) {
  ip::Stack& stack = wiring_.host().ip;
  if (!ip::has_ipv6(stack)) return no_ipv6();
  ip::Fib6Entry route{.dst = c.dst, .type = c.type};
  route.gateway = c.via.value_or(Ipv6Addr{});
  route.prefsrc = c.src.value_or(Ipv6Addr{});
  route.metric = c.metric.value_or(0);
  route.table = c.table.value_or(kTableMain);
  if (!c.dev.empty()) {
    route.dev = ip_device(c.dev);
    if (!route.dev.valid()) return command::ip_cannot_find_device(c.dev);
  }
  if (c.verb == IpVerb::kDel) return rtnetlink_answer(ip::delete_route6(step_, stack, route));
  return rtnetlink_answer(ip::add_route6(step_, stack, route6_verb(c.verb), route));
}

Output Executor::change(const command::IpRoute6Get& c) {
  ip::Stack& stack = wiring_.host().ip;
  if (!ip::has_ipv6(stack)) return no_ipv6();
  ip::Query6 query{.src = c.from.value_or(Ipv6Addr{}), .dst = c.dst};
  if (!c.oif.empty()) {
    query.oif = ip_device(c.oif);
    if (!query.oif.valid()) return command::ip_cannot_find_device(c.oif);
  }
  const auto route = ip::route6(step_, stack, query);
  if (!route) return rtnetlink_answer(route.error());
  command::Route6GetResult result;
  result.type = route->type;
  result.dst = c.dst;
  result.from = c.from;
  if (route->via_gateway) result.gateway = route->next_hop;
  result.src = c.from ? Ipv6Addr{} : route->src;
  result.dev = ip::find_device(stack, route->dev)->name.view();
  result.table = route->table;
  result.metric = route->metric;
  result.proto = route->proto;
  return {.out = render_ip_route6_get(result)};
}

Output Executor::change(const command::IpNeigh6Change& c) {
  ip::Stack& stack = wiring_.host().ip;
  if (!ip::has_ipv6(stack)) return no_ipv6();
  const IfIndex dev = ip_device(c.dev);
  if (!dev.valid()) return command::ip_cannot_find_device(c.dev);
  const Ipv4Addr name = step_.world().names.name_of(c.ip);
  if (c.verb == IpVerb::kDel)
    return rtnetlink_answer(ip::neigh_delete(step_, stack, wiring_, dev, name));
  const ip::NeighVerb verb = c.verb == IpVerb::kAdd      ? ip::NeighVerb::kAdd
                             : c.verb == IpVerb::kChange ? ip::NeighVerb::kChange
                                                         : ip::NeighVerb::kReplace;
  const Errno error =
      ip::neigh_set(step_, stack, wiring_, verb, dev, name, c.lladdr.has_value(),
                    c.lladdr.value_or(MacAddr{}), c.nud.value_or(NeighState::kPermanent));
  if (error == Errno::kInval && !c.lladdr) return ip_failure(IpError::kNoLinkLayer);
  return rtnetlink_answer(error);
}

}  // namespace lvslab::host
