#include "sim/ip/route.h"

#include <algorithm>

#include "sim/ip/stack.h"

namespace lvslab::ip {

// --- the cache ---------------------------------------------------------------------------------

std::size_t RouteCache::slot(const Key& key) const {
  const std::uint64_t addresses = std::uint64_t{key.src.bits} << 32 | key.dst.bits;
  const std::uint64_t devices = std::uint64_t{key.oif.value} << 16 | key.iif.value;
  return mix64(addresses + devices * 0x9e37'79b9'7f4a'7c15ULL) & (slots_.size() - 1);
}

RouteCache::Entry& RouteCache::put(const Key& key, const Route& route, SimTime expires) {
  if (slots_.empty()) slots_.resize(kFirst);
  Entry* e = &slots_[slot(key)];
  const bool evicts = e->generation == generation_ && e->key != key;
  if (evicts && ++evictions_ > slots_.size() && slots_.size() < kLargest) {
    // Too small for the flows that pass here: start again with twice the room.
    slots_.assign(2 * slots_.size(), Entry{});
    evictions_ = 0;
    e = &slots_[slot(key)];
  }
  *e = {key, generation_, expires, route};
  return *e;
}

void flush_route_cache(Stack& stack) {
  if (Live* live = stack.live.peek()) live->cache.invalidate();
}

void forget_exceptions(Stack& stack) {
  if (Live* live = stack.live.peek()) live->exceptions.clear();
  flush_route_cache(stack);
}

namespace {

/// Where a local address lives: its device, or lo for a whole subnet that was put there.
IfIndex home_of(const Stack& stack, Ipv4Addr addr) {
  for (const InAddr& a : stack.addrs) {
    if (a.local == addr) return a.dev;
  }
  return kLoopback;
}

/// Says which table and entry decided. Explained on every packet, whether the cache knew or not.
void explain_route(Step& step, const Stack& stack, Ipv4Addr dst, const Route& r) {
  if (!step.tracing()) return;
  if (r.is(kRouteBroadcast)) {
    step.explain(Reason::kRouteBroadcast, r.dev, {arg(dst), 0, 0});
  } else if (r.is(kRouteLocal)) {
    step.explain(Reason::kRouteLocal, r.dev, {arg(dst), r.prefix_len, arg(home_of(stack, dst))});
  } else if (r.is(kRouteRedirected)) {
    step.explain(Reason::kRouteRedirected, r.dev, {arg(dst), arg(r.next_hop), 0});
  } else if (r.via_gateway) {
    step.explain(Reason::kRouteVia, r.dev, {arg(dst), arg(r.next_hop), r.prefix_len});
  } else {
    step.explain(Reason::kRouteOnLink, r.dev, {arg(dst), r.prefix_len, arg(r.src)});
  }
}

/// A cached route, with the neighbour as a hint as soon as there is one.
const Route& with_neigh(const Stack& stack, Route& route) {
  if (route.neigh == kNoNeigh) route.neigh = neigh_find(stack, route.dev, route.next_hop);
  return route;
}

std::uint32_t device_mtu(const Stack& stack, IfIndex dev) {
  const Device* d = find_device(stack, dev);
  return d == nullptr ? 1500 : d->mtu;
}

/// Takes over what is known besides the tables: a redirect or a path MTU. Returns when it expires.
SimTime apply_exception(const Stack& stack, SimTime now, Ipv4Addr dst, Route& r) {
  const Live* live = stack.live.peek();
  if (live == nullptr || live->exceptions.empty()) return SimTime::never();
  const Ipv4Addr base = r.via_gateway ? r.next_hop : Ipv4Addr{};
  for (const RouteException& x : live->exceptions) {
    if (x.dst != dst || x.dev != r.dev || x.base_gateway != base || x.expires <= now) continue;
    if (!x.gateway.is_any()) {
      r.next_hop = x.gateway;
      r.via_gateway = true;
      r.flags |= kRouteRedirected;
    }
    if (x.mtu != 0 && x.mtu < r.mtu) {
      r.mtu = x.mtu;
      r.flags |= kRoutePmtu;
    }
    return x.expires;
  }
  return SimTime::never();
}

Route local_route(const FibEntry* e, Ipv4Addr src, Ipv4Addr dst) {
  Route r;
  r.src = src;
  r.next_hop = dst;
  r.mtu = 65'536;
  r.dev = kLoopback;
  r.type = RouteType::kLocal;
  r.flags = kRouteLocal;
  if (e != nullptr) {
    r.table = e->table;
    r.prefix_len = e->len;
  }
  return r;
}

/// __mkroute_output() for an answer of the tables.
Route route_of(const Stack& stack, const FibEntry& e, Ipv4Addr src, Ipv4Addr dst) {
  Route r;
  r.src = src;
  r.via_gateway = e.uses_gateway();
  r.next_hop = r.via_gateway ? e.gateway : dst;
  r.mtu = device_mtu(stack, e.dev);
  r.dev = e.dev;
  r.type = e.type;
  r.table = e.table;
  r.prefix_len = e.len;
  if (e.type == RouteType::kBroadcast) r.flags = kRouteBroadcast | kRouteLocal;
  return r;
}

/// A route straight out of `dev` without a table: limited broadcast, multicast, or a bound device.
Route direct_route(const Stack& stack, IfIndex dev, Ipv4Addr src, Ipv4Addr dst) {
  Route r;
  r.src = src;
  r.next_hop = dst;
  r.dev = dev;
  r.mtu = device_mtu(stack, dev);
  if (dst.is_broadcast()) r.flags = kRouteBroadcast | kRouteLocal;
  if (dst.is_multicast()) r.flags = kRouteMulticast;
  return r;
}

/// fib_result_prefsrc(): the source of a packet that takes this entry. Of an on-link route without
/// `src` it is the first address of the device, whatever the destination.
Ipv4Addr preferred_source(const Stack& stack, const FibEntry& e) {
  if (!e.prefsrc.is_any()) return e.prefsrc;
  return select_source(stack, e.dev, e.gateway, e.scope);
}

/// The part of ip_route_output_key_hash_rcu() that a bound device decides. True: `r` is the answer.
bool bound_route(const Stack& stack, IpSend& want, Route& r) {
  const bool link_wide = (want.dst.bits >> 8) == 0xe0'0000 || want.dst.is_broadcast();
  if (link_wide) {
    if (want.src.is_any()) want.src = select_source(stack, want.oif, {}, Scope::kLink);
    r = direct_route(stack, want.oif, want.src, want.dst);
    return true;
  }
  if (want.src.is_any() && want.dst.is_multicast()) {
    want.src = select_source(stack, want.oif, {}, Scope::kUniverse);
  }
  return false;
}

std::expected<Route, Errno> look_up_output(const Stack& stack, IpSend want) {
  if (!want.src.is_any()) {
    const bool zero_net = (want.src.bits >> 24) == 0;
    if (want.src.is_multicast() || want.src.is_broadcast() || zero_net) {
      return std::unexpected(Errno::kInval);
    }
    if (!is_local(stack, want.src)) return std::unexpected(Errno::kNetUnreach);
    if (!want.oif.valid() && (want.dst.is_multicast() || want.dst.is_broadcast())) {
      for (const InAddr& a : stack.addrs) {
        if (a.local == want.src) return direct_route(stack, a.dev, want.src, want.dst);
      }
    }
  }
  if (want.oif.valid()) {
    const Device* dev = find_device(stack, want.oif);
    if (dev == nullptr) return std::unexpected(Errno::kNoDev);
    if (!dev->up) return std::unexpected(Errno::kNetUnreach);
    Route r;
    if (bound_route(stack, want, r)) return r;
  }
  if (want.dst.is_any()) {
    const Ipv4Addr self = want.src.is_any() ? Ipv4Addr{0x7f00'0001U} : want.src;
    return local_route(nullptr, self, self);
  }
  const Flow flow{want.src, want.dst, kLoopback, want.oif, want.mark, Scope::kUniverse};
  const auto found = fib_lookup(stack, flow);
  if (!found) {
    if (!want.oif.valid()) return std::unexpected(found.error());
    // A bound device: assume that the destination is on its link.
    if (want.src.is_any()) want.src = select_source(stack, want.oif, {}, Scope::kLink);
    return direct_route(stack, want.oif, want.src, want.dst);
  }
  if (found->type == RouteType::kLocal) {
    const Ipv4Addr own = found->prefsrc.is_any() ? want.dst : found->prefsrc;
    return local_route(&*found, want.src.is_any() ? own : want.src, want.dst);
  }
  if (want.src.is_any()) want.src = preferred_source(stack, *found);
  // Only a route made for multicast may have a gateway for it, not the default route.
  if (want.dst.is_multicast() && found->type == RouteType::kUnicast && found->len < 4) {
    return direct_route(stack, found->dev, want.src, want.dst);
  }
  return route_of(stack, *found, want.src, want.dst);
}

}  // namespace

std::expected<Route, Errno> find_output(Step& step, Stack& stack, const IpSend& want) {
  Live& live = stack.live.get();
  const RouteCache::Key key{want.src, want.dst, want.oif, {}};
  const bool cacheable = want.mark == 0;
  if (cacheable) {
    if (RouteCache::Entry* e = live.cache.find(key, step.now())) return with_neigh(stack, e->route);
  }
  auto found = look_up_output(stack, want);
  if (!found) return found;
  const SimTime expires = apply_exception(stack, step.now(), want.dst, *found);
  if (cacheable) live.cache.put(key, *found, expires);
  return found;
}

std::expected<Route, Errno> route_output(Step& step, Stack& stack, const IpSend& want) {
  auto found = find_output(step, stack, want);
  if (found) {
    explain_route(step, stack, want.dst, *found);
  } else {
    step.explain(Reason::kRouteNone, want.oif,
                 {arg(want.dst), static_cast<std::uint32_t>(found.error()), 0});
  }
  return found;
}

// --- input -------------------------------------------------------------------------------------

SourceCheck validate_source(const Stack& stack, Ipv4Addr src, Ipv4Addr dst, IfIndex in, IfIndex out,
                            std::uint32_t mark) {
  const int rp_filter = conf_max(stack, in, ConfKey::kRpFilter);
  const bool accept_local = conf_or(stack, in, ConfKey::kAcceptLocal);
  const bool send_redirects = conf_or(stack, in, ConfKey::kSendRedirects);
  const Settings* settings = stack.settings.peek();
  const bool custom =
      settings != nullptr && (settings->custom_rules || settings->custom_local_routes);
  // Without rp_filter Linux asks only whether the source is an own address, unless the packet may
  // go out where it came in and a redirect could be due.
  if (rp_filter == 0 && (in != out || !send_redirects)) {
    if (accept_local) return {};
    if (!custom) return {has_address(stack, src) ? InputError::kMartianSource : InputError::kNone};
  }
  Flow flow{dst, src, out.valid() ? out : kLoopback, {}, 0, Scope::kUniverse};
  if (conf_or(stack, in, ConfKey::kSrcValidMark)) flow.mark = mark;
  auto found = fib_lookup(stack, flow);
  if (!found) return {rp_filter != 0 ? InputError::kReversePath : InputError::kNone};
  const bool own = found->type == RouteType::kLocal;
  if (found->type != RouteType::kUnicast && !(own && accept_local)) {
    return {InputError::kMartianSource};
  }
  if (found->dev == in) return {InputError::kNone, found->nexthop_scope() >= Scope::kHost};
  const bool no_addr = std::none_of(stack.addrs.begin(), stack.addrs.end(),
                                    [in](const InAddr& a) { return a.dev == in; });
  if (no_addr) return {rp_filter != 0 ? InputError::kReversePath : InputError::kNone};
  if (rp_filter == 1) return {InputError::kReversePath};
  flow.oif = in;
  found = fib_lookup(stack, flow, true);
  const bool unicast = found && found->type == RouteType::kUnicast;
  return {InputError::kNone, unicast && found->nexthop_scope() >= Scope::kHost};
}

namespace {

InputAnswer refused(InputError error) {
  InputAnswer answer;
  answer.error = error;
  return answer;
}

InputAnswer no_route(Errno error) {
  InputAnswer answer;
  answer.error = InputError::kNoRoute;
  answer.no_route = error;
  answer.route.flags = kRouteInput;
  answer.route.type = RouteType::kUnreachable;
  return answer;
}

InputAnswer local_input(Ipv4Addr dst, const FibEntry* e, bool broadcast) {
  InputAnswer answer;
  answer.route = local_route(e, dst, dst);
  answer.route.flags = kRouteInput | kRouteLocal;
  if (broadcast) {
    answer.route.flags |= kRouteBroadcast;
    answer.route.type = RouteType::kBroadcast;
  }
  return answer;
}

/// __mkroute_input(): forwarding from `in` by `e`.
InputAnswer forward_input(const Stack& stack, Ipv4Addr src, Ipv4Addr dst, IfIndex in,
                          std::uint32_t mark, const FibEntry& e, bool for_arp) {
  const SourceCheck check = validate_source(stack, src, dst, in, e.dev, mark);
  if (check.error != InputError::kNone) return refused(check.error);
  InputAnswer answer;
  answer.route = route_of(stack, e, src, dst);
  answer.route.flags |= kRouteInput;
  if (e.dev != in) return answer;
  if (for_arp && !conf_or(stack, in, ConfKey::kProxyArpPvlan)) {
    return refused(InputError::kMartianDestination);
  }
  const bool shared = conf_or(stack, in, ConfKey::kSharedMedia);
  if (check.on_link && conf_or(stack, in, ConfKey::kSendRedirects) &&
      (shared || on_link(stack, in, src, e.gateway))) {
    answer.route.flags |= kRouteDoRedirect;
  }
  return answer;
}

InputAnswer look_up_input(const Stack& stack, Ipv4Addr src, Ipv4Addr dst, IfIndex in,
                          std::uint32_t mark, bool for_arp) {
  const auto zero_net = [](Ipv4Addr a) { return (a.bits >> 24) == 0; };
  if (src.is_multicast() || src.is_broadcast()) return refused(InputError::kMartianSource);
  if (dst.is_multicast()) {  // receive() asks for members; ip_mc_validate_source() is not modelled
    InputAnswer answer = local_input(dst, nullptr, false);
    answer.route.flags |= kRouteMulticast;
    return answer;
  }
  const auto broadcast = [&](const FibEntry* e) {
    if (!zero_net(src)) {
      const SourceCheck check = validate_source(stack, src, {}, in, {}, mark);
      if (check.error != InputError::kNone) return refused(check.error);
    }
    return local_input(dst, e, true);
  };
  if (dst.is_broadcast() || (src.is_any() && dst.is_any())) return broadcast(nullptr);
  if (zero_net(src)) return refused(InputError::kMartianSource);
  if (zero_net(dst)) return refused(InputError::kMartianDestination);
  if (!conf_or(stack, in, ConfKey::kRouteLocalnet)) {
    if (dst.is_loopback()) return refused(InputError::kMartianDestination);
    if (src.is_loopback()) return refused(InputError::kMartianSource);
  }
  const bool forwarding = conf(stack, in, ConfKey::kForwarding) != 0;
  const auto found = fib_lookup(stack, {src, dst, in, {}, mark, Scope::kUniverse});
  if (!found) return no_route(forwarding ? found.error() : Errno::kHostUnreach);
  if (found->type == RouteType::kBroadcast) return broadcast(&*found);
  if (found->type == RouteType::kLocal) {
    const SourceCheck check = validate_source(stack, src, dst, in, {}, mark);
    if (check.error != InputError::kNone) return refused(check.error);
    return local_input(dst, &*found, false);
  }
  if (!forwarding) return no_route(Errno::kHostUnreach);
  return forward_input(stack, src, dst, in, mark, *found, for_arp);
}

}  // namespace

InputAnswer route_input(Step& step, Stack& stack, Ipv4Addr src, Ipv4Addr dst, IfIndex in,
                        std::uint32_t mark, bool for_arp) {
  Live& live = stack.live.get();
  const RouteCache::Key key{src, dst, {}, in};
  const bool cacheable = mark == 0 && !for_arp;
  if (cacheable) {
    if (RouteCache::Entry* e = live.cache.find(key, step.now())) {
      explain_route(step, stack, dst, e->route);
      if (e->route.is(kRouteLocal)) return {InputError::kNone, Errno::kNone, e->route};
      return {InputError::kNone, Errno::kNone, with_neigh(stack, e->route)};
    }
  }
  InputAnswer answer = look_up_input(stack, src, dst, in, mark, for_arp);
  if (answer.error != InputError::kNone) return answer;
  SimTime expires = SimTime::never();
  if (!for_arp) {
    if (!answer.route.is(kRouteLocal)) {
      expires = apply_exception(stack, step.now(), dst, answer.route);
    }
    explain_route(step, stack, dst, answer.route);
  }
  if (cacheable) live.cache.put(key, answer.route, expires);
  return answer;
}

// --- what others taught ------------------------------------------------------------------------

namespace {

/// update_or_create_fnhe()
void learn_exception(Stack& stack, const RouteException& learnt) {
  std::vector<RouteException>& list = stack.live.get().exceptions;
  const auto at = std::find_if(list.begin(), list.end(), [&](const RouteException& x) {
    return x.dst == learnt.dst && x.dev == learnt.dev && x.base_gateway == learnt.base_gateway;
  });
  if (at == list.end()) {
    list.push_back(learnt);
  } else {
    if (!learnt.gateway.is_any()) at->gateway = learnt.gateway;
    if (learnt.mtu != 0) at->mtu = learnt.mtu;
    at->expires = learnt.expires;
  }
  flush_route_cache(stack);
}

}  // namespace

void update_pmtu(Step& step, Stack& stack, Ipv4Addr dst, std::uint32_t mtu) {
  const auto route = look_up_output(stack, {.dst = dst});
  if (!route || route->is(kRouteLocal)) return;
  Route known = *route;
  apply_exception(stack, step.now(), dst, known);
  if (known.mtu < mtu) return;
  const auto least = static_cast<std::uint32_t>(global(stack, GlobalKey::kRouteMinPmtu));
  const std::uint32_t learnt = std::max(mtu, std::min(known.mtu, least));
  const SimDuration keep = SimDuration{1'000'000'000} * global(stack, GlobalKey::kRouteMtuExpires);
  learn_exception(stack, {.dst = dst,
                          .dev = route->dev,
                          .base_gateway = route->via_gateway ? route->next_hop : Ipv4Addr{},
                          .gateway = {},
                          .mtu = learnt,
                          .expires = step.now() + keep});
  step.explain(Reason::kPmtuLearnt, route->dev, {arg(dst), learnt, 0});
}

void apply_redirect(Step& step, Stack& stack, Ports& ports, Ipv4Addr old_gateway, Ipv4Addr dst,
                    Ipv4Addr new_gateway, IfIndex in) {
  const auto reject = [&] {
    step.explain(Reason::kRedirectRejected, in, {arg(dst), arg(new_gateway), arg(old_gateway)});
  };
  const auto base = look_up_output(stack, {.dst = dst});
  if (!base || base->is(kRouteLocal)) return reject();
  Route route = *base;
  apply_exception(stack, step.now(), dst, route);
  if (!route.via_gateway || route.next_hop != old_gateway) return reject();
  const bool forwards = conf(stack, in, ConfKey::kForwarding) != 0;
  const bool accepts = forwards ? conf_and(stack, in, ConfKey::kAcceptRedirects)
                                : conf_or(stack, in, ConfKey::kAcceptRedirects);
  const bool nonsense = new_gateway == old_gateway || new_gateway.is_multicast() ||
                        new_gateway.is_broadcast() || (new_gateway.bits >> 24) == 0;
  if (nonsense || !accepts) return reject();
  if (!conf_or(stack, in, ConfKey::kSharedMedia)) {
    if (!on_link(stack, in, new_gateway, old_gateway)) return reject();
  } else if (addr_type(stack, new_gateway) != AddrType::kUnicast) {
    return reject();
  }
  const std::uint32_t id = neigh_find_or_create(step, stack, route.dev, new_gateway);
  if (!nud_valid(stack.live.get().neigh.entries[id].state)) {
    // The new gateway must be known first; the next redirect will be believed.
    step.explain(Reason::kRedirectResolving, in, {arg(dst), arg(new_gateway), 0});
    neigh_event_send(step, stack, ports, id, Packet{}, 0);
    return;
  }
  constexpr std::int64_t kKeepSeconds = 300;  // ip_rt_gc_timeout
  learn_exception(stack, {.dst = dst,
                          .dev = base->dev,
                          .base_gateway = base->via_gateway ? base->next_hop : Ipv4Addr{},
                          .gateway = new_gateway,
                          .mtu = 0,
                          .expires = step.now() + SimDuration{kKeepSeconds * 1'000'000'000}});
  step.explain(Reason::kRedirectAccepted, in, {arg(dst), arg(new_gateway), arg(old_gateway)});
}

}  // namespace lvslab::ip
