// What a host does with packets as its IPVS decided: NAT, direct routing, tunnels, and the hooks
// for answers. Source: net/netfilter/ipvs/ip_vs_xmit.c.
#include "sim/core/rewrite.h"
#include "sim/host/wiring.h"
#include "sim/ip/send.h"
#include "sim/ipvs/encapsulate.h"
#include "sim/wire/icmpv4.h"

namespace lvslab::host {

using ipvs::VerdictKind;

// The first thing each transmitter asks; false if the packet ended here (__ip_vs_get_out_rt()).
bool Wiring::find_way(Step& step, Packet& packet, const ip::Route& came_by,
                      const ipvs::Verdict& verdict, ip::Route& way) {
  const bool tunnel = verdict.kind == VerdictKind::kTunnel;
  const auto route = ip::route_output(step, host_.ip, {.dst = verdict.next, .mark = packet.mark});
  if (!route) {
    ip::icmp_send_error(step, host_.ip, *this, packet, came_by,
                        IcmpRepr::unreachable(IcmpUnreachable::kHost));
    step.drop(packet.frame, Reason::kIpvsNoRoute, packet.in_dev, {arg(verdict.next), 0, 0});
    return false;
  }
  way = *route;
  if (way.is(ip::kRouteLocal)) return true;
  if (packet.ip.ttl <= 1) {
    ip::icmp_send_error(step, host_.ip, *this, packet, came_by, IcmpRepr::time_exceeded());
    step.drop(packet.frame, Reason::kIpvsTtlExpired, packet.in_dev, {arg(verdict.next), 0, 0});
    return false;
  }
  packet.frame = step.frames().make_writable(packet.frame);
  ipv4_decrement_ttl(step.frames().writable(packet.frame));
  --packet.ip.ttl;
  const std::uint32_t mtu = way.mtu - (tunnel ? ipvs::tunnel_overhead(verdict.tunnel) : 0U);
  const auto length = static_cast<std::uint32_t>(step.frames().bytes(packet.frame).size());
  const bool minds = !tunnel || host_.ipvs.get().sysctls().pmtu_disc != 0;
  if (length > mtu && packet.ip.dont_fragment && minds) {
    ip::icmp_send_error(step, host_.ip, *this, packet, came_by,
                        IcmpRepr::unreachable(IcmpUnreachable::kFragmentationNeeded,
                                              static_cast<std::uint16_t>(mtu)));
    step.drop(packet.frame, Reason::kIpvsTooBig, packet.in_dev, {arg(verdict.next), mtu, length});
    return false;
  }
  return true;
}

bool Wiring::carry_out(Step& step, Packet& packet, const ipvs::Verdict& verdict,
                       const ip::Route& came_by) {
  switch (verdict.kind) {
    case VerdictKind::kAccept: return false;
    case VerdictKind::kDrop: step.drop(packet.frame, verdict.reason, packet.in_dev); return true;
    case VerdictKind::kPortUnreachable:
      ip::icmp_send_error(step, host_.ip, *this, packet, came_by,
                          IcmpRepr::unreachable(IcmpUnreachable::kPort));
      step.drop(packet.frame, verdict.reason, packet.in_dev, {arg(packet.ip.dst), 0, 0});
      return true;
    case VerdictKind::kTunnelError: relay_tunnel_error(step, packet, verdict); return true;
    default: break;
  }
  ip::Route way;
  if (!find_way(step, packet, came_by, verdict, way)) return true;
  packet.ipvs_property = true;
  keep_or_untrack(step, packet, verdict.conntrack);
  switch (verdict.kind) {
    case VerdictKind::kMasquerade: return masquerade(step, packet, verdict, way);
    case VerdictKind::kTunnel: return tunnel(step, packet, verdict, way);
    default: break;
  }
  if (way.is(ip::kRouteLocal)) {
    step.explain(Reason::kIpvsLocalNode, packet.in_dev, {arg(verdict.next), 0, 0});
    return false;
  }
  step.explain(Reason::kIpvsDirectRouting, packet.in_dev, {arg(verdict.next), packet.ip.ttl, 0});
  send_on(step, packet, way);
  return true;
}

// ip_vs_nat_xmit(), and ip_vs_icmp_xmit() for ICMP errors.
bool Wiring::masquerade(Step& step, Packet& packet, const ipvs::Verdict& verdict, ip::Route& way) {
  step.explain(Reason::kIpvsMasquerading, packet.in_dev,
               {arg(verdict.next), verdict.port, packet.ip.ttl});
  const Endpoint to{verdict.next, verdict.port};
  if (packet.ip.protocol == IpProto::kIcmp) {
    rewrite_icmp_error(step.frames(), packet, NatEnd::kDestination, to, QuotedChecksum::kKept);
  } else {
    rewrite(step.frames(), packet, NatEnd::kDestination, to);
  }
  step.set_subject(packet.frame);
  if (conntrack() != nullptr && packet.flow.valid() && !verdict.one_packet) {
    if (!conntrack()->is_confirmed(packet)) {
      step.explain(Reason::kIpvsTracked, packet.in_dev, {arg(to.addr), to.port, 0});
    }
    conntrack()->expect_answers_from(packet, to);
  }
  if (way.is(ip::kRouteLocal)) {
    step.explain(Reason::kIpvsLocalNode, packet.in_dev, {arg(verdict.next), 0, 0});
    return false;
  }
  send_on(step, packet, way);
  return true;
}

bool Wiring::tunnel(Step& step, Packet& packet, const ipvs::Verdict& verdict,
                    const ip::Route& way) {
  if (!confirm_flow(step, packet)) return true;
  if (way.is(ip::kRouteLocal)) {
    step.explain(Reason::kIpvsLocalNode, packet.in_dev, {arg(verdict.next), 0, 0});
    return false;
  }
  step.explain(Reason::kIpvsTunneling, packet.in_dev,
               {arg(verdict.next), packet.ip.ttl, arg(way.src)});
  constexpr std::uint16_t kFirstFlowPort = 32'768;  // udp_flow_src_port()
  const auto flow_port = static_cast<std::uint16_t>(
      kFirstFlowPort + mix64(packet.ip.src.bits ^ host_.secret) % 28'232);
  ipvs::push_tunnel_header(step.frames(), packet.frame, verdict.tunnel, way.src, verdict.next,
                           flow_port);
  const bool keep_df = host_.ipvs.get().sysctls().pmtu_disc != 0 && packet.ip.dont_fragment;
  ip::send_routed(step, host_.ip, *this,
                  {.src = way.src,
                   .dst = verdict.next,
                   .protocol = ipvs::outer_protocol(verdict.tunnel),
                   .tos = packet.ip.tos,
                   .ttl = packet.ip.ttl,
                   .dont_fragment = keep_df,
                   .id_given = keep_df},
                  way, packet.frame);
  return true;
}

// The client's packet, as the quote has it, is the one that the error is about now. An error that
// this host is about to send to itself ends here, at LOCAL_OUT. (With several processors the client
// hears nothing of that one: icmp_xmit_lock() is held while it is sent.)
void Wiring::relay_tunnel_error(Step& step, Packet& packet, const ipvs::Verdict& verdict) {
  const Bytes bytes = step.frames().bytes(packet.frame);
  IcmpRepr error = *IcmpRepr::parse_header(ipv4_payload(bytes, packet.ip));
  const Bytes quoted = bytes.subspan(verdict.inner_at);
  const auto inner = Ipv4Repr::parse_header(quoted);
  const bool too_big =
      error == IcmpRepr::unreachable(IcmpUnreachable::kFragmentationNeeded, error.mtu());
  if (too_big) {
    // The route that the server's packets take is the one that was known before this error.
    const auto way = ip::find_output(step, host_.ip, {.dst = verdict.next});
    const std::uint32_t known = way ? way->mtu : error.mtu();
    ip::update_pmtu(step, host_.ip, verdict.next, error.mtu());
    error.rest = known - std::uint32_t{Ipv4Repr::kLength};
  }
  if (inner && !(too_big && !inner->dont_fragment)) {
    Packet about;
    about.frame = step.frames().allocate(quoted.size());
    std::ranges::copy(step.frames().bytes(packet.frame).subspan(verdict.inner_at),
                      step.frames().writable(about.frame).begin());
    about.ip = *inner;
    about.in_dev = packet.in_dev;
    ip::Route local;
    local.flags = ip::kRouteLocal | ip::kRouteInput;
    local.dev = packet.in_dev;
    ip::icmp_send_error(step, host_.ip, *this, about, local, error);
    step.frames().release(about.frame);
  }
  step.frames().release(packet.frame);
}

// NF_INET_FORWARD: iptables, then ICMP errors for clients' connections and answers of real servers.
void Wiring::forward_hooks(Step& step, Packet& packet, ip::Route& route) {
  if (!filtered(step, NfHook::kForward, packet, route)) return;
  if (!ipvs_forward(step, packet, route) || !postrouting(step, packet, route)) return;
  ip::deliver_via(step, host_.ip, *this, packet, route);
}

bool Wiring::ipvs_forward(Step& step, Packet& packet, ip::Route& route) {
  ipvs::Director* director = host_.ipvs.peek();
  if (director == nullptr || !director->enabled()) return true;
  if (packet.ip.is_fragment() && director->masquerades()) [[unlikely]] {
    std::optional<Packet> whole = ip::reassemble(step, host_.ip, packet);
    if (!whole) return false;
    packet = *whole;
  }
  if (packet.ip.protocol == IpProto::kIcmp) [[unlikely]] {
    const ipvs::Verdict verdict = director->on_forwarded_icmp(step, packet);
    if (carry_out(step, packet, verdict, route)) return false;
  }
  return answer_hook(step, packet, route);
}

// ip_vs_out_hook(): false if the packet ended here. What NAT rewrote is routed as if it came from
// this host itself (ip_vs_route_me_harder()).
bool Wiring::answer_hook(Step& step, Packet& packet, ip::Route& route) {
  ipvs::Director& director = *host_.ipvs.peek();
  const ipvs::Answer answer = director.on_reply(step, packet);
  if (answer.known) {
    keep_or_untrack(step, packet, answer.conntrack);
    const bool rewritten = answer.verdict == ipvs::AnswerVerdict::kRewritten;
    if (rewritten && conntrack() != nullptr) {
      conntrack()->expect_answers_to(packet, answer.virt);
      conntrack()->note_growth(packet, answer.sequence, answer.grown);
    }
  }
  switch (answer.verdict) {
    case ipvs::AnswerVerdict::kPass: return true;
    case ipvs::AnswerVerdict::kPortUnreachable:
      ip::icmp_send_error(step, host_.ip, *this, packet, route,
                          IcmpRepr::unreachable(IcmpUnreachable::kPort));
      step.drop(packet.frame, Reason::kIpvsNatIcmpSent, packet.in_dev, {arg(packet.ip.src), 0, 0});
      return false;
    case ipvs::AnswerVerdict::kDrop:
      if (answer.reason != Reason::kNone) {
        step.drop(packet.frame, answer.reason, packet.in_dev);
      } else {
        step.frames().release(packet.frame);
      }
      return false;
    case ipvs::AnswerVerdict::kRewritten: break;
  }
  if (director.sysctls().snat_reroute == 0 || route.is(ip::kRouteLocal)) return true;
  return route_again(step, packet, packet.ip.src, route);
}

}  // namespace lvslab::host
