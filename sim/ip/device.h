// Network devices as IPv4 sees them: lo, Ethernet cards, and the far end of tunnels (tunl0).
// Counters live in ip::Live, since an idle host has none. Left out: other device types, VLANs,
// IPv6. Source: include/linux/netdevice.h: struct net_device; include/linux/inetdevice.h: struct
// in_device.
#pragma once

#include <cstdint>

#include "sim/base/addr.h"
#include "sim/base/ids.h"
#include "sim/base/tables.h"

namespace lvslab::ip {

struct Device {
  ShortName name;
  MacAddr mac;  ///< zero for lo
  std::uint32_t mtu = 1500;
  std::uint32_t tx_queue_len = 1000;
  bool up = false;       ///< IFF_UP
  bool carrier = true;   ///< IFF_LOWER_UP
  bool no_arp = false;   ///< IFF_NOARP
  bool promisc = false;  ///< IFF_PROMISC
  bool loopback = false;
  bool multicast = true;
  /// ipv4_devconf_setall(): an address makes the settings the device's own; what is written to
  /// conf/default and neigh/default no longer reaches them.
  bool had_address = false;
  TunnelKind tunnel = TunnelKind::kNone;
};

/// One struct in_ifaddr. A device's addresses stand together in the kernel's list order.
struct InAddr {
  Ipv4Addr local;
  Ipv4Addr broadcast;  ///< 0.0.0.0 if none
  IfIndex dev;
  std::uint16_t label = 0;  ///< 0: the device's name; else an index of Settings::labels, plus 1
  std::uint8_t prefix_len = 32;
  Scope scope = Scope::kUniverse;
  bool secondary = false;

  /// inet_ifa_match(): `a` lies in the subnet of this address.
  constexpr bool matches(Ipv4Addr a) const {
    return ((a.bits ^ local.bits) & mask_of(prefix_len)) == 0;
  }
};
static_assert(sizeof(InAddr) == 16);

}  // namespace lvslab::ip
