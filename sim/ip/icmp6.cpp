// ICMPv6: echo, errors about packets, errors from others.
// Source: net/ipv6/icmp.c.
#include <algorithm>

#include "sim/core/rewrite.h"
#include "sim/ip/icmp.h"
#include "sim/ip/ip6.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

struct Icmp6Meaning {
  Errno error;
  bool fatal;
};

/// icmpv6_err_convert(), tab_unreach[].
Icmp6Meaning meaning_of(const Icmp6Repr& icmp) {
  static constexpr Icmp6Meaning kUnreachable[] = {
      {Errno::kNetUnreach, false},  {Errno::kAcces, true},       {Errno::kHostUnreach, false},
      {Errno::kHostUnreach, false}, {Errno::kConnRefused, true}, {Errno::kAcces, true},
      {Errno::kAcces, true},
  };
  switch (icmp.type) {
    case Icmp6Type::kUnreachable:
      return icmp.code < std::size(kUnreachable) ? kUnreachable[icmp.code]
                                                 : Icmp6Meaning{Errno::kProto, true};
    case Icmp6Type::kPacketTooBig: return {Errno::kMsgSize, false};
    case Icmp6Type::kTimeExceeded: return {Errno::kHostUnreach, false};
    default: return {Errno::kProto, true};
  }
}

/// The rules of icmp6_send() about what deserves an error.
bool deserves_error(Step& step, const Packet& packet, const Ipv6Repr& ip, const Icmp6Repr& what) {
  const bool also_groups =
      what.type == Icmp6Type::kPacketTooBig || what.type == Icmp6Type::kParameterProblem;
  if ((ip.dst.is_multicast() || packet.link_broadcast) && !also_groups) return false;
  if (ip.src.is_any() || ip.src.is_multicast()) return false;
  if (ip.protocol != IpProto::kIcmp6) return true;
  const auto inner =
      Icmp6Repr::parse_header(step.frames().bytes(packet.frame).subspan(Ipv6Repr::kLength));
  return inner && !inner->is_error() && inner->type != Icmp6Type::kRedirect;
}

/// icmpv6_xrlim_allow(): the nearer the receiver, the more it may hear. net.ipv6.icmp.ratelimit is
/// 1000 ms, and packet-too-big is free of it (ratemask).
bool within_limit(Step& step, Stack& stack, Ipv4Addr to, const Route6& route,
                  const Icmp6Repr& what) {
  if (what.type == Icmp6Type::kPacketTooBig) return true;
  if (!host_allows(step, stack)) return false;
  if (route.dev == kLoopback) return true;
  constexpr std::int64_t kSecond = 1'000'000'000;
  return peer_allows(step, stack, to, {kSecond >> ((128 - route.prefix_len) >> 5)});
}

/// The packet at fault, as far as the least MTU allows; as it came, not as sockets see it.
FrameRef quote(Step& step, const Packet& packet, const Ipv6Repr& ip, bool by_name) {
  constexpr std::size_t kLeastMtu = 1'280;
  FramePool& frames = step.frames();
  const std::size_t length = std::min(kLeastMtu - Ipv6Repr::kLength - Icmp6Repr::kLength,
                                      frames.bytes(packet.frame).size());
  const FrameRef segment = frames.allocate(Icmp6Repr::kLength + length);
  const MutBytes out = frames.writable(segment);
  const Bytes from = frames.bytes(packet.frame).first(length);
  std::copy(from.begin(), from.end(), out.begin() + Icmp6Repr::kLength);
  if (by_name) {
    move_checksum(out.subspan(Icmp6Repr::kLength + Ipv6Repr::kLength), ip.protocol,
                  std::uint64_t{sum_addr(packet.ip.src)} + sum_addr(packet.ip.dst),
                  sum_addr(ip.src) + sum_addr(ip.dst));
  } else if (!packet.in_dev.valid() && ip.protocol == IpProto::kTcp) {
    leave_checksum_to_device(
        out.subspan(Icmp6Repr::kLength + Ipv6Repr::kLength),
        pseudo_header_sum(ip.src, ip.dst, static_cast<std::uint8_t>(IpProto::kTcp),
                          ip.payload_length));
  }
  return segment;
}

bool send_error(Step& step, Stack& stack, Ports& ports, const Packet& packet, const Icmp6Repr& what,
                bool by_name) {
  const auto ip = Ipv6Repr::parse_header(step.frames().bytes(packet.frame));
  const Step::Arguments args{arg(packet.ip.src), static_cast<std::uint32_t>(what.type), what.code};
  if (!ip || !deserves_error(step, packet, *ip, what)) {
    step.explain(Reason::kIcmp6Silent, packet.in_dev, args);
    return false;
  }
  IpSend how{.dst = packet.ip.src, .protocol = IpProto::kIcmp6, .tos = packet.ip.tos};
  if (has_address6(stack, ip->dst)) how.src = packet.ip.dst;
  if (ip->src.needs_device()) how.oif = packet.in_dev;
  const auto back = route6(step, stack, {.src = ip->dst, .dst = ip->src, .oif = how.oif});
  if (!back) return false;
  if (!within_limit(step, stack, packet.ip.src, *back, what)) {
    step.explain(Reason::kIcmp6Limited, packet.in_dev, args);
    return false;
  }
  const FrameRef segment = quote(step, packet, *ip, by_name);
  what.emit(step.frames().writable(segment), ip->dst, ip->src);  // output6() sums anew
  step.explain(Reason::kIcmp6ErrorSent, packet.in_dev, args);
  output6(step, stack, ports, how, segment);
  return true;
}

/// icmpv6_echo_reply().
void answer_echo(Step& step, Stack& stack, Ports& ports, const Packet& packet, const Ipv6Repr& ip,
                 const Icmp6Repr& asked) {
  FramePool& frames = step.frames();
  const FrameRef segment = frames.allocate(ip.payload_length);
  const Bytes data = frames.bytes(packet.frame).subspan(Ipv6Repr::kLength);
  const MutBytes out = frames.writable(segment);
  std::copy(data.begin(), data.end(), out.begin());
  IpSend how{.dst = packet.ip.src, .protocol = IpProto::kIcmp6, .tos = packet.ip.tos};
  if (!ip.dst.is_multicast()) how.src = packet.ip.dst;
  if (ip.src.needs_device()) how.oif = packet.in_dev;
  Icmp6Repr{Icmp6Type::kEchoReply, 0, asked.rest}.emit(out, ip.dst, ip.src);
  step.explain(Reason::kEcho6Answered, packet.in_dev, {arg(packet.ip.src), arg(packet.ip.dst), 0});
  output6(step, stack, ports, how, segment);
}

void learn_path_mtu(Step& step, Stack& stack, Ipv6Addr dst, std::uint32_t mtu) {
  constexpr std::uint32_t kLeastMtu = 1'280;
  constexpr std::int64_t kExpires = 600'000'000'000;  // net.ipv6.route.mtu_expires
  Stack6& six = *stack.six.peek();
  std::erase_if(six.path_mtus, [&](const PathMtu6& p) { return p.dst == dst; });
  six.path_mtus.push_back({dst, std::max(mtu, kLeastMtu), step.now() + SimDuration{kExpires}});
}

/// icmpv6_notify(): what the error says, and what this host learns from it.
void on_error(Step& step, Stack& stack, Ports& ports, const Packet& packet, const Icmp6Repr& icmp,
              IcmpEvent& event, Bytes message) {
  const Bytes inner = message.subspan(Icmp6Repr::kLength);
  const auto quoted = Ipv6Repr::parse_header(inner);
  constexpr std::size_t kTransport = 8;
  if (!quoted || inner.size() < Ipv6Repr::kLength + kTransport) {
    step.explain(Reason::kIcmp6Malformed, packet.in_dev, {arg(packet.ip.src), 0, 0});
    return;
  }
  const Icmp6Meaning meaning = meaning_of(icmp);
  event.kind = IcmpEvent::Kind::kError;
  event.quoted = named_header(step.world().names, *quoted);
  event.quoted_data = inner.subspan(Ipv6Repr::kLength);
  event.error = meaning.error;
  event.fatal = meaning.fatal;
  step.explain(Reason::kIcmp6ErrorReceived, packet.in_dev,
               {arg(packet.ip.src), static_cast<std::uint32_t>(icmp.type), icmp.code});
  if (icmp.type == Icmp6Type::kPacketTooBig) learn_path_mtu(step, stack, quoted->dst, icmp.mtu());
  if (quoted->protocol == IpProto::kUdp) udp_error(step, stack, ports, event, packet.in_dev);
}

}  // namespace

bool icmp6_send_error(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                      const Icmp6Repr& what) {
  return send_error(step, stack, ports, packet, what, false);
}

bool icmp6_port_unreachable(Step& step, Stack& stack, Ports& ports, const Packet& packet) {
  return send_error(step, stack, ports, packet, Icmp6Repr::unreachable(Icmp6Unreachable::kPort),
                    true);
}

IcmpEvent icmp6_receive(Step& step, Stack& stack, Ports& ports, const Packet& packet) {
  IcmpEvent event;
  const Bytes bytes = step.frames().bytes(packet.frame);
  const Ipv6Repr ip = *Ipv6Repr::parse_header(bytes);
  const Bytes message = bytes.subspan(Ipv6Repr::kLength);
  const auto icmp = Icmp6Repr::parse(message, ip.src, ip.dst);
  if (!icmp) {
    step.explain(Reason::kIcmp6Malformed, packet.in_dev, {arg(packet.ip.src), 0, 0});
    return event;
  }
  event.message = {IcmpType{static_cast<std::uint8_t>(icmp->type)}, icmp->code, icmp->rest};
  event.from = packet.ip.src;
  event.to = packet.ip.dst;
  event.ttl = ip.hop_limit;
  event.size = static_cast<std::uint16_t>(message.size());
  switch (icmp->type) {
    case Icmp6Type::kEchoRequest: answer_echo(step, stack, ports, packet, ip, *icmp); break;
    case Icmp6Type::kEchoReply:
      event.kind = IcmpEvent::Kind::kEchoReply;
      event.payload = message.subspan(Icmp6Repr::kLength);
      break;
    case Icmp6Type::kNeighbourSolicit:
    case Icmp6Type::kNeighbourAdvert: nd_receive(step, stack, ports, packet, ip); break;
    default:
      if (icmp->is_error()) on_error(step, stack, ports, packet, *icmp, event, message);
      break;
  }
  return event;
}

}  // namespace lvslab::ip
