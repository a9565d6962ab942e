// The routes of IPv6, and which of them a packet takes.
// Source: net/ipv6/route.c, ip6_fib.c, fib6_rules.c.
#include <algorithm>

#include "sim/ip/ip6.h"
#include "sim/ip/ip6_fib.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

/// True if `a` is listed before `b`: the tree is walked left, right, then the node itself.
bool before(const Fib6Entry& a, const Fib6Entry& b) {
  if (a.table != b.table) return a.table > b.table;  // local, main, and lower numbers
  if (a.dst != b.dst) return walked_before(a.dst, b.dst);
  return a.metric < b.metric;
}

Errno refusal_of(RouteType type) {
  switch (type) {
    case RouteType::kBlackhole: return Errno::kInval;
    case RouteType::kProhibit: return Errno::kAcces;
    case RouteType::kUnreachable: return Errno::kHostUnreach;
    default: return Errno::kNone;
  }
}

const Fib6Entry* best_in(const Stack& stack, std::uint32_t table, const Query6& query) {
  const Fib6Entry* best = nullptr;
  for (const Fib6Entry& r : stack.six.peek()->routes) {
    if (r.table != table || !r.dst.contains(query.dst)) continue;
    if (query.oif.valid() && r.dev != query.oif && r.type != RouteType::kLocal) continue;
    if (best == nullptr || r.dst.len > best->dst.len ||
        (r.dst == best->dst && r.metric < best->metric)) {
      best = &r;
    }
  }
  return best;
}

std::uint32_t mtu_of(Step& step, const Stack& stack, const Route6& route, Ipv6Addr dst) {
  const std::uint32_t of_device = find_device(stack, route.dev)->mtu;
  for (const PathMtu6& known : stack.six.peek()->path_mtus) {
    if (known.dst == dst && known.expires > step.now()) return std::min(known.mtu, of_device);
  }
  return of_device;
}

void explain(Step& step, const Query6& query, const Route6& route) {
  AddressNames& names = step.world().names;
  const Ipv4Addr dst = names.name_of(query.dst);
  if (route.local) return step.explain(Reason::kRoute6Local, route.dev, {arg(dst), 0, 0});
  if (route.via_gateway) {
    return step.explain(Reason::kRoute6Via, route.dev,
                        {arg(dst), arg(names.name_of(route.next_hop)), route.prefix_len});
  }
  step.explain(Reason::kRoute6OnLink, route.dev,
               {arg(dst), route.prefix_len, arg(names.name_of(route.src))});
}

}  // namespace

void insert_route6(Step& step, Stack6& six, const Fib6Entry& route) {
  const auto at =
      std::ranges::find_if(six.routes, [&](const Fib6Entry& r) { return before(route, r); });
  six.routes.insert(at, route);
  if (step.tracing()) step.row_added(row_of(route));
}

Route6Row row_of(const Fib6Entry& e) {
  return {.table = e.table,
          .type = e.type,
          .dst = e.dst,
          .gateway = e.gateway,
          .dev = e.dev,
          .proto = e.proto,
          .prefsrc = e.prefsrc,
          .metric = e.metric,
          .multicast = e.multicast,
          .anycast = e.anycast};
}

std::expected<Route6, Errno> route6(Step& step, const Stack& stack, const Query6& query) {
  if (query.dst.is_any()) return std::unexpected(Errno::kInval);
  const Fib6Entry* entry = best_in(stack, kTableLocal, query);
  if (entry == nullptr) entry = best_in(stack, kTableMain, query);
  if (entry == nullptr) return std::unexpected(Errno::kNetUnreach);
  if (const Errno refused = refusal_of(entry->type); refused != Errno::kNone) {
    return std::unexpected(refused);
  }
  Route6 route;
  route.type = entry->type;
  route.table = entry->table;
  route.metric = entry->metric;
  route.proto = entry->proto;
  route.prefix_len = entry->dst.len;
  route.multicast = query.dst.is_multicast();
  route.local = entry->type == RouteType::kLocal;
  route.dev = route.local ? kLoopback : entry->dev;
  route.via_gateway = !entry->gateway.is_any();
  route.next_hop = route.via_gateway ? entry->gateway : query.dst;
  route.src = query.src;
  if (route.src.is_any()) route.src = entry->prefsrc;
  if (route.src.is_any()) route.src = select_source6(stack, entry->dev, query.dst);
  route.mtu = mtu_of(step, stack, route, query.dst);
  if (step.tracing()) explain(step, query, route);
  return route;
}

Errno add_route6(Step& step, Stack& stack, RouteVerb verb, Fib6Entry route) {
  Stack6& six = stack.six.get();
  if (!route.gateway.is_any()) {
    if (has_address6(stack, route.gateway)) return Errno::kInval;
    const Fib6Entry* link = best_in(stack, kTableMain, {.dst = route.gateway, .oif = route.dev});
    if (link == nullptr || !link->gateway.is_any()) return Errno::kHostUnreach;
    if (route.gateway.is_link_local() && !route.dev.valid()) return Errno::kInval;
    if (!route.dev.valid()) route.dev = link->dev;
  }
  const bool rejects = refusal_of(route.type) != Errno::kNone;
  if (rejects) route.dev = kLoopback;
  const Device* const device = find_device(stack, route.dev);
  if (device == nullptr) return Errno::kNoDev;
  if (!device->up) return Errno::kNetDown;
  if (!route.prefsrc.is_any() && !has_address6(stack, route.prefsrc)) return Errno::kInval;
  if (route.metric == 0) route.metric = 1024;
  const auto same = [&](const Fib6Entry& r) {
    return r.table == route.table && r.dst == route.dst && r.metric == route.metric;
  };
  const auto found = std::ranges::find_if(six.routes, same);
  if (verb == RouteVerb::kChange && found == six.routes.end()) return Errno::kNoEnt;
  const bool replaces = verb == RouteVerb::kReplace || verb == RouteVerb::kChange;
  if (found != six.routes.end()) {
    if (verb == RouteVerb::kAdd) return Errno::kExist;
    if (replaces) {
      if (step.tracing()) step.row_removed(row_of(*found));
      six.routes.erase(found);
    }
  }
  insert_route6(step, six, route);
  return Errno::kNone;
}

Errno delete_route6(Step& step, Stack& stack, const Fib6Entry& pattern) {
  Stack6& six = stack.six.get();
  const auto found = std::ranges::find_if(six.routes, [&](const Fib6Entry& r) {
    return r.table == pattern.table && r.dst == pattern.dst &&
           (pattern.gateway.is_any() || pattern.gateway == r.gateway) &&
           (!pattern.dev.valid() || pattern.dev == r.dev) &&
           (pattern.metric == 0 || pattern.metric == r.metric);
  });
  if (found == six.routes.end()) return Errno::kSrch;
  if (step.tracing()) step.row_removed(row_of(*found));
  six.routes.erase(found);
  return Errno::kNone;
}

}  // namespace lvslab::ip
