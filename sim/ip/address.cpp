// Addresses of devices: the list with its primaries and secondaries, and the choices made from it.
// Source: net/ipv4/devinet.c.
#include <algorithm>

#include "sim/ip/conf_store.h"
#include "sim/ip/kernel_routes.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

/// The part of stack.addrs that belongs to `dev`: [first, last).
std::pair<std::size_t, std::size_t> range_of(const Stack& stack, IfIndex dev) {
  std::size_t first = 0;
  while (first < stack.addrs.size() && stack.addrs[first].dev < dev) ++first;
  std::size_t last = first;
  while (last < stack.addrs.size() && stack.addrs[last].dev == dev) ++last;
  return {first, last};
}

std::uint16_t intern_label(Stack& stack, IfIndex dev, const ShortName& label) {
  if (label.empty() || label == find_device(stack, dev)->name) return 0;
  std::vector<ShortName>& labels = settings_of(stack).labels;
  std::size_t found = 0;
  while (found < labels.size() && labels[found] != label) ++found;
  if (found == labels.size()) labels.push_back(label);
  return static_cast<std::uint16_t>(found + 1);
}

bool same_subnet(const InAddr& a, const InAddr& b) {
  return a.dev == b.dev && a.prefix_len == b.prefix_len && a.matches(b.local);
}

/// Unlinks stack.addrs[at] and its routes (rtmsg_ifa() and the NETDEV_DOWN of an address).
void unlink(Step& step, Stack& stack, Ports& ports, std::size_t at, const InAddr& primary) {
  const InAddr gone = stack.addrs[at];
  if (step.tracing()) step.row_removed(addr_row(stack, gone));
  stack.addrs.erase(stack.addrs.begin() + static_cast<std::ptrdiff_t>(at));
  delete_routes_of_address(step, stack, gone, primary);
  const auto [first, last] = range_of(stack, gone.dev);
  if (first == last) {  // the last address: IP is off on this device (fib_inetaddr_event())
    remove_routes_of_down_device(step, stack, gone.dev, true);
    neigh_flush_dev(step, stack, ports, gone.dev, false);
  }
}

/// Makes the first secondary of the deleted primary's subnet the new primary, where sysctl
/// promote_secondaries asks for it; its former fellows then prefer it.
void promote(Step& step, Stack& stack, Ports& ports, std::size_t primary_at, std::size_t heir_at) {
  const InAddr primary = stack.addrs[primary_at];
  std::vector<InAddr> fellows;
  for (std::size_t i = heir_at; i < range_of(stack, primary.dev).second; ++i) {
    if (stack.addrs[i].secondary && same_subnet(primary, stack.addrs[i])) {
      fellows.push_back(stack.addrs[i]);
    }
  }
  if (step.tracing()) step.row_removed(addr_row(stack, primary));
  InAddr heir = stack.addrs[heir_at];
  // Their local routes prefer the old primary, and are written anew.
  for (std::size_t i = 0; i < stack.fib.entries().size();) {
    const FibEntry& e = stack.fib.entries()[i];
    if (e.dev == primary.dev && e.proto == RouteProto::kKernel && e.prefsrc == primary.local) {
      remove_route_at(step, stack, i);
    } else {
      ++i;
    }
  }
  stack.addrs.erase(stack.addrs.begin() + static_cast<std::ptrdiff_t>(heir_at));
  stack.addrs.erase(stack.addrs.begin() + static_cast<std::ptrdiff_t>(primary_at));
  heir.secondary = false;
  auto [first, last] = range_of(stack, heir.dev);
  std::size_t at = first;
  for (std::size_t i = first; i < last; ++i) {
    if (!stack.addrs[i].secondary && heir.scope <= stack.addrs[i].scope) at = i + 1;
  }
  stack.addrs.insert(stack.addrs.begin() + static_cast<std::ptrdiff_t>(at), heir);
  if (step.tracing()) step.row_changed(addr_row(stack, heir));
  add_routes_of_address(step, stack, ports, heir);
  for (std::size_t i = 1; i < fellows.size(); ++i) {
    add_routes_of_address(step, stack, ports, fellows[i]);
  }
  if (!has_address(stack, primary.local)) remove_routes_of_source(step, stack, primary.local);
  flush_route_cache(stack);
}

void delete_at(Step& step, Stack& stack, Ports& ports, std::size_t at) {
  const InAddr addr = stack.addrs[at];
  if (addr.secondary) {
    InAddr primary = addr;
    for (const InAddr& a : stack.addrs) {
      if (!a.secondary && same_subnet(a, addr)) primary = a;
    }
    unlink(step, stack, ports, at, primary);
    return;
  }
  const bool promoting = conf_or(stack, addr.dev, ConfKey::kPromoteSecondaries);
  for (std::size_t i = at + 1; i < range_of(stack, addr.dev).second;) {
    if (!stack.addrs[i].secondary || !same_subnet(addr, stack.addrs[i])) {
      ++i;
    } else if (promoting) {
      promote(step, stack, ports, at, i);
      return;
    } else {
      unlink(step, stack, ports, i, addr);
    }
  }
  unlink(step, stack, ports, at, addr);
}

std::size_t index_of(const Stack& stack, const InAddr* addr) {
  return static_cast<std::size_t>(addr - stack.addrs.data());
}

/// The device that a label is about: "eth0" of "eth0:1".
IfIndex device_of_label(const Stack& stack, std::string_view label) {
  return device_index(stack, label.substr(0, label.find(':')));
}

/// inet_abc_len(): the prefix length of the old address classes; -1 for class D.
int class_prefix_len(Ipv4Addr a) {
  if ((a.bits >> 24) == 0 || a.is_broadcast()) return 0;
  if ((a.bits >> 31) == 0) return 8;
  if ((a.bits >> 30) == 2) return 16;
  return (a.bits >> 29) == 6 ? 24 : -1;
}

}  // namespace

Errno add_address(Step& step, Stack& stack, Ports& ports, const AddressRequest& request) {
  if (find_device(stack, request.dev) == nullptr) return Errno::kNoDev;
  if (request.local.addr.is_any()) return Errno::kNone;  // inet_insert_ifa() ignores it
  stack.devices[request.dev.value - 1U].had_address = true;
  InAddr addr;
  addr.local = request.local.addr;
  addr.prefix_len = request.local.len;
  addr.broadcast = request.broadcast;
  addr.dev = request.dev;
  addr.scope = request.scope;
  const auto [first, last] = range_of(stack, addr.dev);
  std::size_t after_primaries = first;
  for (std::size_t i = first; i < last; ++i) {
    const InAddr& a = stack.addrs[i];
    if (!a.secondary && addr.scope <= a.scope) after_primaries = i + 1;
    if (!same_subnet(a, addr)) continue;
    if (a.local == addr.local) return Errno::kExist;
    if (a.scope != addr.scope) return Errno::kInval;
    addr.secondary = true;
  }
  addr.label = intern_label(stack, addr.dev, request.label);
  const std::size_t at = addr.secondary ? last : after_primaries;
  stack.addrs.insert(stack.addrs.begin() + static_cast<std::ptrdiff_t>(at), addr);
  if (step.tracing()) step.row_added(addr_row(stack, addr));
  add_routes_of_address(step, stack, ports, addr);
  return Errno::kNone;
}

Errno delete_address(Step& step, Stack& stack, Ports& ports, IfIndex dev, Ipv4Prefix local,
                     std::string_view label) {
  if (find_device(stack, dev) == nullptr) return Errno::kNoDev;
  for (std::size_t i = 0; i < stack.addrs.size(); ++i) {
    const InAddr& a = stack.addrs[i];
    if (a.dev != dev || a.local != local.addr || a.prefix_len != local.len) continue;
    if (!label.empty() && label_of(stack, a).view() != label) continue;
    delete_at(step, stack, ports, i);
    return Errno::kNone;
  }
  return Errno::kAddrNotAvail;
}

std::uint32_t flush_addresses(Step& step, Stack& stack, Ports& ports, IfIndex dev) {
  std::uint32_t count = 0;
  for (;;) {
    const auto [first, last] = range_of(stack, dev);
    if (first == last) return count;
    const std::size_t before = stack.addrs.size();
    delete_at(step, stack, ports, first);
    count += static_cast<std::uint32_t>(before - stack.addrs.size());
  }
}

ShortName label_of(const Stack& stack, const InAddr& addr) {
  if (addr.label == 0) return find_device(stack, addr.dev)->name;
  return stack.settings.peek()->labels[addr.label - 1U];
}

const InAddr* find_label(const Stack& stack, std::string_view label) {
  for (const InAddr& a : stack.addrs) {
    if (label_of(stack, a).view() == label) return &a;
  }
  return nullptr;
}

namespace {

/// IFF_BROADCAST: neither lo nor tunnels have it.
bool broadcasts(const Device& device) {
  return !device.loopback && device.tunnel == TunnelKind::kNone;
}

}  // namespace

Errno ioctl_set_address(Step& step, Stack& stack, Ports& ports, std::string_view label,
                        Ipv4Addr addr) {
  const IfIndex dev = device_of_label(stack, label);
  if (!dev.valid()) return Errno::kNoDev;
  const int len = class_prefix_len(addr);
  if (len < 0) return Errno::kInval;
  if (const InAddr* old = find_label(stack, label)) {
    if (old->local == addr) return Errno::kNone;
    delete_at(step, stack, ports, index_of(stack, old));
  }
  AddressRequest request{.dev = dev,
                         .local = {addr, static_cast<std::uint8_t>(len)},
                         .scope = addr.is_loopback() ? Scope::kHost : Scope::kUniverse,
                         .label = ShortName(label)};
  if (broadcasts(*find_device(stack, dev)) && len < 31)
    request.broadcast = request.local.broadcast();
  return add_address(step, stack, ports, request);
}

Errno ioctl_set_netmask(Step& step, Stack& stack, Ports& ports, std::string_view label,
                        Ipv4Addr netmask) {
  if (!device_of_label(stack, label).valid()) return Errno::kNoDev;
  const InAddr* found = find_label(stack, label);
  if (found == nullptr) return Errno::kAddrNotAvail;
  const std::optional<std::uint8_t> len = prefix_len_of(netmask);
  if (!len) return Errno::kInval;
  if (found->prefix_len == *len) return Errno::kNone;
  const InAddr old = *found;
  AddressRequest request{.dev = old.dev,
                         .local = {old.local, *len},
                         .broadcast = old.broadcast,
                         .scope = old.scope,
                         .label = label_of(stack, old)};
  const bool usual = old.broadcast == Ipv4Prefix{old.local, old.prefix_len}.broadcast();
  if (broadcasts(*find_device(stack, old.dev)) && *len < 31 && usual) {
    request.broadcast = request.local.broadcast();
  }
  delete_at(step, stack, ports, index_of(stack, found));
  return add_address(step, stack, ports, request);
}

Errno ioctl_set_broadcast(Step& step, Stack& stack, Ports& ports, std::string_view label,
                          Ipv4Addr broadcast) {
  if (!device_of_label(stack, label).valid()) return Errno::kNoDev;
  const InAddr* found = find_label(stack, label);
  if (found == nullptr) return Errno::kAddrNotAvail;
  if (found->broadcast == broadcast) return Errno::kNone;
  const InAddr old = *found;
  const AddressRequest request{.dev = old.dev,
                               .local = {old.local, old.prefix_len},
                               .broadcast = broadcast,
                               .scope = old.scope,
                               .label = label_of(stack, old)};
  delete_at(step, stack, ports, index_of(stack, found));
  return add_address(step, stack, ports, request);
}

bool has_address(const Stack& stack, Ipv4Addr addr) {
  return std::any_of(stack.addrs.begin(), stack.addrs.end(),
                     [addr](const InAddr& a) { return a.local == addr; });
}

namespace {

/// route_localnet makes addresses of scope host usable on the wire.
Scope usable_scope(const Stack& stack, const InAddr& a) {
  const Scope limit = conf_or(stack, a.dev, ConfKey::kRouteLocalnet) ? Scope::kLink : Scope::kHost;
  return std::min(a.scope, limit);
}

}  // namespace

Ipv4Addr select_source(const Stack& stack, IfIndex dev, Ipv4Addr dst, Scope scope) {
  Ipv4Addr first;
  for (const InAddr& a : stack.addrs) {
    if (a.dev != dev || a.secondary || usable_scope(stack, a) > scope) continue;
    if (dst.is_any() || a.matches(dst)) return a.local;
    if (first.is_any()) first = a.local;
  }
  if (!first.is_any()) return first;
  for (const InAddr& a : stack.addrs) {  // any device, lo first: in_dev_select_addr()
    if (!a.secondary && a.scope != Scope::kLink && a.scope <= scope) return a.local;
  }
  return {};
}

namespace {

/// confirm_addr_indev()
Ipv4Addr confirm_on(const Stack& stack, IfIndex dev, Ipv4Addr dst, Ipv4Addr local, Scope scope) {
  Ipv4Addr addr;
  bool same = false;
  for (const InAddr& a : stack.addrs) {
    if (a.dev != dev) continue;
    const bool in_scope = usable_scope(stack, a) <= scope;
    if (addr.is_any() && (local == a.local || local.is_any()) && in_scope) {
      addr = a.local;
      if (same) break;
    }
    if (same) continue;
    same = (local.is_any() || a.matches(local)) && (dst.is_any() || a.matches(dst));
    if (!same || addr.is_any()) continue;
    if (!local.is_any() || dst.is_any() || a.matches(addr)) break;
    if (in_scope) {
      addr = a.local;
      break;
    }
    same = false;  // look for a larger subnet that holds both
  }
  return same ? addr : Ipv4Addr{};
}

}  // namespace

Ipv4Addr confirm_address(const Stack& stack, IfIndex dev, Ipv4Addr dst, Ipv4Addr local,
                         Scope scope) {
  if (dev.valid()) return confirm_on(stack, dev, dst, local, scope);
  for (std::size_t i = 1; i <= stack.devices.size(); ++i) {
    const Ipv4Addr found =
        confirm_on(stack, IfIndex(static_cast<std::uint16_t>(i)), dst, local, scope);
    if (!found.is_any()) return found;
  }
  return {};
}

bool on_link(const Stack& stack, IfIndex dev, Ipv4Addr a, Ipv4Addr b) {
  return std::any_of(stack.addrs.begin(), stack.addrs.end(), [&](const InAddr& addr) {
    return addr.dev == dev && addr.matches(a) && (b.is_any() || addr.matches(b));
  });
}

}  // namespace lvslab::ip
