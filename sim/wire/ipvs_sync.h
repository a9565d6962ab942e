// What an IPVS master tells its backups of its connections: messages of version 1, or of the older
// version 0, one UDP datagram each. Left out: IPv6 entries, sequence numbers of helpers and data of
// persistence engines (their options are stepped over).
// Source: net/netfilter/ipvs/ip_vs_sync.c: struct ip_vs_sync_mesg, struct ip_vs_sync_v4, struct
//         ip_vs_sync_mesg_v0, struct ip_vs_sync_conn_v0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/wire/bytes.h"

namespace lvslab {

/// The flags of an entry (include/uapi/linux/ip_vs.h); the lowest three bits are the forwarding
/// method.
namespace ipvs_flag {
inline constexpr std::uint32_t kForwardMask = 0x0007, kBypass = 0x0004;
inline constexpr std::uint32_t kSync = 0x0020;      ///< learned from a master
inline constexpr std::uint32_t kNoOutput = 0x0080;  ///< answers do not pass here
inline constexpr std::uint32_t kInactive = 0x0100;
inline constexpr std::uint32_t kSequences = 0x0600;  ///< numbers of a helper follow (version 0)
inline constexpr std::uint32_t kNoClientPort = 0x0800;
inline constexpr std::uint32_t kTemplate = 0x1000;
inline constexpr std::uint32_t kConntrack = 0x1'0000;
/// IP_VS_CONN_F_BACKUP_MASK, as far as it is modelled.
inline constexpr std::uint32_t kOfBackups = kForwardMask | kNoOutput | kInactive | kTemplate;
}  // namespace ipvs_flag

/// One connection or template of a message.
struct IpvsSyncEntry {
  static constexpr std::size_t kLength = 36;
  std::uint8_t protocol = 6;
  std::uint32_t flags = 0;
  std::uint16_t state = 0;  ///< in the numbering of the protocol
  std::uint16_t client_port = 0, virt_port = 0, dest_port = 0;
  std::uint32_t fwmark = 0;
  std::uint32_t timeout_s = 0;
  Ipv4Addr client, virt, dest;

  /// The first entry of `in`; what follows it may be options. Errors: kTruncated if the entry is
  /// not all there, kBadLength if it says to be shorter than it is, kUnsupported for IPv6 and for
  /// other versions of the entry.
  static WireResult<IpvsSyncEntry> parse(Bytes in);
  /// What the entry with its options takes, the padding of up to three bytes behind it included.
  /// Requires kLength bytes.
  static std::size_t stride_of(Bytes in) {
    return (size_of(in) + std::size_t{3}) & ~std::size_t{3};
  }
  static std::size_t size_of(Bytes in) { return load_be16(in.data() + 2) & 0x0fffU; }
  /// Requires out.size() >= kLength.
  void emit(MutBytes out) const;

  // Version 0: without the mark and the time, and with half of the flags.
  static constexpr std::size_t kLengthV0 = 24, kSequencesLengthV0 = 24;
  /// Errors: kTruncated.
  static WireResult<IpvsSyncEntry> parse_v0(Bytes in);
  static std::size_t stride_of_v0(const IpvsSyncEntry& entry) {
    return kLengthV0 + ((entry.flags & ipvs_flag::kSequences) != 0 ? kSequencesLengthV0 : 0);
  }
  /// Requires out.size() >= kLengthV0.
  void emit_v0(MutBytes out) const;
  bool operator==(const IpvsSyncEntry&) const = default;
};

inline WireResult<IpvsSyncEntry> IpvsSyncEntry::parse(Bytes in) {
  if (in.size() < kLength || size_of(in) > in.size()) {
    return std::unexpected(WireError::kTruncated);
  }
  const std::uint8_t* p = in.data();
  if (p[0] != 0 || p[2] >> 4 != 0) return std::unexpected(WireError::kUnsupported);
  if (size_of(in) < kLength) return std::unexpected(WireError::kBadLength);
  return IpvsSyncEntry{.protocol = p[1],
                       .flags = load_be32(p + 4),
                       .state = load_be16(p + 8),
                       .client_port = load_be16(p + 10),
                       .virt_port = load_be16(p + 12),
                       .dest_port = load_be16(p + 14),
                       .fwmark = load_be32(p + 16),
                       .timeout_s = load_be32(p + 20),
                       .client = load_ipv4(p + 24),
                       .virt = load_ipv4(p + 28),
                       .dest = load_ipv4(p + 32)};
}

inline WireResult<IpvsSyncEntry> IpvsSyncEntry::parse_v0(Bytes in) {
  if (in.size() < kLengthV0) return std::unexpected(WireError::kTruncated);
  const std::uint8_t* p = in.data();
  const IpvsSyncEntry entry{.protocol = p[1],
                            .flags = load_be16(p + 20),
                            .state = load_be16(p + 22),
                            .client_port = load_be16(p + 2),
                            .virt_port = load_be16(p + 4),
                            .dest_port = load_be16(p + 6),
                            .client = load_ipv4(p + 8),
                            .virt = load_ipv4(p + 12),
                            .dest = load_ipv4(p + 16)};
  if (stride_of_v0(entry) > in.size()) return std::unexpected(WireError::kTruncated);
  return entry;
}

inline void IpvsSyncEntry::emit_v0(MutBytes out) const {
  std::uint8_t* p = out.data();
  p[0] = 0;
  p[1] = protocol;
  store_be16(p + 2, client_port);
  store_be16(p + 4, virt_port);
  store_be16(p + 6, dest_port);
  store_ipv4(p + 8, client);
  store_ipv4(p + 12, virt);
  store_ipv4(p + 16, dest);
  store_be16(p + 20, static_cast<std::uint16_t>(flags & 0xffffU));
  store_be16(p + 22, state);
}

inline void IpvsSyncEntry::emit(MutBytes out) const {
  std::uint8_t* p = out.data();
  p[0] = 0;
  p[1] = protocol;
  store_be16(p + 2, kLength);
  store_be32(p + 4, flags);
  store_be16(p + 8, state);
  store_be16(p + 10, client_port);
  store_be16(p + 12, virt_port);
  store_be16(p + 14, dest_port);
  store_be32(p + 16, fwmark);
  store_be32(p + 20, timeout_s);
  store_ipv4(p + 24, client);
  store_ipv4(p + 28, virt);
  store_ipv4(p + 32, dest);
}

/// The head of a message.
struct IpvsSyncRepr {
  static constexpr std::size_t kLength = 8, kLengthV0 = 4;
  static constexpr std::uint8_t kVersion = 1;
  static constexpr std::uint16_t kPort = 8848;
  static constexpr Ipv4Addr kGroup{0xe000'0051};  ///< 224.0.0.81
  std::uint8_t sync_id = 0;
  std::uint16_t size = kLength;  ///< of the whole message
  std::uint8_t count = 0;        ///< entries
  std::uint8_t version = kVersion;

  static constexpr std::size_t length_of(std::uint8_t version) {
    return version == kVersion ? kLength : kLengthV0;
  }

  /// What is not a message of version 1 is one of version 0. Errors: kTruncated, kBadLength unless
  /// `in` is as long as the message says.
  static constexpr WireResult<IpvsSyncRepr> parse(Bytes in) {
    if (in.size() < kLengthV0) return std::unexpected(WireError::kTruncated);
    const std::uint8_t* p = in.data();
    IpvsSyncRepr repr{p[1], load_be16(p + 2), p[0], 0};
    if (repr.size != in.size()) return std::unexpected(WireError::kBadLength);
    const bool current =
        in.size() >= kLength && p[0] == 0 && p[5] == kVersion && load_be16(p + 6) == 0;
    if (current) {
      repr.version = kVersion;
      repr.count = p[4];
    }
    return repr;
  }
  /// Requires out.size() >= length_of(version).
  constexpr void emit(MutBytes out) const {
    std::uint8_t* p = out.data();
    p[0] = version == kVersion ? 0 : count;
    p[1] = sync_id;
    store_be16(p + 2, size);
    if (version != kVersion) return;
    p[4] = count;
    p[5] = kVersion;
    store_be16(p + 6, 0);
  }
  bool operator==(const IpvsSyncRepr&) const = default;
};

}  // namespace lvslab
