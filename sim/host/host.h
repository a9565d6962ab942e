// A simulated Linux host: its kernel's parts side by side, and what runs above them. Plain data;
// sim/host/wiring.h makes it move.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/boxed.h"
#include "sim/host/userland.h"
#include "sim/ip/stack.h"
#include "sim/ipvs/director.h"
#include "sim/netfilter/netfilter.h"
#include "sim/sctp/stack.h"
#include "sim/tcp/stack.h"

namespace lvslab::host {

/// A network card as the scenario gives it.
struct NicConfig {
  ShortName name;
  MacAddr mac;
  std::uint32_t mtu = 1500;
  std::vector<Ipv4Prefix> addresses;
  std::vector<Ipv6Prefix> addresses6;
};

struct RouteConfig {
  Ipv4Prefix dst{{}, 0};
  Ipv4Addr via;   ///< 0.0.0.0: on-link
  ShortName dev;  ///< empty: whichever leads to `via`
};

struct Route6Config {
  Ipv6Prefix dst{{}, 0};
  Ipv6Addr via;  ///< :: : on-link
  ShortName dev;
};

/// What a host has after each boot.
struct BootConfig {
  std::string name;
  std::vector<NicConfig> nics;
  std::vector<RouteConfig> routes;
  std::vector<Route6Config> routes6;
  bool ipv6 = false;  ///< the lab uses it
  std::vector<SysctlRow> sysctls;
};

enum class Power : std::uint8_t { kOn, kCrashed, kOff };

struct Host {
  std::string name;
  Power power = Power::kOn;
  ip::Stack ip;
  tcp::Stack tcp;
  sctp::Stack sctp;
  Boxed<ipvs::Director> ipvs;
  Boxed<netfilter::Netfilter> netfilter;
  Boxed<Userland> user;
  TimerQueue timers;
  SimTime scheduled = SimTime::never();   ///< the host event that counts
  std::vector<std::uint32_t> directions;  ///< by IfIndex - 1: where its frames go
  std::uint32_t taps = 0;                 ///< programs that listen to frames
  std::optional<Power> requested;         ///< reboot or poweroff was typed: at the event's end
  std::uint64_t secret = 0;               ///< seeds ISNs, ports and the like
};

}  // namespace lvslab::host
