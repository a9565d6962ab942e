#include "sim/ip/device.h"

#include "sim/ip/conf_store.h"
#include "sim/ip/kernel_routes.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

Device& device_at(Stack& stack, IfIndex dev) {
  LVSLAB_CHECK(dev.valid() && dev.value <= stack.devices.size(), "no such device");
  return stack.devices[dev.value - 1U];
}

void link_changed(Step& step, const Stack& stack, IfIndex dev) {
  if (step.tracing()) step.row_changed(link_row(stack, dev));
}

/// Routes show `linkdown` when the carrier goes (fib_sync_down_dev() with NETDEV_CHANGE).
void linkdown_changed(Step& step, const Stack& stack, IfIndex dev) {
  if (!step.tracing()) return;
  for (const FibEntry& e : stack.fib.entries()) {
    if (e.dev == dev) step.row_changed(row_of(stack, e));
  }
}

}  // namespace

IfIndex add_device(Step& step, Stack& stack, const Device& device) {
  LVSLAB_CHECK(device.loopback == stack.devices.empty(), "the first device is lo, and only it");
  stack.devices.push_back(device);
  if (stack.settings.peek() != nullptr) settings_of(stack);
  const IfIndex dev(static_cast<std::uint16_t>(stack.devices.size()));
  if (step.tracing()) step.row_added(link_row(stack, dev));
  return dev;
}

const Device* find_device(const Stack& stack, IfIndex dev) {
  if (!dev.valid() || dev.value > stack.devices.size()) return nullptr;
  return &stack.devices[dev.value - 1U];
}

IfIndex device_index(const Stack& stack, std::string_view name) {
  for (std::size_t i = 0; i < stack.devices.size(); ++i) {
    if (stack.devices[i].name.view() == name) return IfIndex(static_cast<std::uint16_t>(i + 1));
  }
  return {};
}

const Device* find_device(const Stack& stack, std::string_view name) {
  return find_device(stack, device_index(stack, name));
}

void set_link(Step& step, Stack& stack, Ports& ports, IfIndex dev, bool up) {
  Device& device = device_at(stack, dev);
  if (device.up == up) return;
  device.up = up;
  flush_route_cache(stack);
  link_changed(step, stack, dev);
  if (!up) {
    remove_routes_of_down_device(step, stack, dev, false);
    neigh_flush_dev(step, stack, ports, dev, false);
    groups_follow_link(step, stack, dev, false);
    link_changed6(step, stack, ports, dev, false);
    if (device.carrier) ports.on_link(step, dev, false);
    return;
  }
  if (device.loopback) {
    // Already there after the first time: then this is EEXIST (devinet.c: inetdev_event()).
    add_address(step, stack, ports,
                {.dev = dev, .local = {{0x7f00'0001U}, 8}, .scope = Scope::kHost});
  }
  groups_follow_link(step, stack, dev, true);
  add_routes_of_addresses(step, stack, ports, dev);
  link_changed6(step, stack, ports, dev, true);
  if (conf_or(stack, dev, ConfKey::kArpNotify)) announce(step, stack, ports, dev);
  if (device_at(stack, dev).carrier) ports.on_link(step, dev, true);
}

void set_carrier(Step& step, Stack& stack, Ports& ports, IfIndex dev, bool carrier) {
  Device& device = device_at(stack, dev);
  if (device.carrier == carrier) return;
  device.carrier = carrier;
  flush_route_cache(stack);
  link_changed(step, stack, dev);
  linkdown_changed(step, stack, dev);
  // arp.c: arp_netdev_event()
  if (!carrier && conf_and(stack, dev, ConfKey::kArpEvictNocarrier)) {
    neigh_flush_dev(step, stack, ports, dev, true);
  }
  if (device_at(stack, dev).up) ports.on_link(step, dev, carrier);
}

Errno set_mtu(Step& step, Stack& stack, IfIndex dev, std::uint32_t mtu) {
  Device& device = device_at(stack, dev);
  constexpr std::uint32_t kEthernetLeast = 68, kMost = 65'535;  // ETH_MIN_MTU, ETH_MAX_MTU
  const bool ethernet = !device.loopback && device.tunnel == TunnelKind::kNone;
  if (ethernet && (mtu < kEthernetLeast || mtu > kMost)) return Errno::kInval;
  device.mtu = mtu;
  flush_route_cache(stack);
  link_changed(step, stack, dev);
  return Errno::kNone;
}

Errno set_mac(Step& step, Stack& stack, Ports& ports, IfIndex dev, MacAddr mac) {
  Device& device = device_at(stack, dev);
  if (mac.is_multicast() || mac.is_zero()) return Errno::kAddrNotAvail;
  if (device.loopback) return Errno::kOpNotSupp;
  device.mac = mac;
  flush_route_cache(stack);
  link_changed(step, stack, dev);
  neigh_flush_dev(step, stack, ports, dev, false);  // neigh_changeaddr()
  if (device.up && conf_or(stack, dev, ConfKey::kArpNotify)) announce(step, stack, ports, dev);
  return Errno::kNone;
}

void set_no_arp(Step& step, Stack& stack, Ports& ports, IfIndex dev, bool no_arp) {
  Device& device = device_at(stack, dev);
  if (device.no_arp == no_arp) return;
  device.no_arp = no_arp;
  flush_route_cache(stack);
  link_changed(step, stack, dev);
  neigh_flush_dev(step, stack, ports, dev, false);  // arp_netdev_event(): IFF_NOARP changed
}

void set_promisc(Step& step, Stack& stack, IfIndex dev, bool promisc) {
  device_at(stack, dev).promisc = promisc;
  link_changed(step, stack, dev);
}

void set_tx_queue_len(Step& step, Stack& stack, IfIndex dev, std::uint32_t length) {
  device_at(stack, dev).tx_queue_len = length;
  link_changed(step, stack, dev);
}

LinkStats& stats(Stack& stack, IfIndex dev) {
  Live& live = stack.live.get();
  if (live.stats.size() < stack.devices.size()) live.stats.resize(stack.devices.size());
  return live.stats[dev.value - 1U];
}

}  // namespace lvslab::ip
