// IPv6 and ICMPv6 in the words of ip6_print() (print-ip6.c) and icmp6_print() (print-icmp6.c).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "sim/wire/icmpv6.h"
#include "sim/wire/summary_printer.h"

namespace lvslab::detail {
namespace {

constexpr std::uint8_t kHopByHop = 0;

std::string_view next_header_name(std::uint8_t number) {
  switch (number) {
    case kHopByHop: return "Options";
    case 6: return "TCP";
    case 17: return "UDP";
    case 41: return "IPv6";
    case 4: return "IPIP";
    case 47: return "GRE";
    case 58: return "ICMPv6";
    default: return "unknown";
  }
}

std::string_view unreachable_text(std::uint8_t code) {
  static constexpr std::array<std::string_view, 7> kTexts{"unreachable route",
                                                          "unreachable prohibited",
                                                          "beyond scope",
                                                          "unreachable address",
                                                          "unreachable port",
                                                          "",
                                                          ""};
  return code < kTexts.size() ? kTexts[code] : std::string_view{};
}

}  // namespace

bool TcpdumpPrinter::ipv6(Bytes in, std::size_t length) {
  if (!style_.link_header) out_ += "IP6 ";
  if (in.size() < Ipv6Repr::kLength) return truncated("ip6");
  const auto out = std::back_inserter(out_);
  const auto ip = Ipv6Repr::parse_header(in);
  if (!ip) {
    out_ += "wrong link-layer encapsulation (invalid)";
    return true;
  }
  const std::size_t total = Ipv6Repr::kLength + ip->payload_length;
  if (length < total) fmt::format_to(out, "truncated-ip6 - {} bytes missing!", total - length);
  if (style_.verbose > 0) {
    const auto next = static_cast<std::uint8_t>(ip->protocol);
    out_ += '(';
    if (ip->traffic_class != 0) fmt::format_to(out, "class 0x{:02x}, ", ip->traffic_class);
    if (ip->flow_label != 0) fmt::format_to(out, "flowlabel 0x{:05x}, ", ip->flow_label);
    fmt::format_to(out, "hlim {}, next-header {} ({}) payload length: {}) ", ip->hop_limit,
                   next_header_name(next), next, ip->payload_length);
  }
  const Bytes payload = in.subspan(Ipv6Repr::kLength);
  return ipv6_body(payload.first(std::min<std::size_t>(payload.size(), ip->payload_length)),
                   ip->payload_length, ip->protocol, {ip->src, ip->dst, ip->protocol});
}

bool TcpdumpPrinter::ipv6_body(Bytes in, std::size_t length, IpProto protocol, Ip ip) {
  const bool ports =
      protocol == IpProto::kTcp || protocol == IpProto::kUdp || protocol == IpProto::kSctp;
  if (!ports) addresses(ip, ": ");
  if (protocol == IpProto{kHopByHop}) {
    if (in.size() < 8) return truncated("hbh");
    const std::size_t size = 8 + in[1] * std::size_t{8};
    out_ += "HBH ";
    if (style_.verbose > 0) {
      constexpr std::uint8_t kRouterAlert = 5;
      if (in[2] == kRouterAlert) {
        fmt::format_to(std::back_inserter(out_), "(rtalert: 0x{:04x}) ", load_be16(in.data() + 4));
      }
      constexpr std::uint8_t kPad = 1;
      if (in[6] == kPad) out_ += "(padn) ";
    }
    if (in.size() < size || length < size) return truncated("hbh");
    protocol = ip.protocol = IpProto{in[0]};
    in = in.subspan(size);
    length -= size;
  }
  switch (protocol) {
    case IpProto::kTcp: return tcp(in, length, ip);
    case IpProto::kUdp: return udp(in, length, ip);
    case IpProto::kSctp: return sctp(in, length, ip);
    case IpProto::kIcmp6: return icmp6(in, length, ip);
    default: break;
  }
  fmt::format_to(std::back_inserter(out_), "ip-proto-{} {}", static_cast<int>(protocol), length);
  return true;
}

bool TcpdumpPrinter::icmp6(Bytes in, std::size_t length, const Ip& ip) {
  const auto icmp = Icmp6Repr::parse_header(in);
  if (!icmp) return truncated("icmp6");
  const auto out = std::back_inserter(out_);
  if (style_.verbose > 0 && in.size() >= length && !ip.fragmented) {
    const std::uint64_t sum =
        pseudo_header_sum(ip.src, ip.dst, static_cast<std::uint8_t>(IpProto::kIcmp6), length) +
        sum_bytes(in.first(length));
    const std::uint16_t field = load_be16(in.data() + 2);
    if (fold_sum(sum) == 0xffff) {
      out_ += "[icmp6 sum ok] ";
    } else {
      fmt::format_to(out, "[bad icmp6 cksum 0x{:04x} -> 0x{:04x}!] ", field,
                     checksum_should_be(field, sum));
    }
  }
  out_ += "ICMP6, ";
  switch (icmp->type) {
    case Icmp6Type::kEchoRequest:
    case Icmp6Type::kEchoReply:
      fmt::format_to(out, "echo {}, id {}, seq {}",
                     icmp->type == Icmp6Type::kEchoRequest ? "request" : "reply", icmp->id(),
                     icmp->sequence());
      break;
    case Icmp6Type::kNeighbourSolicit:
    case Icmp6Type::kNeighbourAdvert: {
      if (in.size() < NeighbourRepr::kLength) return truncated("icmp6");
      const std::string target = name_of(load_ipv6(in.data() + 8));
      const bool asks = icmp->type == Icmp6Type::kNeighbourSolicit;
      // With -v the length stands before what the message says, and only here.
      const std::string size = fmt::format(", length {}", length);
      const bool verbose = style_.verbose > 0;
      fmt::format_to(out, "neighbor {}{}, {} {}{}", asks ? "solicitation" : "advertisement",
                     verbose ? size : "", asks ? "who has" : "tgt is", target, verbose ? "" : size);
      if (verbose) neighbour_options(in);
      return true;
    }
    case Icmp6Type::kListenerReport: listener_report(in, length); return true;
    case Icmp6Type::kRouterSolicit: out_ += "router solicitation"; break;
    case Icmp6Type::kRouterAdvert: out_ += "router advertisement"; break;
    default:
      if (icmp->is_error()) {
        if (!icmp6_error(in, ip)) return false;
        break;
      }
      fmt::format_to(out, "unknown icmp6 type ({})", in[0]);
      break;
  }
  if (style_.verbose == 0) fmt::format_to(out, ", length {}", length);
  return true;
}

bool TcpdumpPrinter::icmp6_error(Bytes in, const Ip& ip) {
  const auto out = std::back_inserter(out_);
  const Bytes quoted = in.subspan(Icmp6Repr::kLength);
  const auto header = Ipv6Repr::parse_header(quoted);
  switch (Icmp6Type{in[0]}) {
    case Icmp6Type::kPacketTooBig:
      fmt::format_to(out, "packet too big, mtu {}", load_be32(in.data() + 4));
      return true;
    case Icmp6Type::kTimeExceeded:
      if (!header) return truncated("icmp6");
      fmt::format_to(out, "time exceeded {} for {}", in[1] == 0 ? "in-transit" : "(reassembly)",
                     name_of(header->dst));
      return true;
    case Icmp6Type::kParameterProblem:
      fmt::format_to(out, "parameter problem, code {}", in[1]);
      return true;
    case Icmp6Type::kUnreachable: break;
    default: fmt::format_to(out, "unknown icmp6 type ({})", in[0]); return true;
  }
  out_ += "destination unreachable, ";
  const std::string_view what = unreachable_text(in[1]);
  if (what.empty()) {
    fmt::format_to(out, "unknown unreach code ({})", in[1]);
    return true;
  }
  if (!header) return truncated("icmp6");
  if (in[1] == 2) {
    fmt::format_to(out, "beyond scope {}, source address {}", name_of(header->dst),
                   name_of(header->src));
    return true;
  }
  if (Icmp6Unreachable{in[1]} != Icmp6Unreachable::kPort) {
    fmt::format_to(out, "{} {}", what, name_of(header->dst));
    return true;
  }
  const std::string dst = name_of(header->dst);
  const bool tcp = header->protocol == IpProto::kTcp, udp = header->protocol == IpProto::kUdp;
  if (quoted.size() < Ipv6Repr::kLength + 4) return truncated("icmp6");
  const std::uint16_t port = load_be16(quoted.data() + Ipv6Repr::kLength + 2);
  static_cast<void>(ip);
  if (tcp || udp) {
    fmt::format_to(out, "{}, {} {} port {}", what, dst, tcp ? "tcp" : "udp", port);
  } else {
    fmt::format_to(out, "{}, {} protocol {} port {}", what, dst, static_cast<int>(header->protocol),
                   port);
  }
  return true;
}

/// The flags of an advertisement and the options of both.
void TcpdumpPrinter::neighbour_options(Bytes in) {
  const auto out = std::back_inserter(out_);
  const auto message = NeighbourRepr::parse(in);
  if (!message) return;
  if (message->advert) {
    std::string flags;
    const auto add = [&](bool set, std::string_view name) {
      if (!set) return;
      if (!flags.empty()) flags += ", ";
      flags += name;
    };
    add(message->router, "router");
    add(message->solicited, "solicited");
    add(message->override, "override");
    fmt::format_to(out, ", Flags [{}]", flags.empty() ? "none" : flags);
  }
  if (!message->mac) return;
  const bool advert = message->advert;
  fmt::format_to(out, "\n\t  {} link-address option ({}), length 8 (1): {}",
                 advert ? "destination" : "source", advert ? 2 : 1, message->mac->to_string());
}

void TcpdumpPrinter::listener_report(Bytes in, std::size_t length) {
  static constexpr std::array<std::string_view, 6> kTypes{"is_in", "is_ex", "to_in",
                                                          "to_ex", "allow", "block"};
  constexpr std::size_t kRecord = 20;
  const auto out = std::back_inserter(out_);
  const std::size_t count = load_be16(in.data() + 6);
  fmt::format_to(out, "multicast listener report v2, {} group record(s)", count);
  if (style_.verbose > 0) {
    std::size_t at = Icmp6Repr::kLength;
    for (std::size_t i = 0; i < count && at + kRecord <= in.size(); ++i) {
      const std::uint8_t type = in[at];
      fmt::format_to(out, " [gaddr {} {}, 0 source(s)]", name_of(load_ipv6(in.data() + at + 4)),
                     type >= 1 && type <= kTypes.size() ? kTypes[type - 1U] : "?");
      at += kRecord;
    }
  }
  if (style_.verbose == 0) fmt::format_to(out, ", length {}", length);
}

}  // namespace lvslab::detail
