// IPv6 addresses as values in host byte order, with their usual spelling (RFC 4291, RFC 5952).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/addr.h"

namespace lvslab {

struct Ipv6Addr {
  std::uint64_t high = 0;  ///< the first eight bytes on the wire
  std::uint64_t low = 0;

  static constexpr Ipv6Addr any() { return {}; }
  static constexpr Ipv6Addr loopback() { return {0, 1}; }
  /// ff02::1 and ff02::2 (RFC 4291 §2.7.1).
  static constexpr Ipv6Addr all_nodes() { return {0xff02'0000'0000'0000ULL, 1}; }
  static constexpr Ipv6Addr all_routers() { return {0xff02'0000'0000'0000ULL, 2}; }
  /// fe80::/64 with the modified EUI-64 of `mac` (RFC 4291 appendix A).
  static constexpr Ipv6Addr link_local_of(MacAddr mac) {
    const std::uint64_t upper = (mac.bits >> 24 & 0xff'ffffU) ^ 0x02'0000U;
    return {0xfe80'0000'0000'0000ULL, upper << 40 | 0xff'fe00'0000ULL | (mac.bits & 0xff'ffffU)};
  }

  constexpr bool is_any() const { return high == 0 && low == 0; }
  constexpr bool is_loopback() const { return high == 0 && low == 1; }
  constexpr bool is_multicast() const { return high >> 56 == 0xff; }
  /// fe80::/10
  constexpr bool is_link_local() const { return high >> 54 == 0xfe80 >> 6; }
  /// A group that does not leave the link: ff02::/16, or ff01::/16 that does not leave the host.
  constexpr bool is_link_group() const { return is_multicast() && (high >> 48 & 0xf) <= 2; }
  /// True where an address means nothing without its interface.
  constexpr bool needs_device() const { return is_link_local() || is_link_group(); }
  constexpr auto operator<=>(const Ipv6Addr&) const = default;

  /// The group that a neighbour solicitation for this address goes to: ff02::1:ffXX:XXXX.
  constexpr Ipv6Addr solicited_node() const {
    return {0xff02'0000'0000'0000ULL, 0x1'ff00'0000ULL | (low & 0xff'ffffU)};
  }
  /// Where frames to a group go: 33:33 and its last four bytes (RFC 2464 §7).
  constexpr MacAddr group_mac() const { return {0x3333'0000'0000ULL | (low & 0xffff'ffffU)}; }

  /// As inet_pton(3): "2001:db8::1", also with a dotted quad at its end; no zone.
  static std::optional<Ipv6Addr> parse(std::string_view text);
  /// The shortest form, in lower case (RFC 5952): as inet_ntop(3) prints it.
  std::string to_string() const;
};

/// One of the four words of 32 bits, the first on the wire with 0.
constexpr std::uint32_t word_of(Ipv6Addr addr, int word) {
  return static_cast<std::uint32_t>((word < 2 ? addr.high : addr.low) >> (word % 2 == 0 ? 32 : 0));
}

/// The mask of a prefix length 0..128.
constexpr Ipv6Addr mask6_of(int len) {
  const auto half = [](int bits) { return bits <= 0 ? 0 : ~std::uint64_t{0} << (64 - bits); };
  return {len >= 64 ? ~std::uint64_t{0} : half(len), len <= 64 ? 0 : half(len - 64)};
}

/// An address with a prefix length: "2001:db8::1/64". The host bits are kept.
struct Ipv6Prefix {
  Ipv6Addr addr;
  std::uint8_t len = 128;

  constexpr Ipv6Addr network() const {
    const Ipv6Addr mask = mask6_of(len);
    return {addr.high & mask.high, addr.low & mask.low};
  }
  constexpr bool contains(Ipv6Addr a) const {
    const Ipv6Addr mask = mask6_of(len);
    return ((a.high ^ addr.high) & mask.high) == 0 && ((a.low ^ addr.low) & mask.low) == 0;
  }
  constexpr auto operator<=>(const Ipv6Prefix&) const = default;

  /// "ADDR/LEN" or "ADDR" (then /128).
  static std::optional<Ipv6Prefix> parse(std::string_view text);
  std::string to_string() const;
};

/// The order in which a tree of prefixes is walked: left, right, then the node itself, so that a
/// longer prefix comes before those that hold it (net/ipv6/ip6_fib.c: fib6_walk_continue()).
constexpr bool walked_before(Ipv6Prefix a, Ipv6Prefix b) {
  if (a.len > b.len && b.contains(a.addr)) return true;
  if (b.len > a.len && a.contains(b.addr)) return false;
  return a.addr < b.addr;
}

/// How many leading bits two addresses have in common: 0..128.
constexpr int common_prefix(Ipv6Addr a, Ipv6Addr b) {
  if (a.high != b.high) return std::countl_zero(a.high ^ b.high);
  return 64 + std::countl_zero(a.low ^ b.low);
}

}  // namespace lvslab
