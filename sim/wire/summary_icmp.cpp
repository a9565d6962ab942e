// What icmp_print() (print-icmp.c) says of each type and code.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/wire/summary_printer.h"

namespace lvslab::detail {

namespace {

constexpr std::size_t kQuoted = IcmpRepr::kLength;  // where the quoted IPv4 header begins

/// Texts around the quoted destination, by unreachable code.
struct AroundAddress {
  std::string_view before, after;
};
constexpr std::array<AroundAddress, 16> kUnreachableTexts{{
    {"net ", " unreachable"},
    {"host ", " unreachable"},
    {"", ""},  // protocol, port and fragmentation have more to say: see below
    {"", ""},
    {"", ""},
    {"", " unreachable - source route failed"},
    {"net ", " unreachable - unknown"},
    {"host ", " unreachable - unknown"},
    {"", " unreachable - source host isolated"},
    {"net ", " unreachable - admin prohibited"},
    {"host ", " unreachable - admin prohibited"},
    {"net ", " unreachable - tos prohibited"},
    {"host ", " unreachable - tos prohibited"},
    {"host ", " unreachable - admin prohibited filter"},
    {"host ", " unreachable - host precedence violation"},
    {"host ", " unreachable - precedence cutoff"},
}};

std::string port_text(Bytes in, const std::string& dst) {
  const std::size_t ports = kQuoted + std::size_t{4} * (in[kQuoted] & 0xfU);
  if (in.size() < ports + 4) return {};
  const std::uint16_t port = load_be16(in.data() + ports + 2);
  switch (IpProto{in[kQuoted + 9]}) {
    case IpProto::kTcp: return fmt::format("{} tcp port {} unreachable", dst, port);
    case IpProto::kUdp: return fmt::format("{} udp port {} unreachable", dst, port);
    default: break;
  }
  return fmt::format("{} protocol {} port {} unreachable", dst, in[kQuoted + 9], port);
}

std::string unreachable_text(Bytes in, const std::string& dst) {
  const std::uint8_t code = in[1];
  switch (IcmpUnreachable{code}) {
    case IcmpUnreachable::kProtocol:
      return fmt::format("{} protocol {} unreachable", dst, in[kQuoted + 9]);
    case IcmpUnreachable::kPort: return port_text(in, dst);
    case IcmpUnreachable::kFragmentationNeeded: {
      const std::uint16_t mtu = load_be16(in.data() + 6);
      const std::string text = dst + " unreachable - need to frag";
      return mtu == 0 ? text : fmt::format("{} (mtu {})", text, mtu);
    }
    default: break;
  }
  if (code >= kUnreachableTexts.size()) return fmt::format("{} unreachable - #{}", dst, code);
  return fmt::format("{}{}{}", kUnreachableTexts[code].before, dst, kUnreachableTexts[code].after);
}

std::string redirect_text(std::uint8_t code, const std::string& dst, const std::string& gateway) {
  switch (code) {
    case 0: return fmt::format("redirect {} to net {}", dst, gateway);
    case 1: return fmt::format("redirect {} to host {}", dst, gateway);
    case 2: return fmt::format("redirect-tos {} to net {}", dst, gateway);
    case 3: return fmt::format("redirect-tos {} to host {}", dst, gateway);
    default: return fmt::format("redirect-#{} {} to {}", code, dst, gateway);
  }
}

std::string time_exceeded_text(std::uint8_t code) {
  if (code == 0) return "time exceeded in-transit";
  if (code == 1) return "ip reassembly time exceeded";
  return fmt::format("time exceeded-#{}", code);
}

std::string parameter_text(const IcmpRepr& icmp) {
  if (icmp.code != 0) return fmt::format("parameter problem - code {}", icmp.code);
  return fmt::format("parameter problem - octet {}", icmp.rest >> 24);
}

}  // namespace

std::string icmp_text(Bytes in, std::span<const AddrName> names) {
  const auto icmp = IcmpRepr::parse_header(in);
  if (!icmp) return {};
  const auto name = [&](Ipv4Addr addr) {
    const auto found = std::ranges::find(names, addr, &AddrName::addr);
    return found == names.end() ? addr.to_string() : std::string(found->name);
  };
  const bool has_quote = in.size() >= kQuoted + Ipv4Repr::kLength;
  const std::string dst = has_quote ? name(load_ipv4(in.data() + kQuoted + 16)) : std::string();
  switch (icmp->type) {
    case IcmpType::kEchoRequest:
    case IcmpType::kEchoReply:
      return fmt::format("echo {}, id {}, seq {}",
                         icmp->type == IcmpType::kEchoRequest ? "request" : "reply", icmp->id(),
                         icmp->sequence());
    case IcmpType::kUnreachable: return has_quote ? unreachable_text(in, dst) : std::string();
    case IcmpType::kRedirect:
      return has_quote ? redirect_text(icmp->code, dst, name(icmp->gateway())) : std::string();
    case IcmpType::kTimeExceeded: return has_quote ? time_exceeded_text(icmp->code) : std::string();
    case IcmpType::kParameterProblem: return parameter_text(*icmp);
  }
  return fmt::format("type-#{}", in[0]);
}

}  // namespace lvslab::detail
