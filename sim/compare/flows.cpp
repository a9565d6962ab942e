#include "sim/compare/flows.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/wire/arp.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/icmpv6.h"
#include "sim/wire/tcp.h"

namespace lvslab::compare {
namespace {

/// Ports, sequence and acknowledgment numbers and flags: as much of TCP as a quote may hold.
constexpr std::size_t kQuotedTcp = 8;
constexpr std::size_t kWholeTcp = 14;

std::string protocol_name(IpProto protocol) {
  switch (protocol) {
    case IpProto::kIcmp: return "ICMP";
    case IpProto::kIcmp6: return "ICMPv6";
    case IpProto::kTcp: return "TCP";
    case IpProto::kUdp: return "UDP";
    case IpProto::kSctp: return "SCTP";
    default: return fmt::format("IP protocol {}", static_cast<int>(protocol));
  }
}

/// INIT or INIT ACK, which stand alone in their packet.
void read_init(Bytes packet, std::optional<SctpInit>& init, bool& answers) {
  if (packet.size() < SctpRepr::kLength) return;
  Bytes rest = packet.subspan(SctpRepr::kLength);
  const auto chunk = take_sctp_chunk(rest);
  if (!chunk) return;
  answers = chunk->type == SctpChunkType::kInitAck;
  if (answers || chunk->type == SctpChunkType::kInit) init = SctpInit::parse(chunk->value);
}

bool passed_a_host(const Trace& trace, const TraceRecord& r) {
  return (r.kind == RecordKind::kFrameSent || r.kind == RecordKind::kFrameReceived) &&
         r.frame.valid() && r.node.valid() && !trace.node(r.node).is_switch;
}

std::string arp_conversation(Bytes frame) {
  const auto arp = ArpRepr::parse(frame.subspan(EthernetRepr::kLength));
  if (!arp) return "ARP";
  const bool reply = arp->op == ArpOp::kReply;
  return fmt::format("ARP {} asks for {}", (reply ? arp->target_ip : arp->sender_ip).to_string(),
                     (reply ? arp->sender_ip : arp->target_ip).to_string());
}

/// As ARP: who asks for whom, questions and answers in one.
std::string neighbour_conversation(const Ipv6Repr& ip, const NeighbourRepr& message) {
  return fmt::format("ND {} asks for {}", (message.advert ? ip.dst : ip.src).to_string(),
                     message.target.to_string());
}

/// Of a packet that belongs to no flow.
std::string six_conversation(Bytes packet, const Ipv6Repr& ip) {
  const Bytes rest = packet.subspan(Ipv6Repr::kLength);
  constexpr IpProto kHopByHop{0};
  if (ip.protocol == kHopByHop) return std::string(kListenerReports);
  if (ip.protocol == IpProto::kIcmp6) {
    if (const auto message = NeighbourRepr::parse(rest)) {
      return neighbour_conversation(ip, *message);
    }
  }
  return fmt::format("{} {} > {}", protocol_name(ip.protocol), ip.src.to_string(),
                     ip.dst.to_string());
}

bool is_echo(IpProto protocol) { return protocol == IpProto::kIcmp || protocol == IpProto::kIcmp6; }

/// The type of an ICMP message in the numbers of IPv4, if it is an echo.
std::optional<IcmpType> echo_type(IpProto protocol, std::uint8_t type) {
  if (protocol == IpProto::kIcmp) {
    const IcmpType known{type};
    if (known == IcmpType::kEchoRequest || known == IcmpType::kEchoReply) return known;
    return std::nullopt;
  }
  if (Icmp6Type{type} == Icmp6Type::kEchoRequest) return IcmpType::kEchoRequest;
  if (Icmp6Type{type} == Icmp6Type::kEchoReply) return IcmpType::kEchoReply;
  return std::nullopt;
}

}  // namespace

Flows::Flows(const Trace& trace) {
  std::vector<TraceRecord> passed;
  for (const TraceRecord& r : trace.records()) {
    if (passed_a_host(trace, r)) passed.push_back(r);
  }
  std::ranges::stable_sort(passed, {}, &TraceRecord::at);
  for (const TraceRecord& r : passed) {
    const auto [frame, is_new] = frames_.try_emplace(r.frame.value);
    if (is_new) read(trace.frame(r.frame), r.at, frame->second);
    for (const Layer& layer : frame->second.layers) {
      if (layer.flow != Layer::kNoFlow) took_part_.insert({layer.flow, r.node});
    }
  }
}

void Flows::read(Bytes frame, SimTime at, ReadFrame& out) {
  out.fields = dissect(frame);
  bool quoted = false;
  for (const Field& field : out.fields) {
    // Errors quote what was sent before: they begin nothing new. What tunnels carry may.
    quoted = quoted || field.name == "ICMP" || field.name == "ICMPv6";
    if (field.name == "query id") learn_query(load_be16(frame.data() + field.offset), out);
    if (field.name != "IPv4" && field.name != "IPv6") continue;
    Layer layer{.at = field.offset};
    read_layer(frame.subspan(field.offset), quoted, at, out, layer);
    out.layers.push_back(layer);
  }
  out.conversation = conversation_of(frame, out);
}

/// A resolver draws the id of each question; the answer repeats it.
void Flows::learn_query(std::uint16_t id, const ReadFrame& read) {
  if (read.layers.empty() || read.layers.back().flow == Layer::kNoFlow) return;
  std::vector<std::uint16_t>& ids = flows_[read.layers.back().flow].query_ids;
  if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

void Flows::read_layer(Bytes packet, bool quoted, SimTime at, ReadFrame& out, Layer& layer) {
  if (const auto six = Ipv6Repr::parse_header(packet)) {
    const auto parsed =
        packet_of({six->protocol, six->src, six->dst, 0, 0}, packet.subspan(Ipv6Repr::kLength));
    if (!parsed) return;
    layer.flow = find_or_begin(*parsed, at);
    const Flow& flow = flows_[layer.flow];
    layer.from_beginner = flow.src == IpAddr(six->src) && flow.src_port == parsed->tuple.src_port;
    return learn_bases(*parsed, quoted, layer);
  }
  const auto ip = Ipv4Repr::parse_header(packet);
  if (!ip) return;
  layer.zero_id = ip->id == 0;
  if (ip->fragment_offset != 0) return;
  const auto parsed =
      packet_of({ip->protocol, ip->src, ip->dst, 0, 0}, packet.subspan(ip->header_length));
  if (!parsed) return;
  layer.flow = find_or_begin(*parsed, at);
  const Flow& flow = flows_[layer.flow];
  layer.from_beginner = flow.src == IpAddr(ip->src) && flow.src_port == parsed->tuple.src_port;
  learn_bases(*parsed, quoted, layer);
  if (!quoted) layer.zero_id = is_zero_id(*parsed, *ip, out, layer);
}

// A socket counts from a number that it draws, so one of 65536 packets has 0 by chance: the one
// after 0xffff, or the first one, before 1. Whoever forwards it sends it once more. Packets without
// DF that belong to no connection are counted in leaps (net/ipv4/route.c: ip_idents_reserve()): one
// of them has 0 by chance if others have not.
bool Flows::is_zero_id(const Packet& packet, const Ipv4Repr& ip, ReadFrame& out,
                       const Layer& layer) {
  Ids& ids = ids_[{layer.flow, layer.from_beginner}];
  const std::uint16_t id = ip.id, before = std::exchange(ids.last, id);
  if (id != 0 && !ip.dont_fragment) ids.counts_divisible = true;
  if (id == 0) {
    if (ids.counts_divisible && !ip.dont_fragment) return false;
    if (before == 0xffff) ids.counted = packet;
    if (ids.counted == packet) return false;
    // The answer to a SYN is sent before anybody counts (ip_build_and_send_pkt()).
    if (!packet.has(tcp_flag::kSyn) || !packet.has(tcp_flag::kAck)) {
      ids.zeros.push_back({packet, &out, out.layers.size()});
    }
    return true;
  }
  if (id == 1 && !ids.zeros.empty()) {
    ids.counted = ids.zeros.back().packet;
    for (const Ids::Zero& zero : ids.zeros) {
      if (zero.packet == *ids.counted) zero.frame->layers[zero.layer].zero_id = false;
    }
  }
  ids.zeros.clear();
  return false;
}

std::optional<Flows::Packet> Flows::packet_of(const Tuple& ip, Bytes rest) const {
  Packet packet{.tuple = ip};
  if (rest.size() < kQuotedTcp) return std::nullopt;
  if (ip.protocol == IpProto::kTcp || ip.protocol == IpProto::kUdp ||
      ip.protocol == IpProto::kSctp) {
    packet.tuple.src_port = load_be16(rest.data());
    packet.tuple.dst_port = load_be16(rest.data() + 2);
    if (ip.protocol == IpProto::kUdp) return packet;
    if (ip.protocol == IpProto::kSctp) {
      read_init(rest, packet.init, packet.answers);
      return packet;
    }
    packet.seq = load_be32(rest.data() + 4);
    if (rest.size() < kWholeTcp) return packet;
    packet.whole = true;
    packet.ack = load_be32(rest.data() + 8);
    packet.flags = rest[13];
    return packet;
  }
  if (!is_echo(ip.protocol)) return std::nullopt;
  const auto icmp = IcmpRepr::parse_header(rest);
  if (!icmp) return std::nullopt;
  const auto type = echo_type(ip.protocol, rest[0]);
  if (!type) return std::nullopt;
  // The identifier stands for the asker's port.
  (*type == IcmpType::kEchoRequest ? packet.tuple.src_port : packet.tuple.dst_port) = icmp->id();
  return packet;
}

// A SYN that never left is known from its quote alone, and may have had the same ports.
bool Flows::begins_anew(const Packet& packet, const Flow& flow) const {
  const bool mine = flow.src == packet.tuple.src && flow.src_port == packet.tuple.src_port;
  const std::size_t side = mine ? 0 : 1;
  if (packet.init) {
    return !packet.answers && flow.tag[side] && *flow.tag[side] != packet.init->tag;
  }
  const bool opens = packet.has(tcp_flag::kSyn) && !packet.has(tcp_flag::kAck);
  return opens && flow.base[side] && *flow.base[side] != packet.seq;
}

std::uint32_t Flows::find_or_begin(const Packet& packet, SimTime at) {
  const auto known = by_tuple_.find(packet.tuple);
  if (known != by_tuple_.end()) {
    const Flow& flow = flows_[known->second];
    if (!begins_anew(packet, flow)) return known->second;
  }
  // Whoever answers did not begin.
  const bool answers = (packet.has(tcp_flag::kSyn) && packet.has(tcp_flag::kAck)) || packet.answers;
  const bool reply = is_echo(packet.tuple.protocol) && packet.tuple.dst_port != 0;
  return begin(answers || reply ? packet.tuple.reversed() : packet.tuple, at);
}

std::uint32_t Flows::begin(const Tuple& tuple, SimTime at) {
  const auto index = static_cast<std::uint32_t>(flows_.size());
  Flow flow{.protocol = tuple.protocol,
            .src = tuple.src,
            .dst = tuple.dst,
            .src_port = tuple.src_port,
            .dst_port = tuple.dst_port,
            .begun = at};
  const bool echo = is_echo(tuple.protocol);
  flow.port_name = fmt::format("{}", tuple.src_port);
  if (echo || is_ephemeral(tuple.src_port)) {
    const auto group = std::tuple(tuple.protocol, tuple.src, tuple.dst, tuple.dst_port);
    flow.port_name = fmt::format("#{}", ++numbers_[group]);
  }
  flow.name =
      echo ? fmt::format("echo {} {} > {}", flow.port_name, tuple.src.to_string(),
                         tuple.dst.to_string())
           : fmt::format("{} {}:{} > {}:{}", protocol_name(tuple.protocol), tuple.src.bracketed(),
                         flow.port_name, tuple.dst.bracketed(), tuple.dst_port);
  if (const std::uint32_t times = ++names_[flow.name]; times > 1) {
    flow.name += fmt::format(" (again, {})", times);
  }
  by_tuple_[tuple] = by_tuple_[tuple.reversed()] = index;
  flows_.push_back(std::move(flow));
  return index;
}

void Flows::learn_bases(const Packet& packet, bool quoted, Layer& layer) {
  if (packet.tuple.protocol == IpProto::kSctp) return learn_association(packet, layer);
  if (packet.tuple.protocol != IpProto::kTcp) return;
  auto& own = flows_[layer.flow].base[layer.from_beginner ? 0 : 1];
  auto& other = flows_[layer.flow].base[layer.from_beginner ? 1 : 0];
  const bool syn = packet.has(tcp_flag::kSyn);
  // What died before it left is known from its quote alone.
  if (!own || (syn && !quoted)) own = packet.seq;
  // A SYN-ACK confirms a SYN, one before what it acknowledges.
  if (!other && packet.has(tcp_flag::kAck)) other = syn ? packet.ack - 1 : packet.ack;
  // A second answer to one SYN has a number of its own, drawn by the clock, quoted or not.
  layer.own_base = syn ? packet.seq : *own;
  layer.other_base = other.value_or(0);
}

// TSNs count from those that INIT and INIT ACK tell. A second answer to one INIT tells others.
void Flows::learn_association(const Packet& packet, Layer& layer) {
  Flow& flow = flows_[layer.flow];
  const std::size_t own = layer.from_beginner ? 0 : 1;
  if (packet.init) {
    flow.tag[own] = packet.init->tag;
    flow.base[own] = packet.init->tsn;
  }
  layer.own_base = flow.base[own].value_or(0);
  layer.other_base = flow.base[1 - own].value_or(0);
}

std::string Flows::conversation_of(Bytes frame, const ReadFrame& read) const {
  const auto eth = EthernetRepr::parse(frame);
  if (!eth) return "a frame that is too short";
  if (eth->ethertype == EtherType::kArp) return arp_conversation(frame);
  if (read.layers.empty()) {
    return fmt::format("type 0x{:04x} from {}", static_cast<unsigned>(eth->ethertype),
                       eth->src.to_string());
  }
  const Layer& outer = read.layers.front();
  if (outer.flow != Layer::kNoFlow) return flows_[outer.flow].name;
  const Bytes packet = frame.subspan(outer.at);
  const Layer& inner = read.layers.back();
  const bool about = read.layers.size() > 1 && inner.flow != Layer::kNoFlow;
  if (const auto six = Ipv6Repr::parse_header(packet)) {
    std::string name = six_conversation(packet, *six);
    if (about) name += " about " + flows_[inner.flow].name;
    return name;
  }
  const auto ip = Ipv4Repr::parse_header(packet);
  if (!ip) return "a broken IPv4 packet";
  std::string name = fmt::format("{} {} > {}", protocol_name(ip->protocol), ip->src.to_string(),
                                 ip->dst.to_string());
  if (about) name += " about " + flows_[inner.flow].name;
  return name;
}

const Flow* Flows::latest(const Peer& from, SimTime at, std::optional<Peer> to, NodeId host) const {
  const Flow* found = nullptr;
  bool found_here = false;
  for (std::uint32_t i = 0; i < flows_.size(); ++i) {
    const Flow& flow = flows_[i];
    if (Peer{flow.src, flow.src_port} != from || flow.begun > at || is_echo(flow.protocol) ||
        (to && *to != Peer{flow.dst, flow.dst_port})) {
      continue;
    }
    // A SYN that was lost on its way took nobody's place at the server.
    const bool here = host.valid() && took_part_.contains({i, host});
    const bool later = found == nullptr || flow.begun > found->begun;
    if (here == found_here ? later : here) {
      found = &flow;
      found_here = here;
    }
  }
  return found;
}

std::string Flows::port_name(IpAddr addr, std::uint16_t port, SimTime at,
                             std::span<const Peer> peers, NodeId host) const {
  if (!is_ephemeral(port)) return fmt::format("{}", port);
  const Peer from{addr, port};
  const Flow* found = nullptr;
  for (const Peer& peer : peers) {
    if (found == nullptr) found = latest(from, at, peer, host);
  }
  if (found == nullptr) found = latest(from, at, {}, host);
  if (found == nullptr) return "#?";
  return fmt::format("{} to {}:{}", found->port_name, found->dst.bracketed(), found->dst_port);
}

const Flow* Flows::flow_between(const Peer& one, const Peer& other, SimTime at, NodeId host) const {
  const Flow* there = latest(one, at, other, host);
  const Flow* back = latest(other, at, one, host);
  if (there == nullptr || back == nullptr) return there == nullptr ? back : there;
  return there->begun > back->begun ? there : back;
}

bool Flows::ports_drawn_again(std::string_view name, SimTime at) const {
  const auto flow = std::ranges::find(flows_, name, &Flow::name);
  if (flow == flows_.end()) return false;
  const auto ends = [](const Flow& f) {
    return std::tuple(f.protocol, f.src, f.dst, f.src_port, f.dst_port);
  };
  return std::any_of(flow + 1, flows_.end(), [&](const Flow& later) {
    return ends(later) == ends(*flow) && later.begun <= at;
  });
}

}  // namespace lvslab::compare
