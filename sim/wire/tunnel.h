// The small headers between an outer IPv4 header and the packet that a tunnel carries: GRE (RFC
// 2784) and Generic UDP Encapsulation version 0 (draft-ietf-intarea-gue), as IPVS writes them.
//
// Left out: GRE keys and sequence numbers, GUE control messages and options.
// Source: net/netfilter/ipvs/ip_vs_xmit.c: ip_vs_gre_encap(), ip_vs_gue_encap(); net/ipv4/fou.c.
#pragma once

#include "sim/wire/checksum.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/ipv4.h"

namespace lvslab {

struct GreRepr {
  static constexpr std::size_t kLength = 4, kLengthWithChecksum = 8;
  bool checksum = false;
  std::uint16_t protocol = 0x0800;  ///< an EtherType

  constexpr std::size_t length() const { return checksum ? kLengthWithChecksum : kLength; }
  /// What it carries may be cut. Errors: kTruncated; kUnsupported for a version, key, sequence
  /// number or routing.
  static WireResult<GreRepr> parse_header(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    constexpr std::uint16_t kChecksumPresent = 0x8000;
    const std::uint16_t flags = load_be16(in.data());
    if ((flags & ~kChecksumPresent) != 0) return std::unexpected(WireError::kUnsupported);
    const GreRepr repr{flags != 0, load_be16(in.data() + 2)};
    if (in.size() < repr.length()) return std::unexpected(WireError::kTruncated);
    return repr;
  }
  /// `in` is the header and all that it carries. Errors: as above; kBadChecksum.
  static WireResult<GreRepr> parse(Bytes in) {
    const auto repr = parse_header(in);
    if (repr && repr->checksum && sum_bytes(in) != 0xffff) {
      return std::unexpected(WireError::kBadChecksum);
    }
    return repr;
  }
  /// Writes the header in front of what already stands at out[length()..].
  void emit(MutBytes out) const {
    std::uint8_t* p = out.data();
    store_be16(p, checksum ? 0x8000 : 0);
    store_be16(p + 2, protocol);
    if (!checksum) return;
    store_be32(p + 4, 0);
    store_be16(p + 4, internet_checksum(out));
  }
};

struct GueRepr {
  static constexpr std::size_t kLength = 4;
  static constexpr std::uint16_t kPort = 6080;  ///< as registered for GUE; others may be agreed on
  IpProto protocol = IpProto::kIpip;            ///< of what follows

  /// Errors: kTruncated; kUnsupported for another version, control messages, options and flags.
  static WireResult<GueRepr> parse(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    if (in[0] != 0 || load_be16(in.data() + 2) != 0)
      return std::unexpected(WireError::kUnsupported);
    return GueRepr{IpProto{in[1]}};
  }
  void emit(std::span<std::uint8_t, kLength> out) const {
    out[0] = out[2] = out[3] = 0;
    out[1] = static_cast<std::uint8_t>(protocol);
  }
};

}  // namespace lvslab
