// TCP segments over IPv4 (RFC 9293) with the options Linux uses: MSS, window scale and
// timestamps (RFC 7323), SACK (RFC 2018). Read as tcp_parse_options() does and laid out byte for
// byte as tcp_options_write() does (net/ipv4/tcp_input.c, tcp_output.c).
// Left out: MD5, AO, Fast Open, MPTCP: skipped on input, never emitted. Reserved bits are dropped.
#pragma once

#include <array>
#include <optional>

#include "sim/wire/ipv4.h"

namespace lvslab {

/// Bits of TcpRepr::flags, as they stand in the header.
namespace tcp_flag {
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kUrg = 0x20;
inline constexpr std::uint8_t kEce = 0x40;
inline constexpr std::uint8_t kCwr = 0x80;
}  // namespace tcp_flag

/// Option kinds (IANA) and lengths with kind and length byte.
namespace tcp_option {
inline constexpr std::uint8_t kEnd = 0;
inline constexpr std::uint8_t kNop = 1;
inline constexpr std::uint8_t kMss = 2, kMssLength = 4;
inline constexpr std::uint8_t kWindowScale = 3, kWindowScaleLength = 3;
inline constexpr std::uint8_t kSackPermitted = 4, kSackPermittedLength = 2;
inline constexpr std::uint8_t kSack = 5, kSackBaseLength = 2, kSackBlockLength = 8;
inline constexpr std::uint8_t kTimestamps = 8, kTimestampsLength = 10;
inline constexpr std::uint8_t kMaxWindowScale = 14;  // RFC 7323 §2.3
inline constexpr std::size_t kMaxBytes = 40;
}  // namespace tcp_option

struct TcpTimestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
  bool operator==(const TcpTimestamps&) const = default;
};

/// Sequence numbers [begin, end) that arrived.
struct SackBlock {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const SackBlock&) const = default;
};

struct TcpRepr {
  static constexpr std::size_t kLength = 20;     ///< without options
  static constexpr std::size_t kMaxLength = 60;  ///< with as many as fit
  static constexpr std::size_t kMaxSackBlocks = 4;
  static constexpr std::size_t kChecksumAt = 16;

  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t window = 0;  ///< as on the wire, not scaled
  std::uint16_t urgent = 0;
  std::uint8_t flags = 0;
  bool sack_permitted = false;                 ///< on SYN only, as the two below
  std::optional<std::uint8_t> window_scale{};  ///< at most 14
  std::optional<std::uint16_t> mss{};          ///< bytes, never 0
  std::optional<TcpTimestamps> timestamps{};
  std::uint8_t sack_count = 0;
  std::array<SackBlock, kMaxSackBlocks> sacks{};  ///< the first sack_count are valid

  constexpr bool has(std::uint8_t flag) const { return (flags & flag) != 0; }

  /// Header and options; the payload is in.subspan(tcp_header_length(in)). The checksum is not
  /// verified: see tcp_checksum_ok(). Like Linux, reading of options stops silently at the first
  /// malformed one, and those of a SYN are ignored elsewhere.
  /// Errors: kTruncated (below 20 bytes, or the header exceeds `in`), kBadLength (offset below 5).
  static constexpr WireResult<TcpRepr> parse(Bytes in);

  /// Bytes of header and options as emit() lays them out: a multiple of 4, at most 60.
  constexpr std::size_t header_length() const;

  /// Writes header, options and checksum in front of a payload that already stands at
  /// out[header_length()..]. Requires out.size() >= header_length().
  void emit(MutBytes out, Ipv4Addr src, Ipv4Addr dst) const {
    const std::size_t length = header_length();
    emit(out.first(length), src, dst, out.size() - length, sum_bytes(out.subspan(length)));
  }
  /// The same if the payload's length in bytes and sum_bytes() are known, so that bulk data is not
  /// read again. Requires header.size() == header_length().
  constexpr void emit(MutBytes header, Ipv4Addr src, Ipv4Addr dst, std::size_t payload_length,
                      std::uint32_t payload_sum) const;

  bool operator==(const TcpRepr&) const = default;

 private:
  constexpr void parse_options(const std::uint8_t* p, std::size_t left);
  constexpr void take_option(std::uint8_t kind, std::size_t size, const std::uint8_t* data);
  constexpr std::size_t fixed_option_bytes() const;
  constexpr std::size_t sacks_that_fit() const;
  constexpr std::uint32_t emit_options(std::uint8_t* p) const;
};

/// Header length in bytes from the data offset field; requires a segment that parse() accepted.
constexpr std::size_t tcp_header_length(Bytes segment) {
  return std::size_t{4} * (segment[12] >> 4);
}

/// True if the checksum of a whole segment is right.
inline bool tcp_checksum_ok(Bytes segment, Ipv4Addr src, Ipv4Addr dst) {
  return fold_sum(
             pseudo_header_sum(src, dst, static_cast<std::uint8_t>(IpProto::kTcp), segment.size()) +
             sum_bytes(segment)) == 0xffff;
}

// --- parse ------------------------------------------------------------------------------------

constexpr WireResult<TcpRepr> TcpRepr::parse(Bytes in) {
  if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
  const std::uint8_t* p = in.data();
  const std::size_t length = tcp_header_length(in);
  if (length < kLength) return std::unexpected(WireError::kBadLength);
  if (length > in.size()) return std::unexpected(WireError::kTruncated);
  WireResult<TcpRepr> result{std::in_place};
  TcpRepr& repr = *result;
  repr.src_port = load_be16(p);
  repr.dst_port = load_be16(p + 2);
  repr.seq = load_be32(p + 4);
  repr.ack = load_be32(p + 8);
  repr.flags = p[13];
  repr.window = load_be16(p + 14);
  repr.urgent = load_be16(p + 18);
  if (length > kLength) repr.parse_options(p + kLength, length - kLength);
  return result;
}

constexpr void TcpRepr::parse_options(const std::uint8_t* p, std::size_t left) {
  namespace opt = tcp_option;
  // What almost every segment carries; compare tcp_fast_parse_options().
  if (left == 12 && load_be32(p) == (opt::kNop << 24 | opt::kNop << 16 | opt::kTimestamps << 8 |
                                     opt::kTimestampsLength)) {
    timestamps = TcpTimestamps{load_be32(p + 4), load_be32(p + 8)};
    return;
  }
  while (left > 0) {
    if (*p == opt::kEnd) return;
    if (*p == opt::kNop) {
      ++p;
      --left;
      continue;
    }
    if (left < 2 || p[1] < 2 || p[1] > left) return;
    take_option(p[0], p[1], p + 2);
    left -= p[1];
    p += p[1];
  }
}

constexpr void TcpRepr::take_option(std::uint8_t kind, std::size_t size, const std::uint8_t* data) {
  namespace opt = tcp_option;
  const bool syn = has(tcp_flag::kSyn);
  if (kind == opt::kMss && size == opt::kMssLength && syn) {
    if (const std::uint16_t value = load_be16(data); value != 0) mss = value;
  } else if (kind == opt::kWindowScale && size == opt::kWindowScaleLength && syn) {
    window_scale = data[0] > opt::kMaxWindowScale ? opt::kMaxWindowScale : data[0];
  } else if (kind == opt::kSackPermitted && size == opt::kSackPermittedLength && syn) {
    sack_permitted = true;
  } else if (kind == opt::kTimestamps && size == opt::kTimestampsLength) {
    timestamps = TcpTimestamps{load_be32(data), load_be32(data + 4)};
  } else if (kind == opt::kSack && size >= opt::kSackBaseLength + opt::kSackBlockLength &&
             (size - opt::kSackBaseLength) % opt::kSackBlockLength == 0) {
    const std::size_t count = (size - opt::kSackBaseLength) / opt::kSackBlockLength;
    sack_count = static_cast<std::uint8_t>(count < kMaxSackBlocks ? count : kMaxSackBlocks);
    for (std::size_t i = 0; i < sack_count; ++i) {
      sacks[i] = {load_be32(data + 8 * i), load_be32(data + 8 * i + 4)};
    }
  }
}

// --- emit -------------------------------------------------------------------------------------

constexpr std::size_t TcpRepr::fixed_option_bytes() const {
  std::size_t bytes = 0;
  if (mss) bytes += 4;
  if (timestamps) {
    bytes += 12;  // SACK-permitted takes the place of the two NOPs
  } else if (sack_permitted) {
    bytes += 4;
  }
  if (window_scale) bytes += 4;
  return bytes;
}

/// Blocks beyond the 40 bytes are left out, as tcp_established_options() does: 3 with timestamps.
constexpr std::size_t TcpRepr::sacks_that_fit() const {
  if (sack_count == 0) return 0;
  const std::size_t room =
      (tcp_option::kMaxBytes - fixed_option_bytes() - 4) / tcp_option::kSackBlockLength;
  return sack_count < room ? sack_count : room;
}

constexpr std::size_t TcpRepr::header_length() const {
  const std::size_t blocks = sacks_that_fit();
  return kLength + fixed_option_bytes() + (blocks == 0 ? 0 : 4 + 8 * blocks);
}

/// Returns the sum of what it wrote.
constexpr std::uint32_t TcpRepr::emit_options(std::uint8_t* p) const {
  namespace opt = tcp_option;
  std::uint32_t sum = 0;
  const auto put = [&](std::uint32_t word) {
    store_be32(p, word);
    sum += (word >> 16) + (word & 0xffff);
    p += 4;
  };
  if (mss) put(opt::kMss << 24 | opt::kMssLength << 16 | *mss);
  if (timestamps) {
    const std::uint32_t lead = sack_permitted ? opt::kSackPermitted << 8 | opt::kSackPermittedLength
                                              : opt::kNop << 8 | opt::kNop;
    put(lead << 16 | opt::kTimestamps << 8 | opt::kTimestampsLength);
    put(timestamps->value);
    put(timestamps->echo);
  } else if (sack_permitted) {
    put(opt::kNop << 24 | opt::kNop << 16 | opt::kSackPermitted << 8 | opt::kSackPermittedLength);
  }
  if (window_scale) {
    put(opt::kNop << 24 | opt::kWindowScale << 16 | opt::kWindowScaleLength << 8 | *window_scale);
  }
  if (const std::size_t blocks = sacks_that_fit(); blocks > 0) {
    put(opt::kNop << 24 | opt::kNop << 16 | opt::kSack << 8 |
        static_cast<std::uint32_t>(opt::kSackBaseLength + opt::kSackBlockLength * blocks));
    for (std::size_t i = 0; i < blocks; ++i) {
      put(sacks[i].begin);
      put(sacks[i].end);
    }
  }
  return sum;
}

constexpr void TcpRepr::emit(MutBytes header, Ipv4Addr src, Ipv4Addr dst,
                             std::size_t payload_length, std::uint32_t payload_sum) const {
  std::uint8_t* p = header.data();
  const std::uint32_t offset_flags = static_cast<std::uint32_t>(header.size() / 4) << 12 | flags;
  const std::uint64_t sum = pseudo_header_sum(src, dst, static_cast<std::uint8_t>(IpProto::kTcp),
                                              header.size() + payload_length) +
                            std::uint64_t{src_port} + dst_port + (seq >> 16) + (seq & 0xffff) +
                            (ack >> 16) + (ack & 0xffff) + offset_flags + window + urgent +
                            emit_options(p + kLength) + payload_sum;
  store_be16(p, src_port);
  store_be16(p + 2, dst_port);
  store_be32(p + 4, seq);
  store_be32(p + 8, ack);
  store_be16(p + 12, static_cast<std::uint16_t>(offset_flags));
  store_be16(p + 14, window);
  store_be16(p + 16, checksum_of(sum));
  store_be16(p + 18, urgent);
}

}  // namespace lvslab
