#include "sim/ip/kernel_routes.h"

#include <algorithm>
#include <array>

namespace lvslab::ip {
namespace {

/// The routes of one address, at most four: local, two broadcasts, the prefix.
struct OwnRoutes {
  std::array<FibEntry, 4> entry;
  std::size_t count = 0;
  void add(const FibEntry& e) { entry[count++] = e; }
  std::span<const FibEntry> list() const { return {entry.data(), count}; }
};

/// fib_magic(): how the kernel writes such an entry.
FibEntry own_route(RouteType type, Ipv4Addr dst, std::uint8_t len, const InAddr& primary) {
  FibEntry e;
  e.table = type == RouteType::kUnicast ? kTableMain : kTableLocal;
  e.type = type;
  e.dst = dst;
  e.len = len;
  e.scope = type == RouteType::kLocal ? Scope::kHost : Scope::kLink;
  e.proto = RouteProto::kKernel;
  e.prefsrc = primary.local;
  e.dev = primary.dev;
  return e;
}

bool has_prefix_route(const InAddr& a) {
  const Ipv4Prefix prefix{a.local, a.prefix_len};
  const bool zero_net = (prefix.network().bits >> 24) == 0;
  return !zero_net && !a.secondary && (prefix.network() != a.local || a.prefix_len < 32);
}

/// What fib_add_ifaddr() adds for `a`, on a device that is up or not.
OwnRoutes routes_of(const InAddr& a, const InAddr& primary, bool loopback, bool up) {
  OwnRoutes routes;
  routes.add(own_route(RouteType::kLocal, a.local, 32, primary));
  if (!up) return routes;
  if (!a.broadcast.is_any() && !a.broadcast.is_broadcast()) {
    routes.add(own_route(RouteType::kBroadcast, a.broadcast, 32, primary));
  }
  if (!has_prefix_route(a)) return routes;
  const Ipv4Prefix prefix{a.local, a.prefix_len};
  routes.add(own_route(loopback ? RouteType::kLocal : RouteType::kUnicast, prefix.network(),
                       a.prefix_len, primary));
  if (a.prefix_len < 31 && prefix.broadcast() != a.broadcast) {
    routes.add(own_route(RouteType::kBroadcast, prefix.broadcast(), 32, primary));
  }
  return routes;
}

const InAddr* primary_of(const Stack& stack, const InAddr& a) {
  if (!a.secondary) return &a;
  for (const InAddr& p : stack.addrs) {  // inet_ifa_byprefix()
    if (p.dev == a.dev && !p.secondary && p.prefix_len == a.prefix_len && p.matches(a.local)) {
      return &p;
    }
  }
  return nullptr;
}

/// fib_del_ifaddr(): true if another address of the device still needs the local or broadcast route
/// `e`. One whose routes name another source has routes of its own.
bool still_needed(const Stack& stack, const FibEntry& e) {
  return std::any_of(stack.addrs.begin(), stack.addrs.end(), [&](const InAddr& a) {
    if (a.dev != e.dev) return false;
    const InAddr* primary = primary_of(stack, a);
    if (primary == nullptr || primary->local != e.prefsrc) return false;
    if (e.type == RouteType::kLocal) return e.len == 32 && a.local == e.dst;
    if (e.type != RouteType::kBroadcast) return false;
    return a.broadcast == e.dst || (!a.secondary && a.prefix_len < 31 &&
                                    Ipv4Prefix{a.local, a.prefix_len}.broadcast() == e.dst);
  });
}

}  // namespace

void add_routes_of_address(Step& step, Stack& stack, Ports& ports, const InAddr& addr) {
  const InAddr* primary = primary_of(stack, addr);
  if (primary == nullptr) return;
  const Device& dev = *find_device(stack, addr.dev);
  const OwnRoutes routes = routes_of(addr, *primary, dev.loopback, dev.up);
  for (const FibEntry& e : routes.list()) {
    const auto entries = stack.fib.entries();
    if (std::find(entries.begin(), entries.end(), e) != entries.end()) continue;
    // fib_valid_prefsrc(): an address that is another one's broadcast address is no source.
    const bool own = e.type == RouteType::kLocal && e.dst == e.prefsrc;
    if (!own && addr_type(stack, e.prefsrc) != AddrType::kLocal) continue;
    stack.fib.insert(e, true);
    if (step.tracing()) step.row_added(row_of(stack, e));
    if (e.type == RouteType::kBroadcast) {
      neigh_invalidate_addr(step, stack, ports, e.dev, e.dst);
    }
  }
  flush_route_cache(stack);
}

void add_routes_of_addresses(Step& step, Stack& stack, Ports& ports, IfIndex dev) {
  for (std::size_t i = 0; i < stack.addrs.size(); ++i) {
    const InAddr addr = stack.addrs[i];
    if (addr.dev == dev) add_routes_of_address(step, stack, ports, addr);
  }
}

void delete_routes_of_address(Step& step, Stack& stack, const InAddr& addr, const InAddr& primary) {
  const Device& dev = *find_device(stack, addr.dev);
  const OwnRoutes routes = routes_of(addr, primary, dev.loopback, true);
  for (const FibEntry& e : routes.list()) {
    if (still_needed(stack, e)) continue;
    const auto entries = stack.fib.entries();
    const auto at = std::find(entries.begin(), entries.end(), e);
    if (at != entries.end()) {
      remove_route_at(step, stack, static_cast<std::size_t>(at - entries.begin()));
    }
  }
  if (!is_local(stack, addr.local)) remove_routes_of_source(step, stack, addr.local);
  flush_route_cache(stack);
}

void remove_routes_of_down_device(Step& step, Stack& stack, IfIndex dev, bool force) {
  for (std::size_t i = 0; i < stack.fib.entries().size();) {
    const FibEntry& e = stack.fib.entries()[i];
    if (e.dev == dev && (force || e.nexthop_scope() != Scope::kNowhere)) {
      remove_route_at(step, stack, i);
    } else {
      ++i;
    }
  }
}

void remove_routes_of_source(Step& step, Stack& stack, Ipv4Addr gone) {
  for (std::size_t i = 0; i < stack.fib.entries().size();) {
    if (stack.fib.entries()[i].prefsrc == gone) {
      remove_route_at(step, stack, i);
    } else {
      ++i;
    }
  }
}

}  // namespace lvslab::ip
