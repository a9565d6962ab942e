// The readers of ICMP, UDP, TCP and payloads behind dissect().
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "sim/wire/dissector.h"
#include "sim/wire/dns.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/ipvs_sync.h"
#include "sim/wire/tcp.h"
#include "sim/wire/text.h"
#include "sim/wire/tunnel.h"
#include "sim/wire/udp.h"

namespace lvslab::detail {

namespace {

std::string icmp_name(const IcmpRepr& icmp) {
  static constexpr std::array<std::string_view, 14> kUnreachable{
      "network unreachable",      "host unreachable",
      "protocol unreachable",     "port unreachable",
      "fragmentation needed",     "source route failed",
      "network unknown",          "host unknown",
      "source host isolated",     "network prohibited",
      "host prohibited",          "network unreachable for this TOS",
      "host unreachable for TOS", "administratively prohibited"};
  switch (icmp.type) {
    case IcmpType::kEchoReply: return "echo reply";
    case IcmpType::kEchoRequest: return "echo request";
    case IcmpType::kRedirect: return icmp.code == 1 ? "redirect for host" : "redirect";
    case IcmpType::kTimeExceeded:
      return icmp.code == 0 ? "time to live exceeded in transit" : "reassembly time exceeded";
    case IcmpType::kParameterProblem: return "parameter problem";
    case IcmpType::kUnreachable:
      return icmp.code < kUnreachable.size() ? std::string(kUnreachable[icmp.code])
                                             : "destination unreachable";
  }
  return "unknown";
}

std::string transport_checksum(Bytes in, std::size_t field, IpProto protocol, const IpContext& ip) {
  const std::uint16_t value = load_be16(in.data() + field);
  if (ip.fragment || in.size() < ip.length) {
    return unverifiable(value);
  }
  return checksum_text(
      value, std::uint64_t{sum_bytes(in)} +
                 pseudo_header_sum(ip.src, ip.dst, static_cast<std::uint8_t>(protocol), in.size()));
}

void icmp_rest(Dissector& d, std::size_t at, const IcmpRepr& icmp) {
  if (icmp.type == IcmpType::kEchoReply || icmp.type == IcmpType::kEchoRequest) {
    d.field("identifier", fmt::format("{}", icmp.id()), at + 4, 2);
    d.field("sequence", fmt::format("{}", icmp.sequence()), at + 6, 2);
  } else if (icmp.type == IcmpType::kRedirect) {
    d.field("gateway", icmp.gateway().to_string(), at + 4, 4);
  } else if (icmp.type == IcmpType::kUnreachable && icmp.code == 4) {
    d.field("next-hop MTU", fmt::format("{} bytes", icmp.mtu()), at + 6, 2);
  } else {
    d.field("rest of header", fmt::format("0x{:08x}", icmp.rest), at + 4, 4);
  }
}

std::string tcp_flag_names(std::uint8_t flags) {
  static constexpr std::array<std::string_view, 8> kNames{"FIN", "SYN", "RST", "PSH",
                                                          "ACK", "URG", "ECE", "CWR"};
  std::string text;
  for (std::size_t bit = 0; bit < kNames.size(); ++bit) {
    if ((flags >> bit & 1U) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[bit];
  }
  return text.empty() ? "none" : text;
}

std::string sack_text(Bytes data) {
  std::string text;
  for (std::size_t i = 0; i + 8 <= data.size(); i += 8) {
    fmt::format_to(std::back_inserter(text), "{}{}-{}", i == 0 ? "" : " ",
                   load_be32(data.data() + i), load_be32(data.data() + i + 4));
  }
  return text;
}

/// One option of `size` bytes with kind and length; `data` is what follows them.
void tcp_option_part(Dissector& d, std::uint8_t kind, Bytes data, std::size_t at) {
  namespace opt = tcp_option;
  const std::size_t size = data.size() + 2;
  if (kind == opt::kMss && size == opt::kMssLength) {
    d.part("maximum segment size", fmt::format("{} bytes", load_be16(data.data())), at, size);
  } else if (kind == opt::kWindowScale && size == opt::kWindowScaleLength) {
    d.part("window scale", fmt::format("{}", data[0]), at, size);
  } else if (kind == opt::kSackPermitted && size == opt::kSackPermittedLength) {
    d.part("SACK permitted", "", at, size);
  } else if (kind == opt::kSack && data.size() % opt::kSackBlockLength == 0) {
    d.part("SACK", sack_text(data), at, size);
  } else if (kind == opt::kTimestamps && size == opt::kTimestampsLength) {
    d.part("timestamps",
           fmt::format("value {}, echo {}", load_be32(data.data()), load_be32(data.data() + 4)), at,
           size);
  } else {
    d.part("option", fmt::format("kind {}, {} bytes", kind, size), at, size);
  }
}

void tcp_options_fields(Dissector& d, Slice in) {
  if (in.size == 0) return;
  d.field("options", fmt::format("{} bytes", in.size), in.at, in.size);
  const Bytes bytes = in.of(d);
  for (std::size_t i = 0; i < bytes.size();) {
    const std::uint8_t kind = bytes[i];
    if (kind == tcp_option::kEnd || kind == tcp_option::kNop) {
      d.part(kind == tcp_option::kEnd ? "end of options" : "no operation", "", in.at + i, 1);
      if (kind == tcp_option::kEnd) return;
      ++i;
      continue;
    }
    const std::size_t left = bytes.size() - i;
    if (left < 2 || bytes[i + 1] < 2 || bytes[i + 1] > left) {
      d.part("malformed", fmt::format("option {} has a bad length", kind), in.at + i, left);
      return;
    }
    tcp_option_part(d, kind, bytes.subspan(i + 2, bytes[i + 1] - 2U), in.at + i);
    i += bytes[i + 1];
  }
}

void tcp_fields(Dissector& d, Slice in, const TcpRepr& tcp, const IpContext& ip) {
  const Bytes bytes = in.of(d);
  const std::size_t at = in.at, header = tcp_header_length(bytes);
  d.protocol("TCP",
             fmt::format("{} > {} [{}]", tcp.src_port, tcp.dst_port, tcp_flag_names(tcp.flags)), at,
             header);
  d.field("source port", fmt::format("{}", tcp.src_port), at, 2);
  d.field("destination port", fmt::format("{}", tcp.dst_port), at + 2, 2);
  d.field("sequence number", fmt::format("{}", tcp.seq), at + 4, 4);
  d.field("acknowledgment number", fmt::format("{}", tcp.ack), at + 8, 4);
  d.field("header length", fmt::format("{} bytes", header), at + 12, 1);
  d.field("flags", fmt::format("0x{:02x} ({})", tcp.flags, tcp_flag_names(tcp.flags)), at + 13, 1);
  d.field("window", fmt::format("{}", tcp.window), at + 14, 2);
  d.field("checksum", transport_checksum(bytes, 16, IpProto::kTcp, ip), at + 16, 2);
  d.field("urgent pointer", fmt::format("{}", tcp.urgent), at + 18, 2);
  tcp_options_fields(d, {at + TcpRepr::kLength, header - TcpRepr::kLength});
}

void read_gue(Dissector& d, Slice in) {
  const auto gue = GueRepr::parse(in.of(d));
  if (!gue || gue->protocol != IpProto::kIpip) {
    d.protocol("payload", fmt::format("{} bytes", in.size), in.at, in.size);
    return;
  }
  d.protocol("GUE", "carries IPIP", in.at, GueRepr::kLength);
  d.field("protocol", "4 (IPIP)", in.at + 1, 1);
  read_carried(d, in.from(GueRepr::kLength));
}

}  // namespace

void read_icmp(Dissector& d, Slice in, const IpContext& ip) {
  const Bytes bytes = in.of(d);
  const auto icmp = IcmpRepr::parse_header(bytes);
  if (!icmp) {
    d.malformed("ICMP header is truncated", in.at, in.size);
    return;
  }
  const bool whole = !ip.fragment && in.size >= ip.length;
  const std::uint16_t checksum = load_be16(bytes.data() + 2);
  d.protocol("ICMP", icmp_name(*icmp), in.at, IcmpRepr::kLength);
  d.field("type", fmt::format("{}", bytes[0]), in.at, 1);
  d.field("code", fmt::format("{}", bytes[1]), in.at + 1, 1);
  d.field("checksum", whole ? checksum_text(checksum, sum_bytes(bytes)) : unverifiable(checksum),
          in.at + 2, 2);
  icmp_rest(d, in.at, *icmp);
  const Slice payload = in.from(IcmpRepr::kLength);
  if (payload.size == 0) return;
  if (icmp->is_error()) {
    read_carried(d, payload);
  } else {
    d.protocol("payload", fmt::format("{} bytes", payload.size), payload.at, payload.size);
  }
}

void read_udp(Dissector& d, Slice in, const IpContext& ip) {
  const Bytes bytes = in.of(d);
  const auto udp = UdpRepr::parse_header(bytes);
  if (!udp) {
    d.malformed(fmt::format("UDP header: {}", to_string(udp.error())), in.at, in.size);
    return;
  }
  const std::size_t length = UdpRepr::kLength + udp->payload_length;
  const Slice datagram = in.first(length);
  IpContext covered = ip;
  covered.length = length;
  d.protocol("UDP", fmt::format("{} > {}", udp->src_port, udp->dst_port), in.at, UdpRepr::kLength);
  d.field("source port", fmt::format("{}", udp->src_port), in.at, 2);
  d.field("destination port", fmt::format("{}", udp->dst_port), in.at + 2, 2);
  d.field("length", fmt::format("{} bytes", length), in.at + 4, 2);
  d.field("checksum",
          load_be16(bytes.data() + 6) == 0
              ? "0x0000 (none)"
              : transport_checksum(datagram.of(d), 6, IpProto::kUdp, covered),
          in.at + 6, 2);
  const Slice payload = datagram.from(UdpRepr::kLength);
  if (udp->dst_port == GueRepr::kPort && !ip.fragment) {
    read_gue(d, payload);
  } else if (udp->dst_port == IpvsSyncRepr::kPort && !ip.fragment && payload.size > 0) {
    read_ipvs_sync(d, payload);
  } else if ((udp->dst_port == DnsRepr::kPort || udp->src_port == DnsRepr::kPort) && !ip.fragment &&
             payload.size > 0) {
    read_dns(d, payload);
  } else {
    read_payload(d, payload, udp->src_port, udp->dst_port);
  }
}

void read_tcp(Dissector& d, Slice in, const IpContext& ip) {
  const auto tcp = TcpRepr::parse(in.of(d));
  if (!tcp) {
    d.malformed(fmt::format("TCP header: {}", to_string(tcp.error())), in.at, in.size);
    return;
  }
  tcp_fields(d, in, *tcp, ip);
  read_payload(d, in.from(tcp_header_length(in.of(d))), tcp->src_port, tcp->dst_port);
}

void read_payload(Dissector& d, Slice in, std::uint16_t src_port, std::uint16_t dst_port) {
  if (in.size == 0) return;
  const Bytes bytes = in.of(d);
  const auto is_http = [](std::uint16_t port) { return port == 80 || port == 8080; };
  if ((is_http(src_port) || is_http(dst_port)) && starts_http_message(bytes)) {
    const std::string_view line = first_text_line(bytes);
    d.protocol("HTTP", std::string(line), in.at, in.size);
    d.field("first line", std::string(line), in.at, line.size());
  } else {
    d.protocol("payload", fmt::format("{} bytes", in.size), in.at, in.size);
  }
}

}  // namespace lvslab::detail
