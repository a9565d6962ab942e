#include "sim/wire/dissect.h"

#include <fmt/format.h>

#include <array>

#include "sim/wire/arp.h"
#include "sim/wire/dissector.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/tunnel.h"

namespace lvslab {

namespace detail {

namespace {

void read_arp(Dissector& d, Slice in);
void read_ipip(Dissector& d, Slice in, const IpContext& ip);
void read_gre(Dissector& d, Slice in, const IpContext& ip);

struct EtherReader {
  EtherType type;
  std::string_view name;
  void (*read)(Dissector&, Slice);
};
constexpr std::array kEtherReaders{
    EtherReader{EtherType::kIpv4, "IPv4", read_ipv4},
    EtherReader{EtherType::kArp, "ARP", read_arp},
    EtherReader{EtherType::kVlan, "802.1Q", nullptr},
    EtherReader{EtherType::kIpv6, "IPv6", read_ipv6},
};

struct IpReader {
  IpProto protocol;
  std::string_view name;
  void (*read)(Dissector&, Slice, const IpContext&);
};
constexpr std::array kIpReaders{
    IpReader{IpProto::kIcmp, "ICMP", read_icmp},     IpReader{IpProto::kTcp, "TCP", read_tcp},
    IpReader{IpProto::kUdp, "UDP", read_udp},        IpReader{IpProto::kIgmp, "IGMP", read_igmp},
    IpReader{IpProto::kIpip, "IPIP", read_ipip},     IpReader{IpProto::kGre, "GRE", read_gre},
    IpReader{IpProto::kVrrp, "VRRP", read_vrrp},     IpReader{IpProto::kIpv6, "IPv6", read_ipip},
    IpReader{IpProto::kIcmp6, "ICMPv6", read_icmp6}, IpReader{IpProto::kSctp, "SCTP", read_sctp},
};

void read_ethernet(Dissector& d) {
  const Bytes frame = d.frame();
  const auto repr = EthernetRepr::parse(frame);
  if (!repr) {
    d.malformed("Ethernet header is truncated", 0, frame.size());
    return;
  }
  const EtherReader* reader = nullptr;
  for (const EtherReader& known : kEtherReaders) {
    if (known.type == repr->ethertype) reader = &known;
  }
  const auto type = static_cast<std::uint16_t>(repr->ethertype);
  d.protocol("Ethernet", fmt::format("{} > {}", repr->src.to_string(), repr->dst.to_string()), 0,
             EthernetRepr::kLength);
  d.field("destination", repr->dst.to_string() + (repr->dst.is_broadcast() ? " (broadcast)" : ""),
          0, 6);
  d.field("source", repr->src.to_string(), 6, 6);
  d.field("type", fmt::format("0x{:04x} ({})", type, reader ? reader->name : "unknown"), 12, 2);
  const Slice payload{EthernetRepr::kLength, frame.size() - EthernetRepr::kLength};
  if (reader != nullptr && reader->read != nullptr) {
    reader->read(d, payload);
  } else if (payload.size > 0) {
    d.protocol(reader ? reader->name : "payload", fmt::format("{} bytes", payload.size), payload.at,
               payload.size);
  }
}

void read_arp(Dissector& d, Slice in) {
  const auto repr = ArpRepr::parse(in.of(d));
  if (!repr) {
    d.malformed(fmt::format("ARP is {}", to_string(repr.error())), in.at, in.size);
    return;
  }
  const std::string target = repr->target_ip.to_string(), sender = repr->sender_ip.to_string();
  std::string what = fmt::format("operation {}", static_cast<int>(repr->op));
  if (repr->op == ArpOp::kRequest) what = fmt::format("who has {}? tell {}", target, sender);
  if (repr->op == ArpOp::kReply) {
    what = fmt::format("{} is at {}", sender, repr->sender_mac.to_string());
  }
  std::string_view op = "unknown";
  if (repr->op == ArpOp::kRequest) op = "request";
  if (repr->op == ArpOp::kReply) op = "reply";
  d.protocol("ARP", std::move(what), in.at, ArpRepr::kLength);
  d.field("hardware type", "1 (Ethernet)", in.at, 2);
  d.field("protocol type", "0x0800 (IPv4)", in.at + 2, 2);
  d.field("hardware length", "6", in.at + 4, 1);
  d.field("protocol length", "4", in.at + 5, 1);
  d.field("operation", fmt::format("{} ({})", static_cast<int>(repr->op), op), in.at + 6, 2);
  d.field("sender MAC", repr->sender_mac.to_string(), in.at + 8, 6);
  d.field("sender IP", sender, in.at + 14, 4);
  d.field("target MAC", repr->target_mac.to_string(), in.at + 18, 6);
  d.field("target IP", target, in.at + 24, 4);
  if (const Slice rest = in.from(ArpRepr::kLength); rest.size > 0) {
    d.protocol("padding", fmt::format("{} bytes", rest.size), rest.at, rest.size);
  }
}

void read_ipip(Dissector& d, Slice in, const IpContext&) { read_carried(d, in); }

void read_gre(Dissector& d, Slice in, const IpContext& ip) {
  const Bytes bytes = in.of(d);
  const bool whole = !ip.fragment && in.size >= ip.length;
  const auto gre = GreRepr::parse_header(bytes);
  if (!gre) {
    d.malformed(fmt::format("GRE header: {}", to_string(gre.error())), in.at, in.size);
    return;
  }
  d.protocol("GRE", fmt::format("carries 0x{:04x}", gre->protocol), in.at, gre->length());
  d.field("flags", gre->checksum ? "0x8000 (checksum)" : "0x0000", in.at, 2);
  d.field("protocol", fmt::format("0x{:04x}", gre->protocol), in.at + 2, 2);
  if (gre->checksum) {
    const std::uint16_t value = load_be16(bytes.data() + 4);
    d.field("checksum", whole ? checksum_text(value, sum_bytes(bytes)) : unverifiable(value),
            in.at + 4, 2);
  }
  const Slice payload = in.from(gre->length());
  const EtherType carried{gre->protocol};
  if (carried == EtherType::kIpv4 || carried == EtherType::kIpv6) {
    read_carried(d, payload);
  } else if (payload.size > 0) {
    d.protocol("payload", fmt::format("{} bytes", payload.size), payload.at, payload.size);
  }
}

const IpReader* find_reader(IpProto protocol) {
  for (const IpReader& known : kIpReaders) {
    if (known.protocol == protocol) return &known;
  }
  return nullptr;
}

void ipv4_fields(Dissector& d, Slice in, const Ipv4Repr& ip, std::string_view protocol) {
  const Bytes bytes = in.of(d);
  const std::size_t at = in.at;
  const std::uint16_t fragment = load_be16(bytes.data() + 6);
  d.protocol("IPv4", fmt::format("{} > {}", ip.src.to_string(), ip.dst.to_string()), at,
             ip.header_length);
  d.field("version", "4", at, 1);
  d.field("header length", fmt::format("{} bytes", ip.header_length), at, 1);
  d.field("type of service", fmt::format("0x{:02x}", ip.tos), at + 1, 1);
  d.field("total length", fmt::format("{} bytes", ip.header_length + ip.payload_length), at + 2, 2);
  d.field("identification", fmt::format("{}", ip.id), at + 4, 2);
  d.field("flags", fmt::format("0x{:x}", fragment >> 13), at + 6, 1);
  d.part("don't fragment", ip.dont_fragment ? "set" : "not set", at + 6, 1);
  d.part("more fragments", ip.more_fragments ? "set" : "not set", at + 6, 1);
  d.field("fragment offset", fmt::format("{}", ip.fragment_offset), at + 6, 2);
  d.field("time to live", fmt::format("{}", ip.ttl), at + 8, 1);
  d.field("protocol", fmt::format("{} ({})", static_cast<int>(ip.protocol), protocol), at + 9, 1);
  d.field("header checksum",
          checksum_text(load_be16(bytes.data() + 10), sum_bytes(bytes.first(ip.header_length))),
          at + 10, 2);
  d.field("source", ip.src.to_string(), at + 12, 4);
  d.field("destination", ip.dst.to_string(), at + 16, 4);
  if (const std::size_t options = ip.header_length - Ipv4Repr::kLength; options > 0) {
    d.field("options", fmt::format("{} bytes", options), at + Ipv4Repr::kLength, options);
  }
}

}  // namespace

std::string unverifiable(std::uint16_t value) {
  return fmt::format("0x{:04x} (not verifiable: part of the data is missing)", value);
}

void read_carried(Dissector& d, Slice in) {
  if (in.size == 0) return;
  if (d.too_deep()) {
    d.protocol("payload", fmt::format("{} bytes", in.size), in.at, in.size);
  } else {
    const bool v6 = in.of(d)[0] >> 4 == 6;
    d.quoted([&] { v6 ? read_ipv6(d, in) : read_ipv4(d, in); });
  }
}

std::string checksum_text(std::uint16_t value, std::uint64_t sum) {
  if (fold_sum(sum) == 0xffff) return fmt::format("0x{:04x} (correct)", value);
  return fmt::format("0x{:04x} (wrong, should be 0x{:04x})", value,
                     fold_sum(std::uint64_t{value} + checksum_of(sum)));
}

std::string_view ip_protocol_name(IpProto protocol) {
  const IpReader* reader = find_reader(protocol);
  return reader != nullptr ? reader->name : "unknown";
}

void read_ip_payload(Dissector& d, Slice payload, IpProto protocol, bool later_fragment,
                     const IpContext& ip) {
  const IpReader* reader = find_reader(protocol);
  if (reader != nullptr && !later_fragment) {
    reader->read(d, payload, ip);
  } else if (payload.size > 0) {
    d.protocol(later_fragment ? "fragment" : "payload", fmt::format("{} bytes", payload.size),
               payload.at, payload.size);
  }
}

void read_ipv4(Dissector& d, Slice in) {
  const auto ip = Ipv4Repr::parse_header(in.of(d));
  if (!ip) {
    d.malformed(fmt::format("IPv4 header: {}", to_string(ip.error())), in.at, in.size);
    return;
  }
  ipv4_fields(d, in, *ip, ip_protocol_name(ip->protocol));
  const Slice rest = in.from(ip->header_length);
  const Slice payload = rest.first(ip->payload_length);
  const IpContext context{ip->src, ip->dst, ip->payload_length, ip->is_fragment()};
  read_ip_payload(d, payload, ip->protocol, ip->fragment_offset != 0, context);
  if (rest.size < ip->payload_length) {
    d.malformed(fmt::format("{} bytes of the packet are missing", ip->payload_length - rest.size),
                rest.at, rest.size);
  } else if (rest.size > payload.size) {
    const Slice padding = rest.from(payload.size);
    d.protocol("padding", fmt::format("{} bytes", padding.size), padding.at, padding.size);
  }
}

}  // namespace detail

std::vector<Field> dissect(Bytes frame) {
  detail::Dissector dissector(frame);
  detail::read_ethernet(dissector);
  return dissector.take();
}

}  // namespace lvslab
