// ip(8) applied to a host.
#include "sim/host/executor.h"

namespace lvslab::host {

using command::IpError;
using command::IpVerb;
using command::Output;

Output rtnetlink_answer(Errno error) {
  switch (error) {
    case Errno::kNone: return {};
    case Errno::kExist: return ip_failure(IpError::kExists);
    case Errno::kSrch: return ip_failure(IpError::kNoSuchProcess);
    case Errno::kNoEnt: return ip_failure(IpError::kNoSuchFile);
    case Errno::kNoDev: return ip_failure(IpError::kNoSuchDevice);
    case Errno::kAddrNotAvail: return ip_failure(IpError::kCannotAssign);
    case Errno::kNetUnreach: return ip_failure(IpError::kNetworkUnreachable);
    case Errno::kHostUnreach: return ip_failure(IpError::kHostUnreachable);
    case Errno::kNetDown: return ip_failure(IpError::kNetworkDown);
    case Errno::kAcces: return ip_failure(IpError::kAccess);
    case Errno::kPerm: return ip_failure(IpError::kPermission);
    default: return ip_failure(IpError::kInvalid);
  }
}

namespace {

/// What `ip neigh flush` takes without `nud`: all but PERMANENT and NOARP (ip/ipneigh.c).
constexpr std::uint8_t kFlushedByDefault = 0xff & ~(0x80 | 0x40);

ip::RouteVerb route_verb(IpVerb verb) {
  switch (verb) {
    case IpVerb::kReplace: return ip::RouteVerb::kReplace;
    case IpVerb::kChange: return ip::RouteVerb::kChange;
    case IpVerb::kAppend: return ip::RouteVerb::kAppend;
    case IpVerb::kPrepend: return ip::RouteVerb::kPrepend;
    default: return ip::RouteVerb::kAdd;
  }
}

}  // namespace

IfIndex Executor::device(const std::string& name) const {
  return ip::device_index(wiring_.host().ip, name);
}

// iproute2 asks by ioctl for a name that it does not know, and the kernel takes "lo:1" for lo there
// (lib/ll_map.c: ll_name_to_index(); net/core/dev_ioctl.c: dev_ioctl()).
IfIndex Executor::ip_device(const std::string& name) const { return device(without_alias(name)); }

command::IpCommand Executor::of_interfaces(command::IpCommand command) const {
  std::visit(
      [&](auto& action) {
        using Action = std::remove_cvref_t<decltype(action)>;
        if constexpr (std::is_same_v<Action, command::IpAddrShow> ||
                      std::is_same_v<Action, command::IpRouteShow> ||
                      std::is_same_v<Action, command::IpNeighShow>) {
          if (ip_device(action.dev).valid()) action.dev = without_alias(action.dev);
        }
      },
      command.action);
  return command;
}

CommandOutcome Executor::operator()(const command::IpCommand& c) {
  const auto* link = std::get_if<command::IpLinkShow>(&c.action);
  if (link != nullptr && link->dev.contains(':') && ip_device(link->dev).valid()) {
    return command::ip_link_of_alias();
  }
  if (auto listing = render_ip(wiring_.tables(), of_interfaces(c))) return std::move(*listing);
  const std::vector<ip::InAddr> before = wiring_.host().ip.addrs;
  CommandOutcome outcome = std::visit(
      [&](const auto& action) -> CommandOutcome {
        if constexpr (requires { change(action); }) {
          return change(action);
        } else if constexpr (requires { change(action, c); }) {
          return change(action, c);
        } else {
          return Output{};  // listings were answered above
        }
      },
      c.action);
  wiring_.tell_removed_addresses(step_, before);
  return outcome;
}

Output Executor::change(const command::IpAddrChange& c) {
  const IfIndex dev = ip_device(c.dev);
  if (!dev.valid()) return command::ip_cannot_find_device(c.dev);
  ip::Stack& stack = wiring_.host().ip;
  if (c.verb == IpVerb::kDel) {
    Ipv4Prefix local = c.local;
    Output warning;
    if (!c.len_given) {
      warning.err = command::ip_wildcard_deletion_warning(local.addr);
      for (const ip::InAddr& addr : stack.addrs) {
        if (addr.dev == dev && addr.local == local.addr) local.len = addr.prefix_len;
      }
    }
    Output result =
        rtnetlink_answer(ip::delete_address(step_, stack, wiring_, dev, local, c.label));
    result.err = warning.err + result.err;
    return result;
  }
  ip::AddressRequest request{.dev = dev, .local = c.local, .label = c.label.c_str()};
  using Broadcast = command::IpAddrChange::Broadcast;
  if (c.broadcast_kind == Broadcast::kAddress) request.broadcast = c.broadcast;
  if (c.broadcast_kind == Broadcast::kPlus) request.broadcast = c.local.broadcast();
  if (c.broadcast_kind == Broadcast::kMinus) request.broadcast = c.local.network();
  request.scope = c.scope.value_or(c.local.addr.is_loopback() ? Scope::kHost : Scope::kUniverse);
  const Errno error = ip::add_address(step_, stack, wiring_, request);
  if (error == Errno::kExist && c.verb == IpVerb::kReplace) return {};
  return rtnetlink_answer(error);
}

Output Executor::change(const command::IpAddrFlush& c, const command::IpCommand& whole) {
  const IfIndex dev = ip_device(c.filter.dev);
  if (!dev.valid()) {
    return {.out = "", .err = "Device \"" + c.filter.dev + "\" does not exist.\n", .status = 1};
  }
  ip::Stack& stack = wiring_.host().ip;
  const bool everything = !c.filter.to && c.filter.label.empty() && !c.filter.scope &&
                          !c.filter.primary_only && !c.filter.secondary_only;
  if (everything) {
    return {.out = render_ip_flush(whole, ip::flush_addresses(step_, stack, wiring_, dev))};
  }
  std::size_t deleted = 0;
  // One by one, from the end: a primary takes its secondaries with it.
  for (std::size_t i = stack.addrs.size(); i-- > 0;) {
    if (i >= stack.addrs.size()) continue;
    const ip::InAddr addr = stack.addrs[i];
    const AddrRow row = ip::addr_row(stack, addr);
    if (addr.dev != dev) continue;
    if (c.filter.to && !c.filter.to->contains(addr.local)) continue;
    if (c.filter.scope && *c.filter.scope != addr.scope) continue;
    if (c.filter.primary_only && addr.secondary) continue;
    if (c.filter.secondary_only && !addr.secondary) continue;
    if (!c.filter.label.empty() && !command::glob_match(c.filter.label, row.label.view())) continue;
    ip::delete_address(step_, stack, wiring_, dev, row.local);
    ++deleted;
  }
  return {.out = render_ip_flush(whole, deleted)};
}

Output Executor::change(const command::IpLinkSet& c) {
  const IfIndex dev = ip_device(c.dev);
  if (!dev.valid()) return command::ip_cannot_find_device(c.dev);
  ip::Stack& stack = wiring_.host().ip;
  if (c.mtu) {
    if (*c.mtu < 68) return ip_failure(IpError::kMtuTooSmall);
    if (ip::set_mtu(step_, stack, dev, *c.mtu) != Errno::kNone) {
      return ip_failure(IpError::kMtuTooBig);
    }
  }
  if (c.address) {
    const Errno error = ip::set_mac(step_, stack, wiring_, dev, *c.address);
    if (error != Errno::kNone) return rtnetlink_answer(error);
  }
  if (c.arp) ip::set_no_arp(step_, stack, wiring_, dev, !*c.arp);
  if (c.promisc) ip::set_promisc(step_, stack, dev, *c.promisc);
  if (c.tx_queue_len) ip::set_tx_queue_len(step_, stack, dev, *c.tx_queue_len);
  if (c.multicast) {
    return command::not_modelled("ip", "link set multicast on|off", "arp on|off");
  }
  if (c.up) ip::set_link(step_, stack, wiring_, dev, *c.up);
  return {};
}

Output Executor::change(const command::IpRouteChange& c) {
  ip::Stack& stack = wiring_.host().ip;
  IfIndex dev;
  if (!c.dev.empty()) {
    dev = ip_device(c.dev);
    if (!dev.valid()) return command::ip_cannot_find_device(c.dev);
  }
  if (c.mtu) return command::not_modelled("ip", "route ... mtu", "ip link set DEV mtu N");
  if (c.verb == IpVerb::kDel) {
    ip::RoutePattern pattern;
    pattern.table = c.table.value_or(
        c.type == RouteType::kLocal || c.type == RouteType::kBroadcast ? kTableLocal : kTableMain);
    pattern.dst = c.dst;
    pattern.type = c.type;
    pattern.scope = c.scope;
    pattern.proto = c.proto;
    pattern.gateway = c.via.value_or(Ipv4Addr{});
    pattern.prefsrc = c.src.value_or(Ipv4Addr{});
    pattern.dev = dev;
    pattern.metric = c.metric;
    return rtnetlink_answer(ip::delete_route(step_, stack, pattern));
  }
  RouteRow route;
  route.type = c.type.value_or(RouteType::kUnicast);
  const bool local_table = route.type == RouteType::kLocal || route.type == RouteType::kBroadcast;
  route.table = c.table.value_or(local_table ? kTableLocal : kTableMain);
  route.dst = c.dst;
  route.gateway = c.via.value_or(Ipv4Addr{});
  route.dev = dev;
  route.scope = c.scope.value_or(Scope::kNowhere);
  route.proto = c.proto.value_or(RouteProto::kBoot);
  route.prefsrc = c.src.value_or(Ipv4Addr{});
  route.metric = c.metric.value_or(0);
  route.onlink = c.onlink;
  const Errno error = ip::add_route(step_, stack, route_verb(c.verb), route);
  if (error == Errno::kNetUnreach && c.via) return ip_failure(IpError::kInvalidGateway);
  if (error == Errno::kInval && c.src && !ip::has_address(stack, *c.src)) {
    return ip_failure(IpError::kInvalidPrefsrc);
  }
  return rtnetlink_answer(error);
}

Output Executor::change(const command::IpRouteGet& c, const command::IpCommand& whole) {
  ip::Stack& stack = wiring_.host().ip;
  ip::RouteQuery query{.dst = c.dst, .from = c.from.value_or(Ipv4Addr{})};
  query.mark = c.mark.value_or(0);
  if (!c.iif.empty()) query.iif = ip_device(c.iif);
  if (!c.oif.empty()) query.oif = ip_device(c.oif);
  if (!c.iif.empty() && !query.iif.valid()) return command::ip_cannot_find_device(c.iif);
  if (!c.oif.empty() && !query.oif.valid()) return command::ip_cannot_find_device(c.oif);
  const auto answer = ip::route_get(step_, stack, query);
  if (!answer) return rtnetlink_answer(answer.error());
  command::RouteGetResult result;
  result.type = answer->type;
  result.dst = answer->dst;
  result.from = c.from;
  result.gateway = answer->gateway;
  if (const ip::Device* out = ip::find_device(stack, answer->dev)) result.dev = out->name.view();
  result.iif = c.iif;
  result.src = answer->src;
  result.table = answer->table;
  result.mark = c.mark;
  result.mtu = answer->mtu;
  result.expires = {answer->expires_s * 1'000'000'000};
  result.redirected = answer->redirected;
  return {.out = render_ip_route_get(result, whole.options)};
}

Output Executor::change(const command::IpRouteFlush& c) {
  const command::IpRouteShow& f = c.filter;
  ip::Stack& stack = wiring_.host().ip;
  if (f.cache) {
    ip::forget_exceptions(stack);
    return {};
  }
  IfIndex dev;
  if (!f.dev.empty()) {
    dev = ip_device(f.dev);
    if (!dev.valid()) return command::ip_cannot_find_device(f.dev);
  }
  using Match = command::IpRouteShow::Match;
  ip::flush_routes(step_, stack, [&](const RouteRow& r) {
    if (!f.all_tables && r.table != f.table.value_or(kTableMain)) return false;
    if (dev.valid() && r.dev != dev) return false;
    if (f.via && r.gateway != *f.via) return false;
    if (f.src && r.prefsrc != *f.src) return false;
    if (f.proto && r.proto != *f.proto) return false;
    if (f.scope && r.scope != *f.scope) return false;
    if (f.type && r.type != *f.type) return false;
    switch (f.match) {
      case Match::kAny: return true;
      case Match::kExact: return r.dst.len == f.dst.len && r.dst.network() == f.dst.network();
      case Match::kRoot: return r.dst.len >= f.dst.len && f.dst.contains(r.dst.addr);
      case Match::kMatch: return r.dst.len <= f.dst.len && r.dst.contains(f.dst.addr);
    }
    return true;
  });
  return {};
}

Output Executor::change(const command::IpNeighChange& c) {
  const IfIndex dev = ip_device(c.dev);
  if (!dev.valid()) return command::ip_cannot_find_device(c.dev);
  ip::Stack& stack = wiring_.host().ip;
  if (c.verb == IpVerb::kDel)
    return rtnetlink_answer(ip::neigh_delete(step_, stack, wiring_, dev, c.ip));
  const ip::NeighVerb verb = c.verb == IpVerb::kAdd      ? ip::NeighVerb::kAdd
                             : c.verb == IpVerb::kChange ? ip::NeighVerb::kChange
                                                         : ip::NeighVerb::kReplace;
  const NeighState state = c.nud.value_or(NeighState::kPermanent);
  const Errno error = ip::neigh_set(step_, stack, wiring_, verb, dev, c.ip, c.lladdr.has_value(),
                                    c.lladdr.value_or(MacAddr{}), state);
  if (error == Errno::kInval && !c.lladdr) return ip_failure(IpError::kNoLinkLayer);
  return rtnetlink_answer(error);
}

Output Executor::change(const command::IpNeighFlush& c, const command::IpCommand& whole) {
  const command::IpNeighShow& f = c.filter;
  IfIndex dev;
  if (!f.dev.empty()) {
    dev = ip_device(f.dev);
    if (!dev.valid()) return command::ip_cannot_find_device(f.dev);
  }
  const auto states = f.all_states ? std::uint8_t{0xff}
                      : f.nud      ? static_cast<std::uint8_t>(*f.nud)
                                   : kFlushedByDefault;
  const std::uint32_t deleted = ip::neigh_flush(step_, wiring_.host().ip, wiring_, dev,
                                                f.to.value_or(Ipv4Prefix{{}, 0}), states);
  return {.out = render_ip_flush(whole, deleted)};
}

Output Executor::change(const command::IpRuleChange& c) {
  ip::Stack& stack = wiring_.host().ip;
  if (c.negated) return command::not_modelled("ip", "rule ... not", "a rule without it");
  if (c.verb == IpVerb::kDel) {
    ip::RulePattern pattern;
    pattern.priority = c.priority;
    pattern.fwmark = c.fwmark;
    pattern.table = c.table;
    if (c.from.len > 0) pattern.from = c.from;
    if (c.to.len > 0) pattern.to = c.to;
    if (!c.iif.empty()) pattern.iif = c.iif.c_str();
    if (!c.oif.empty()) pattern.oif = c.oif.c_str();
    if (c.action != RouteType::kUnicast) pattern.action = c.action;
    return rtnetlink_answer(ip::delete_rule(step_, stack, pattern));
  }
  RuleRow rule;
  rule.priority = c.priority.value_or(0);
  rule.from = c.from;
  rule.to = c.to;
  rule.iif = c.iif.c_str();
  rule.oif = c.oif.c_str();
  rule.fwmark = c.fwmark.value_or(0);
  rule.fwmask = c.fwmask;
  rule.match_fwmark = c.fwmark.has_value();
  rule.table = c.table.value_or(kTableMain);
  rule.action = c.action;
  return rtnetlink_answer(ip::add_rule(step_, stack, rule, c.priority.has_value()));
}

// All rules but the one of priority 0 (iproute2 ip/iprule.c: flush_rule()).
Output Executor::change(const command::IpRuleFlush&) {
  ip::Stack& stack = wiring_.host().ip;
  for (const RuleRow& rule : ip::rules(stack)) {
    if (rule.priority == 0) continue;
    ip::RulePattern pattern;
    pattern.priority = rule.priority;
    pattern.table = rule.table;
    ip::delete_rule(step_, stack, pattern);
  }
  return {};
}

}  // namespace lvslab::host
