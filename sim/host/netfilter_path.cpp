// Packets through iptables: the tables at each hook, and the answers of REJECT.
// Source: net/ipv4/netfilter/ipt_REJECT.c, nf_reject_ipv4.c: nf_send_reset().
#include "sim/host/wiring.h"
#include "sim/ip/send.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/tcp.h"

namespace lvslab::host {
namespace {

/// The ICMP code behind --reject-with.
IcmpUnreachable code_of(NfReject how) {
  switch (how) {
    case NfReject::kNetUnreachable: return IcmpUnreachable::kNet;
    case NfReject::kHostUnreachable: return IcmpUnreachable::kHost;
    case NfReject::kProtoUnreachable: return IcmpUnreachable::kProtocol;
    case NfReject::kNetProhibited: return IcmpUnreachable::kNetProhibited;
    case NfReject::kHostProhibited: return IcmpUnreachable::kHostProhibited;
    case NfReject::kAdminProhibited: return IcmpUnreachable::kAdminProhibited;
    default: return IcmpUnreachable::kPort;
  }
}

}  // namespace

netfilter::Devices Wiring::devices_at(NfHook hook, const Packet& packet,
                                      const ip::Route& route) const {
  const auto name = [&](IfIndex dev) {
    const ip::Device* device = ip::find_device(host_.ip, dev);
    return device == nullptr ? ShortName{} : device->name;
  };
  const bool leaves =
      hook == NfHook::kForward || hook == NfHook::kOutput || hook == NfHook::kPostrouting;
  const bool came = hook != NfHook::kOutput && hook != NfHook::kPostrouting;
  return {.in = came ? name(packet.in_dev) : ShortName{},
          .out = leaves ? name(route.dev) : ShortName{}};
}

bool Wiring::walk_table(Step& step, netfilter::TableId table, NfHook hook, Packet& packet,
                        const ip::Route& route) {
  const netfilter::Verdict verdict =
      host_.netfilter.get().walk(step, table, hook, packet, devices_at(hook, packet, route));
  switch (verdict.kind) {
    case netfilter::VerdictKind::kAccept: return true;
    case netfilter::VerdictKind::kMap: return true;  // not in these tables
    case netfilter::VerdictKind::kReject: reject(step, packet, route, verdict.reject); break;
    case netfilter::VerdictKind::kDrop: break;
  }
  step.drop(packet.frame, Reason::kNfDropped, packet.in_dev, {0, arg(packet.ip.src), 0});
  return false;
}

bool Wiring::walk_tables(Step& step, NfHook hook, Packet& packet, const ip::Route& route) {
  return walk_table(step, netfilter::TableId::kMangle, hook, packet, route) &&
         walk_table(step, netfilter::TableId::kFilter, hook, packet, route);
}

void Wiring::reject(Step& step, const Packet& packet, const ip::Route& route, NfReject how) {
  if (how != NfReject::kTcpReset) {
    ip::icmp_send_error(step, host_.ip, *this, packet, route, IcmpRepr::unreachable(code_of(how)));
    return;
  }
  if (packet.ip.protocol != IpProto::kTcp || packet.ip.fragment_offset != 0) return;
  const Bytes segment = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const auto tcp = TcpRepr::parse(segment);
  if (!tcp || (tcp->flags & tcp_flag::kRst) != 0) return;
  TcpRepr reset;
  reset.src_port = tcp->dst_port;
  reset.dst_port = tcp->src_port;
  if ((tcp->flags & tcp_flag::kAck) != 0) {
    reset.seq = tcp->ack;
    reset.flags = tcp_flag::kRst;
  } else {
    const bool syn = (tcp->flags & tcp_flag::kSyn) != 0, fin = (tcp->flags & tcp_flag::kFin) != 0;
    const auto data = static_cast<std::uint32_t>(segment.size() - tcp_header_length(segment));
    reset.ack = tcp->seq + data + (syn ? 1U : 0U) + (fin ? 1U : 0U);
    reset.flags = tcp_flag::kRst | tcp_flag::kAck;
  }
  // The source may be a host behind this one: it has no say in the route.
  const Ipv4Addr own = ip::is_local(host_.ip, packet.ip.dst) ? packet.ip.dst : Ipv4Addr{};
  auto back = ip::route_output(step, host_.ip, {.src = own, .dst = packet.ip.src});
  if (!back) return;
  back->src = packet.ip.dst;
  const FrameRef frame = step.frames().allocate(TcpRepr::kLength);
  reset.emit(step.frames().writable(frame), packet.ip.dst, packet.ip.src);
  IpSend send{
      .src = packet.ip.dst, .dst = packet.ip.src, .protocol = IpProto::kTcp, .id_given = true};
  send.attach_to(packet);
  ip::send_routed(step, host_.ip, *this, send, *back, frame);
}

// What IPVS sends passes LOCAL_OUT once more, without IPVS, and then leaves.
void Wiring::send_on(Step& step, Packet& packet, ip::Route& way) {
  if (output_hooks(step, packet, way) != ip::HookVerdict::kPass) return;
  if (!postrouting(step, packet, way)) return;
  ip::deliver_via(step, host_.ip, *this, packet, way);
}

// NF_INET_LOCAL_OUT.
ip::HookVerdict Wiring::output_hooks(Step& step, Packet& packet, ip::Route& route) {
  using enum ip::HookVerdict;
  if (host_.netfilter.peek() == nullptr) [[likely]]
    return ipvs_local_out(step, packet, route);
  using enum netfilter::TableId;
  if (!track(step, packet)) return kTaken;
  const std::uint32_t mark = packet.mark;
  if (!walk_table(step, kMangle, NfHook::kOutput, packet, route)) return kDropped;
  if (packet.mark != mark && !route_again(step, packet, own_source(packet), route)) return kDropped;
  const Ipv4Addr target = packet.ip.dst;
  if (!nat_hook(step, NfHook::kOutput, packet, route)) return kDropped;
  if (packet.ip.dst != target && !route_again(step, packet, own_source(packet), route))
    return kDropped;
  const ip::HookVerdict verdict = ipvs_local_out(step, packet, route);
  if (verdict != kPass) return verdict;
  return walk_table(step, kFilter, NfHook::kOutput, packet, route) ? kPass : kDropped;
}

/// Another host's address is no source to route by.
Ipv4Addr Wiring::own_source(const Packet& packet) const {
  return ip::is_local(host_.ip, packet.ip.src) ? packet.ip.src : Ipv4Addr{};
}

// ip_route_me_harder(): a mark, or another source or destination, may want another way.
bool Wiring::route_again(Step& step, const Packet& packet, Ipv4Addr src, ip::Route& route) {
  const auto again =
      ip::route_output(step, host_.ip, {.src = src, .dst = packet.ip.dst, .mark = packet.mark});
  if (!again) {
    step.drop(packet.frame, Reason::kRouteNone, packet.in_dev,
              {arg(packet.ip.dst), static_cast<std::uint32_t>(again.error()), 0});
    return false;
  }
  route = *again;
  return true;
}

// NF_INET_POST_ROUTING.
bool Wiring::postrouting(Step& step, Packet& packet, const ip::Route& route) {
  if (host_.netfilter.peek() == nullptr) [[likely]]
    return true;
  return walk_table(step, netfilter::TableId::kMangle, NfHook::kPostrouting, packet, route) &&
         nat_hook(step, NfHook::kPostrouting, packet, route) && confirm_flow(step, packet);
}

// NF_INET_PRE_ROUTING.
bool Wiring::prerouting(Step& step, Packet& packet) {
  return track(step, packet) &&
         walk_table(step, netfilter::TableId::kMangle, NfHook::kPrerouting, packet, {}) &&
         nat_hook(step, NfHook::kPrerouting, packet, {});
}

}  // namespace lvslab::host
