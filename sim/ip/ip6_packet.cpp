// Packets of IPv6 in, through and out of a host.
// Source: net/ipv6/ip6_input.c, ip6_output.c.
#include <algorithm>

#include "sim/core/rewrite.h"
#include "sim/ip/arp.h"
#include "sim/ip/ip6.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

std::uint64_t names_sum(const Ipv4Repr& ip) {
  return std::uint64_t{sum_addr(ip.src)} + sum_addr(ip.dst);
}

/// ip6_make_flowlabel() with auto_flowlabels=1: one label for each flow, never 0.
std::uint32_t flow_label(Step& step, const Ipv6Repr& ip, Bytes payload) {
  std::uint64_t hash = mix64(ip.src.high ^ mix64(ip.src.low)) ^
                       mix64(ip.dst.low ^ mix64(ip.dst.high + step.node().value));
  const bool ports = ip.protocol == IpProto::kTcp || ip.protocol == IpProto::kUdp;
  if (ports && payload.size() >= 4) hash ^= load_be32(payload.data());
  const auto label = static_cast<std::uint32_t>(mix64(hash) >> 44);
  return label == 0 ? 1 : label;
}

Packet packet_of(Step& step, IfIndex in, const EthernetRepr& eth, FrameRef frame,
                 const Ipv6Repr& ip) {
  Packet packet;
  packet.frame = frame;
  packet.ip = named_header(step.world().names, ip);
  packet.in_dev = in;
  packet.source_mac = eth.src;
  packet.link_broadcast = eth.dst.is_multicast();
  return packet;
}

void drop(Step& step, const Packet& packet, Reason reason, Step::Arguments args) {
  step.drop(packet.frame, reason, packet.in_dev, args);
}

/// What a packet without a way is told.
Icmp6Unreachable no_way(Errno error) {
  switch (error) {
    case Errno::kAcces: return Icmp6Unreachable::kProhibited;
    case Errno::kHostUnreach: return Icmp6Unreachable::kAddress;
    default: return Icmp6Unreachable::kNoRoute;
  }
}

/// ip6_forward().
void forward(Step& step, Stack& stack, Ports& ports, Packet packet, Ipv6Repr ip) {
  const auto route = route6(step, stack, {.src = ip.src, .dst = ip.dst, .mark = packet.mark});
  const Ipv4Addr dst = packet.ip.dst;
  if (!route) {
    const Errno error = route.error();
    if (error != Errno::kInval) {
      icmp6_send_error(step, stack, ports, packet, Icmp6Repr::unreachable(no_way(error)));
    }
    return drop(step, packet, Reason::kRoute6None,
                {arg(dst), static_cast<std::uint32_t>(error), 0});
  }
  if (!stack.six.peek()->forwarding_all) {
    return drop(step, packet, Reason::kIp6NotForwarding, {arg(dst), 0, 0});
  }
  if (packet.link_broadcast) {
    return drop(step, packet, Reason::kNotForwardedBroadcast, {arg(dst), 0, 0});
  }
  if (ip.hop_limit <= 1) {
    icmp6_send_error(step, stack, ports, packet, Icmp6Repr::time_exceeded());
    return drop(step, packet, Reason::kIp6HopLimit, {arg(packet.ip.src), arg(dst), 0});
  }
  if (ip.src.is_link_local()) {
    icmp6_send_error(step, stack, ports, packet,
                     Icmp6Repr::unreachable(Icmp6Unreachable::kBeyondScope));
    return drop(step, packet, Reason::kIp6NotForwardedSource, {arg(packet.ip.src), 0, 0});
  }
  const std::size_t length = step.frames().bytes(packet.frame).size();
  if (length > route->mtu) {
    icmp6_send_error(step, stack, ports, packet, Icmp6Repr::too_big(route->mtu));
    return drop(step, packet, Reason::kIp6TooBig,
                {arg(dst), route->mtu, static_cast<std::uint32_t>(length)});
  }
  packet.frame = step.frames().make_writable(packet.frame);
  --packet.ip.ttl;
  constexpr std::size_t kHopLimit = 7;
  step.frames().writable(packet.frame)[kHopLimit] = packet.ip.ttl;
  step.explain(Reason::kIp6Forwarded, route->dev,
               {arg(dst), arg(step.world().names.name_of(route->next_hop)), packet.ip.ttl});
  Route6 way = *route;
  if (ports.forwarded6(step, packet, way)) deliver6(step, stack, ports, packet, way);
}

/// True if the packet is for this host: a group that `in` is in, or an address.
bool is_ours(const Stack& stack, IfIndex in, Ipv6Addr dst) {
  if (dst.is_multicast()) return is_member6(stack, in, dst);
  if (dst.is_link_local() && in != kLoopback) {
    return has_address6(stack, dst, in) || is_anycast6(stack, dst, in);
  }
  return is_local6(stack, dst);
}

/// What takes IPv6 in IPv6 out of its packets (net/ipv6/tunnel6.c).
bool has_tunnel6(const Stack& stack) {
  return std::ranges::any_of(stack.devices,
                             [](const Device& d) { return d.tunnel == TunnelKind::kIp6; });
}

bool is_extension(IpProto protocol) {
  constexpr int kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
  const int number = static_cast<int>(protocol);
  return number == kHopByHop || number == kRouting || number == kFragment || number == kDestination;
}

}  // namespace

Ipv4Repr named_header(AddressNames& names, const Ipv6Repr& ip) {
  Ipv4Repr named;
  named.src = names.name_of(ip.src);
  named.dst = names.name_of(ip.dst);
  named.protocol = ip.protocol;
  named.ttl = ip.hop_limit;
  named.tos = ip.traffic_class;
  named.header_length = Ipv6Repr::kLength;
  named.payload_length = ip.payload_length;
  named.dont_fragment = true;
  return named;
}

void sum_by_name(Step& step, const Packet& packet) {
  const Ipv6Addr src = step.world().names.address_of(packet.ip.src);
  const Ipv6Addr dst = step.world().names.address_of(packet.ip.dst);
  move_checksum(step.frames().writable(packet.frame).subspan(Ipv6Repr::kLength), packet.ip.protocol,
                sum_addr(src) + sum_addr(dst), names_sum(packet.ip));
}

std::optional<Packet> receive6(Step& step, Stack& stack, Ports& ports, IfIndex in,
                               const EthernetRepr& eth, FrameRef frame) {
  const auto dropped = [&](Reason reason, Step::Arguments args = {}) {
    step.drop(frame, reason, in, args);
    return std::nullopt;
  };
  if (!has_ipv6(stack)) return dropped(Reason::kIp6Disabled);
  const Bytes bytes = step.frames().bytes(frame);
  const auto ip = Ipv6Repr::parse(bytes);
  const bool looped = in == kLoopback;
  if (!ip || ip->src.is_multicast() ||
      (!looped && (ip->dst.is_loopback() || ip->src.is_loopback()))) {
    return dropped(Reason::kIp6HeaderBad);
  }
  const std::size_t length = Ipv6Repr::kLength + ip->payload_length;
  if (length < bytes.size()) step.frames().truncate(frame, length);
  const Packet packet = packet_of(step, in, eth, frame, *ip);
  if (!is_ours(stack, in, ip->dst)) {
    if (ip->dst.is_multicast()) return dropped(Reason::kIp6NoGroup, {arg(packet.ip.dst), 0, 0});
    forward(step, stack, ports, packet, *ip);
    return std::nullopt;
  }
  step.explain(Reason::kRoute6Local, in, {arg(packet.ip.dst), 0, 0});
  const auto protocol = static_cast<std::uint32_t>(ip->protocol);
  if (is_extension(ip->protocol)) return dropped(Reason::kIp6Extension, {protocol, 0, 0});
  const bool known = ip->protocol == IpProto::kIcmp6 || ip->protocol == IpProto::kTcp ||
                     ip->protocol == IpProto::kUdp ||
                     (ip->protocol == IpProto::kIpv6 && has_tunnel6(stack));
  if (!known) {
    constexpr std::uint32_t kNextHeader = 6;  // where in the packet it stands
    icmp6_send_error(step, stack, ports, packet,
                     {.type = Icmp6Type::kParameterProblem, .code = 1, .rest = kNextHeader});
    return dropped(Reason::kUnknownProtocol, {protocol, 0, 0});
  }
  return packet;
}

Errno output6(Step& step, Stack& stack, Ports& ports, const IpSend& how, FrameRef segment) {
  const AddressNames& names = step.world().names;
  const Query6 query{.src = names.address_of(how.src),
                     .dst = names.address_of(how.dst),
                     .oif = how.oif,
                     .mark = how.mark};
  if (!has_ipv6(stack)) {
    step.drop(segment, Reason::kIp6Disabled, how.oif);
    return Errno::kNetUnreach;
  }
  const auto route = route6(step, stack, query);
  if (!route) {
    step.drop(segment, Reason::kRoute6None, how.oif,
              {arg(how.dst), static_cast<std::uint32_t>(route.error()), 0});
    return route.error();
  }
  FramePool& frames = step.frames();
  const std::size_t length = frames.bytes(segment).size();
  if (length + Ipv6Repr::kLength > route->mtu) {
    step.drop(segment, Reason::kIp6TooBig, route->dev,
              {arg(how.dst), route->mtu, static_cast<std::uint32_t>(length + Ipv6Repr::kLength)});
    return Errno::kMsgSize;
  }
  Ipv6Repr ip{.src = route->src, .dst = query.dst, .protocol = how.protocol};
  ip.hop_limit = how.ttl != 0 ? how.ttl : ip.dst.is_multicast() ? 1 : stack.six.peek()->hop_limit;
  ip.traffic_class = how.tos;
  ip.payload_length = static_cast<std::uint16_t>(length);
  Packet packet;
  packet.frame = segment;
  packet.mark = how.mark;
  packet.ip = named_header(step.world().names, ip);
  const MutBytes payload = frames.writable(segment);
  if (how.protocol == IpProto::kIcmp6) {
    if (const auto icmp = Icmp6Repr::parse_header(payload)) icmp->emit(payload, ip.src, ip.dst);
  } else {
    const Ipv4Addr src = how.src.is_any() ? packet.ip.src : how.src;
    move_checksum(payload, how.protocol, std::uint64_t{sum_addr(src)} + sum_addr(how.dst),
                  sum_addr(ip.src) + sum_addr(ip.dst));
  }
  ip.flow_label = flow_label(step, ip, payload);
  ip.emit(frames.push_front(segment, Ipv6Repr::kLength).first<Ipv6Repr::kLength>());
  Route6 way = *route;
  if (ports.local_out6(step, packet, way)) deliver6(step, stack, ports, packet, way);
  return Errno::kNone;
}

std::expected<RouteAnswer, Errno> route_answer6(Step& step, Stack& stack, const IpSend& want) {
  if (!has_ipv6(stack)) return std::unexpected(Errno::kNetUnreach);
  AddressNames& names = step.world().names;
  const auto route = route6(step, stack,
                            {.src = names.address_of(want.src),
                             .dst = names.address_of(want.dst),
                             .oif = want.oif,
                             .mark = want.mark});
  if (!route) return std::unexpected(route.error());
  const Ipv4Addr hop = names.name_of(route->next_hop);
  RouteAnswer answer{.src = names.name_of(route->src), .next_hop = hop, .dev = route->dev};
  // Who counts with an IPv4 header of 20 bytes comes to the right length for one of 40.
  constexpr std::uint32_t kLonger = Ipv6Repr::kLength - Ipv4Repr::kLength;
  answer.mtu = route->mtu - kLonger;
  answer.local = route->local;
  const std::uint32_t id = neigh_find(stack, route->dev, hop);
  if (id != kNoNeigh) {
    answer.pending_since = stack.live.peek()->neigh.entries[id].pending_since();
  }
  return answer;
}

void deliver6(Step& step, Stack& stack, Ports& ports, const Packet& packet, const Route6& route) {
  const Device& device = *find_device(stack, route.dev);
  if (device.loopback || route.multicast) {
    const MacAddr mac = device.loopback ? device.mac : route.next_hop.group_mac();
    if (device.loopback) {
      step.frames().set_looped(packet.frame, {packet.mark, packet.ipvs_property});
    }
    return send_to(step, stack, ports, route.dev, mac, packet.frame, EtherType::kIpv6);
  }
  const Ipv4Addr hop = step.world().names.name_of(route.next_hop);
  const std::uint32_t id = neigh_find_or_create(step, stack, route.dev, hop);
  Slab<Neigh, 4>& entries = stack.live.get().neigh.entries;
  Neigh& n = entries[id];
  if (!(nud_connected(n.state) && n.header_cached)) {
    if (neigh_event_send(step, stack, ports, id, packet, 0)) return;
    n.header_cached = true;
  }
  if (step.tracing()) {
    step.explain(Reason::kNeighUsed, route.dev,
                 {arg(n.ip), arg_mac_high(n.mac), arg_mac_low(n.mac)});
  }
  send_to(step, stack, ports, route.dev, n.mac, packet.frame, EtherType::kIpv6);
}

void confirm6(Step& step, Stack& stack, Ipv4Addr peer) {
  Live* const live = stack.live.peek();
  if (live == nullptr || !has_ipv6(stack)) return;
  const auto route = route6(step, stack, {.dst = step.world().names.address_of(peer)});
  if (!route) return;
  const std::uint32_t id =
      neigh_find(stack, route->dev, step.world().names.name_of(route->next_hop));
  if (id != kNoNeigh) live->neigh.entries[id].confirmed = step.now();
}

bool is_forwarding6(const Stack& stack, IfIndex dev) {
  const Stack6* const six = stack.six.peek();
  if (six == nullptr) return false;
  if (!dev.valid()) return six->forwarding_all;
  return dev.value <= six->forwarding.size() ? six->forwarding[dev.value - 1U] != 0
                                             : six->forwarding_default;
}

}  // namespace lvslab::ip
