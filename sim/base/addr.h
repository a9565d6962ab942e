// MAC and IPv4 addresses as values in host byte order, with their usual spellings.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lvslab {

/// A 48-bit Ethernet address; the first byte on the wire is the most significant.
struct MacAddr {
  std::uint64_t bits = 0;

  static constexpr MacAddr broadcast() { return {0xffff'ffff'ffffULL}; }
  constexpr bool is_broadcast() const { return bits == 0xffff'ffff'ffffULL; }
  /// Group bit: multicast or broadcast (IEEE 802).
  constexpr bool is_multicast() const { return (bits >> 40 & 1) != 0; }
  constexpr bool is_zero() const { return bits == 0; }
  constexpr auto operator<=>(const MacAddr&) const = default;

  /// "02:00:00:00:00:0a", lower or upper case; nothing if the text is not six hex bytes.
  static std::optional<MacAddr> parse(std::string_view text);
  std::string to_string() const;
};

struct Ipv4Addr {
  std::uint32_t bits = 0;

  static constexpr Ipv4Addr any() { return {0}; }
  static constexpr Ipv4Addr broadcast() { return {0xffff'ffffU}; }
  constexpr bool is_any() const { return bits == 0; }
  constexpr bool is_broadcast() const { return bits == 0xffff'ffffU; }
  constexpr bool is_multicast() const { return (bits >> 28) == 0xe; }
  constexpr bool is_loopback() const { return (bits >> 24) == 127; }
  /// 169.254.0.0/16 (RFC 3927): what arp_ignore and source selection call link scope.
  constexpr bool is_link_local() const { return (bits >> 16) == 0xa9fe; }
  /// The name of "::" among those that stand for IPv6 addresses (sim/core/address_names.h).
  static constexpr Ipv4Addr any6() { return {0xf000'0000U}; }
  /// True for such a name: 240.0.0.0/8, which is reserved (RFC 1112 §4) and no lab's.
  constexpr bool names_ipv6() const { return (bits >> 24) == 0xf0; }
  /// What a socket that hears all addresses of this one's version is bound to.
  constexpr Ipv4Addr wildcard() const { return names_ipv6() ? any6() : any(); }
  /// A socket that is bound to this hears what is sent to `addr`.
  constexpr bool covers(Ipv4Addr addr) const { return *this == addr || *this == addr.wildcard(); }
  constexpr auto operator<=>(const Ipv4Addr&) const = default;

  /// Strict dotted quad, as inet_pton(3): four decimal numbers without leading zeros.
  static std::optional<Ipv4Addr> parse(std::string_view text);
  std::string to_string() const;
};

/// The netmask of a prefix length 0..32.
constexpr std::uint32_t mask_of(int prefix_len) {
  return prefix_len == 0 ? 0U : ~0U << (32 - prefix_len);
}

/// An address with a prefix length: "192.168.80.150/24". The host bits are kept.
struct Ipv4Prefix {
  Ipv4Addr addr;
  std::uint8_t len = 32;

  constexpr Ipv4Addr network() const { return {addr.bits & mask_of(len)}; }
  constexpr Ipv4Addr broadcast() const { return {addr.bits | ~mask_of(len)}; }
  constexpr Ipv4Addr netmask() const { return {mask_of(len)}; }
  constexpr bool contains(Ipv4Addr a) const { return ((a.bits ^ addr.bits) & mask_of(len)) == 0; }
  constexpr auto operator<=>(const Ipv4Prefix&) const = default;

  /// "A.B.C.D/LEN" or "A.B.C.D" (then /32).
  static std::optional<Ipv4Prefix> parse(std::string_view text);
  std::string to_string() const;
};

/// The prefix length of a contiguous netmask; nothing if the one bits are not contiguous.
constexpr std::optional<std::uint8_t> prefix_len_of(Ipv4Addr netmask) {
  const int ones = std::countl_one(netmask.bits);
  if (mask_of(ones) != netmask.bits) return std::nullopt;
  return static_cast<std::uint8_t>(ones);
}

}  // namespace lvslab
