// ARP for IPv4 over Ethernet (RFC 826). Left out: other hardware and protocol types, RARP.
#pragma once

#include "sim/wire/bytes.h"

namespace lvslab {

enum class ArpOp : std::uint16_t { kRequest = 1, kReply = 2 };

/// ARP for IPv4 over Ethernet (RFC 826).
struct ArpRepr {
  static constexpr std::size_t kLength = 28;
  ArpOp op{};
  MacAddr sender_mac;
  Ipv4Addr sender_ip;
  MacAddr target_mac;
  Ipv4Addr target_ip;

  /// Errors: kTruncated below 28 bytes; kUnsupported unless Ethernet/IPv4, lengths 6/4.
  /// Operations other than request and reply are returned as they are.
  static constexpr WireResult<ArpRepr> parse(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    const std::uint8_t* p = in.data();
    if (load_be32(p) != kEthernetIpv4 || load_be16(p + 4) != kLengths) {
      return std::unexpected(WireError::kUnsupported);
    }
    return ArpRepr{ArpOp{load_be16(p + 6)}, load_mac(p + 8), load_ipv4(p + 14), load_mac(p + 18),
                   load_ipv4(p + 24)};
  }
  /// Assigns every byte of `out`, so recycled buffers cannot leak into a capture.
  constexpr void emit(std::span<std::uint8_t, kLength> out) const {
    std::uint8_t* p = out.data();
    store_be32(p, kEthernetIpv4);
    store_be16(p + 4, kLengths);
    store_be16(p + 6, static_cast<std::uint16_t>(op));
    store_mac(p + 8, sender_mac);
    store_ipv4(p + 14, sender_ip);
    store_mac(p + 18, target_mac);
    store_ipv4(p + 24, target_ip);
  }
  bool operator==(const ArpRepr&) const = default;

 private:
  static constexpr std::uint32_t kEthernetIpv4 = 0x0001'0800;  // ar$hrd, ar$pro
  static constexpr std::uint16_t kLengths = 0x0604;            // ar$hln, ar$pln
};

}  // namespace lvslab
