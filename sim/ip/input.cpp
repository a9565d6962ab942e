// The way in: header checks, the input route, martians, reassembly; and forwarding.
// Source: net/ipv4/ip_input.c, ip_forward.c.
#include "sim/ip/stack.h"

namespace lvslab::ip {

std::optional<Packet> parse_packet(Step& step, Stack& /*stack*/, IfIndex in,
                                   const EthernetRepr& eth, FrameRef frame) {
  const Bytes bytes = step.frames().bytes(frame);
  const WireResult<Ipv4Repr> ip = Ipv4Repr::parse(bytes);
  if (!ip) {
    step.drop(frame, Reason::kIpHeaderBad, in, {static_cast<std::uint32_t>(ip.error()), 0, 0});
    return std::nullopt;
  }
  const std::size_t length = std::size_t{ip->header_length} + ip->payload_length;
  if (length < bytes.size()) step.frames().truncate(frame, length);
  Packet packet;
  packet.frame = frame;
  packet.ip = *ip;
  packet.in_dev = in;
  packet.source_mac = eth.src;
  packet.link_broadcast = eth.dst.is_multicast();
  return packet;
}

namespace {

/// Packets on lo keep the route with which they were sent: no source check, no table.
Route loopback_route(Ipv4Addr dst) {
  Route route;
  route.src = dst;
  route.next_hop = dst;
  route.mtu = 65'536;
  route.dev = kLoopback;
  route.type = RouteType::kLocal;
  route.flags = kRouteLocal;
  if (dst.is_broadcast()) route.flags |= kRouteBroadcast;
  if (dst.is_multicast()) route.flags |= kRouteMulticast;
  return route;
}

void drop_refused(Step& step, const Packet& packet, InputError error) {
  const Step::Arguments args{arg(packet.ip.src), arg(packet.ip.dst), 0};
  switch (error) {
    case InputError::kReversePath:
      step.drop(packet.frame, Reason::kReversePath, packet.in_dev, args);
      break;
    case InputError::kMartianDestination:
      step.drop(packet.frame, Reason::kMartianDestination, packet.in_dev, args);
      break;
    default: step.drop(packet.frame, Reason::kMartianSource, packet.in_dev, args); break;
  }
}

Received consumed() { return {Verdict::kConsumed, {}}; }

Received deliver_local(Step& step, Stack& stack, Packet& packet, const Route& route) {
  if (packet.ip.is_fragment()) [[unlikely]] {
    std::optional<Packet> whole = reassemble(step, stack, packet);
    packet.frame = {};
    if (!whole) return consumed();
    packet = *whole;
  }
  return {Verdict::kLocal, route};
}

}  // namespace

Received receive(Step& step, Stack& stack, Ports& ports, Packet& packet) {
  if (packet.in_dev == kLoopback) {
    return deliver_local(step, stack, packet, loopback_route(packet.ip.dst));
  }
  const InputAnswer answer =
      route_input(step, stack, packet.ip.src, packet.ip.dst, packet.in_dev, packet.mark, false);
  if (answer.error == InputError::kNoRoute) {
    if (conf(stack, packet.in_dev, ConfKey::kForwarding) == 0) {
      step.drop(packet.frame, Reason::kNotForwarding, packet.in_dev, {arg(packet.ip.dst), 0, 0});
    } else {
      send_no_route_error(step, stack, ports, packet, answer.route, answer.no_route);
      step.drop(packet.frame, Reason::kRouteNone, packet.in_dev,
                {arg(packet.ip.dst), static_cast<std::uint32_t>(answer.no_route), 0});
    }
    packet.frame = {};
    return consumed();
  }
  if (answer.error != InputError::kNone) {
    drop_refused(step, packet, answer.error);
    packet.frame = {};
    return consumed();
  }
  if (packet.ip.dst.is_multicast() && !is_member(stack, packet.in_dev, packet.ip.dst)) {
    step.drop(packet.frame, Reason::kNoGroupMember, packet.in_dev, {arg(packet.ip.dst), 0, 0});
    packet.frame = {};
    return consumed();
  }
  if (answer.route.is(kRouteLocal) || answer.route.is(kRouteMulticast)) {
    return deliver_local(step, stack, packet, answer.route);
  }
  return {Verdict::kForward, answer.route};
}

bool forward(Step& step, Stack& stack, Ports& ports, Packet& packet, const Route& route) {
  const auto drop = [&](Reason reason, Step::Arguments args) {
    step.drop(packet.frame, reason, packet.in_dev, args);
    packet.frame = {};
    return false;
  };
  if (packet.link_broadcast)
    return drop(Reason::kNotForwardedBroadcast, {arg(packet.ip.dst), 0, 0});
  if (packet.ip.ttl <= 1) {
    icmp_send_error(step, stack, ports, packet, route, IcmpRepr::time_exceeded());
    return drop(Reason::kTtlExpired, {arg(packet.ip.src), arg(packet.ip.dst), 0});
  }
  // Forwarding ignores a learnt path MTU (ip_forward_use_pmtu=0), the device's counts.
  const std::uint32_t mtu = stack.devices[route.dev.value - 1U].mtu;
  const std::size_t length = step.frames().bytes(packet.frame).size();
  if (length > mtu && packet.ip.dont_fragment) {
    icmp_send_error(step, stack, ports, packet, route,
                    IcmpRepr::unreachable(IcmpUnreachable::kFragmentationNeeded,
                                          static_cast<std::uint16_t>(mtu)));
    return drop(Reason::kTooBigForRoute,
                {arg(packet.ip.dst), mtu, static_cast<std::uint32_t>(length)});
  }
  packet.frame = step.frames().make_writable(packet.frame);
  ipv4_decrement_ttl(step.frames().writable(packet.frame));
  --packet.ip.ttl;
  step.explain(Reason::kForwarded, route.dev,
               {arg(packet.ip.dst), arg(route.next_hop), packet.ip.ttl});
  if (route.is(kRouteDoRedirect)) send_redirect(step, stack, ports, packet, route);
  return true;
}

void on_timer(Step& step, Stack& stack, Ports& ports, const TimerEntry& timer) {
  switch (timer.kind) {
    case TimerKind::kNeigh: neigh_on_timer(step, stack, ports, timer.id); break;
    case TimerKind::kIp:
      if (stack.live.peek() == nullptr) break;
      if (timer.id == 0) {
        neigh_collect_garbage(step, stack, ports);
      } else if (timer.id >= kGroupTimers) {
        groups_on_timer(step, stack, ports, timer.id);
      } else {
        reassembly_expired(step, stack, ports, timer.id);
      }
      break;
    default: break;
  }
}

}  // namespace lvslab::ip
