// ICMP for IPv6 (RFC 4443), neighbour discovery (RFC 4861) and the reports of multicast listeners
// (RFC 3810) as Linux sends them. Left out: router advertisements and solicitations, queries.
#pragma once

#include <algorithm>
#include <vector>

#include "sim/wire/ipv6.h"

namespace lvslab {

enum class Icmp6Type : std::uint8_t {
  kUnreachable = 1,
  kPacketTooBig = 2,
  kTimeExceeded = 3,
  kParameterProblem = 4,
  kEchoRequest = 128,
  kEchoReply = 129,
  kRouterSolicit = 133,
  kRouterAdvert = 134,
  kNeighbourSolicit = 135,
  kNeighbourAdvert = 136,
  kRedirect = 137,
  kListenerReport = 143,  ///< of MLD version 2
};

/// Codes of kUnreachable (RFC 4443 §3.1).
enum class Icmp6Unreachable : std::uint8_t {
  kNoRoute = 0,
  kProhibited = 1,
  kBeyondScope = 2,
  kAddress = 3,
  kPort = 4,
  kPolicy = 5,
  kReject = 6,
};

struct Icmp6Repr {
  static constexpr std::size_t kLength = 8;
  Icmp6Type type{};
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  ///< bytes 4 to 7; their meaning depends on the type

  static constexpr Icmp6Repr echo(Icmp6Type type, std::uint16_t id, std::uint16_t sequence) {
    return {type, 0, static_cast<std::uint32_t>(id) << 16 | sequence};
  }
  static constexpr Icmp6Repr unreachable(Icmp6Unreachable code) {
    return {Icmp6Type::kUnreachable, static_cast<std::uint8_t>(code), 0};
  }
  static constexpr Icmp6Repr too_big(std::uint32_t mtu) {
    return {Icmp6Type::kPacketTooBig, 0, mtu};
  }
  /// Hop limit exceeded in transit.
  static constexpr Icmp6Repr time_exceeded() { return {Icmp6Type::kTimeExceeded, 0, 0}; }

  constexpr std::uint16_t id() const { return static_cast<std::uint16_t>(rest >> 16); }
  constexpr std::uint16_t sequence() const { return static_cast<std::uint16_t>(rest); }
  constexpr std::uint32_t mtu() const { return rest; }
  /// True if the payload quotes the packet at fault.
  constexpr bool is_error() const { return static_cast<std::uint8_t>(type) < 128; }

  /// Errors: kTruncated below 8 bytes.
  static constexpr WireResult<Icmp6Repr> parse_header(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    return Icmp6Repr{Icmp6Type{in[0]}, in[1], load_be32(in.data() + 4)};
  }
  /// `in` is the whole message. Errors: kTruncated, kBadChecksum.
  static WireResult<Icmp6Repr> parse(Bytes in, Ipv6Addr src, Ipv6Addr dst) {
    WireResult<Icmp6Repr> repr = parse_header(in);
    if (!repr) return repr;
    if (fold_sum(
            pseudo_header_sum(src, dst, static_cast<std::uint8_t>(IpProto::kIcmp6), in.size()) +
            sum_bytes(in)) != 0xffff) {
      return std::unexpected(WireError::kBadChecksum);
    }
    return repr;
  }
  /// Writes the header in front of a payload that already stands at out[kLength..], and the
  /// checksum over both. Requires out.size() >= kLength.
  void emit(MutBytes out, Ipv6Addr src, Ipv6Addr dst) const {
    std::uint8_t* p = out.data();
    p[0] = static_cast<std::uint8_t>(type);
    p[1] = code;
    store_be16(p + 2, 0);
    store_be32(p + 4, rest);
    store_be16(p + 2,
               checksum_of(pseudo_header_sum(src, dst, static_cast<std::uint8_t>(IpProto::kIcmp6),
                                             out.size()) +
                           sum_bytes(out)));
  }
  bool operator==(const Icmp6Repr&) const = default;
};

/// A neighbour solicitation or advertisement (RFC 4861 §4.3, §4.4) with at most one link-layer
/// address.
struct NeighbourRepr {
  static constexpr std::size_t kLength = 24;       ///< without option
  static constexpr std::size_t kWithAddress = 32;  ///< with one link-layer address
  static constexpr std::uint8_t kSourceOption = 1, kTargetOption = 2;
  static constexpr std::uint32_t kRouter = 1U << 31, kSolicited = 1U << 30, kOverride = 1U << 29;

  bool advert = false;
  Ipv6Addr target;
  std::optional<MacAddr> mac;  ///< solicitation: of the sender; advertisement: of the target
  bool router = false, solicited = false, override = false;  ///< advertisement only

  constexpr std::size_t length() const { return mac ? kWithAddress : kLength; }

  /// `in` is an ICMP message whose checksum was looked at. Errors: kTruncated, kBadLength (an
  /// option of length 0), kUnsupported (another type).
  static constexpr WireResult<NeighbourRepr> parse(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    const Icmp6Type type{in[0]};
    if (type != Icmp6Type::kNeighbourSolicit && type != Icmp6Type::kNeighbourAdvert) {
      return std::unexpected(WireError::kUnsupported);
    }
    NeighbourRepr repr;
    repr.advert = type == Icmp6Type::kNeighbourAdvert;
    repr.target = load_ipv6(in.data() + 8);
    const std::uint32_t flags = load_be32(in.data() + 4);
    repr.router = repr.advert && (flags & kRouter) != 0;
    repr.solicited = repr.advert && (flags & kSolicited) != 0;
    repr.override = repr.advert && (flags & kOverride) != 0;
    const std::uint8_t wanted = repr.advert ? kTargetOption : kSourceOption;
    for (std::size_t at = kLength; at + 2 <= in.size();) {
      const std::size_t size = in[at + 1] * std::size_t{8};
      if (size == 0 || at + size > in.size()) return std::unexpected(WireError::kBadLength);
      if (in[at] == wanted) repr.mac = load_mac(in.data() + at + 2);
      at += size;
    }
    return repr;
  }
  /// The whole message with its checksum. Requires out.size() == length().
  void emit(MutBytes out, Ipv6Addr src, Ipv6Addr dst) const {
    store_ipv6(out.data() + 8, target);
    if (mac) {
      out[kLength] = advert ? kTargetOption : kSourceOption;
      out[kLength + 1] = 1;
      store_mac(out.data() + kLength + 2, *mac);
    }
    Icmp6Repr icmp;
    icmp.type = advert ? Icmp6Type::kNeighbourAdvert : Icmp6Type::kNeighbourSolicit;
    icmp.rest = (router ? kRouter : 0) | (solicited ? kSolicited : 0) | (override ? kOverride : 0);
    icmp.emit(out, src, dst);
  }
  bool operator==(const NeighbourRepr&) const = default;
};

}  // namespace lvslab
