#include "sim/netfilter/conntrack.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/wire/icmpv4.h"
#include "sim/wire/tcp.h"
#include "sim/wire/udp.h"

namespace lvslab::netfilter {
namespace {

constexpr SimDuration seconds(std::int64_t s) { return {s * 1'000'000'000}; }
// udp_timeouts[], nf_conntrack_icmp.c, gre_timeouts[], nf_conntrack_proto_generic.c.
constexpr SimDuration kUdpUnanswered = seconds(30), kUdpStream = seconds(120);
constexpr SimDuration kUdpStreamAfter = seconds(2);
constexpr SimDuration kIcmp = seconds(30);
constexpr SimDuration kGreUnanswered = seconds(30), kGreStream = seconds(180);
constexpr SimDuration kGeneric = seconds(600);

bool expired(const Flow& flow, SimTime now) { return flow.confirmed && flow.expires <= now; }

/// ICMP queries that may begin a flow (icmp_packet(): valid_new[]).
bool begins_query(const Tuple& tuple) {
  const unsigned type = tuple.dst.port >> 8;
  return type == 8 || type == 13 || type == 15 || type == 17;
}

bool quotes_a_packet(const IcmpRepr& icmp) {
  constexpr IcmpType kSourceQuench{4};
  return icmp.is_error() || icmp.type == kSourceQuench;
}

std::optional<TcpSegment> segment_of(const Ipv4Repr& ip, Bytes transport) {
  const auto tcp = TcpRepr::parse(transport);
  if (!tcp || !has_sane_flags(*tcp)) return std::nullopt;
  if (!tcp_checksum_ok(transport, ip.src, ip.dst)) return std::nullopt;
  return TcpSegment{*tcp,
                    static_cast<std::uint32_t>(transport.size() - tcp_header_length(transport))};
}

}  // namespace

Conntrack::Found Conntrack::find(SimTime now, const Tuple& tuple) const {
  const std::uint32_t slot = index_.find(tuple.hash(), [&](std::uint32_t i) {
    const Flow& flow = flows_[i / 2];
    return flow.tuple(static_cast<Direction>(i % 2)) == tuple && !expired(flow, now);
  });
  if (slot == IndexTable::kNone) return {};
  return {slot / 2, static_cast<Direction>(slot % 2)};
}

std::uint32_t Conntrack::make(const Tuple& original, const Tuple& reply) {
  const std::uint32_t id = flows_.acquire();
  Flow& flow = flows_[id];
  flow.original = original;
  flow.reply = reply;
  flow.born = ++births_;
  flow.live = true;
  unconfirmed_.push_back(id);
  return id;
}

void Conntrack::take_out(std::uint32_t id) {
  Flow& flow = flows_[id];
  if (flow.confirmed) {
    index_.erase(flow.original.hash(), 2 * id);
    index_.erase(flow.reply.hash(), 2 * id + 1);
  } else {
    std::erase(unconfirmed_, id);
  }
  if (flow.source_done) by_source_.erase(source_hash(flow.original), id);
  flow.live = false;
  flows_.release(id);
}

void Conntrack::forget_flow_of(Packet& packet) {
  take_out(packet.flow.index);
  packet.flow = {};
  packet.tracking = Tracking::kNone;
}

void Conntrack::forget(SimTime now, const Tuple& original) {
  const Found found = find(now, original);
  if (found.flow != FlowId::kNone) take_out(found.flow);
}

void Conntrack::forget_unconfirmed(std::size_t mark) {
  while (unconfirmed_.size() > mark) take_out(unconfirmed_.back());
}

void Conntrack::set(Packet& packet, const Found& found) const {
  const Flow& flow = flows_[found.flow];
  packet.flow = {found.flow, flows_[found.flow].born};
  packet.tracking = found.dir == Direction::kReply ? Tracking::kEstablishedReply
                    : flow.answered                ? Tracking::kEstablished
                                                   : Tracking::kNew;
}

void Conntrack::track(Step& step, Packet& packet) {
  if (packet.tracking == Tracking::kUntracked) return;
  if (packet.flow.valid()) {  // seen already, or an error that is attached to its cause's flow
    const Flow& flow = flows_[packet.flow.index];
    if (flow.live && flow.born == packet.flow.born) return;
    packet.flow = {};
  }
  packet.tracking = Tracking::kNone;
  const Bytes transport = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  if (packet.ip.protocol == IpProto::kIcmp) {
    const auto icmp = IcmpRepr::parse(transport);
    if (icmp && quotes_a_packet(*icmp)) return relate(step.now(), packet, transport);
  }
  if (const auto tuple = tuple_of(packet.ip, transport)) {
    track_flow(step, packet, *tuple, transport);
  }
  if (!packet.flow.valid()) {
    step.explain(Reason::kCtInvalid, packet.in_dev, {arg(packet.ip.src), arg(packet.ip.dst), 0});
  }
}

// nf_conntrack_inet_error(): the quote is a packet of the other direction than the error.
void Conntrack::relate(SimTime now, Packet& packet, Bytes message) {
  const Bytes quote = message.subspan(IcmpRepr::kLength);
  const auto inner = Ipv4Repr::parse_header(quote);
  if (!inner) return;
  const auto quoted = tuple_of(*inner, quote.subspan(inner->header_length));
  if (!quoted) return;
  const auto answer = inverse(*quoted);
  if (!answer) return;
  const Found found = find(now, *answer);
  if (found.flow == FlowId::kNone) return;
  if (flows_[found.flow].tuple(found.dir).dst.addr != packet.ip.dst) return;
  packet.flow = {found.flow, flows_[found.flow].born};
  packet.tracking = found.dir == Direction::kReply ? Tracking::kRelatedReply : Tracking::kRelated;
}

// resolve_normal_ct(), and what the protocol makes of the packet.
void Conntrack::track_flow(Step& step, Packet& packet, const Tuple& tuple, Bytes transport) {
  for (bool again = true; again;) {
    again = false;
    Found found = find(step.now(), tuple);
    if (found.flow == FlowId::kNone) {
      const auto reply = inverse(tuple);
      if (!reply) return;
      found = {make(tuple, *reply), Direction::kOriginal};
    }
    set(packet, found);
    const Handled handled = handle(step.now(), packet, transport);
    if (handled == Handled::kAccept) {
      if (packet.tracking == Tracking::kEstablishedReply) flows_[packet.flow.index].answered = true;
      return;
    }
    again = handled == Handled::kReopen;
    if (again || !flows_[packet.flow.index].confirmed) take_out(packet.flow.index);
    packet.flow = {};
    packet.tracking = Tracking::kNone;
  }
}

Conntrack::Handled Conntrack::handle(SimTime now, Packet& packet, Bytes transport) {
  Flow& flow = flows_[packet.flow.index];
  switch (packet.ip.protocol) {
    case IpProto::kTcp: return handle_tcp(now, packet, transport);
    case IpProto::kUdp: {
      if (!UdpRepr::parse(transport, packet.ip.src, packet.ip.dst)) return Handled::kInvalid;
      if (!flow.confirmed) flow.stream_from = now + kUdpStreamAfter;
      const bool stream = flow.answered && now > flow.stream_from;
      flow.expires = now + (stream ? kUdpStream : kUdpUnanswered);
      flow.assured |= stream;
      return Handled::kAccept;
    }
    case IpProto::kIcmp:
      if (!flow.confirmed && !begins_query(flow.original)) return Handled::kInvalid;
      flow.expires = now + kIcmp;
      return Handled::kAccept;
    case IpProto::kGre:
      flow.expires = now + (flow.answered ? kGreStream : kGreUnanswered);
      flow.assured |= flow.answered;
      return Handled::kAccept;
    default: flow.expires = now + kGeneric; return Handled::kAccept;
  }
}

Conntrack::Handled Conntrack::handle_tcp(SimTime now, Packet& packet, Bytes transport) {
  Flow& flow = flows_[packet.flow.index];
  auto segment = segment_of(packet.ip, transport);
  if (!segment) return Handled::kInvalid;
  if (!flow.confirmed && !begin(flow.tcp, *segment)) return Handled::kInvalid;
  const Direction dir = direction_of(packet.tracking);
  if (flow.shifted) [[unlikely]] {
    segment->ack_shift = flow.shifts[index_of(other(dir))].of(segment->tcp.ack - 1);
  }
  const TcpTrackResult result = follow(flow.tcp, dir, *segment, flow.answered, flow.assured);
  switch (result.verdict) {
    case TcpTrackVerdict::kInvalid: return Handled::kInvalid;
    case TcpTrackVerdict::kReopen: return Handled::kReopen;
    case TcpTrackVerdict::kIgnore: return Handled::kAccept;
    case TcpTrackVerdict::kAccept: break;
  }
  const bool held =
      result.before == TcpTrackState::kSynRecv || result.before == TcpTrackState::kEstablished;
  if (flow.answered && held && flow.tcp.state == TcpTrackState::kEstablished) {
    flow.assured = true;
  }
  if (!result.as_before) flow.expires = result.forget ? now : now + result.lasts;
  return Handled::kAccept;
}

void Conntrack::track_again(Step& step, Packet& packet) {
  const Bytes transport = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const auto tuple = tuple_of(packet.ip, transport);
  const auto answer = tuple ? inverse(*tuple) : std::nullopt;
  Found found = answer ? find(step.now(), *answer) : Found{};
  if (found.flow == FlowId::kNone) return track(step, packet);
  found.dir = other(found.dir);
  set(packet, found);
}

bool Conntrack::confirm(Step& step, const Packet& packet) {
  if (!packet.flow.valid()) return true;
  Flow& flow = flows_[packet.flow.index];
  if (flow.confirmed || direction_of(packet.tracking) != Direction::kOriginal) return true;
  const SimTime now = step.now();
  if (find(now, flow.original).flow != FlowId::kNone ||
      find(now, flow.reply).flow != FlowId::kNone) {
    step.explain(Reason::kCtClash, packet.in_dev,
                 {arg(packet.ip.src), arg(packet.ip.dst), flow.original.dst.port});
    return false;
  }
  std::erase(unconfirmed_, packet.flow.index);
  flow.confirmed = true;
  index_.insert(flow.original.hash(), 2 * packet.flow.index);
  index_.insert(flow.reply.hash(), 2 * packet.flow.index + 1);
  if (size() >= sweep_at_) sweep(now);
  return true;
}

// What is expired is forgotten now and then, so that the table holds at most twice what lives.
void Conntrack::sweep(SimTime now) {
  for (std::uint32_t id = 0; id < flows_.limit(); ++id) {
    if (flows_[id].live && expired(flows_[id], now)) take_out(id);
  }
  constexpr std::size_t kLeast = 1'024;
  sweep_at_ = std::max(kLeast, 2 * size());
}

void Conntrack::untrack(Packet& packet) {
  if (!packet.flow.valid()) return;
  if (!flows_[packet.flow.index].confirmed) take_out(packet.flow.index);
  packet.flow = {};
  packet.tracking = Tracking::kUntracked;
}

std::uint8_t Conntrack::states_of(const Packet& packet) const {
  if (!packet.flow.valid()) {
    return nf_state_bit(packet.tracking == Tracking::kUntracked ? NfState::kUntracked
                                                                : NfState::kInvalid);
  }
  const Flow& flow = flows_[packet.flow.index];
  std::uint8_t bits = 0;
  switch (packet.tracking) {
    case Tracking::kNew: bits = nf_state_bit(NfState::kNew); break;
    case Tracking::kRelated:
    case Tracking::kRelatedReply: bits = nf_state_bit(NfState::kRelated); break;
    default: bits = nf_state_bit(NfState::kEstablished); break;
  }
  if (flow.source_mapped) bits |= nf_state_bit(NfState::kSnat);
  if (flow.destination_mapped) bits |= nf_state_bit(NfState::kDnat);
  return bits;
}

void Conntrack::lose_windows() {
  for (std::uint32_t id = 0; id < flows_.limit(); ++id) {
    for (TcpSide& side : flows_[id].tcp.sides) side.max_window = 0;
  }
}

namespace {

std::string tuple_text(const Tuple& tuple) {
  std::string text =
      fmt::format("src={} dst={} ", tuple.src.addr.to_string(), tuple.dst.addr.to_string());
  if (tuple.protocol == IpProto::kIcmp) {
    text += fmt::format("type={} code={} id={} ", tuple.dst.port >> 8, tuple.dst.port & 0xffU,
                        tuple.src.port);
  } else if (tuple.has_ports()) {
    text += fmt::format("sport={} dport={} ", tuple.src.port, tuple.dst.port);
  } else if (tuple.protocol == IpProto::kGre) {
    text += "srckey=0x0 dstkey=0x0 ";
  }
  return text;
}

std::string_view name_of(IpProto protocol) {
  switch (protocol) {
    case IpProto::kTcp: return "tcp";
    case IpProto::kUdp: return "udp";
    case IpProto::kIcmp: return "icmp";
    case IpProto::kGre: return "gre";
    default: return "unknown";
  }
}

}  // namespace

// nf_conntrack_standalone.c: ct_seq_show().
std::string Conntrack::listing(SimTime now, SimDuration tick) const {
  const auto in_ticks = [&](SimTime at) {
    return tick.ns == 0 ? at.ns : at.ns / tick.ns * tick.ns;
  };
  std::string text;
  for (std::uint32_t id = 0; id < flows_.limit(); ++id) {
    const Flow& flow = flows_[id];
    if (!flow.live || !flow.confirmed || expired(flow, now)) continue;
    text += fmt::format("{:<8} {} {:<8} {} {} ", "ipv4", 2, name_of(flow.original.protocol),
                        static_cast<int>(flow.original.protocol),
                        (in_ticks(flow.expires) - in_ticks(now)) / 1'000'000'000);
    if (flow.original.protocol == IpProto::kTcp) {
      text += fmt::format("{} ", name_of(flow.tcp.state));
    }
    text += tuple_text(flow.original);
    if (!flow.answered) text += "[UNREPLIED] ";
    text += tuple_text(flow.reply);
    if (flow.assured) text += "[ASSURED] ";
    text += "mark=0 use=2\n";
  }
  return text;
}

}  // namespace lvslab::netfilter
