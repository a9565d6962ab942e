// The kernel's hash functions behind the hashing schedulers, bit for bit.
//
// Source: include/linux/hash.h: hash_32(); lib/siphash.c: hsiphash_1u32() of 64-bit kernels
// (SipHash-1-3, Aumasson/Bernstein 2012).
#pragma once

#include <bit>
#include <cstdint>

#include "sim/core/address_names.h"

namespace lvslab::ipvs {

/// An address as hashes take it: of IPv6 the exclusive or of its four words.
inline std::uint32_t folded_address(const AddressNames& names, Ipv4Addr addr) {
  if (!addr.names_ipv6()) return addr.bits;
  const Ipv6Addr six = names.address_of(addr);
  return word_of(six, 0) ^ word_of(six, 1) ^ word_of(six, 2) ^ word_of(six, 3);
}

/// The upper `bits` bits of a multiplication by the golden ratio; 1 <= bits <= 32.
constexpr std::uint32_t hash_32(std::uint32_t value, int bits) {
  return (value * 0x61c8'8647U) >> (32 - bits);
}

/// SipHash-1-3 of one 32-bit word under the key (key, key), folded to 32 bits.
constexpr std::uint32_t hsiphash_u32(std::uint32_t word, std::uint64_t key) {
  std::uint64_t v0 = 0x736f'6d65'7073'6575ULL ^ key, v1 = 0x646f'7261'6e64'6f6dULL ^ key;
  std::uint64_t v2 = 0x6c79'6765'6e65'7261ULL ^ key, v3 = 0x7465'6462'7974'6573ULL ^ key;
  const auto round = [&] {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  };
  constexpr std::uint64_t kLengthFour = 4ULL << 56;
  v3 ^= kLengthFour | word;
  round();
  v0 ^= kLengthFour | word;
  v2 ^= 0xff;
  round();
  round();
  round();
  return static_cast<std::uint32_t>(v0 ^ v1 ^ v2 ^ v3);
}

}  // namespace lvslab::ipvs
