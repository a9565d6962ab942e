// Neighbour discovery: who asks, who answers, and what is learnt from it.
// Source: net/ipv6/ndisc.c.
#include "sim/ip/ip6.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

constexpr std::uint8_t kHopLimit = 255;  // nothing that crossed a router is believed

/// ndisc_send_skb(): by the neighbour where the receiver is one, and so perhaps STALE no more.
void send(Step& step, Stack& stack, Ports& ports, IfIndex dev, Ipv6Addr src, Ipv6Addr dst,
          const NeighbourRepr& message) {
  FramePool& frames = step.frames();
  const FrameRef frame = frames.allocate(message.length());
  message.emit(frames.writable(frame), src, dst);
  Ipv6Repr ip{.src = src, .dst = dst, .protocol = IpProto::kIcmp6, .hop_limit = kHopLimit};
  ip.payload_length = static_cast<std::uint16_t>(message.length());
  ip.emit(frames.push_front(frame, Ipv6Repr::kLength).first<Ipv6Repr::kLength>());
  Packet packet;
  packet.frame = frame;
  packet.ip = named_header(step.world().names, ip);
  Route6 route;
  route.dev = dev;
  route.next_hop = dst;
  route.multicast = dst.is_multicast();
  deliver6(step, stack, ports, packet, route);
}

/// A solicitation for an address of this host.
void answer(Step& step, Stack& stack, Ports& ports, const Packet& packet, const Ipv6Repr& ip,
            const NeighbourRepr& asked) {
  const IfIndex dev = packet.in_dev;
  const MacAddr mac = find_device(stack, dev)->mac;
  const bool by_group = ip.dst.is_multicast();
  NeighbourRepr reply{.advert = true, .target = asked.target};
  reply.router = is_forwarding6(stack, dev);
  reply.override = by_group && has_address6(stack, asked.target, dev);
  if (by_group) reply.mac = mac;
  AddressNames& names = step.world().names;
  step.explain(Reason::kNdAnswered, dev, {arg(names.name_of(asked.target)), arg(packet.ip.src), 0});
  if (ip.src.is_any()) {  // somebody wants to have the address: all shall know whose it is
    reply.mac = mac;
    reply.override = true;
    return send(step, stack, ports, dev, asked.target, Ipv6Addr::all_nodes(), reply);
  }
  if (asked.mac || by_group) {
    const bool known = neigh_find(stack, dev, packet.ip.src) != kNoNeigh;
    if (known || !by_group || asked.mac) {
      const std::uint32_t id = neigh_find_or_create(step, stack, dev, packet.ip.src);
      neigh_update(step, stack, ports, id, asked.mac.has_value(), asked.mac.value_or(MacAddr{}),
                   NeighState::kStale, {.override = true, .weak_override = true});
    }
  }
  reply.solicited = true;
  send(step, stack, ports, dev, asked.target, ip.src, reply);
}

/// ndisc_recv_ns().
void on_solicitation(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                     const Ipv6Repr& ip, const NeighbourRepr& asked) {
  const Ipv4Addr target = step.world().names.name_of(asked.target);
  const bool probes = ip.src.is_any();
  if (probes && (ip.dst != asked.target.solicited_node() || asked.mac)) {
    return step.explain(Reason::kNdMalformed, packet.in_dev);
  }
  if (!has_address6(stack, asked.target, packet.in_dev) &&
      !is_anycast6(stack, asked.target, packet.in_dev)) {
    return step.explain(Reason::kNdNotOnDevice, packet.in_dev, {arg(target), 0, 0});
  }
  answer(step, stack, ports, packet, ip, asked);
}

/// ndisc_recv_na().
void on_advertisement(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                      const Ipv6Repr& ip, const NeighbourRepr& told) {
  const Ipv4Addr target = step.world().names.name_of(told.target);
  if (ip.dst.is_multicast() && told.solicited) {
    return step.explain(Reason::kNdMalformed, packet.in_dev);
  }
  const std::uint32_t id = neigh_find(stack, packet.in_dev, target);
  if (id == kNoNeigh || stack.live.get().neigh.entries[id].state == NeighState::kFailed) {
    return step.explain(Reason::kNdNotAsked, packet.in_dev, {arg(target), 0, 0});
  }
  stack.live.get().neigh.entries[id].router = told.router;
  neigh_update(step, stack, ports, id, told.mac.has_value(), told.mac.value_or(MacAddr{}),
               told.solicited ? NeighState::kReachable : NeighState::kStale,
               {.override = told.override, .weak_override = true});
}

}  // namespace

void nd_solicit(Step& step, Stack& stack, Ports& ports, std::uint32_t id, Ipv6Addr wish) {
  const Neigh& n = stack.live.get().neigh.entries[id];
  const IfIndex dev = n.dev;
  const Ipv6Addr target = step.world().names.address_of(n.ip);
  const bool own = !wish.is_any() && has_address6(stack, wish, dev);
  const Ipv6Addr src = own ? wish : link_local_of(stack, dev);
  NeighbourRepr message{.target = target};
  if (!src.is_any()) message.mac = find_device(stack, dev)->mac;
  const bool unicast = n.probes < neigh_conf(stack, dev, NeighKey::kUcastSolicit);
  if (unicast) {
    step.explain(Reason::kNdProbeSent, dev, {arg(n.ip), arg_mac_high(n.mac), arg_mac_low(n.mac)});
    return send(step, stack, ports, dev, src, target, message);
  }
  step.explain(Reason::kNdSolicitSent, dev, {arg(n.ip), arg(step.world().names.name_of(src)), 0});
  send(step, stack, ports, dev, src, target.solicited_node(), message);
}

void nd_receive(Step& step, Stack& stack, Ports& ports, const Packet& packet, const Ipv6Repr& ip) {
  const Bytes message = step.frames().bytes(packet.frame).subspan(Ipv6Repr::kLength);
  const auto parsed = NeighbourRepr::parse(message);
  const bool valid =
      parsed && ip.hop_limit == kHopLimit && message[1] == 0 && !parsed->target.is_multicast();
  if (!valid) return step.explain(Reason::kNdMalformed, packet.in_dev);
  if (packet.in_dev == kLoopback) return;
  if (parsed->advert) return on_advertisement(step, stack, ports, packet, ip, *parsed);
  on_solicitation(step, stack, ports, packet, ip, *parsed);
}

}  // namespace lvslab::ip
