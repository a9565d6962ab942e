#include "sim/trace/frame_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "sim/wire/arp.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/icmpv6.h"
#include "sim/wire/ipv4.h"
#include "sim/wire/sctp.h"
#include "sim/wire/tcp.h"
#include "sim/wire/tunnel.h"
#include "sim/wire/udp.h"

namespace lvslab {
namespace {

std::string tail_of(Ipv4Addr address) { return fmt::format(".{}", address.bits & 0xff); }
std::string tail_of(Ipv6Addr address) { return fmt::format(":{:x}", address.low & 0xffff); }

void read_arp(Bytes in, FrameFacts& facts) {
  facts.protocol = Protocol::kArp;
  const auto arp = ArpRepr::parse(in);
  if (!arp) return;
  facts.has_ip = true;
  facts.src = arp->sender_ip;
  facts.dst = arp->target_ip;
  facts.arp_reply = arp->op == ArpOp::kReply;
  if (arp->sender_ip == arp->target_ip) {
    facts.label = "my " + tail_of(arp->sender_ip);
  } else if (facts.arp_reply) {
    facts.label = tail_of(arp->sender_ip) + " is-at";
  } else {
    facts.label = "who-has " + tail_of(arp->target_ip);
  }
}

std::string http_label(Bytes payload) {
  const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  if (text.starts_with("HTTP/") && text.size() > 12) return fmt::format("{}", text.substr(9, 3));
  for (const std::string_view method : {"GET ", "POST ", "HEAD "}) {
    if (text.starts_with(method)) return std::string(method.substr(0, method.size() - 1));
  }
  return {};
}

void read_tcp(Bytes in, FrameFacts& facts) {
  facts.protocol = Protocol::kTcp;
  const auto tcp = TcpRepr::parse(in);
  if (!tcp) return;
  facts.src_port = tcp->src_port;
  facts.dst_port = tcp->dst_port;
  facts.tcp_seq = tcp->seq;
  facts.syn = tcp->has(tcp_flag::kSyn);
  facts.ack = tcp->has(tcp_flag::kAck);
  facts.fin = tcp->has(tcp_flag::kFin);
  facts.rst = tcp->has(tcp_flag::kRst);
  const Bytes payload = in.subspan(tcp_header_length(in));
  facts.payload = static_cast<std::uint32_t>(payload.size());
  if (facts.rst) {
    facts.label = "RST";
  } else if (facts.syn) {
    facts.label = facts.ack ? "SYN,ACK" : "SYN";
  } else if (facts.fin) {
    facts.label = "FIN";
  } else if (!payload.empty()) {
    facts.label = http_label(payload);
    if (facts.label.empty()) facts.label = fmt::format("{} B", payload.size());
  } else {
    facts.label = "ACK";
  }
}

void read_icmp(Bytes in, FrameFacts& facts) {
  facts.protocol = Protocol::kIcmp;
  if (in.size() < 8) return;
  const std::uint8_t type = in[0];
  if (type == 0 || type == 8) {
    facts.icmp_id = load_be16(in.data() + 4);
    facts.label = type == 8 ? "echo" : "echo reply";
    return;
  }
  facts.error = type == 3 || type == 11 || type == 12;
  constexpr auto kUnreachable = std::to_array<std::string_view>(
      {"net unreach", "host unreach", "proto unreach", "port unreach", "frag needed"});
  if (type == 3) {
    facts.label = in[1] < kUnreachable.size() ? kUnreachable[in[1]] : "unreach";
  } else if (type == 11) {
    facts.label = "ttl exceeded";
  } else if (type == 5) {
    facts.label = "redirect";
  } else {
    facts.label = fmt::format("type {}", type);
  }
}

void read_neighbour(const NeighbourRepr& message, FrameFacts& facts) {
  if (!message.advert) {
    facts.label = "who-has " + tail_of(message.target);
  } else {
    facts.label = (message.solicited ? "" : "my ") + tail_of(message.target) +
                  (message.solicited ? " is-at" : "");
  }
}

void read_icmp6(Bytes in, FrameFacts& facts) {
  facts.protocol = Protocol::kIcmp;
  const auto icmp = Icmp6Repr::parse_header(in);
  if (!icmp) return;
  facts.error = icmp->is_error();
  constexpr auto kUnreachable = std::to_array<std::string_view>(
      {"no route", "prohibited", "beyond scope", "addr unreach", "port unreach"});
  switch (icmp->type) {
    case Icmp6Type::kEchoRequest:
    case Icmp6Type::kEchoReply:
      facts.icmp_id = icmp->id();
      facts.label = icmp->type == Icmp6Type::kEchoRequest ? "echo" : "echo reply";
      return;
    case Icmp6Type::kNeighbourSolicit:
    case Icmp6Type::kNeighbourAdvert:
      if (const auto message = NeighbourRepr::parse(in)) read_neighbour(*message, facts);
      return;
    case Icmp6Type::kUnreachable:
      facts.label = icmp->code < kUnreachable.size() ? kUnreachable[icmp->code] : "unreach";
      return;
    case Icmp6Type::kTimeExceeded: facts.label = "hops exceeded"; return;
    case Icmp6Type::kPacketTooBig: facts.label = "too big"; return;
    case Icmp6Type::kRedirect: facts.label = "redirect"; return;
    case Icmp6Type::kListenerReport: facts.label = "MLD"; return;
    default: facts.label = fmt::format("type {}", in[0]); return;
  }
}

void read_ip(Bytes in, FrameFacts& facts, int depth);

void enter(Bytes inner, Envelope envelope, FrameFacts& facts, int depth) {
  if (facts.envelope == Envelope::kNone) {
    facts.envelope = envelope;
    facts.outer_src = facts.src;
    facts.outer_dst = facts.dst;
  }
  read_ip(inner, facts, depth + 1);
}

void read_gre(Bytes in, FrameFacts& facts, int depth) {
  const auto gre = GreRepr::parse_header(in);
  if (!gre) return;
  const EtherType carried{gre->protocol};
  if (carried == EtherType::kIpv4 || carried == EtherType::kIpv6) {
    enter(in.subspan(gre->length()), Envelope::kGre, facts, depth);
  }
}

void read_udp(Bytes in, FrameFacts& facts, int depth) {
  facts.protocol = Protocol::kUdp;
  if (in.size() < UdpRepr::kLength) return;
  facts.src_port = load_be16(in.data());
  facts.dst_port = load_be16(in.data() + 2);
  facts.payload = static_cast<std::uint32_t>(in.size() - UdpRepr::kLength);
  facts.label = fmt::format(":{}", std::min(facts.src_port, facts.dst_port));
  if (facts.dst_port != GueRepr::kPort) return;
  const Bytes carried = in.subspan(UdpRepr::kLength);
  const auto gue = GueRepr::parse(carried);
  if (gue && gue->protocol == IpProto::kIpip) {
    enter(carried.subspan(GueRepr::kLength), Envelope::kGue, facts, depth);
  }
}

// The first chunk names the packet; of bundled ones it is the one that matters to IPVS.
void read_sctp(Bytes in, FrameFacts& facts) {
  facts.protocol = Protocol::kSctp;
  const auto sctp = SctpRepr::parse_header(in);
  if (!sctp) return;
  facts.src_port = sctp->src_port;
  facts.dst_port = sctp->dst_port;
  Bytes rest = in.subspan(SctpRepr::kLength);
  const auto chunk = take_sctp_chunk(rest);
  if (!chunk) return;
  facts.label = name_of(chunk->type);
  if (facts.label.empty()) facts.label = fmt::format("chunk {}", static_cast<int>(chunk->type));
  if (chunk->type != SctpChunkType::kData || chunk->value.size() < SctpData::kLength) return;
  facts.payload = static_cast<std::uint32_t>(chunk->value.size() - SctpData::kLength);
  facts.label = fmt::format("{} B", facts.payload);
}

void read_payload(IpProto protocol, Bytes payload, FrameFacts& facts, int depth) {
  switch (protocol) {
    case IpProto::kIcmp: return read_icmp(payload, facts);
    case IpProto::kIcmp6: return read_icmp6(payload, facts);
    case IpProto::kTcp: return read_tcp(payload, facts);
    case IpProto::kUdp: return read_udp(payload, facts, depth);
    case IpProto::kSctp: return read_sctp(payload, facts);
    case IpProto::kIpip:
    case IpProto::kIpv6: return enter(payload, Envelope::kIpip, facts, depth);
    case IpProto::kGre: return read_gre(payload, facts, depth);
    case IpProto::kVrrp:
      facts.protocol = Protocol::kVrrp;
      if (payload.size() >= 4) facts.label = fmt::format("vrid {} prio {}", payload[1], payload[2]);
      return;
    case IpProto::kIgmp: facts.label = "IGMP"; return;
    default: facts.label = fmt::format("proto {}", static_cast<int>(protocol)); return;
  }
}

void read_ipv6(Bytes in, FrameFacts& facts, int depth) {
  const auto ip = Ipv6Repr::parse_header(in);
  if (!ip) return;
  facts.has_ip = true;
  facts.src = ip->src;
  facts.dst = ip->dst;
  Bytes payload = in.subspan(Ipv6Repr::kLength);
  payload = payload.first(std::min<std::size_t>(payload.size(), ip->payload_length));
  IpProto protocol = ip->protocol;
  constexpr IpProto kHopByHop{0};
  if (protocol == kHopByHop && payload.size() >= 8) {
    protocol = IpProto{payload[0]};
    payload = payload.subspan(std::min<std::size_t>(payload.size(), 8 + payload[1] * 8U));
  }
  read_payload(protocol, payload, facts, depth);
}

void read_ipv4(Bytes in, FrameFacts& facts, int depth) {
  const auto ip = Ipv4Repr::parse_header(in);
  if (!ip) return;
  facts.has_ip = true;
  facts.src = ip->src;
  facts.dst = ip->dst;
  const std::size_t end =
      std::min<std::size_t>(in.size(), std::size_t{ip->header_length} + ip->payload_length);
  const Bytes payload = in.subspan(ip->header_length, end - ip->header_length);
  if (ip->fragment_offset != 0) {
    facts.label = "fragment";
    return;
  }
  read_payload(ip->protocol, payload, facts, depth);
}

void read_ip(Bytes in, FrameFacts& facts, int depth) {
  if (in.empty() || depth > 2) return;
  in[0] >> 4 == 6 ? read_ipv6(in, facts, depth) : read_ipv4(in, facts, depth);
}

}  // namespace

FrameFacts facts_of(Bytes frame) {
  FrameFacts facts;
  const auto eth = EthernetRepr::parse(frame);
  if (!eth) return facts;
  facts.src_mac = eth->src;
  facts.dst_mac = eth->dst;
  const Bytes payload = frame.subspan(EthernetRepr::kLength);
  if (eth->ethertype == EtherType::kArp) {
    read_arp(payload, facts);
  } else if (eth->ethertype == EtherType::kIpv4 || eth->ethertype == EtherType::kIpv6) {
    read_ip(payload, facts, 0);
  } else {
    facts.label = fmt::format("0x{:04x}", static_cast<int>(eth->ethertype));
  }
  return facts;
}

std::string protocol_name(const FrameFacts& facts) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"ARP", "ICMP", "TCP", "UDP", "SCTP", "VRRP", "other"});
  constexpr auto kEnvelopes = std::to_array<std::string_view>({"", "IPIP/", "GRE/", "GUE/"});
  return fmt::format("{}{}", kEnvelopes[static_cast<std::size_t>(facts.envelope)],
                     kNames[static_cast<std::size_t>(facts.protocol)]);
}

namespace {

// The end with the higher port is the client's.
std::pair<IpAddr, std::uint16_t> client_end(const FrameFacts& facts) {
  if (facts.src_port > facts.dst_port) return {facts.src, facts.src_port};
  return {facts.dst, facts.dst_port};
}

}  // namespace

bool same_conversation(const FrameFacts& a, const FrameFacts& b) {
  if (a.protocol != b.protocol || !a.has_ip || !b.has_ip) return false;
  switch (a.protocol) {
    case Protocol::kTcp:
    case Protocol::kSctp:
    case Protocol::kUdp: return client_end(a).second == client_end(b).second;
    case Protocol::kIcmp: return !a.error && !b.error && a.icmp_id == b.icmp_id;
    case Protocol::kArp: {
      const IpAddr asked = a.arp_reply ? a.src : a.dst;
      return asked == (b.arp_reply ? b.src : b.dst);
    }
    case Protocol::kVrrp: return true;
    case Protocol::kOther: return a.src == b.src && a.dst == b.dst;
  }
  return false;
}

}  // namespace lvslab
