// An address of either version: what rows, captures and listings show. Inside of a simulated host
// addresses are 32 bits (sim/core/address_names.h); this is for its edges.
#pragma once

#include "sim/base/ipv6.h"

namespace lvslab {

/// Default: 0.0.0.0. IPv4 sorts before IPv6.
class IpAddr {
 public:
  constexpr IpAddr() = default;
  constexpr IpAddr(Ipv4Addr addr) : low_(addr.bits) {}  // NOLINT(google-explicit-constructor)
  constexpr IpAddr(Ipv6Addr addr)                       // NOLINT(google-explicit-constructor)
      : high_(addr.high), low_(addr.low ^ kMapped) {}

  constexpr bool is_v4() const { return high_ == 0 && low_ >> 32 == 0; }
  /// 0.0.0.0 for an IPv6 address.
  constexpr Ipv4Addr v4() const {
    return is_v4() ? Ipv4Addr{static_cast<std::uint32_t>(low_)} : Ipv4Addr{};
  }
  /// ::ffff:A.B.C.D for an IPv4 address.
  constexpr Ipv6Addr v6() const { return {high_, low_ ^ kMapped}; }
  /// 0.0.0.0 or ::
  constexpr bool is_any() const { return is_v4() ? low_ == 0 : v6().is_any(); }
  constexpr bool is_multicast() const {
    return is_v4() ? v4().is_multicast() : high_ >> 56 == 0xff;
  }
  constexpr auto operator<=>(const IpAddr&) const = default;
  /// For tables that are found by addresses: those of IPv4 as they are.
  constexpr std::uint32_t hash() const {
    return static_cast<std::uint32_t>(low_ ^ high_ ^ high_ >> 32);
  }

  static std::optional<IpAddr> parse(std::string_view text) {
    if (const auto addr = Ipv4Addr::parse(text)) return IpAddr(*addr);
    if (const auto addr = Ipv6Addr::parse(text)) return IpAddr(*addr);
    return std::nullopt;
  }
  std::string to_string() const { return is_v4() ? v4().to_string() : v6().to_string(); }
  /// As it stands in front of a port: "[2001:db8::1]".
  std::string bracketed() const { return is_v4() ? to_string() : '[' + to_string() + ']'; }

 private:
  // The IPv6 address, or the IPv4-mapped one (RFC 4291 §2.5.5.2), without ::ffff:0.0.0.0: the bytes
  // of an IPv4 address are zero but for its own four, and rows of a trace pack as well as before.
  static constexpr std::uint64_t kMapped = 0xffff'0000'0000ULL;
  std::uint64_t high_ = 0, low_ = 0;
};

}  // namespace lvslab
