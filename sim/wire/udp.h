// UDP over IPv4 (RFC 768).
#pragma once

#include "sim/wire/ipv4.h"

namespace lvslab {

struct UdpRepr {
  static constexpr std::size_t kLength = 8;
  static constexpr std::size_t kChecksumAt = 6;
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;
  std::uint16_t payload_length = 0;  ///< bytes

  /// `in` is the IPv4 payload, which may be longer than the datagram.
  /// Errors: kTruncated (below 8 bytes, or the length field exceeds `in`), kBadLength (length
  /// field below 8), kBadChecksum. A checksum of zero means the sender made none.
  /// Source: __udp4_lib_rcv(), net/ipv4/udp.c
  static WireResult<UdpRepr> parse(Bytes in, Ipv4Addr src, Ipv4Addr dst) {
    const WireResult<UdpRepr> repr = parse_header(in);
    if (!repr) return repr;
    const std::size_t length = kLength + repr->payload_length;
    if (length > in.size()) return std::unexpected(WireError::kTruncated);
    if (load_be16(in.data() + kChecksumAt) != 0 && !checksum_ok(in.first(length), src, dst)) {
      return std::unexpected(WireError::kBadChecksum);
    }
    return repr;
  }
  /// The eight bytes alone, as quoted in ICMP errors. Errors: kTruncated, kBadLength.
  static constexpr WireResult<UdpRepr> parse_header(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    const std::uint8_t* p = in.data();
    const std::uint16_t length = load_be16(p + 4);
    if (length < kLength) return std::unexpected(WireError::kBadLength);
    return UdpRepr{load_be16(p), load_be16(p + 2), static_cast<std::uint16_t>(length - kLength)};
  }
  /// True if the checksum of exactly one datagram is right.
  static bool checksum_ok(Bytes datagram, Ipv4Addr src, Ipv4Addr dst) {
    return fold_sum(pseudo_header_sum(src, dst, kProtocol, datagram.size()) +
                    sum_bytes(datagram)) == 0xffff;
  }
  /// Writes the header in front of a payload that already stands at out[kLength..], with the
  /// checksum over both. Requires out.size() == kLength + payload_length.
  void emit(MutBytes out, Ipv4Addr src, Ipv4Addr dst) const {
    std::uint8_t* p = out.data();
    store_be16(p, src_port);
    store_be16(p + 2, dst_port);
    store_be16(p + 4, static_cast<std::uint16_t>(kLength + payload_length));
    store_be16(p + kChecksumAt, 0);
    const std::uint16_t sum =
        checksum_of(pseudo_header_sum(src, dst, kProtocol, out.size()) + sum_bytes(out));
    store_be16(p + kChecksumAt, sum == 0 ? std::uint16_t{0xffff} : sum);  // zero would say "none"
  }
  bool operator==(const UdpRepr&) const = default;

 private:
  static constexpr std::uint8_t kProtocol = static_cast<std::uint8_t>(IpProto::kUdp);
};

}  // namespace lvslab
