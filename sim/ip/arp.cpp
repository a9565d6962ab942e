#include "sim/ip/arp.h"

namespace lvslab::ip {

bool arp_stays_silent(const Stack& stack, Ipv4Addr sender, Ipv4Addr target, IfIndex in, int mode) {
  switch (mode) {
    case 0: return false;
    case 1: return confirm_address(stack, in, {}, target, Scope::kHost).is_any();
    case 2: return confirm_address(stack, in, sender, target, Scope::kHost).is_any();
    case 3: return confirm_address(stack, {}, {}, target, Scope::kLink).is_any();
    case 8: return true;
    default: return false;  // 4 to 7 are reserved
  }
}

bool arp_filtered(Step& step, Stack& stack, Ipv4Addr sender, Ipv4Addr target, IfIndex in) {
  const auto route = find_output(step, stack, {.src = target, .dst = sender});
  return !route || route->dev != in;
}

Ipv4Addr arp_sender_address(const Stack& stack, IfIndex dev, Ipv4Addr target, Ipv4Addr wish,
                            int mode) {
  const bool own = !wish.is_any() && addr_type(stack, wish) == AddrType::kLocal;
  if (own && mode == 0) return wish;
  if (own && mode == 1 && on_link(stack, dev, target, wish)) return wish;
  return select_source(stack, dev, target, Scope::kLink);
}

bool arp_is_gratuitous(const Stack& stack, const ArpRepr& arp) {
  if (arp.sender_ip != arp.target_ip) return false;
  if (arp.op == ArpOp::kReply && arp.target_mac != arp.sender_mac) return false;
  return addr_type(stack, arp.sender_ip) == AddrType::kUnicast;
}

void arp_send(Step& step, Stack& stack, Ports& ports, IfIndex dev, MacAddr to, const ArpRepr& arp) {
  const Device& device = *find_device(stack, dev);
  if (device.no_arp || !device.up) return;
  FramePool& frames = step.frames();
  const FrameRef frame = frames.allocate(EthernetRepr::kLength + ArpRepr::kLength);
  const MutBytes out = frames.writable(frame);
  EthernetRepr{to, device.mac, EtherType::kArp}.emit(out.first<EthernetRepr::kLength>());
  arp.emit(out.subspan<EthernetRepr::kLength, ArpRepr::kLength>());
  ports.transmit(step, dev, frame);
}

void arp_solicit(Step& step, Stack& stack, Ports& ports, const Neigh& neigh, Ipv4Addr wish) {
  const IfIndex dev = neigh.dev;
  const Ipv4Addr target = neigh.ip;
  const MacAddr own_mac = find_device(stack, dev)->mac;
  const int mode = conf_max(stack, dev, ConfKey::kArpAnnounce);
  const Ipv4Addr sender = arp_sender_address(stack, dev, target, wish, mode);
  int probes = neigh.probes - neigh_conf(stack, dev, NeighKey::kUcastSolicit);
  MacAddr to = MacAddr::broadcast();
  if (probes < 0) {
    to = neigh.mac;
  } else if (probes < neigh_conf(stack, dev, NeighKey::kAppSolicit)) {
    return;  // left to a resolver in user space, which nobody runs here
  }
  if (to.is_broadcast()) {
    step.explain(Reason::kArpRequestSent, dev, {arg(target), arg(sender), arg(wish)});
    if (sender != wish && is_local(stack, wish)) {
      step.explain(Reason::kArpAnnounceSource, dev,
                   {arg(wish), arg(sender), static_cast<std::uint32_t>(mode)});
    }
  } else {
    step.explain(Reason::kArpProbeSent, dev, {arg(target), arg_mac_high(to), arg_mac_low(to)});
  }
  arp_send(step, stack, ports, dev, to, {ArpOp::kRequest, own_mac, sender, MacAddr{}, target});
}

void announce(Step& step, Stack& stack, Ports& ports, IfIndex dev) {
  const MacAddr mac = find_device(stack, dev)->mac;
  for (std::size_t i = 0; i < stack.addrs.size(); ++i) {
    const InAddr addr = stack.addrs[i];
    if (addr.dev != dev) continue;
    step.explain(Reason::kArpAnnounced, dev, {arg(addr.local), 0, 0});
    arp_send(step, stack, ports, dev, MacAddr::broadcast(),
             {ArpOp::kRequest, mac, addr.local, MacAddr{}, addr.local});
  }
}

namespace {

/// arp_fwd_proxy(): may this host answer in the name of others behind it?
bool may_proxy(const Stack& stack, IfIndex in, const Route& route) {
  return route.dev != in && conf_or(stack, in, ConfKey::kProxyArp);
}

void reply(Step& step, Stack& stack, Ports& ports, IfIndex dev, const ArpRepr& asked) {
  const MacAddr mac = find_device(stack, dev)->mac;
  step.explain(Reason::kArpReplied, dev,
               {arg(asked.target_ip), arg_mac_high(mac), arg_mac_low(mac)});
  arp_send(step, stack, ports, dev, asked.sender_mac,
           {ArpOp::kReply, mac, asked.target_ip, asked.sender_mac, asked.sender_ip});
}

/// neigh_event_ns(): whoever asks me is noted, at once and without locktime.
void note_asker(Step& step, Stack& stack, Ports& ports, IfIndex dev, const ArpRepr& arp) {
  const std::uint32_t id = neigh_find_or_create(step, stack, dev, arp.sender_ip);
  neigh_update(step, stack, ports, id, true, arp.sender_mac, NeighState::kStale,
               {.override = true});
}

/// A request for an address of this host: the rules of silence, then the answer.
void answer(Step& step, Stack& stack, Ports& ports, IfIndex dev, const ArpRepr& arp) {
  const int ignore = conf_max(stack, dev, ConfKey::kArpIgnore);
  if (arp_stays_silent(stack, arp.sender_ip, arp.target_ip, dev, ignore)) {
    step.explain(Reason::kArpIgnored, dev,
                 {arg(arp.target_ip), static_cast<std::uint32_t>(ignore), 0});
    return;
  }
  const bool filter = conf_or(stack, dev, ConfKey::kArpFilter);
  if (filter && arp_filtered(step, stack, arp.sender_ip, arp.target_ip, dev)) {
    step.explain(Reason::kArpFiltered, dev, {arg(arp.target_ip), arg(arp.sender_ip), 0});
    return;
  }
  note_asker(step, stack, ports, dev, arp);
  reply(step, stack, ports, dev, arp);
}

/// A request: true if it needs no further look.
bool on_request(Step& step, Stack& stack, Ports& ports, IfIndex dev, const EthernetRepr& eth,
                const ArpRepr& arp) {
  const InputAnswer route = route_input(step, stack, arp.sender_ip, arp.target_ip, dev, 0, true);
  if (route.error == InputError::kMartianSource || route.error == InputError::kReversePath) {
    step.explain(Reason::kArpBadSource, dev, {arg(arp.sender_ip), arg(arp.target_ip), 0});
  }
  if (route.error != InputError::kNone) return false;
  if (route.route.type == RouteType::kLocal) {
    answer(step, stack, ports, dev, arp);
    return true;
  }
  if (conf(stack, dev, ConfKey::kForwarding) == 0) return false;
  if (route.route.type != RouteType::kUnicast || !may_proxy(stack, dev, route.route)) return false;
  note_asker(step, stack, ports, dev, arp);
  step.explain(Reason::kArpProxied, dev, {arg(arp.target_ip), arg(route.route.dev), 0});
  // The kernel waits up to proxy_delay for broadcast requests; here the answer is immediate.
  static_cast<void>(eth);
  reply(step, stack, ports, dev, arp);
  return true;
}

/// The end of arp_process(): existing entries learn from what passes by.
void learn(Step& step, Stack& stack, Ports& ports, IfIndex dev, const EthernetRepr& eth,
           const ArpRepr& arp) {
  std::uint32_t id = neigh_find(stack, dev, arp.sender_ip);
  const bool gratuitous = arp_is_gratuitous(stack, arp);
  const int accept = conf_max(stack, dev, ConfKey::kArpAccept);
  const bool same_net = on_link(stack, dev, arp.sender_ip, {});
  if (id == kNoNeigh && (accept == 1 || (accept == 2 && same_net))) {
    const bool reply =
        arp.op == ArpOp::kReply && addr_type(stack, arp.sender_ip) == AddrType::kUnicast;
    if (gratuitous || reply) id = neigh_find_or_create(step, stack, dev, arp.sender_ip);
  }
  if (id == kNoNeigh) {
    step.explain(Reason::kArpNotLearned, dev, {arg(arp.sender_ip), 0, 0});
    return;
  }
  const Neigh& n = stack.live.get().neigh.entries[id];
  const SimDuration lock{neigh_conf(stack, dev, NeighKey::kLocktime) * 10'000'000LL};
  const bool override = step.now() > n.updated + lock || gratuitous;
  const bool proof = arp.op == ArpOp::kReply && !eth.dst.is_multicast();
  neigh_update(step, stack, ports, id, true, arp.sender_mac,
               proof ? NeighState::kReachable : NeighState::kStale, {.override = override});
}

}  // namespace

void arp_receive(Step& step, Stack& stack, Ports& ports, IfIndex dev, const EthernetRepr& eth,
                 Bytes packet) {
  const Device& device = *find_device(stack, dev);
  if (device.no_arp || device.loopback) {
    step.explain(Reason::kArpOff, dev);
    return;
  }
  const WireResult<ArpRepr> parsed = ArpRepr::parse(packet);
  const bool known = parsed && (parsed->op == ArpOp::kRequest || parsed->op == ArpOp::kReply);
  if (!known) {
    step.explain(Reason::kArpMalformed, dev);
    return;
  }
  const ArpRepr& arp = *parsed;
  const bool localnet = conf_or(stack, dev, ConfKey::kRouteLocalnet);
  if (arp.target_ip.is_multicast() || (!localnet && arp.target_ip.is_loopback())) {
    step.explain(Reason::kArpBadTarget, dev, {arg(arp.target_ip), 0, 0});
    return;
  }
  if (arp.sender_ip == arp.target_ip && conf_or(stack, dev, ConfKey::kDropGratuitousArp)) {
    step.explain(Reason::kArpGratuitousDropped, dev, {arg(arp.sender_ip), 0, 0});
    return;
  }
  if (arp.sender_ip.is_any()) {  // duplicate address detection (RFC 2131, `arping -D`)
    const int ignore = conf_max(stack, dev, ConfKey::kArpIgnore);
    if (arp.op == ArpOp::kRequest && addr_type(stack, arp.target_ip) == AddrType::kLocal &&
        !arp_stays_silent(stack, {}, arp.target_ip, dev, ignore)) {
      reply(step, stack, ports, dev, arp);
    }
    return;
  }
  if (arp.op == ArpOp::kRequest && on_request(step, stack, ports, dev, eth, arp)) return;
  learn(step, stack, ports, dev, eth, arp);
}

}  // namespace lvslab::ip
