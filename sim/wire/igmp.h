// IGMP version 3 reports (RFC 3376 §4.2): which groups a host hears, told when that changes.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/wire/checksum.h"

namespace lvslab {

/// One group record without sources, as every program that joins a group for all senders causes.
struct IgmpRecord {
  enum Type : std::uint8_t {
    kIsInclude = 1,
    kIsExclude = 2,
    kToInclude = 3,  ///< with no source: the group was left
    kToExclude = 4,  ///< with no source: the group was joined
    kAllow = 5,
    kBlock = 6
  };
  std::uint8_t type = kToExclude;
  Ipv4Addr group;
  bool operator==(const IgmpRecord&) const = default;
};

struct IgmpReport {
  static constexpr std::uint8_t kType = 0x22;
  static constexpr std::size_t kLength = 8;  ///< of the header
  static constexpr std::size_t kRecordLength = 8;
  static constexpr Ipv4Addr kAllRouters{0xe000'0016};  ///< 224.0.0.22
  std::vector<IgmpRecord> records;

  std::size_t length() const { return kLength + records.size() * kRecordLength; }

  /// Requires `out` of length() bytes.
  void emit(MutBytes out) const {
    store_be32(out.data(), std::uint32_t{kType} << 24);
    store_be32(out.data() + 4, static_cast<std::uint32_t>(records.size()));
    std::uint8_t* at = out.data() + kLength;
    for (const IgmpRecord& record : records) {
      store_be32(at, std::uint32_t{record.type} << 24);
      store_ipv4(at + 4, record.group);
      at += kRecordLength;
    }
    store_be16(out.data() + 2, checksum_of(sum_bytes(out)));
  }
  /// Errors: kTruncated below the header, or below the records that it announces; kUnsupported for
  /// another type, or for records with sources or auxiliary data.
  static WireResult<IgmpReport> parse(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    if (in[0] != kType) return std::unexpected(WireError::kUnsupported);
    const std::size_t count = load_be16(in.data() + 6);
    if (in.size() < kLength + count * kRecordLength) return std::unexpected(WireError::kTruncated);
    IgmpReport report;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t* at = in.data() + kLength + i * kRecordLength;
      if (at[1] != 0 || load_be16(at + 2) != 0) return std::unexpected(WireError::kUnsupported);
      report.records.push_back({at[0], load_ipv4(at + 4)});
    }
    return report;
  }
  bool operator==(const IgmpReport&) const = default;
};

}  // namespace lvslab
