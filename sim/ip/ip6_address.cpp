// Addresses of devices, and which of them a packet is sent with.
// Source: net/ipv6/addrconf.c; addrlabel.c.
#include <algorithm>
#include <array>

#include "sim/ip/ip6.h"
#include "sim/ip/ip6_fib.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

/// __ipv6_addr_src_scope(): the larger, the farther it is known.
int scope_of(Ipv6Addr addr) {
  constexpr int kInterfaceLocal = 1, kLinkLocal = 2, kGlobal = 14;
  if (addr.is_multicast()) return static_cast<int>(addr.high >> 48 & 0xf);
  if (addr.is_loopback()) return kInterfaceLocal;
  return addr.is_link_local() ? kLinkLocal : kGlobal;
}

/// ip6addrlbl_init_table[], as far as hosts of a lab have such addresses.
int label_of(Ipv6Addr addr) {
  if (addr.is_loopback()) return 0;
  if (addr.high == 0 && addr.low >> 32 == 0xffff) return 4;
  if (addr.high >> 48 == 0x2002) return 2;
  if (addr.high >> 57 == 0xfc >> 1) return 5;
  return 1;
}

/// The rules of RFC 6724 §5 that tell addresses of a lab apart, the weightier first.
std::array<int, 5> score(const In6Addr& a, IfIndex dev, Ipv6Addr dst) {
  const int scope = scope_of(a.local);
  const int common = std::min<int>(common_prefix(a.local, dst), a.prefix_len);
  return {a.local == dst ? 1 : 0, scope >= scope_of(dst) ? -scope : scope - 128,
          a.dev == dev ? 1 : 0, label_of(a.local) == label_of(dst) ? 1 : 0, common};
}

Scope row_scope(Ipv6Addr addr) {
  if (addr.is_loopback()) return Scope::kHost;
  return addr.is_link_local() ? Scope::kLink : Scope::kUniverse;
}

/// ipv6_add_addr() and its routes: the address itself, and its subnet.
void take_address(Step& step, Stack& stack, IfIndex dev, Ipv6Prefix local) {
  Stack6& six = *stack.six.peek();
  const auto before = std::ranges::find_if(six.addrs, [&](const In6Addr& a) {
    return a.dev > dev || (a.dev == dev && scope_of(local.addr) >= scope_of(a.local));
  });
  const In6Addr addr{local.addr, dev, local.len};
  six.addrs.insert(before, addr);
  if (step.tracing()) step.row_added(row_of(addr));
  insert_route6(step, six,
                {.dst = {local.addr, 128},
                 .dev = dev,
                 .table = kTableLocal,
                 .metric = 0,
                 .type = RouteType::kLocal,
                 .proto = RouteProto::kKernel});
  if (!find_device(stack, dev)->loopback) {
    join_group6(stack, dev, local.addr.solicited_node());
  }
  follow_forwarding6(step, stack, dev);
}

void add_prefix_route(Step& step, Stack6& six, IfIndex dev, Ipv6Prefix local) {
  const Fib6Entry route{
      .dst = {local.network(), local.len}, .dev = dev, .metric = 256, .proto = RouteProto::kKernel};
  // Addresses of one subnet share it.
  if (std::ranges::find(six.routes, route) == six.routes.end()) insert_route6(step, six, route);
}

/// ff00::/8: groups leave by every device.
void add_group_route(Step& step, Stack6& six, IfIndex dev) {
  insert_route6(step, six,
                {.dst = {{0xff00'0000'0000'0000ULL, 0}, 8},
                 .dev = dev,
                 .table = kTableLocal,
                 .metric = 256,
                 .proto = RouteProto::kKernel,
                 .multicast = true});
}

void forget_address(Step& step, Stack& stack, std::size_t at) {
  Stack6& six = *stack.six.peek();
  const In6Addr gone = six.addrs[at];
  six.addrs.erase(six.addrs.begin() + static_cast<std::ptrdiff_t>(at));
  if (step.tracing()) step.row_removed(row_of(gone));
  remove_routes6(step, six, [&](const Fib6Entry& r) {
    return r.type == RouteType::kLocal && r.dev == gone.dev && r.dst.addr == gone.local;
  });
  if (!find_device(stack, gone.dev)->loopback) {
    leave_group6(stack, gone.dev, gone.local.solicited_node());
  }
  follow_forwarding6(step, stack, gone.dev);
}

}  // namespace

void enable6(Stack& stack) { stack.six.get(); }
bool has_ipv6(const Stack& stack) { return stack.six.peek() != nullptr; }

Addr6Row row_of(const In6Addr& a) {
  return {.dev = a.dev, .local = {a.local, a.prefix_len}, .scope = row_scope(a.local)};
}

Errno add_address6(Step& step, Stack& stack, Ports& /*ports*/, IfIndex dev, Ipv6Prefix local) {
  const Device* const device = find_device(stack, dev);
  if (device == nullptr) return Errno::kNoDev;
  if (local.addr.is_any() || local.addr.is_multicast()) return Errno::kAddrNotAvail;
  Stack6& six = stack.six.get();
  for (const In6Addr& a : six.addrs) {
    if (a.dev == dev && a.local == local.addr) return Errno::kExist;
  }
  add_prefix_route(step, six, dev, local);
  take_address(step, stack, dev, local);
  return Errno::kNone;
}

Errno delete_address6(Step& step, Stack& stack, IfIndex dev, Ipv6Prefix local) {
  if (find_device(stack, dev) == nullptr) return Errno::kNoDev;
  Stack6& six = stack.six.get();
  const auto found = std::ranges::find_if(six.addrs, [&](const In6Addr& a) {
    return a.dev == dev && a.local == local.addr && a.prefix_len == local.len;
  });
  if (found == six.addrs.end()) return Errno::kAddrNotAvail;
  forget_address(step, stack, static_cast<std::size_t>(found - six.addrs.begin()));
  // check_cleanup_prefix_route(): the subnet stays while another address is in it.
  const bool shared = std::ranges::any_of(six.addrs, [&](const In6Addr& a) {
    return a.dev == dev && a.prefix_len == local.len && local.contains(a.local);
  });
  if (shared) return Errno::kNone;
  remove_routes6(step, six, [&](const Fib6Entry& r) {
    return r.proto == RouteProto::kKernel && r.dev == dev && r.table == kTableMain &&
           r.dst == Ipv6Prefix{local.network(), local.len};
  });
  return Errno::kNone;
}

void link_changed6(Step& step, Stack& stack, Ports& /*ports*/, IfIndex dev, bool up) {
  Stack6* const six = stack.six.peek();
  if (six == nullptr) return;
  const Device& device = *find_device(stack, dev);
  if (!up) {  // addrconf_ifdown(), rt6_disable_ip(): nothing of the device is left
    for (std::size_t i = six->addrs.size(); i-- > 0;) {
      if (six->addrs[i].dev == dev) forget_address(step, stack, i);
    }
    remove_routes6(step, *six, [&](const Fib6Entry& r) { return r.dev == dev; });
    std::erase_if(six->groups, [&](const Group6& g) { return g.dev == dev; });
    return;
  }
  if (device.loopback) {  // init_loopback()
    take_address(step, stack, dev, {Ipv6Addr::loopback(), 128});
    return;
  }
  if (device.tunnel != TunnelKind::kNone && device.tunnel != TunnelKind::kIp6) return;
  add_group_route(step, *six, dev);
  if (device.tunnel == TunnelKind::kIp6) return;  // its link-local address would be drawn by lot
  const Ipv6Prefix own{Ipv6Addr::link_local_of(device.mac), 64};
  add_prefix_route(step, *six, dev, own);
  take_address(step, stack, dev, own);
}

void follow_forwarding6(Step& step, Stack& stack, IfIndex dev) {
  Stack6& six = *stack.six.peek();
  const auto wants = [&](const In6Addr& a) {
    constexpr std::uint8_t kTooLong = 127;  // addrconf_join_anycast()
    return a.dev == dev && a.prefix_len < kTooLong && is_forwarding6(stack, dev);
  };
  const auto anycast_of = [&](const In6Addr& a) {
    return Ipv6Prefix{a.local, a.prefix_len}.network();
  };
  remove_routes6(step, six, [&](const Fib6Entry& r) {
    return r.anycast && r.dev == dev && std::ranges::none_of(six.addrs, [&](const In6Addr& a) {
             return wants(a) && anycast_of(a) == r.dst.addr;
           });
  });
  for (const In6Addr& a : six.addrs) {
    if (!wants(a) || is_anycast6(stack, anycast_of(a), dev)) continue;
    insert_route6(step, six,
                  {.dst = {anycast_of(a), 128},
                   .dev = dev,
                   .table = kTableLocal,
                   .metric = 0,
                   .type = RouteType::kLocal,
                   .proto = RouteProto::kKernel,
                   .anycast = true});
  }
}

bool is_anycast6(const Stack& stack, Ipv6Addr addr, IfIndex dev) {
  return std::ranges::any_of(stack.six.peek()->routes, [&](const Fib6Entry& r) {
    return r.anycast && r.dev == dev && r.dst.addr == addr;
  });
}

bool is_local6(const Stack& stack, Ipv6Addr addr) {
  return std::ranges::any_of(stack.six.peek()->routes, [&](const Fib6Entry& r) {
    return r.table == kTableLocal && r.type == RouteType::kLocal && r.dst.contains(addr);
  });
}

bool has_address6(const Stack& stack, Ipv6Addr addr, IfIndex dev) {
  const Stack6* const six = stack.six.peek();
  return six != nullptr && std::ranges::any_of(six->addrs, [&](const In6Addr& a) {
           return a.local == addr && (!dev.valid() || a.dev == dev);
         });
}

Ipv6Addr link_local_of(const Stack& stack, IfIndex dev) {
  for (const In6Addr& a : stack.six.peek()->addrs) {
    if (a.dev == dev && a.local.is_link_local()) return a.local;
  }
  return {};
}

Ipv6Addr select_source6(const Stack& stack, IfIndex dev, Ipv6Addr dst) {
  const In6Addr* best = nullptr;
  for (const In6Addr& a : stack.six.peek()->addrs) {
    if (dst.needs_device() && a.dev != dev) continue;
    if (best == nullptr || score(a, dev, dst) > score(*best, dev, dst)) best = &a;
  }
  return best == nullptr ? Ipv6Addr{} : best->local;
}

}  // namespace lvslab::ip
