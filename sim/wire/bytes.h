// Views of packet bytes, and the only place where host byte order meets the wire's big endian.
// Nothing here checks bounds: parse() functions test the size once and then load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "sim/base/addr.h"

namespace lvslab {

using Bytes = std::span<const std::uint8_t>;
using MutBytes = std::span<std::uint8_t>;

/// Why bytes are not the packet they claim to be.
enum class WireError : std::uint8_t {
  kTruncated,    ///< fewer bytes than the header (or its length field) asks for
  kUnsupported,  ///< well formed, but a variant that is not modelled
  kBadChecksum,
  kBadLength,   ///< a length field contradicts itself: header longer than the packet and so on
  kBadVersion,  ///< not IP version 4
};

constexpr std::string_view to_string(WireError error) {
  switch (error) {
    case WireError::kTruncated: return "truncated";
    case WireError::kUnsupported: return "unsupported";
    case WireError::kBadChecksum: return "bad checksum";
    case WireError::kBadLength: return "bad length";
    case WireError::kBadVersion: return "bad version";
  }
  return "unknown";
}

/// A result without allocation: safe on the per-packet path.
template <class T>
using WireResult = std::expected<T, WireError>;

constexpr std::uint16_t load_be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}
constexpr std::uint32_t load_be32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[0]) << 24 | static_cast<std::uint32_t>(p[1]) << 16 |
         static_cast<std::uint32_t>(p[2]) << 8 | static_cast<std::uint32_t>(p[3]);
}
constexpr std::uint64_t load_be48(const std::uint8_t* p) {
  return static_cast<std::uint64_t>(load_be16(p)) << 32 | load_be32(p + 2);
}
constexpr void store_be16(std::uint8_t* p, std::uint16_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 8);
  p[1] = static_cast<std::uint8_t>(v);
}
constexpr void store_be32(std::uint8_t* p, std::uint32_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 24);
  p[1] = static_cast<std::uint8_t>(v >> 16);
  p[2] = static_cast<std::uint8_t>(v >> 8);
  p[3] = static_cast<std::uint8_t>(v);
}
constexpr void store_be48(std::uint8_t* p, std::uint64_t v) {
  store_be16(p, static_cast<std::uint16_t>(v >> 32));
  store_be32(p + 2, static_cast<std::uint32_t>(v));
}

constexpr MacAddr load_mac(const std::uint8_t* p) { return {load_be48(p)}; }
constexpr void store_mac(std::uint8_t* p, MacAddr mac) { store_be48(p, mac.bits); }
constexpr Ipv4Addr load_ipv4(const std::uint8_t* p) { return {load_be32(p)}; }
constexpr void store_ipv4(std::uint8_t* p, Ipv4Addr addr) { store_be32(p, addr.bits); }

}  // namespace lvslab
