// The readers of IPv6, ICMPv6 and neighbour discovery behind dissect().
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/wire/dissector.h"
#include "sim/wire/icmpv6.h"

namespace lvslab::detail {
namespace {

// Extension headers (RFC 8200 §4): of 8 bytes and as many more units of 8 as the second byte says.
constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;

std::string_view extension_name(std::uint8_t number) {
  switch (number) {
    case kHopByHop: return "hop-by-hop options";
    case kRouting: return "routing header";
    case kFragment: return "fragment header";
    case kDestination: return "destination options";
    default: return {};
  }
}

std::string header_text(std::uint8_t number) {
  const std::string_view extension = extension_name(number);
  return fmt::format("{} ({})", number,
                     extension.empty() ? ip_protocol_name(IpProto{number}) : extension);
}

void ipv6_fields(Dissector& d, std::size_t at, const Ipv6Repr& ip) {
  d.protocol("IPv6", fmt::format("{} > {}", ip.src.to_string(), ip.dst.to_string()), at,
             Ipv6Repr::kLength);
  d.field("version", "6", at, 1);
  d.field("traffic class", fmt::format("0x{:02x}", ip.traffic_class), at, 2);
  d.field("flow label", fmt::format("0x{:05x}", ip.flow_label), at + 1, 3);
  d.field("payload length", fmt::format("{} bytes", ip.payload_length), at + 4, 2);
  d.field("next header", header_text(static_cast<std::uint8_t>(ip.protocol)), at + 6, 1);
  d.field("hop limit", fmt::format("{}", ip.hop_limit), at + 7, 1);
  d.field("source", ip.src.to_string(), at + 8, 16);
  d.field("destination", ip.dst.to_string(), at + 24, 16);
}

/// What stands behind the IPv6 header and its extensions.
struct Upper {
  Slice in;
  std::uint8_t protocol = 0;
  bool fragment = false, later_fragment = false;
};

/// Reads the extension headers; false if one of them is cut short.
bool read_extensions(Dissector& d, Upper& upper) {
  while (!extension_name(upper.protocol).empty()) {
    const std::string_view name = extension_name(upper.protocol);
    const Bytes bytes = upper.in.of(d);
    const bool fragment = upper.protocol == kFragment;
    const std::size_t size = bytes.size() < 8 ? 8 : fragment ? 8 : 8 + bytes[1] * std::size_t{8};
    if (bytes.size() < size) {
      d.malformed(fmt::format("{}: truncated", name), upper.in.at, upper.in.size);
      return false;
    }
    d.protocol(name, fmt::format("{} bytes", size), upper.in.at, size);
    d.field("next header", header_text(bytes[0]), upper.in.at, 1);
    if (fragment) {
      const std::uint16_t word = load_be16(bytes.data() + 2);
      upper.fragment = true;
      upper.later_fragment = (word & 0xfff8) != 0;
      d.field("fragment offset", fmt::format("{}", word & 0xfff8), upper.in.at + 2, 2);
      d.field("more fragments", (word & 1) != 0 ? "set" : "not set", upper.in.at + 3, 1);
      d.field("identification", fmt::format("0x{:08x}", load_be32(bytes.data() + 4)),
              upper.in.at + 4, 4);
      if (upper.later_fragment) {
        upper.protocol = bytes[0];
        upper.in = upper.in.from(size);
        return true;
      }
    }
    upper.protocol = bytes[0];
    upper.in = upper.in.from(size);
  }
  return true;
}

std::string unreachable_name(std::uint8_t code) {
  static constexpr std::array<std::string_view, 7> kCodes{"no route",
                                                          "administratively prohibited",
                                                          "beyond scope of source",
                                                          "address unreachable",
                                                          "port unreachable",
                                                          "source address failed policy",
                                                          "reject route"};
  return code < kCodes.size() ? std::string(kCodes[code]) : "destination unreachable";
}

std::string icmp6_name(const Icmp6Repr& icmp) {
  switch (icmp.type) {
    case Icmp6Type::kUnreachable: return unreachable_name(icmp.code);
    case Icmp6Type::kPacketTooBig: return "packet too big";
    case Icmp6Type::kTimeExceeded:
      return icmp.code == 0 ? "hop limit exceeded in transit" : "reassembly time exceeded";
    case Icmp6Type::kParameterProblem: return "parameter problem";
    case Icmp6Type::kEchoRequest: return "echo request";
    case Icmp6Type::kEchoReply: return "echo reply";
    case Icmp6Type::kRouterSolicit: return "router solicitation";
    case Icmp6Type::kRouterAdvert: return "router advertisement";
    case Icmp6Type::kNeighbourSolicit: return "neighbour solicitation";
    case Icmp6Type::kNeighbourAdvert: return "neighbour advertisement";
    case Icmp6Type::kRedirect: return "redirect";
    case Icmp6Type::kListenerReport: return "multicast listener report";
  }
  return "unknown";
}

void neighbour_fields(Dissector& d, Slice in) {
  const auto message = NeighbourRepr::parse(in.of(d));
  if (!message) {
    d.malformed(fmt::format("neighbour discovery is {}", to_string(message.error())), in.at,
                in.size);
    return;
  }
  if (message->advert) {
    const auto flag = [&](std::string_view name, bool set) {
      d.part(name, set ? "set" : "not set", in.at + 4, 1);
    };
    d.field("flags", fmt::format("0x{:x}", load_be32(in.of(d).data() + 4) >> 29), in.at + 4, 1);
    flag("router", message->router);
    flag("solicited", message->solicited);
    flag("override", message->override);
  }
  d.field("target IP", message->target.to_string(), in.at + 8, 16);
  const Bytes bytes = in.of(d);
  for (std::size_t at = NeighbourRepr::kLength; at + 2 <= bytes.size();) {
    const std::size_t size = bytes[at + 1] * std::size_t{8};
    const bool source = bytes[at] == NeighbourRepr::kSourceOption;
    if (source || bytes[at] == NeighbourRepr::kTargetOption) {
      d.field(source ? "source MAC" : "target MAC", load_mac(bytes.data() + at + 2).to_string(),
              in.at + at, size);
    } else {
      d.field("option", fmt::format("type {}, {} bytes", bytes[at], size), in.at + at, size);
    }
    at += size;
  }
}

/// RFC 3810 §5.2
void listener_report_fields(Dissector& d, Slice in) {
  constexpr std::size_t kRecord = 20;
  const Bytes bytes = in.of(d);
  const std::size_t count = load_be16(bytes.data() + 6);
  d.field("record count", fmt::format("{}", count), in.at + 6, 2);
  std::size_t at = Icmp6Repr::kLength;
  for (std::size_t i = 0; i < count && at + kRecord <= bytes.size(); ++i) {
    static constexpr std::array<std::string_view, 7> kChanges{
        "other",  "joined", "joined, from any source", "left", "joined, from any source",
        "joined", "left"};
    const std::uint8_t type = bytes[at];
    d.field("change", fmt::format("{} ({})", type, kChanges[type < kChanges.size() ? type : 0]),
            in.at + at, 1);
    d.field("group", load_ipv6(bytes.data() + at + 4).to_string(), in.at + at + 4, 16);
    at += kRecord + load_be16(bytes.data() + at + 2) * std::size_t{16} +
          bytes[at + 1] * std::size_t{4};
  }
}

void icmp6_rest(Dissector& d, Slice in, const Icmp6Repr& icmp) {
  switch (icmp.type) {
    case Icmp6Type::kEchoRequest:
    case Icmp6Type::kEchoReply:
      d.field("identifier", fmt::format("{}", icmp.id()), in.at + 4, 2);
      d.field("sequence", fmt::format("{}", icmp.sequence()), in.at + 6, 2);
      return;
    case Icmp6Type::kPacketTooBig:
      d.field("next-hop MTU", fmt::format("{} bytes", icmp.mtu()), in.at + 4, 4);
      return;
    case Icmp6Type::kNeighbourSolicit:
    case Icmp6Type::kNeighbourAdvert: neighbour_fields(d, in); return;
    case Icmp6Type::kListenerReport: listener_report_fields(d, in); return;
    default: d.field("rest of header", fmt::format("0x{:08x}", icmp.rest), in.at + 4, 4); return;
  }
}

}  // namespace

void read_ipv6(Dissector& d, Slice in) {
  const auto ip = Ipv6Repr::parse_header(in.of(d));
  if (!ip) {
    d.malformed(fmt::format("IPv6 header: {}", to_string(ip.error())), in.at, in.size);
    return;
  }
  ipv6_fields(d, in.at, *ip);
  const Slice rest = in.from(Ipv6Repr::kLength);
  const Slice payload = rest.first(ip->payload_length);
  Upper upper{payload, static_cast<std::uint8_t>(ip->protocol)};
  if (!read_extensions(d, upper)) return;
  const std::size_t before = payload.size - upper.in.size;
  const IpContext context{ip->src, ip->dst,
                          ip->payload_length - std::min<std::size_t>(before, ip->payload_length),
                          upper.fragment};
  constexpr std::uint8_t kNothingFollows = 59;
  if (upper.protocol != kNothingFollows) {
    read_ip_payload(d, upper.in, IpProto{upper.protocol}, upper.later_fragment, context);
  }
  if (rest.size < ip->payload_length) {
    d.malformed(fmt::format("{} bytes of the packet are missing", ip->payload_length - rest.size),
                rest.at, rest.size);
  } else if (const Slice padding = rest.from(payload.size); padding.size > 0) {
    d.protocol("padding", fmt::format("{} bytes", padding.size), padding.at, padding.size);
  }
}

void read_icmp6(Dissector& d, Slice in, const IpContext& ip) {
  const Bytes bytes = in.of(d);
  const auto icmp = Icmp6Repr::parse_header(bytes);
  if (!icmp) {
    d.malformed("ICMPv6 header is truncated", in.at, in.size);
    return;
  }
  const bool neighbour =
      icmp->type == Icmp6Type::kNeighbourSolicit || icmp->type == Icmp6Type::kNeighbourAdvert;
  const bool whole = !ip.fragment && in.size >= ip.length;
  const bool all = neighbour || icmp->type == Icmp6Type::kListenerReport;
  const std::uint16_t checksum = load_be16(bytes.data() + 2);
  std::string what = icmp6_name(*icmp);
  if (neighbour && in.size >= NeighbourRepr::kLength) {
    const std::string target = load_ipv6(bytes.data() + 8).to_string();
    what += icmp->type == Icmp6Type::kNeighbourSolicit ? ": who has " + target : ": " + target;
  }
  d.protocol("ICMPv6", std::move(what), in.at, all ? in.size : Icmp6Repr::kLength);
  d.field("type", fmt::format("{}", bytes[0]), in.at, 1);
  d.field("code", fmt::format("{}", bytes[1]), in.at + 1, 1);
  d.field("checksum",
          whole ? checksum_text(checksum,
                                std::uint64_t{sum_bytes(bytes)} +
                                    pseudo_header_sum(ip.src, ip.dst,
                                                      static_cast<std::uint8_t>(IpProto::kIcmp6),
                                                      bytes.size()))
                : unverifiable(checksum),
          in.at + 2, 2);
  icmp6_rest(d, in, *icmp);
  const Slice payload = in.from(Icmp6Repr::kLength);
  if (all || payload.size == 0) return;
  if (icmp->is_error()) {
    read_carried(d, payload);
  } else {
    d.protocol("payload", fmt::format("{} bytes", payload.size), payload.at, payload.size);
  }
}

}  // namespace lvslab::detail
