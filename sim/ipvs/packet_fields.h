// What the hooks read from packets. For the files of this room only.
#pragma once

#include "sim/core/address_names.h"
#include "sim/core/ports.h"
#include "sim/ipvs/connection.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/icmpv6.h"
#include "sim/wire/tcp.h"
#include "sim/wire/udp.h"

namespace lvslab::ipvs {

constexpr std::uint8_t number(IpProto protocol) { return static_cast<std::uint8_t>(protocol); }

constexpr SimDuration milliseconds(std::uint32_t ms) {
  return {static_cast<std::int64_t>(ms) * 1'000'000};
}
constexpr SimDuration seconds(std::int32_t s) { return {std::int64_t{s} * 1'000'000'000}; }

inline bool is_icmp(const Packet& packet) {
  return packet.ip.protocol == IpProto::kIcmp || packet.ip.protocol == IpProto::kIcmp6;
}

/// The protocols that services may have.
inline bool is_balanced(IpProto protocol) {
  return protocol == IpProto::kTcp || protocol == IpProto::kUdp || protocol == IpProto::kSctp;
}

/// The two port numbers at the start of a TCP, UDP or SCTP header.
struct Ports {
  std::uint16_t source = 0, target = 0;
};
inline Ports ports_of(Bytes transport) {
  return {load_be16(transport.data()), load_be16(transport.data() + 2)};
}

/// A packet that an ICMP error quotes.
struct Quoted {
  Ipv4Repr ip;
  Ports ports;
  std::uint8_t protocol() const { return number(ip.protocol); }
};
inline std::optional<Quoted> parse_quoted(Bytes quote) {
  const auto inner = Ipv4Repr::parse_header(quote);
  if (!inner || inner->fragment_offset != 0) return std::nullopt;
  if (!is_balanced(inner->protocol)) return std::nullopt;
  if (quote.size() < inner->header_length + std::size_t{8}) return std::nullopt;
  return Quoted{*inner, ports_of(quote.subspan(inner->header_length))};
}

/// The same of an ICMPv6 message, with addresses by name. All its errors count: of `message` that
/// is none, nothing comes.
inline std::optional<Quoted> parse_quoted6(AddressNames& names, Bytes message) {
  const auto icmp = Icmp6Repr::parse_header(message);
  if (!icmp || !icmp->is_error()) return std::nullopt;
  const Bytes quote = message.subspan(Icmp6Repr::kLength);
  const auto inner = Ipv6Repr::parse_header(quote);
  if (!inner || quote.size() < Ipv6Repr::kLength + std::size_t{8}) return std::nullopt;
  if (!is_balanced(inner->protocol)) return std::nullopt;
  Quoted quoted;
  quoted.ip.src = names.name_of(inner->src);
  quoted.ip.dst = names.name_of(inner->dst);
  quoted.ip.protocol = inner->protocol;
  quoted.ports = ports_of(quote.subspan(Ipv6Repr::kLength));
  return quoted;
}

/// The ICMP errors that IPVS cares for (ip_vs_in_icmp(): the first check).
inline bool concerns_ipvs(const IcmpRepr& icmp) {
  constexpr IcmpType kSourceQuench{4};
  return icmp.type == IcmpType::kUnreachable || icmp.type == kSourceQuench ||
         icmp.type == IcmpType::kTimeExceeded;
}

}  // namespace lvslab::ipvs
