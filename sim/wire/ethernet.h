// Ethernet II frames (IEEE 802.3 §3, RFC 894). Left out: the FCS (captures do not hold it),
// 802.3 length frames, and padding to 60 bytes: Linux hands short frames to the driver unpadded
// and a capture on the sender shows them so.
#pragma once

#include "sim/wire/bytes.h"

namespace lvslab {

enum class EtherType : std::uint16_t {
  kIpv4 = 0x0800,
  kArp = 0x0806,
  kVlan = 0x8100,
  kIpv6 = 0x86dd,
};

struct EthernetRepr {
  static constexpr std::size_t kLength = 14;
  MacAddr dst;
  MacAddr src;
  EtherType ethertype = EtherType::kIpv4;

  /// Errors: kTruncated below 14 bytes. The payload is in.subspan(kLength).
  static constexpr WireResult<EthernetRepr> parse(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    const std::uint8_t* p = in.data();
    return EthernetRepr{load_mac(p), load_mac(p + 6), EtherType{load_be16(p + 12)}};
  }
  constexpr void emit(std::span<std::uint8_t, kLength> out) const {
    std::uint8_t* p = out.data();
    store_mac(p, dst);
    store_mac(p + 6, src);
    store_be16(p + 12, static_cast<std::uint16_t>(ethertype));
  }
  bool operator==(const EthernetRepr&) const = default;
};

}  // namespace lvslab
