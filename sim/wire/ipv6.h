// IPv6 headers (RFC 8200). Of extension headers: those that Linux sends in a lab are skipped
// (hop-by-hop options, in front of MLD reports; the fragment header is read by the dissector).
#pragma once

#include "sim/base/ip_addr.h"
#include "sim/wire/ipv4.h"

namespace lvslab {

constexpr Ipv6Addr load_ipv6(const std::uint8_t* p) {
  return {static_cast<std::uint64_t>(load_be32(p)) << 32 | load_be32(p + 4),
          static_cast<std::uint64_t>(load_be32(p + 8)) << 32 | load_be32(p + 12)};
}
constexpr void store_ipv6(std::uint8_t* p, Ipv6Addr addr) {
  store_be32(p, static_cast<std::uint32_t>(addr.high >> 32));
  store_be32(p + 4, static_cast<std::uint32_t>(addr.high));
  store_be32(p + 8, static_cast<std::uint32_t>(addr.low >> 32));
  store_be32(p + 12, static_cast<std::uint32_t>(addr.low));
}

/// Sum of an IPv6 address as eight words, not folded.
constexpr std::uint64_t sum_addr(Ipv6Addr addr) {
  return (addr.high >> 32) + (addr.high & 0xffff'ffffU) + (addr.low >> 32) +
         (addr.low & 0xffff'ffffU);
}

/// Sum of the pseudo header of upper layers (RFC 8200 §8.1). `length` in bytes, below 65536.
constexpr std::uint64_t pseudo_header_sum(Ipv6Addr src, Ipv6Addr dst, std::uint8_t protocol,
                                          std::size_t length) {
  return sum_addr(src) + sum_addr(dst) + protocol + length;
}

/// The same for addresses of either version.
constexpr std::uint64_t pseudo_header_sum(IpAddr src, IpAddr dst, std::uint8_t protocol,
                                          std::size_t length) {
  if (src.is_v4()) return pseudo_header_sum(src.v4(), dst.v4(), protocol, length);
  return pseudo_header_sum(src.v6(), dst.v6(), protocol, length);
}

struct Ipv6Repr {
  static constexpr std::size_t kLength = 40;
  Ipv6Addr src;
  Ipv6Addr dst;
  IpProto protocol{};  ///< next header
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;      ///< 20 bits
  std::uint16_t payload_length = 0;  ///< bytes after the header

  /// Errors: kTruncated (header or payload exceed `in`), kBadVersion. Source: ip6_rcv_core().
  static constexpr WireResult<Ipv6Repr> parse(Bytes in) {
    WireResult<Ipv6Repr> repr = parse_header(in);
    if (repr && in.size() < kLength + repr->payload_length) {
      return std::unexpected(WireError::kTruncated);
    }
    return repr;
  }
  /// The header alone, as quoted in ICMP errors.
  static constexpr WireResult<Ipv6Repr> parse_header(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    const std::uint8_t* p = in.data();
    if (p[0] >> 4 != 6) return std::unexpected(WireError::kBadVersion);
    const std::uint32_t first = load_be32(p);
    Ipv6Repr repr;
    repr.src = load_ipv6(p + 8);
    repr.dst = load_ipv6(p + 24);
    repr.protocol = IpProto{p[6]};
    repr.hop_limit = p[7];
    repr.traffic_class = static_cast<std::uint8_t>(first >> 20);
    repr.flow_label = first & 0xf'ffffU;
    repr.payload_length = load_be16(p + 4);
    return repr;
  }
  constexpr void emit(std::span<std::uint8_t, kLength> out) const {
    std::uint8_t* p = out.data();
    store_be32(p, 6U << 28 | static_cast<std::uint32_t>(traffic_class) << 20 | flow_label);
    store_be16(p + 4, payload_length);
    p[6] = static_cast<std::uint8_t>(protocol);
    p[7] = hop_limit;
    store_ipv6(p + 8, src);
    store_ipv6(p + 24, dst);
  }
  bool operator==(const Ipv6Repr&) const = default;
};

}  // namespace lvslab
