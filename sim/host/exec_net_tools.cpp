// ifconfig(8), arp(8), route(8), netstat(8) and ss(8) applied to a host.
#include <fmt/format.h>

#include "sim/host/executor.h"

namespace lvslab::host {

using command::Output;

namespace {

std::string_view strerror_of(Errno error) {
  switch (error) {
    case Errno::kNone: return "Success";
    case Errno::kPerm: return "Operation not permitted";
    case Errno::kNoEnt: return "No such file or directory";
    case Errno::kSrch: return "No such process";
    case Errno::kExist: return "File exists";
    case Errno::kNoDev: return "No such device";
    case Errno::kAddrNotAvail: return "Cannot assign requested address";
    case Errno::kNetDown: return "Network is down";
    case Errno::kNetUnreach: return "Network is unreachable";
    case Errno::kNoBufs: return "No buffer space available";
    default: return "Invalid argument";
  }
}

Output failed(std::string_view request, Errno error, int status) {
  if (error == Errno::kNone) return {};
  return command::ioctl_failure(request, strerror_of(error), status);
}

}  // namespace

// --- ifconfig -----------------------------------------------------------------------------------

CommandOutcome Executor::operator()(const command::IfconfigCommand& c) {
  if (c.actions.empty()) return render_ifconfig(wiring_.tables(), c);
  Output all;
  for (const command::IfconfigAction& action : c.actions) {
    const std::vector<ip::InAddr> before = wiring_.host().ip.addrs;
    const Output done = ifconfig_action(c, action);
    wiring_.tell_removed_addresses(step_, before);
    all.err += done.err;
    all.status = done.status;
    constexpr int kGivesUp = 255;
    if (done.status == kGivesUp) break;
  }
  return all;
}

Output Executor::ifconfig_action(const command::IfconfigCommand& c,
                                 const command::IfconfigAction& action) {
  ip::Stack& stack = wiring_.host().ip;
  const bool alias = c.dev.find(':') != std::string::npos;
  const IfIndex dev = device(without_alias(c.dev));
  // net-tools reads the flags before it changes them (lib/ifconfig.c: set_flag()).
  Output no_flags{.out = "",
                  .err = fmt::format("{}: ERROR while getting interface flags: No such "
                                     "device\n",
                                     c.dev),
                  .status = 255};
  using Kind = command::IfconfigAction::Kind;
  switch (action.kind) {
    case Kind::kAddress: {
      Output result = failed("SIOCSIFADDR",
                             ip::ioctl_set_address(step_, stack, wiring_, c.dev, action.addr), 1);
      if (!dev.valid()) return {.out = "", .err = result.err + no_flags.err, .status = 255};
      const ip::InAddr* set = ip::find_label(stack, c.dev);
      if (alias && set == nullptr && !action.addr.is_any()) {
        result.err += failed("SIOCSIFFLAGS", Errno::kAddrNotAvail, 255).err;
        result.status = 255;
        return result;
      }
      if (!alias) ip::set_link(step_, stack, wiring_, dev, true);
      if (action.len && result.status == 0) {
        return failed("SIOCSIFNETMASK",
                      ip::ioctl_set_netmask(step_, stack, wiring_, c.dev, {mask_of(*action.len)}),
                      1);
      }
      return result;
    }
    case Kind::kNetmask:
      return failed("SIOCSIFNETMASK",
                    ip::ioctl_set_netmask(step_, stack, wiring_, c.dev, action.addr), 1);
    case Kind::kBroadcast:
      return failed("SIOCSIFBRDADDR",
                    ip::ioctl_set_broadcast(step_, stack, wiring_, c.dev, action.addr), 1);
    case Kind::kUp:
    case Kind::kDown: {
      if (!dev.valid()) return no_flags;
      const bool up = action.kind == Kind::kUp;
      if (!alias) {
        ip::set_link(step_, stack, wiring_, dev, up);
        return {};
      }
      // An alias is an address: up does nothing, down deletes it (devinet_ioctl(), SIOCSIFFLAGS).
      const ip::InAddr* addr = ip::find_label(stack, c.dev);
      if (addr == nullptr) return failed("SIOCSIFFLAGS", Errno::kAddrNotAvail, 255);
      if (up) return {};
      const Ipv4Prefix prefix{addr->local, addr->prefix_len};
      return failed("SIOCSIFFLAGS", ip::delete_address(step_, stack, wiring_, dev, prefix, c.dev),
                    255);
    }
    case Kind::kMtu:
      if (!dev.valid()) return failed("SIOCSIFMTU", Errno::kNoDev, 1);
      return failed("SIOCSIFMTU", ip::set_mtu(step_, stack, dev, action.number), 1);
    case Kind::kHwEther:
      if (!dev.valid()) return failed("SIOCSIFHWADDR", Errno::kNoDev, 1);
      return failed("SIOCSIFHWADDR", ip::set_mac(step_, stack, wiring_, dev, action.mac), 1);
    case Kind::kArp:
      if (!dev.valid()) return no_flags;
      ip::set_no_arp(step_, stack, wiring_, dev, !action.on);
      return {};
    case Kind::kPromisc:
      if (!dev.valid()) return no_flags;
      ip::set_promisc(step_, stack, dev, action.on);
      return {};
  }
  return {};
}

// --- arp
// ------------------------------------------------------------------------------------------

CommandOutcome Executor::operator()(const command::ArpCommand& c) {
  using Action = command::ArpCommand::Action;
  if (c.action == Action::kShow) return render_arp(wiring_.tables(), c);
  ip::Stack& stack = wiring_.host().ip;
  const char* request = c.action == Action::kSet ? "SIOCSARP" : "SIOCDARP(dontpub)";
  constexpr int kStatus = 255;
  IfIndex dev = device(c.dev);
  if (!c.dev.empty() && !dev.valid()) return failed(request, Errno::kNoDev, kStatus);
  if (!dev.valid()) {
    // arp_req_set(), arp_req_delete(): RTO_ONLINK, so that routes by a gateway do not count.
    const auto route = ip::fib_lookup(stack, {.dst = *c.host, .scope = Scope::kLink});
    if (!route) return failed(request, route.error(), kStatus);
    dev = route->type == RouteType::kLocal ? kLoopback : route->dev;
  }
  if (c.action == Action::kSet) {
    // arp_req_set(): the kind of the hardware address must be that of the device.
    if (dev == kLoopback) return failed(request, Errno::kInval, kStatus);
    const NeighState state = c.temporary ? NeighState::kStale : NeighState::kPermanent;
    return failed(request,
                  ip::neigh_set(step_, stack, wiring_, ip::NeighVerb::kReplace, dev, *c.host, true,
                                c.mac, state),
                  kStatus);
  }
  const Errno error = ip::neigh_delete(step_, stack, wiring_, dev, *c.host);
  if (error == Errno::kNone) return Output{};
  return command::failure("No ARP entry for " + c.host->to_string(), kStatus);
}

// --- route
// ----------------------------------------------------------------------------------------

CommandOutcome Executor::operator()(const command::RouteCommand& c) {
  using Action = command::RouteCommand::Action;
  if (c.action == Action::kShow) return render_route(wiring_.tables(), c);
  ip::Stack& stack = wiring_.host().ip;
  constexpr int kStatus = 7;
  const bool add = c.action == Action::kAdd;
  const char* request = add ? "SIOCADDRT" : "SIOCDELRT";
  IfIndex dev;
  if (!c.dev.empty()) {
    dev = device(c.dev);
    if (!dev.valid()) return failed(request, Errno::kNoDev, kStatus);
  }
  if (!add) {
    ip::RoutePattern pattern;
    pattern.dst = c.dst;
    pattern.gateway = c.gateway.value_or(Ipv4Addr{});
    pattern.dev = dev;
    pattern.metric = c.metric;
    return failed(request, ip::delete_route(step_, stack, pattern), kStatus);
  }
  RouteRow route;
  route.type = c.reject ? RouteType::kUnreachable : RouteType::kUnicast;
  route.dst = c.dst;
  route.gateway = c.gateway.value_or(Ipv4Addr{});
  route.dev = dev;
  route.scope = Scope::kNowhere;
  route.metric = c.metric.value_or(0);
  // rtentry_to_fib_config(): a gateway that is an own address is no gateway to go through; and
  // NLM_F_CREATE alone, so that another route to the same prefix is put before the one there is.
  if (c.gateway && ip::addr_type(stack, *c.gateway) != ip::AddrType::kUnicast) {
    route.scope = Scope::kLink;
  }
  return failed(request, ip::add_route(step_, stack, ip::RouteVerb::kPrepend, route), kStatus);
}

CommandOutcome Executor::operator()(const command::NetstatCommand& c) {
  return render_netstat(wiring_.tables(), c);
}

CommandOutcome Executor::operator()(const command::SsCommand& c) {
  return render_ss(wiring_.tables(), c);
}

}  // namespace lvslab::host
