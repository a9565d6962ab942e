// IPv4 headers (RFC 791). Options are accepted and skipped on input and never emitted.
// Edits in place keep the header checksum right without summing again (RFC 1624).
#pragma once

#include "sim/wire/checksum.h"

namespace lvslab {

/// IANA protocol numbers; other values may occur.
enum class IpProto : std::uint8_t {
  kIcmp = 1,
  kIgmp = 2,
  kIpip = 4,
  kTcp = 6,
  kUdp = 17,
  kIpv6 = 41,
  kGre = 47,
  kIcmp6 = 58,
  kVrrp = 112,
  kSctp = 132,
};

struct Ipv4Repr {
  static constexpr std::size_t kLength = 20;  ///< without options: all that emit() writes
  Ipv4Addr src;
  Ipv4Addr dst;
  IpProto protocol{};
  std::uint8_t ttl = 64;
  std::uint8_t tos = 0;
  std::uint8_t header_length = kLength;  ///< bytes with options; emit() requires 20
  std::uint16_t id = 0;
  std::uint16_t payload_length = 0;   ///< bytes after the header
  std::uint16_t fragment_offset = 0;  ///< bytes, a multiple of 8
  bool dont_fragment = false;
  bool more_fragments = false;

  constexpr bool is_fragment() const { return more_fragments || fragment_offset != 0; }

  /// A whole packet, checked as ip_rcv_core() does (net/ipv4/ip_input.c); bytes after the total
  /// length (Ethernet padding) are allowed.
  /// Errors: kTruncated (header or total length exceed `in`), kBadVersion, kBadLength (header
  /// length below 20, or above the total length), kBadChecksum.
  static WireResult<Ipv4Repr> parse(Bytes in) {
    WireResult<Ipv4Repr> repr = parse_header(in);
    if (!repr) return repr;
    if (sum_bytes(in.first(repr->header_length)) != 0xffff) {
      return std::unexpected(WireError::kBadChecksum);
    }
    if (in.size() < static_cast<std::size_t>(repr->header_length) + repr->payload_length) {
      return std::unexpected(WireError::kTruncated);
    }
    return repr;
  }
  /// The header alone, as quoted in ICMP errors: neither the checksum is verified nor the presence
  /// of the payload. Errors: kTruncated, kBadVersion, kBadLength.
  static constexpr WireResult<Ipv4Repr> parse_header(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    const std::uint8_t* p = in.data();
    if (p[0] >> 4 != 4) return std::unexpected(WireError::kBadVersion);
    const std::size_t header_length = std::size_t{p[0] & 0xfU} * 4;
    const std::uint16_t total_length = load_be16(p + 2);
    if (header_length < kLength) return std::unexpected(WireError::kBadLength);
    if (in.size() < header_length) return std::unexpected(WireError::kTruncated);
    if (total_length < header_length) return std::unexpected(WireError::kBadLength);
    const std::uint16_t fragment = load_be16(p + 6);
    Ipv4Repr repr;
    repr.src = load_ipv4(p + 12);
    repr.dst = load_ipv4(p + 16);
    repr.protocol = IpProto{p[9]};
    repr.ttl = p[8];
    repr.tos = p[1];
    repr.header_length = static_cast<std::uint8_t>(header_length);
    repr.id = load_be16(p + 4);
    repr.payload_length = static_cast<std::uint16_t>(total_length - header_length);
    repr.fragment_offset = static_cast<std::uint16_t>((fragment & 0x1fff) * 8);
    repr.dont_fragment = (fragment & 0x4000) != 0;
    repr.more_fragments = (fragment & 0x2000) != 0;
    return repr;
  }

  /// Writes a 20-byte header with its checksum. Requires payload_length <= 65515.
  constexpr void emit(std::span<std::uint8_t, kLength> out) const {
    std::uint8_t* p = out.data();
    const std::uint32_t first = 0x4500U | tos;
    const std::uint32_t total = static_cast<std::uint32_t>(payload_length) + kLength;
    const std::uint32_t fragment =
        (dont_fragment ? 0x4000U : 0U) | (more_fragments ? 0x2000U : 0U) | fragment_offset / 8U;
    const std::uint32_t life =
        static_cast<std::uint32_t>(ttl) << 8 | static_cast<std::uint32_t>(protocol);
    store_be16(p, static_cast<std::uint16_t>(first));
    store_be16(p + 2, static_cast<std::uint16_t>(total));
    store_be16(p + 4, id);
    store_be16(p + 6, static_cast<std::uint16_t>(fragment));
    store_be16(p + 8, static_cast<std::uint16_t>(life));
    store_be16(p + 10,
               checksum_of(first + total + id + fragment + life + sum_addr(src) + sum_addr(dst)));
    store_ipv4(p + 12, src);
    store_ipv4(p + 16, dst);
  }
  bool operator==(const Ipv4Repr&) const = default;
};

/// What follows the header, without Ethernet padding. Requires a repr parse() made from `packet`.
constexpr Bytes ipv4_payload(Bytes packet, const Ipv4Repr& repr) {
  return packet.subspan(repr.header_length, repr.payload_length);
}

/// Takes one from the TTL (ip_decrease_ttl(), include/net/ip.h). Requires TTL > 0.
constexpr void ipv4_decrement_ttl(MutBytes packet) {
  std::uint8_t* p = packet.data();
  const std::uint16_t before = load_be16(p + 8);
  const auto after = static_cast<std::uint16_t>(before - 0x100);
  store_be16(p + 8, after);
  store_be16(p + 10, checksum_update16(load_be16(p + 10), before, after));
}

namespace detail {
constexpr void ipv4_rewrite(std::uint8_t* header, std::size_t at, Ipv4Addr addr) {
  const std::uint32_t before = load_be32(header + at);
  store_ipv4(header + at, addr);
  store_be16(header + 10, checksum_update32(load_be16(header + 10), before, addr.bits));
}
}  // namespace detail

/// Rewrites the source address. TCP and UDP checksums cover it too: see checksum_update32().
constexpr void ipv4_rewrite_src(MutBytes packet, Ipv4Addr src) {
  detail::ipv4_rewrite(packet.data(), 12, src);
}
/// Rewrites the destination address; the same remark.
constexpr void ipv4_rewrite_dst(MutBytes packet, Ipv4Addr dst) {
  detail::ipv4_rewrite(packet.data(), 16, dst);
}

}  // namespace lvslab
