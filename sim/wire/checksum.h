// The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
//
// A "sum" is a one's complement sum of big-endian 16-bit words that need not be folded yet: add
// sums with +, then checksum_of() folds and complements. Only the last of several ranges that
// are summed up may have an odd length.
#pragma once

#include <bit>
#include <cstring>

#include "sim/wire/bytes.h"

namespace lvslab {

/// Folds carries until 16 bits are left.
constexpr std::uint16_t fold_sum(std::uint64_t sum) {
  sum = (sum & 0xffff'ffffU) + (sum >> 32);
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// The checksum field for a sum taken with that field as zero.
constexpr std::uint16_t checksum_of(std::uint64_t sum) {
  return static_cast<std::uint16_t>(~fold_sum(sum));
}

namespace detail {

/// Twice a machine word: adding to it compiles to add + adc, and no compiler tries to vectorise it.
__extension__ using Wide = unsigned __int128;

inline std::uint64_t load_word(const std::uint8_t* p) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

inline std::uint64_t halves(std::uint64_t v) { return (v & 0xffff'ffffU) + (v >> 32); }

}  // namespace detail

/// Sum of `bytes` (at most 0xffff), 8 bytes at a time in machine order: the one's complement sum
/// does not care, only the result is swapped (RFC 1071 §2B). An odd last byte counts as the high
/// byte of a word.
inline std::uint32_t sum_bytes(Bytes bytes) {
  const std::uint8_t* p = bytes.data();
  std::size_t n = bytes.size();
  detail::Wide a = 0, b = 0;
  for (; n >= 32; n -= 32, p += 32) {
    a += detail::load_word(p);
    b += detail::load_word(p + 8);
    a += detail::load_word(p + 16);
    b += detail::load_word(p + 24);
  }
  for (; n >= 8; n -= 8, p += 8) a += detail::load_word(p);
  std::uint64_t tail = 0;
  if (n >= 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, p, sizeof word);
    tail += word;
    n -= 4;
    p += 4;
  }
  if (n >= 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, p, sizeof word);
    tail += word;
    n -= 2;
    p += 2;
  }
  if (n == 1) {
    std::uint16_t word = 0;
    std::memcpy(&word, p, 1);
    tail += word;
  }
  a += b;
  const std::uint64_t carries = static_cast<std::uint64_t>(a >> 64);
  const std::uint16_t sum =
      fold_sum(detail::halves(static_cast<std::uint64_t>(a)) + carries + tail);
  if constexpr (std::endian::native == std::endian::big) return sum;
  return static_cast<std::uint16_t>(sum << 8 | sum >> 8);
}

inline std::uint16_t internet_checksum(Bytes bytes) { return checksum_of(sum_bytes(bytes)); }

/// Sum of an IPv4 address as two words.
constexpr std::uint32_t sum_addr(Ipv4Addr addr) { return (addr.bits >> 16) + (addr.bits & 0xffff); }

/// Sum of the pseudo header of TCP and UDP over IPv4 (RFC 9293 §3.1, RFC 768).
/// `length` is that of transport header and payload in bytes.
constexpr std::uint32_t pseudo_header_sum(Ipv4Addr src, Ipv4Addr dst, std::uint8_t protocol,
                                          std::size_t length) {
  return sum_addr(src) + sum_addr(dst) + protocol + static_cast<std::uint32_t>(length);
}

/// The checksum after one 16-bit word changed: HC' = ~(~HC + ~m + m')   RFC 1624 §3, eqn. 3
constexpr std::uint16_t checksum_update16(std::uint16_t checksum, std::uint16_t old_word,
                                          std::uint16_t new_word) {
  return checksum_of(static_cast<std::uint64_t>(static_cast<std::uint16_t>(~checksum)) +
                     static_cast<std::uint16_t>(~old_word) + new_word);
}

/// The same for a 32-bit field such as an address.
constexpr std::uint16_t checksum_update32(std::uint16_t checksum, std::uint32_t old_value,
                                          std::uint32_t new_value) {
  const std::uint32_t removed = ~old_value;
  return checksum_of(static_cast<std::uint64_t>(static_cast<std::uint16_t>(~checksum)) +
                     (removed >> 16) + (removed & 0xffff) + (new_value >> 16) +
                     (new_value & 0xffff));
}

}  // namespace lvslab
