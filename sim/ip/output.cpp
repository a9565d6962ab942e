// The way out: source and route, header, LOCAL_OUT, MTU, neighbour, Ethernet header.
// Source: net/ipv4/ip_output.c.
#include "sim/ip/arp.h"
#include "sim/ip/send.h"

namespace lvslab::ip {
namespace {

/// __ip_select_ident(): a counter per (source, destination, protocol), as far as a peer can tell.
std::uint16_t next_ident(Step& step, Stack& stack, const IpSend& how, Ipv4Addr src) {
  Live& live = stack.live.get();
  if (live.ident_key == 0) live.ident_key = static_cast<std::uint32_t>(step.random().next()) | 1U;
  const std::uint64_t flow = std::uint64_t{src.bits} << 32 | how.dst.bits;
  const std::uint64_t base =
      mix64(flow ^ std::uint64_t{live.ident_key} << 16 ^ static_cast<std::uint64_t>(how.protocol));
  return static_cast<std::uint16_t>(base + ++live.ident);
}

}  // namespace

Errno send_routed(Step& step, Stack& stack, Ports& ports, const IpSend& how, Route route,
                  FrameRef segment) {
  FramePool& frames = step.frames();
  const std::size_t length = frames.bytes(segment).size();
  if (how.dont_fragment && length + Ipv4Repr::kLength > route.mtu) {
    step.drop(segment, Reason::kTooBigForRoute, route.dev,
              {arg(how.dst), route.mtu, static_cast<std::uint32_t>(length + Ipv4Repr::kLength)});
    return Errno::kMsgSize;
  }
  Packet packet;
  packet.frame = segment;
  packet.mark = how.mark;
  packet.flow = how.flow;
  packet.tracking = how.tracking;
  Ipv4Repr& ip = packet.ip;
  ip.src = route.src;
  ip.dst = how.dst.is_any() ? route.next_hop : how.dst;
  ip.protocol = how.protocol;
  ip.ttl =
      how.ttl != 0 ? how.ttl : static_cast<std::uint8_t>(global(stack, GlobalKey::kIpDefaultTtl));
  ip.tos = how.tos;
  ip.dont_fragment = how.dont_fragment;
  ip.payload_length = static_cast<std::uint16_t>(length);
  const bool plain_tcp = ip.protocol == IpProto::kTcp && how.dont_fragment;
  ip.id = how.id_given ? how.id
          : plain_tcp  ? std::uint16_t{0}
                       : next_ident(step, stack, how, route.src);
  ip.emit(frames.push_front(segment, Ipv4Repr::kLength).first<Ipv4Repr::kLength>());
  switch (ports.local_out(step, packet, route)) {
    case HookVerdict::kPass: break;
    case HookVerdict::kTaken: return Errno::kNone;
    case HookVerdict::kDropped: return Errno::kPerm;  // nf_hook_slow()
  }
  deliver_via(step, stack, ports, packet, route);
  return Errno::kNone;
}

Errno output(Step& step, Stack& stack, Ports& ports, const IpSend& how, FrameRef segment) {
  const auto route = route_output(step, stack, how);
  if (!route) {
    step.drop(segment, Reason::kRouteNone, how.oif,
              {arg(how.dst), static_cast<std::uint32_t>(route.error()), 0});
    return route.error();
  }
  return send_routed(step, stack, ports, how, *route, segment);
}

void deliver_via(Step& step, Stack& stack, Ports& ports, Packet packet, const Route& route) {
  const std::size_t length = step.frames().bytes(packet.frame).size();
  if (length <= route.mtu) [[likely]] {
    send_via_neighbour(step, stack, ports, packet, route);
    return;
  }
  if (packet.ip.dont_fragment) {
    const auto mtu = static_cast<std::uint16_t>(route.mtu);
    icmp_send_error(step, stack, ports, packet, route,
                    IcmpRepr::unreachable(IcmpUnreachable::kFragmentationNeeded, mtu));
    step.drop(packet.frame, Reason::kTooBigForRoute, route.dev,
              {arg(packet.ip.dst), route.mtu, static_cast<std::uint32_t>(length)});
    return;
  }
  send_fragments(step, stack, ports, packet, route);
}

Errno deliver_to(Step& step, Stack& stack, Ports& ports, Packet& packet, Ipv4Addr next_hop) {
  const auto route = route_output(step, stack, {.dst = next_hop, .mark = packet.mark});
  if (!route) return route.error();
  const std::size_t length = step.frames().bytes(packet.frame).size();
  if (length > route->mtu && packet.ip.dont_fragment) {
    const auto mtu = static_cast<std::uint16_t>(route->mtu);
    icmp_send_error(step, stack, ports, packet, *route,
                    IcmpRepr::unreachable(IcmpUnreachable::kFragmentationNeeded, mtu));
    return Errno::kMsgSize;
  }
  deliver_via(step, stack, ports, packet, *route);
  packet.frame = {};
  return Errno::kNone;
}

void send_via_neighbour(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                        const Route& route) {
  Slab<Neigh, 4>& entries = stack.live.get().neigh.entries;
  const Ipv4Addr key = route.dev == kLoopback ? Ipv4Addr{} : route.next_hop;
  std::uint32_t id = route.neigh;
  const bool fits = id < entries.limit() && entries[id].live && entries[id].ip == key &&
                    entries[id].dev == route.dev;
  if (!fits) id = neigh_find_or_create(step, stack, route.dev, key);
  Neigh& n = entries[id];
  if (!(nud_connected(n.state) && n.header_cached)) {
    if (neigh_event_send(step, stack, ports, id, packet, route.flags)) return;
    n.header_cached = true;
  }
  if (route.dev == kLoopback) {
    step.frames().set_looped(packet.frame, {packet.mark, packet.ipvs_property});
  } else if (step.tracing()) {
    step.explain(Reason::kNeighUsed, route.dev,
                 {arg(route.next_hop), arg_mac_high(n.mac), arg_mac_low(n.mac)});
  }
  send_to(step, stack, ports, route.dev, n.mac, packet.frame);
}

void send_to(Step& step, Stack& stack, Ports& ports, IfIndex dev, MacAddr mac, FrameRef frame,
             EtherType type) {
  const Device& device = stack.devices[dev.value - 1U];
  if (!device.up) {
    step.drop(frame, Reason::kDeviceDown, dev);
    return;
  }
  const MutBytes header = step.frames().push_front(frame, EthernetRepr::kLength);
  EthernetRepr{mac, device.mac, type}.emit(header.first<EthernetRepr::kLength>());
  ports.transmit(step, dev, frame);
}

SimTime neighbour_pending_since(const Stack& stack, const Route& route) {
  const std::uint32_t id = neigh_find(stack, route.dev, route.next_hop);
  return id == kNoNeigh ? SimTime::never() : stack.live.peek()->neigh.entries[id].pending_since();
}

void confirm(Step& step, Stack& stack, Ipv4Addr peer) {
  Live* live = stack.live.peek();
  if (live == nullptr) return;
  std::uint32_t id = kNoNeigh;
  const auto route = find_output(step, stack, {.dst = peer});
  if (!route) return;
  id = route->neigh != kNoNeigh ? route->neigh : neigh_find(stack, route->dev, route->next_hop);
  if (id < live->neigh.entries.limit()) live->neigh.entries[id].confirmed = step.now();
}

}  // namespace lvslab::ip
