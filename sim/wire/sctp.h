// SCTP packets (RFC 9260 §3): a common header, and chunks one after the other.
//
// Models: all chunks of the base protocol, the parameters of INIT and INIT ACK that Linux sends,
// the CRC32c over a packet. Left out: AUTH, ASCONF, I-DATA, FORWARD TSN beyond its name.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sim/wire/bytes.h"

namespace lvslab {

/// Other values may occur.
enum class SctpChunkType : std::uint8_t {
  kData = 0,
  kInit = 1,
  kInitAck = 2,
  kSack = 3,
  kHeartbeat = 4,
  kHeartbeatAck = 5,
  kAbort = 6,
  kShutdown = 7,
  kShutdownAck = 8,
  kError = 9,
  kCookieEcho = 10,
  kCookieAck = 11,
  kEcne = 12,
  kCwr = 13,
  kShutdownComplete = 14,
  kForwardTsn = 192
};

/// "INIT ACK"; empty if the type has no name here.
std::string_view name_of(SctpChunkType type);

/// The T bit of ABORT and SHUTDOWN COMPLETE: the tag is the one that the other side sent.
inline constexpr std::uint8_t kSctpReflectedTag = 0x01;

struct SctpRepr {
  static constexpr std::size_t kLength = 12;
  static constexpr std::size_t kTagAt = 4, kChecksumAt = 8;
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;
  std::uint32_t tag = 0;  ///< the verification tag

  /// The header alone. Errors: kTruncated below 12 bytes.
  static constexpr WireResult<SctpRepr> parse_header(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    return SctpRepr{load_be16(in.data()), load_be16(in.data() + 2), load_be32(in.data() + kTagAt)};
  }
  /// Writes the header in front of chunks that already stand at out[kLength..], with the checksum
  /// over both.
  void emit(MutBytes out) const;
  bool operator==(const SctpRepr&) const = default;
};

/// The checksum field that `packet`, from the common header on, should have: a CRC32c, its least
/// significant byte first (RFC 9260 §6.8, appendix A). What stands in the field does not count.
/// Requires 12 bytes.
std::uint32_t sctp_checksum(Bytes packet);
inline bool sctp_checksum_ok(Bytes packet) {
  return packet.size() >= SctpRepr::kLength &&
         load_be32(packet.data() + SctpRepr::kChecksumAt) == sctp_checksum(packet);
}

/// A chunk, or a parameter of one: both have a length that counts their header and no padding.
struct SctpChunk {
  static constexpr std::size_t kHeader = 4;
  SctpChunkType type{};
  std::uint8_t flags = 0;
  std::uint16_t length = 0;  ///< bytes with the header
  Bytes value;               ///< what is there of them, without the header

  bool is_whole() const { return value.size() + kHeader >= length; }
};
constexpr std::size_t sctp_padded(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

/// Takes the first chunk off `rest`; nothing if there is none, or its length is below 4. One that
/// says it is longer than what is there comes with what is there.
std::optional<SctpChunk> take_sctp_chunk(Bytes& rest);

/// Parameters of INIT and INIT ACK.
namespace sctp_parameter {
inline constexpr std::uint16_t kHeartbeatInfo = 1, kIpv4 = 5, kIpv6 = 6, kCookie = 7,
                               kUnrecognized = 8, kCookiePreservative = 9, kHostName = 11,
                               kAddressTypes = 12, kEcn = 0x8000, kForwardTsn = 0xc000;
}
struct SctpParameter {
  std::uint16_t type = 0;
  Bytes value;
};
/// As take_sctp_chunk(); nothing, too, if the parameter is not whole.
std::optional<SctpParameter> take_sctp_parameter(Bytes& rest);

/// The fixed part of INIT and INIT ACK.
struct SctpInit {
  static constexpr std::size_t kLength = 16;
  std::uint32_t tag = 0;
  std::uint32_t window = 0;  ///< a_rwnd, bytes
  std::uint16_t out_streams = 0, in_streams = 0;
  std::uint32_t tsn = 0;

  static std::optional<SctpInit> parse(Bytes value);
  void emit(std::uint8_t* out) const;
  bool operator==(const SctpInit&) const = default;
};

/// A chunk as bytes, with its padding.
std::vector<std::uint8_t> sctp_chunk(SctpChunkType type, std::uint8_t flags, Bytes value = {});

struct SctpData {
  static constexpr std::size_t kLength = 12;  ///< before the payload
  static constexpr std::uint8_t kEnd = 1, kBegin = 2, kUnordered = 4, kImmediate = 8;
  std::uint32_t tsn = 0;
  std::uint16_t stream = 0, sequence = 0;
  std::uint32_t protocol = 0;

  static std::optional<SctpData> parse(Bytes value);
  void emit(std::uint8_t* out) const;
  bool operator==(const SctpData&) const = default;
};

/// Without its gap blocks and duplicates, which follow.
struct SctpSack {
  static constexpr std::size_t kLength = 12;
  std::uint32_t ack = 0;     ///< cumulative TSN ack
  std::uint32_t window = 0;  ///< a_rwnd, bytes
  std::uint16_t gaps = 0, duplicates = 0;

  static std::optional<SctpSack> parse(Bytes value);
  void emit(std::uint8_t* out) const;
  bool operator==(const SctpSack&) const = default;
};

}  // namespace lvslab
