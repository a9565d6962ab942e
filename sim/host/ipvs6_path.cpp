// What a host does with IPv6 packets as its IPVS decided: NAT, direct routing, tunnels, and the
// hooks for answers. The packets are as on the wire; sockets see them later.
// Source: net/netfilter/ipvs/ip_vs_xmit.c: __ip_vs_get_out_rt_v6(), ip_vs_dr_xmit_v6(),
//         ip_vs_nat_xmit_v6(), ip_vs_icmp_xmit_v6(), ip_vs_tunnel_xmit_v6(); ip_vs_core.c:
//         ip_vs_ops6[].
#include <algorithm>

#include "sim/core/rewrite.h"
#include "sim/host/wiring.h"

namespace lvslab::host {

using ipvs::VerdictKind;

namespace {

/// __ip_vs_is_local_route6().
bool leads_here(const ip::Route6& way) { return way.local || way.dev == kLoopback; }

bool is_icmp_error(Step& step, const Packet& packet) {
  return packet.ip.protocol == IpProto::kIcmp6 &&
         (step.frames().bytes(packet.frame)[Ipv6Repr::kLength] & 0x80U) == 0;
}

/// Packs it up: the header says of its own only who sends to whom (ip_vs_tunnel_xmit_v6()).
void pack_up(Step& step, Packet& packet, Ipv6Addr from, Ipv6Addr to) {
  FramePool& frames = step.frames();
  Ipv6Repr outer{.src = from, .dst = to, .protocol = IpProto::kIpv6};
  outer.hop_limit = packet.ip.ttl;
  outer.traffic_class = packet.ip.tos;
  const std::size_t length = frames.bytes(packet.frame).size();
  outer.payload_length = static_cast<std::uint16_t>(length);
  // A new buffer: two headers of 40 bytes are more than the headroom of one.
  const FrameRef packed = frames.allocate(Ipv6Repr::kLength + length);
  const MutBytes bytes = frames.writable(packed);
  outer.emit(bytes.first<Ipv6Repr::kLength>());
  std::ranges::copy(frames.bytes(packet.frame), bytes.begin() + Ipv6Repr::kLength);
  frames.release(packet.frame);
  packet.frame = packed;
  packet.ip = ip::named_header(step.world().names, outer);
}

}  // namespace

// The first thing each transmitter asks; nothing if the packet ended here.
std::optional<ip::Route6> Wiring::find_way6(Step& step, Packet& packet,
                                            const ipvs::Verdict& verdict) {
  const Ipv6Addr next = step.world().names.address_of(verdict.next);
  const auto way = ip::route6(step, host_.ip, {.dst = next});
  const auto refuse = [&](const Icmp6Repr& told, Reason reason, Step::Arguments why) {
    ip::icmp6_send_error(step, host_.ip, *this, packet, told);
    step.drop(packet.frame, reason, packet.in_dev, why);
    return std::nullopt;
  };
  if (!way) {
    return refuse(Icmp6Repr::unreachable(Icmp6Unreachable::kAddress), Reason::kIpvsNoRoute,
                  {arg(verdict.next), 0, 0});
  }
  if (leads_here(*way)) return *way;
  if (packet.ip.ttl <= 1) {
    return refuse(Icmp6Repr::time_exceeded(), Reason::kIpvsTtlExpired, {arg(verdict.next), 0, 0});
  }
  constexpr std::size_t kHopLimit = 7;
  packet.frame = step.frames().make_writable(packet.frame);
  step.frames().writable(packet.frame)[kHopLimit] = --packet.ip.ttl;
  const auto drop = [&](Reason reason, Step::Arguments why) {
    step.drop(packet.frame, reason, packet.in_dev, why);
    return std::nullopt;
  };
  constexpr auto kOuter = static_cast<std::uint32_t>(Ipv6Repr::kLength);
  constexpr std::uint32_t kLeastMtu = 1'280;
  const bool tunnel = verdict.kind == VerdictKind::kTunnel;
  const std::uint32_t mtu = way->mtu - (tunnel ? kOuter : 0U);
  if (tunnel && mtu < kLeastMtu) {
    return drop(Reason::kIpvs6TunnelTooNarrow, {arg(verdict.next), mtu, 0});
  }
  const auto length = static_cast<std::uint32_t>(step.frames().bytes(packet.frame).size());
  if (length <= mtu) return *way;
  const Step::Arguments sizes{arg(verdict.next), mtu, length};
  if (is_icmp_error(step, packet)) return drop(Reason::kIpvs6TooBig, sizes);
  return refuse(Icmp6Repr::too_big(mtu), Reason::kIpvs6TooBig, sizes);
}

// False if the packet goes on its way through this host.
bool Wiring::carry_out6(Step& step, Packet& packet, const ipvs::Verdict& verdict) {
  switch (verdict.kind) {
    case VerdictKind::kAccept: return false;
    case VerdictKind::kDrop: step.drop(packet.frame, verdict.reason, packet.in_dev); return true;
    case VerdictKind::kPortUnreachable:
      ip::icmp6_send_error(step, host_.ip, *this, packet,
                           Icmp6Repr::unreachable(Icmp6Unreachable::kPort));
      step.drop(packet.frame, verdict.reason, packet.in_dev, {arg(packet.ip.dst), 0, 0});
      return true;
    default: break;
  }
  const auto way = find_way6(step, packet, verdict);
  if (!way) return true;
  packet.ipvs_property = true;
  const bool here = leads_here(*way);
  if (verdict.kind == VerdictKind::kMasquerade) {
    const bool from_afar = packet.in_dev.valid() && packet.in_dev != kLoopback;
    if (here && from_afar && step.world().names.address_of(verdict.next).is_loopback()) {
      step.drop(packet.frame, Reason::kIpvs6LoopbackServer, packet.in_dev,
                {arg(verdict.next), 0, 0});
      return true;
    }
    step.explain(Reason::kIpvsMasquerading, packet.in_dev,
                 {arg(verdict.next), verdict.port, packet.ip.ttl});
    const auto change = packet.ip.protocol == IpProto::kIcmp6 ? rewrite_icmp6_error : rewrite6;
    change(step.frames(), step.world().names, packet, NatEnd::kDestination,
           {verdict.next, verdict.port});
    step.set_subject(packet.frame);
  }
  if (here) {
    step.explain(Reason::kIpvsLocalNode, packet.in_dev, {arg(verdict.next), 0, 0});
    return false;
  }
  if (verdict.kind == VerdictKind::kTunnel) {
    // What the route prefers is not asked (__ip_vs_route_output_v6()).
    AddressNames& names = step.world().names;
    const Ipv6Addr to = names.address_of(verdict.next);
    const Ipv6Addr from = ip::select_source6(host_.ip, way->dev, to);
    step.explain(Reason::kIpvsTunneling, packet.in_dev,
                 {arg(verdict.next), packet.ip.ttl, arg(names.name_of(from))});
    pack_up(step, packet, from, to);
  } else if (verdict.kind != VerdictKind::kMasquerade) {
    step.explain(Reason::kIpvsDirectRouting, packet.in_dev, {arg(verdict.next), packet.ip.ttl, 0});
  }
  ip::deliver6(step, host_.ip, *this, packet, *way);
  return true;
}

// ip_vs_in_hook(): false if the packet ended here.
bool Wiring::request_hook6(Step& step, Packet& packet) {
  const ipvs::Verdict verdict = host_.ipvs.peek()->on_packet(step, packet);
  return !carry_out6(step, packet, verdict);
}

// ip_vs_out_hook(): the same. What NAT rewrote is routed as if it came from this host itself.
bool Wiring::answer_hook6(Step& step, Packet& packet, ip::Route6& route) {
  ipvs::Director& director = *host_.ipvs.peek();
  const ipvs::Answer answer = director.on_reply(step, packet);
  switch (answer.verdict) {
    case ipvs::AnswerVerdict::kPass: return true;
    case ipvs::AnswerVerdict::kPortUnreachable:
      ip::icmp6_send_error(step, host_.ip, *this, packet,
                           Icmp6Repr::unreachable(Icmp6Unreachable::kPort));
      step.drop(packet.frame, Reason::kIpvsNatIcmpSent, packet.in_dev, {arg(packet.ip.src), 0, 0});
      return false;
    case ipvs::AnswerVerdict::kDrop:
      step.drop(packet.frame, Reason::kIpvs6ErrorDropped, packet.in_dev,
                {arg(packet.ip.src), answer.virt.port, arg(answer.virt.addr)});
      return false;
    case ipvs::AnswerVerdict::kRewritten: break;
  }
  if (director.sysctls().snat_reroute == 0 || leads_here(route)) return true;
  const AddressNames& names = step.world().names;
  const auto again = ip::route6(step, host_.ip,
                                {.src = names.address_of(packet.ip.src),
                                 .dst = names.address_of(packet.ip.dst),
                                 .mark = packet.mark});
  if (!again) {
    step.drop(packet.frame, Reason::kRoute6None, packet.in_dev,
              {arg(packet.ip.dst), static_cast<std::uint32_t>(again.error()), 0});
    return false;
  }
  route = *again;
  return true;
}

// NF_INET_LOCAL_IN: first answers to clients that are this host itself, then requests.
bool Wiring::ipvs_local_in6(Step& step, Packet& packet) {
  const ipvs::Director* director = host_.ipvs.peek();
  if (director == nullptr || !director->enabled6() || packet.ipvs_property) return true;
  ip::Route6 here;
  here.local = true;
  if (!answer_hook6(step, packet, here)) return false;
  return packet.ipvs_property || request_hook6(step, packet);
}

// NF_INET_LOCAL_OUT: first answers of a local real server, then requests of this host itself.
bool Wiring::local_out6(Step& step, Packet& packet, ip::Route6& route) {
  const ipvs::Director* director = host_.ipvs.peek();
  if (director == nullptr || !director->enabled6() || packet.ipvs_property) return true;
  if (!answer_hook6(step, packet, route)) return false;
  return packet.ipvs_property || request_hook6(step, packet);
}

// NF_INET_FORWARD: ICMPv6 errors for clients' connections, then answers of real servers.
bool Wiring::forwarded6(Step& step, Packet& packet, ip::Route6& route) {
  ipvs::Director* director = host_.ipvs.peek();
  if (director == nullptr || !director->enabled6()) return true;
  if (packet.ip.protocol == IpProto::kIcmp6) [[unlikely]] {
    if (carry_out6(step, packet, director->on_forwarded_icmp(step, packet))) return false;
  }
  return answer_hook6(step, packet, route);
}

}  // namespace lvslab::host
