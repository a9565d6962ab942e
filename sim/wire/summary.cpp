#include "sim/wire/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sim/wire/dns.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/summary_printer.h"
#include "sim/wire/udp.h"

namespace lvslab {

std::string tcpdump_line(Bytes frame, const TcpdumpStyle& style, TcpSequenceTracker& tracker) {
  detail::TcpdumpPrinter printer(style, tracker);
  printer.frame(frame);
  return printer.take();
}

namespace detail {

namespace {

std::string_view ethertype_name(EtherType type) {
  switch (type) {
    case EtherType::kIpv4: return "IPv4";
    case EtherType::kArp: return "ARP";
    case EtherType::kVlan: return "802.1Q";
    case EtherType::kIpv6: return "IPv6";
  }
  return "Unknown";
}

std::string_view protocol_name(IpProto protocol) {
  switch (protocol) {
    case IpProto::kIcmp: return "ICMP";
    case IpProto::kIgmp: return "IGMP";
    case IpProto::kIpip: return "IPIP";
    case IpProto::kTcp: return "TCP";
    case IpProto::kUdp: return "UDP";
    case IpProto::kGre: return "GRE";
    case IpProto::kVrrp: return "VRRP";
    case IpProto::kSctp: return "SCTP";
    case IpProto::kIpv6: return "IPv6";
    case IpProto::kIcmp6: return "ICMPv6";
  }
  return "unknown";
}

std::string fragment_flags(std::uint16_t fragment) {
  std::string text;
  const auto add = [&](std::string_view flag) {
    if (!text.empty()) text += ", ";
    text += flag;
  };
  if ((fragment & 0x2000) != 0) add("+");
  if ((fragment & 0x4000) != 0) add("DF");
  if ((fragment & 0x8000) != 0) add("rsvd");
  return text.empty() ? "none" : text;
}

}  // namespace

std::string TcpdumpPrinter::name_of(IpAddr addr) const {
  const auto found = std::ranges::find(style_.names, addr, &AddrName::addr);
  return found == style_.names.end() ? addr.to_string() : std::string(found->name);
}

void TcpdumpPrinter::addresses(const Ip& ip, std::string_view end) {
  out_ += name_of(ip.src) + " > " + name_of(ip.dst);
  out_ += end;
}

bool TcpdumpPrinter::truncated(std::string_view protocol) {
  fmt::format_to(std::back_inserter(out_), " [|{}]", protocol);
  return false;
}

/// ether_common_print(), print-ether.c
void TcpdumpPrinter::frame(Bytes in) {
  const auto ethernet = EthernetRepr::parse(in);
  if (!ethernet) {
    truncated("ether");
    return;
  }
  const bool known = ethernet->ethertype == EtherType::kArp ||
                     ethernet->ethertype == EtherType::kIpv4 ||
                     ethernet->ethertype == EtherType::kIpv6;
  if (style_.link_header || !known) {
    fmt::format_to(std::back_inserter(out_),
                   "{} > {}, ethertype {} (0x{:04x}), length {}: ", ethernet->src.to_string(),
                   ethernet->dst.to_string(), ethertype_name(ethernet->ethertype),
                   static_cast<std::uint16_t>(ethernet->ethertype), in.size());
  }
  const Bytes payload = in.subspan(EthernetRepr::kLength);
  if (ethernet->ethertype == EtherType::kArp) arp(payload);
  if (ethernet->ethertype == EtherType::kIpv4) ipv4(payload, payload.size());
  if (ethernet->ethertype == EtherType::kIpv6) ipv6(payload, payload.size());
}

/// arp_print(), print-arp.c
void TcpdumpPrinter::arp(Bytes in) {
  const auto repr = ArpRepr::parse(in);
  if (!repr && repr.error() == WireError::kTruncated) {
    truncated("arp");
    return;
  }
  if (!style_.link_header) out_ += "ARP, ";
  if (!repr) {
    fmt::format_to(std::back_inserter(out_), "unsupported format, length {}", in.size());
    return;
  }
  if (style_.verbose > 0) out_ += "Ethernet (len 6), IPv4 (len 4), ";
  if (repr->op == ArpOp::kRequest) {
    out_ += "Request who-has " + name_of(repr->target_ip);
    if (!repr->target_mac.is_zero()) out_ += " (" + repr->target_mac.to_string() + ")";
    out_ += " tell " + name_of(repr->sender_ip);
  } else if (repr->op == ArpOp::kReply) {
    out_ += "Reply " + name_of(repr->sender_ip) + " is-at " + repr->sender_mac.to_string();
  } else {
    fmt::format_to(std::back_inserter(out_), "Unknown ({}) ", static_cast<std::uint16_t>(repr->op));
    return;
  }
  fmt::format_to(std::back_inserter(out_), ", length {}", in.size());
}

/// ip_print(), print-ip.c
bool TcpdumpPrinter::ipv4(Bytes in, std::size_t length) {
  if (in.empty()) return truncated("ip");
  const auto out = std::back_inserter(out_);
  if (const int version = in[0] >> 4; version != 4) {
    out_ += version == 6 ? "IP6, wrong link-layer encapsulation" : fmt::format("IP{}", version);
    out_ += " (invalid)";
    return true;
  }
  if (!style_.link_header) out_ += "IP ";
  if (in.size() < Ipv4Repr::kLength) return truncated("ip");
  if (length < Ipv4Repr::kLength) {
    fmt::format_to(out, "truncated-ip {}", length);
    return true;
  }
  const std::size_t header_length = std::size_t{4} * (in[0] & 0xfU);
  if (header_length < Ipv4Repr::kLength) {
    fmt::format_to(out, "bad-hlen {}", header_length);
    return true;
  }
  const std::size_t total = load_be16(in.data() + 2);
  if (length < total) fmt::format_to(out, "truncated-ip - {} bytes missing! ", total - length);
  if (total < header_length) {
    fmt::format_to(out, "bad-len {}", total);
    return true;
  }
  return ipv4_body(in.first(std::min(in.size(), total)), header_length, total - header_length);
}

bool TcpdumpPrinter::ipv4_body(Bytes in, std::size_t header_length, std::size_t length) {
  if (style_.verbose > 0) ipv4_verbose(in, header_length);
  const std::uint16_t fragment = load_be16(in.data() + 6);
  const Ip ip{load_ipv4(in.data() + 12), load_ipv4(in.data() + 16), IpProto{in[9]},
              (fragment & 0x2000) != 0};
  if ((fragment & 0x1fff) != 0) {
    addresses(ip, fmt::format(": ip-proto-{}", in[9]));
    return true;
  }
  const bool ports =
      ip.protocol == IpProto::kTcp || ip.protocol == IpProto::kUdp || ip.protocol == IpProto::kSctp;
  if (!ports) addresses(ip, ": ");
  if (in.size() < header_length) {
    fmt::format_to(std::back_inserter(out_), " [remaining caplen({}) < header length({})]",
                   in.size(), header_length);
    return truncated("ip");
  }
  const Bytes payload = in.subspan(header_length);
  switch (ip.protocol) {
    case IpProto::kTcp: return tcp(payload, length, ip);
    case IpProto::kUdp: return udp(payload, length, ip);
    case IpProto::kSctp: return sctp(payload, length, ip);
    case IpProto::kIcmp: return icmp(payload, length, ip);
    case IpProto::kIgmp: return igmp(payload, length);
    case IpProto::kVrrp: return vrrp(payload, length, ip);
    default: break;
  }
  fmt::format_to(std::back_inserter(out_), " ip-proto-{} {}", in[9], length);
  return true;
}

void TcpdumpPrinter::ipv4_verbose(Bytes in, std::size_t header_length) {
  static constexpr std::array<std::string_view, 4> kEcn{"", ",ECT(1)", ",ECT(0)", ",CE"};
  const auto out = std::back_inserter(out_);
  const std::uint16_t fragment = load_be16(in.data() + 6);
  fmt::format_to(out, "(tos 0x{:x}{}", in[1], kEcn[in[1] & 3U]);
  if (in[8] >= 1) fmt::format_to(out, ", ttl {}", in[8]);
  fmt::format_to(out, ", id {}, offset {}, flags [{}], proto {} ({}), length {}",
                 load_be16(in.data() + 4), (fragment & 0x1fff) * 8, fragment_flags(fragment),
                 protocol_name(IpProto{in[9]}), in[9], load_be16(in.data() + 2));
  if (header_length > Ipv4Repr::kLength) {
    constexpr std::uint8_t kRouterAlert = 148;
    const bool alert = header_length == Ipv4Repr::kLength + 4 && in.size() > Ipv4Repr::kLength &&
                       in[Ipv4Repr::kLength] == kRouterAlert;
    out_ += alert ? ", options (RA)" : ", options (...)";
  }
  if (header_length <= in.size()) {
    const std::uint32_t sum = sum_bytes(in.first(header_length));
    const std::uint16_t field = load_be16(in.data() + 10);
    if (sum != 0xffff) {
      fmt::format_to(out, ", bad cksum {:x} (->{:x})!", field, checksum_should_be(field, sum));
    }
  }
  out_ += ")\n    ";
}

/// icmp_print(), print-icmp.c
bool TcpdumpPrinter::icmp(Bytes in, std::size_t length, const Ip& ip) {
  const std::string text = icmp_text(in, style_.names);
  if (text.empty()) return truncated("icmp");
  fmt::format_to(std::back_inserter(out_), "ICMP {}, length {}", text, length);
  if (style_.verbose == 0) return true;
  if (!ip.fragmented && in.size() >= length) {
    const std::uint32_t sum = sum_bytes(in.first(length));
    const std::uint16_t field = load_be16(in.data() + 2);
    if (sum != 0xffff) {
      fmt::format_to(std::back_inserter(out_), " (wrong icmp cksum {:x} (->{:x})!)", field,
                     checksum_should_be(field, sum));
    }
  }
  const bool quotes = in[0] == 3 || in[0] == 4 || in[0] == 5 || in[0] == 11 || in[0] == 12;
  return quotes ? icmp_quoted(in) : true;
}

bool TcpdumpPrinter::icmp_quoted(Bytes in) {
  out_ += "\n\t";
  if (in.size() < IcmpRepr::kLength + 4) return truncated("icmp");
  const Bytes quoted = in.subspan(IcmpRepr::kLength);
  const std::size_t total = load_be16(quoted.data() + 2);
  return ipv4(quoted.first(std::min(quoted.size(), total)), total);
}

/// udp_print(), print-udp.c
bool TcpdumpPrinter::udp(Bytes in, std::size_t length, const Ip& ip) {
  if (in.size() < 4) {
    addresses(ip, ": ");
    return truncated("udp");
  }
  const auto out = std::back_inserter(out_);
  fmt::format_to(out, "{}.{} > {}.{}: ", name_of(ip.src), load_be16(in.data()), name_of(ip.dst),
                 load_be16(in.data() + 2));
  if (length < UdpRepr::kLength) {
    fmt::format_to(out, "truncated-udp {}", length);
    return true;
  }
  if (in.size() < 6) return truncated("udp");
  const std::size_t datagram = load_be16(in.data() + 4);
  if (datagram < UdpRepr::kLength) {
    fmt::format_to(out, "truncated-udplength {}", datagram);
    return true;
  }
  if (in.size() < UdpRepr::kLength) return truncated("udp");
  const bool is_dns =
      load_be16(in.data()) == DnsRepr::kPort || load_be16(in.data() + 2) == DnsRepr::kPort;
  if (is_dns && datagram <= in.size() && dns(in.first(datagram).subspan(UdpRepr::kLength)))
    return true;
  if (datagram > length && !ip.fragmented) {
    fmt::format_to(out, "UDP, bad length {} > {}", datagram - UdpRepr::kLength,
                   length - UdpRepr::kLength);
  } else {
    fmt::format_to(out, "UDP, length {}", datagram - UdpRepr::kLength);
  }
  return true;
}

}  // namespace detail
}  // namespace lvslab
