#include "sim/ip/icmp.h"

#include <algorithm>

#include "sim/ip/send.h"
#include "sim/wire/tcp.h"

namespace lvslab::ip {
namespace {

constexpr std::int64_t kMilli = 1'000'000;

struct ErrorMeaning {
  Errno error;
  bool fatal;
};

/// icmp_err_convert[], net/ipv4/icmp.c, by code of "destination unreachable".
constexpr ErrorMeaning kUnreachableMeaning[] = {
    {Errno::kNetUnreach, false},  {Errno::kHostUnreach, false}, {Errno::kNoProtoOpt, true},
    {Errno::kConnRefused, true},  {Errno::kMsgSize, false},     {Errno::kOpNotSupp, false},
    {Errno::kNetUnreach, true},   {Errno::kHostDown, true},     {Errno::kNoNet, true},
    {Errno::kNetUnreach, true},   {Errno::kHostUnreach, true},  {Errno::kNetUnreach, false},
    {Errno::kHostUnreach, false}, {Errno::kHostUnreach, true},  {Errno::kHostUnreach, true},
    {Errno::kHostUnreach, true},
};

ErrorMeaning meaning_of(const IcmpRepr& icmp) {
  switch (icmp.type) {
    case IcmpType::kUnreachable:
      return icmp.code < std::size(kUnreachableMeaning) ? kUnreachableMeaning[icmp.code]
                                                        : ErrorMeaning{Errno::kHostUnreach, false};
    case IcmpType::kTimeExceeded: return {Errno::kHostUnreach, false};
    case IcmpType::kParameterProblem: return {Errno::kProto, true};
    default: return {Errno::kNone, false};
  }
}

/// Limits count in ticks, where the kernel has them: the last one counts, however long ago it was.
SimTime last_tick(Step& step) {
  const std::int64_t tick = std::max<std::int64_t>(step.timers().tick().ns, 1);
  return SimTime{step.now().ns / tick * tick};
}

Peer& peer_of(Stack& stack, Ipv4Addr addr) {
  std::vector<Peer>& peers = stack.live.get().peers;
  const auto at = std::lower_bound(peers.begin(), peers.end(), addr,
                                   [](const Peer& p, Ipv4Addr a) { return p.addr < a; });
  if (at != peers.end() && at->addr == addr) return *at;
  Peer fresh;
  fresh.addr = addr;
  return *peers.insert(at, fresh);
}

}  // namespace

bool peer_allows(Step& step, Stack& stack, Ipv4Addr addr, SimDuration cost) {
  Peer& peer = peer_of(stack, addr);
  constexpr std::int64_t kBurst = 6;  // XRLIM_BURST_FACTOR
  const SimTime now = last_tick(step);
  SimDuration tokens = std::min(peer.tokens + (now - peer.last), cost * kBurst);
  peer.last = now;
  const bool allowed = tokens >= cost;
  if (allowed) tokens = tokens - cost;
  peer.tokens = tokens;
  return allowed;
}

namespace {

/// icmpv4_mask_allow(): types that no limit concerns.
bool unlimited(const Stack& stack, const IcmpRepr& what) {
  const auto type = static_cast<unsigned>(what.type);
  const bool pmtu = what.type == IcmpType::kUnreachable &&
                    what.code == static_cast<std::uint8_t>(IcmpUnreachable::kFragmentationNeeded);
  return type > 18 || pmtu ||
         (static_cast<unsigned>(global(stack, GlobalKey::kIcmpRatemask)) >> type & 1) == 0;
}

}  // namespace

bool host_allows(Step& step, Stack& stack) {
  Live& live = stack.live.get();
  const std::int64_t rate = global(stack, GlobalKey::kIcmpMsgsPerSec);
  const std::int64_t burst = global(stack, GlobalKey::kIcmpMsgsBurst);
  const SimTime now = last_tick(step);
  const std::int64_t elapsed = std::min((now - live.icmp_credit_at).ns, 1'000'000'000L);
  if (elapsed >= 20 * kMilli) {
    const std::int64_t earned = rate * (elapsed / kMilli) / 1'000;
    if (earned > 0) {
      live.icmp_credit = std::min(live.icmp_credit + earned, burst);
      live.icmp_credit_at = now;
    }
  }
  if (live.icmp_credit <= 0) return false;
  --live.icmp_credit;
  return true;
}

void leave_checksum_to_device(MutBytes segment, std::uint64_t pseudo_header) {
  constexpr std::size_t kFlagsAt = 13;
  if (segment.size() < TcpRepr::kLength) return;
  const bool bare = tcp_header_length(segment) == TcpRepr::kLength;
  if (bare && (segment[kFlagsAt] & tcp_flag::kRst) != 0) return;
  store_be16(segment.data() + TcpRepr::kChecksumAt, fold_sum(pseudo_header));
}

namespace {

/// The rules of __icmp_send() about what deserves an error; Reason::kNone if it does.
Reason why_no_error(Step& step, const Packet& packet, const Route& route, const IcmpRepr& what) {
  if (packet.link_broadcast || route.is(kRouteBroadcast) || route.is(kRouteMulticast)) {
    return Reason::kIcmpNotAboutBroadcast;
  }
  if (packet.ip.fragment_offset != 0) return Reason::kIcmpNotAboutFragment;
  if (what.is_error() && packet.ip.protocol == IpProto::kIcmp) {
    const Bytes icmp = step.frames().bytes(packet.frame).subspan(packet.ip.header_length);
    if (icmp.empty()) return Reason::kIcmpNotAboutError;
    const IcmpRepr inner{IcmpType{icmp[0]}, 0, 0};
    if (inner.is_error() || icmp[0] == 4 || icmp[0] > 18) return Reason::kIcmpNotAboutError;
  }
  return Reason::kNone;
}

Ipv4Addr error_source(const Stack& stack, const Packet& packet, const Route& route) {
  if (route.is(kRouteLocal)) return packet.ip.dst;
  const bool inbound = global(stack, GlobalKey::kIcmpErrorsUseInboundIfaddr) != 0;
  if (route.is(kRouteInput) && inbound && packet.in_dev.valid()) {
    return select_source(stack, packet.in_dev, packet.ip.src, Scope::kLink);
  }
  return {};
}

FrameRef quote(Step& step, const Stack& stack, const Packet& packet, const IcmpRepr& what,
               std::uint32_t mtu) {
  constexpr std::size_t kMost = 576;  // RFC 1812 §4.3.2.3
  const std::size_t room =
      std::min<std::size_t>(mtu, kMost) - Ipv4Repr::kLength - IcmpRepr::kLength;
  FramePool& frames = step.frames();
  const std::size_t length = std::min(room, frames.bytes(packet.frame).size());
  const FrameRef segment = frames.allocate(IcmpRepr::kLength + length);
  const MutBytes out = frames.writable(segment);
  const Bytes from = frames.bytes(packet.frame).first(length);
  std::copy(from.begin(), from.end(), out.begin() + IcmpRepr::kLength);
  const bool own = !packet.in_dev.valid() && has_address(stack, packet.ip.src);
  if (own && packet.ip.protocol == IpProto::kTcp) {
    leave_checksum_to_device(
        out.subspan(IcmpRepr::kLength + packet.ip.header_length),
        pseudo_header_sum(packet.ip.src, packet.ip.dst, static_cast<std::uint8_t>(IpProto::kTcp),
                          packet.ip.payload_length));
  }
  what.emit(out);
  return segment;
}

}  // namespace

bool icmp_send_error(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                     const Route& route, const IcmpRepr& what) {
  const Step::Arguments args{arg(packet.ip.src), static_cast<std::uint32_t>(what.type), what.code};
  const auto silent = [&](Reason reason) {
    step.explain(reason, route.dev, args);
    return false;
  };
  if (const Reason r = why_no_error(step, packet, route, what); r != Reason::kNone) {
    return silent(r);
  }
  const bool free = unlimited(stack, what);
  if (packet.in_dev != kLoopback && !free && !host_allows(step, stack)) {
    return silent(Reason::kIcmpHostLimit);
  }
  IpSend how{.src = error_source(stack, packet, route),
             .dst = packet.ip.src,
             .protocol = IpProto::kIcmp,
             .tos = packet.ip.tos,
             .dont_fragment = false};
  if (what.is_error()) how.attach_to(packet);
  if (what.is_error()) how.tos = static_cast<std::uint8_t>((packet.ip.tos & 0x1e) | 0xc0);
  how.ttl = static_cast<std::uint8_t>(global(stack, GlobalKey::kIpDefaultTtl));
  const auto back = route_output(step, stack, how);
  if (!back) return false;
  if (!free && back->dev != kLoopback &&
      !peer_allows(step, stack, packet.ip.src,
                   {global(stack, GlobalKey::kIcmpRatelimit) * kMilli})) {
    return silent(Reason::kIcmpPeerLimit);
  }
  step.explain(Reason::kIcmpErrorSent, route.dev, args);
  send_routed(step, stack, ports, how, *back, quote(step, stack, packet, what, back->mtu));
  return true;
}

void send_redirect(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                   const Route& route) {
  constexpr std::int64_t kLoad = 20 * kMilli;  // ip_rt_redirect_load
  constexpr std::uint32_t kNumber = 9;         // ip_rt_redirect_number
  const SimDuration silence{kLoad << (kNumber + 1)};
  Peer& peer = peer_of(stack, packet.ip.src);
  const SimTime now = last_tick(step);
  if (now > peer.last + silence) {
    peer.tokens = {};
    peer.redirects = 0;
  }
  const Step::Arguments args{arg(packet.ip.src), arg(packet.ip.dst), arg(route.next_hop)};
  if (peer.redirects >= kNumber) {
    peer.last = now;
    step.explain(Reason::kRedirectSilent, packet.in_dev, args);
    return;
  }
  if (peer.redirects != 0 && now <= peer.last + SimDuration{kLoad << peer.redirects}) {
    step.explain(Reason::kRedirectTooSoon, packet.in_dev, args);
    return;
  }
  step.explain(Reason::kRedirectSent, packet.in_dev, args);
  icmp_send_error(step, stack, ports, packet, route, IcmpRepr::redirect_host(route.next_hop));
  Peer& again = peer_of(stack, packet.ip.src);  // sending may have moved the list
  again.last = now;
  ++again.redirects;
}

void send_no_route_error(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                         const Route& route, Errno error) {
  IcmpUnreachable code = IcmpUnreachable::kNet;
  switch (error) {
    case Errno::kHostUnreach: code = IcmpUnreachable::kHost; break;
    case Errno::kNetUnreach: code = IcmpUnreachable::kNet; break;
    case Errno::kAcces: code = IcmpUnreachable::kAdminProhibited; break;
    default: return;  // blackhole
  }
  // ip_error() has a limit of its own on the same state: five at once, one per second.
  constexpr std::int64_t kCost = 1'000 * kMilli, kBurst = 5 * kCost;
  Peer& peer = peer_of(stack, packet.ip.src);
  const SimTime now = last_tick(step);
  peer.tokens = std::min(peer.tokens + (now - peer.last), SimDuration{kBurst});
  peer.last = now;
  if (peer.tokens < SimDuration{kCost}) {
    step.explain(Reason::kIcmpPeerLimit, packet.in_dev,
                 {arg(packet.ip.src), static_cast<std::uint32_t>(IcmpType::kUnreachable),
                  static_cast<std::uint32_t>(code)});
    return;
  }
  peer.tokens = peer.tokens - SimDuration{kCost};
  icmp_send_error(step, stack, ports, packet, route, IcmpRepr::unreachable(code));
}

namespace {

/// icmp_echo() and icmp_reply(): TOS and data come back as they came, without DF.
void answer_echo(Step& step, Stack& stack, Ports& ports, const Packet& packet, const Route& route,
                 const IcmpRepr& asked) {
  if (global(stack, GlobalKey::kIcmpEchoIgnoreAll) != 0) {
    step.explain(Reason::kEchoIgnored, packet.in_dev, {arg(packet.ip.src), 0, 0});
    return;
  }
  const bool group = route.is(kRouteBroadcast) || route.is(kRouteMulticast);
  const Ipv4Addr self =
      group ? select_source(stack, packet.in_dev, packet.ip.src, Scope::kUniverse) : packet.ip.dst;
  FramePool& frames = step.frames();
  const Bytes from = ipv4_payload(frames.bytes(packet.frame), packet.ip);
  const FrameRef segment = frames.allocate(from.size());
  const MutBytes out = frames.writable(segment);
  const Bytes data = ipv4_payload(frames.bytes(packet.frame), packet.ip);
  std::copy(data.begin(), data.end(), out.begin());
  IcmpRepr{IcmpType::kEchoReply, 0, asked.rest}.emit(out);
  step.explain(Reason::kEchoAnswered, packet.in_dev, {arg(packet.ip.src), arg(self), 0});
  output(step, stack, ports,
         {.src = self,
          .dst = packet.ip.src,
          .protocol = IpProto::kIcmp,
          .tos = packet.ip.tos,
          .ttl = static_cast<std::uint8_t>(global(stack, GlobalKey::kIpDefaultTtl)),
          .dont_fragment = false},
         segment);
}

/// icmp_unreach(), icmp_redirect(): what the error says, and what this host learns from it.
void on_error(Step& step, Stack& stack, Ports& ports, const Packet& packet, IcmpEvent& event,
              Bytes message) {
  const Bytes inner = message.subspan(IcmpRepr::kLength);
  const WireResult<Ipv4Repr> quoted = Ipv4Repr::parse_header(inner);
  constexpr std::size_t kTransport = 8;
  if (!quoted || inner.size() < quoted->header_length + kTransport) {
    step.explain(Reason::kIcmpMalformed, packet.in_dev, {arg(packet.ip.src), 0, 0});
    return;
  }
  event.quoted = *quoted;
  event.quoted_data = inner.subspan(quoted->header_length);
  const ErrorMeaning meaning = meaning_of(event.message);
  event.error = meaning.error;
  event.fatal = meaning.fatal;
  const bool redirect = event.message.type == IcmpType::kRedirect;
  event.kind = redirect ? IcmpEvent::Kind::kRedirect : IcmpEvent::Kind::kError;
  step.explain(
      redirect ? Reason::kRedirectReceived : Reason::kIcmpErrorReceived, packet.in_dev,
      {arg(packet.ip.src), static_cast<std::uint32_t>(event.message.type), event.message.code});
  // TCP decides itself what it believes: its host asks the socket first.
  if (quoted->protocol == IpProto::kTcp) return;
  if (quoted->protocol == IpProto::kUdp) {
    udp_error(step, stack, ports, event, packet.in_dev);
  } else if (redirect) {
    apply_redirect(step, stack, ports, packet.ip.src, quoted->dst, event.message.gateway(),
                   packet.in_dev);
  } else if (event.error == Errno::kMsgSize && event.message.mtu() != 0) {
    update_pmtu(step, stack, quoted->dst, event.message.mtu());
  }
}

}  // namespace

IcmpEvent icmp_receive(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                       const Route& route) {
  IcmpEvent event;
  const Bytes message = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const WireResult<IcmpRepr> icmp = IcmpRepr::parse(message);
  if (!icmp) {
    step.explain(Reason::kIcmpMalformed, packet.in_dev, {arg(packet.ip.src), 0, 0});
    return event;
  }
  event.message = *icmp;
  event.from = packet.ip.src;
  event.to = packet.ip.dst;
  event.ttl = packet.ip.ttl;
  event.size = static_cast<std::uint16_t>(message.size());
  const bool group = route.is(kRouteBroadcast) || route.is(kRouteMulticast);
  if (group && (icmp->type != IcmpType::kEchoRequest ||
                global(stack, GlobalKey::kIcmpEchoIgnoreBroadcasts) != 0)) {
    step.explain(Reason::kEchoIgnoredBroadcast, packet.in_dev, {arg(packet.ip.src), 0, 0});
    return event;
  }
  switch (icmp->type) {
    case IcmpType::kEchoRequest: answer_echo(step, stack, ports, packet, route, *icmp); break;
    case IcmpType::kEchoReply:
      event.kind = IcmpEvent::Kind::kEchoReply;
      event.payload = message.subspan(IcmpRepr::kLength);
      break;
    default:
      if (icmp->is_error()) on_error(step, stack, ports, packet, event, message);
      break;
  }
  return event;
}

}  // namespace lvslab::ip
