// ICMP for IPv4 (RFC 792, RFC 1191): the eight bytes before the payload. Which types Linux
// answers, and how much of a packet it quotes, is decided elsewhere.
#pragma once

#include "sim/wire/checksum.h"

namespace lvslab {

enum class IcmpType : std::uint8_t {
  kEchoReply = 0,
  kUnreachable = 3,
  kRedirect = 5,
  kEchoRequest = 8,
  kTimeExceeded = 11,
  kParameterProblem = 12,
};

/// Codes of kUnreachable (RFC 792, RFC 1122 §3.2.2.1).
enum class IcmpUnreachable : std::uint8_t {
  kNet = 0,
  kHost = 1,
  kProtocol = 2,
  kPort = 3,
  kFragmentationNeeded = 4,
  kSourceRouteFailed = 5,
  kNetUnknown = 6,
  kHostUnknown = 7,
  kNetProhibited = 9,
  kHostProhibited = 10,
  kAdminProhibited = 13,
};

struct IcmpRepr {
  static constexpr std::size_t kLength = 8;
  IcmpType type{};
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  ///< bytes 4 to 7; their meaning depends on the type

  static constexpr IcmpRepr echo(IcmpType type, std::uint16_t id, std::uint16_t sequence) {
    return {type, 0, static_cast<std::uint32_t>(id) << 16 | sequence};
  }
  static constexpr IcmpRepr unreachable(IcmpUnreachable code, std::uint16_t mtu = 0) {
    return {IcmpType::kUnreachable, static_cast<std::uint8_t>(code), mtu};
  }
  /// Redirect for a host (code 1), the only one Linux sends.
  static constexpr IcmpRepr redirect_host(Ipv4Addr gateway) {
    return {IcmpType::kRedirect, 1, gateway.bits};
  }
  /// TTL exceeded in transit (code 0).
  static constexpr IcmpRepr time_exceeded() { return {IcmpType::kTimeExceeded, 0, 0}; }

  constexpr std::uint16_t id() const { return static_cast<std::uint16_t>(rest >> 16); }
  constexpr std::uint16_t sequence() const { return static_cast<std::uint16_t>(rest); }
  constexpr Ipv4Addr gateway() const { return {rest}; }
  /// Next-hop MTU of kFragmentationNeeded in bytes (RFC 1191 §4).
  constexpr std::uint16_t mtu() const { return static_cast<std::uint16_t>(rest); }
  /// True if the payload quotes the packet at fault.
  constexpr bool is_error() const {
    return type == IcmpType::kUnreachable || type == IcmpType::kRedirect ||
           type == IcmpType::kTimeExceeded || type == IcmpType::kParameterProblem;
  }

  /// `in` is the whole message; its payload is in.subspan(kLength).
  /// Errors: kTruncated below 8 bytes; kBadChecksum.
  static WireResult<IcmpRepr> parse(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    if (sum_bytes(in) != 0xffff) return std::unexpected(WireError::kBadChecksum);
    return parse_header(in);
  }
  /// The same without the checksum, for messages cut short by quoting. Errors: kTruncated.
  static constexpr WireResult<IcmpRepr> parse_header(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    return IcmpRepr{IcmpType{in[0]}, in[1], load_be32(in.data() + 4)};
  }
  /// Writes the header in front of a payload that already stands at out[kLength..], and the
  /// checksum over both. Requires out.size() >= kLength.
  void emit(MutBytes out) const {
    std::uint8_t* p = out.data();
    p[0] = static_cast<std::uint8_t>(type);
    p[1] = code;
    store_be16(p + 2, 0);
    store_be32(p + 4, rest);
    store_be16(p + 2, internet_checksum(out));
  }
  bool operator==(const IcmpRepr&) const = default;
};

}  // namespace lvslab
