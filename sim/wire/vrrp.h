// VRRP for IPv4: version 2 (RFC 3768, with the simple password of RFC 2338) and version 3
// (RFC 5798). Left out: the authentication header, and IPv6.
#pragma once

#include <array>
#include <vector>

#include "sim/wire/ipv4.h"

namespace lvslab {

enum class VrrpAuth : std::uint8_t { kNone = 0, kPassword = 1, kAh = 2 };

struct VrrpRepr {
  static constexpr std::size_t kLength = 8;      ///< without addresses and password
  static constexpr std::size_t kAuthLength = 8;  ///< version 2 only, whatever the type
  static constexpr std::uint8_t kAdvertisement = 1;
  std::uint8_t version = 2;
  std::uint8_t type = kAdvertisement;
  std::uint8_t vrid = 0;
  std::uint8_t priority = 0;  ///< 0: the master leaves; 255: the owner of the addresses
  VrrpAuth auth = VrrpAuth::kNone;
  std::uint16_t advert_int = 1;  ///< version 2: seconds; version 3: hundredths, 12 bits
  std::vector<Ipv4Addr> addresses;
  std::array<std::uint8_t, kAuthLength> password{};

  /// Bytes of a message with `count` addresses.
  static constexpr std::size_t length_of(std::uint8_t version, std::size_t count) {
    return kLength + 4 * count + (version == 3 ? 0 : kAuthLength);
  }
  std::size_t length() const { return length_of(version, addresses.size()); }

  /// Errors: kTruncated if the addresses or the password are not all there; kBadVersion for
  /// versions other than 2 and 3. The checksum is not verified: see checksum_ok().
  static WireResult<VrrpRepr> parse(Bytes in) {
    if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
    const std::uint8_t* p = in.data();
    VrrpRepr repr;
    repr.version = p[0] >> 4;
    if (repr.version != 2 && repr.version != 3) return std::unexpected(WireError::kBadVersion);
    repr.type = p[0] & 0xf;
    repr.vrid = p[1];
    repr.priority = p[2];
    const std::size_t count = p[3];
    if (in.size() < length_of(repr.version, count)) return std::unexpected(WireError::kTruncated);
    if (repr.version == 2) {
      repr.auth = VrrpAuth{p[4]};
      repr.advert_int = p[5];
    } else {
      repr.advert_int = load_be16(p + 4) & 0xfff;
    }
    for (std::size_t i = 0; i < count; ++i) {
      repr.addresses.push_back(load_ipv4(p + kLength + 4 * i));
    }
    if (repr.version == 2) {
      for (std::size_t i = 0; i < kAuthLength; ++i) {
        repr.password[i] = p[kLength + 4 * count + i];
      }
    }
    return repr;
  }

  /// Version 3 sums the IPv4 pseudo header as well (RFC 5798 §5.2.8), version 2 does not.
  static bool checksum_ok(Bytes message, Ipv4Addr src, Ipv4Addr dst) {
    std::uint64_t sum = sum_bytes(message);
    if (!message.empty() && message[0] >> 4 == 3) {
      sum += pseudo_header_sum(src, dst, static_cast<std::uint8_t>(IpProto::kVrrp), message.size());
    }
    return fold_sum(sum) == 0xffff;
  }

  /// Requires out.size() == length() and at most 255 addresses.
  void emit(MutBytes out, Ipv4Addr src, Ipv4Addr dst) const {
    std::uint8_t* p = out.data();
    p[0] = static_cast<std::uint8_t>(version << 4 | type);
    p[1] = vrid;
    p[2] = priority;
    p[3] = static_cast<std::uint8_t>(addresses.size());
    if (version == 3) {
      store_be16(p + 4, advert_int & 0xfff);
    } else {
      p[4] = static_cast<std::uint8_t>(auth);
      p[5] = static_cast<std::uint8_t>(advert_int);
    }
    store_be16(p + 6, 0);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      store_ipv4(p + kLength + 4 * i, addresses[i]);
    }
    if (version != 3) {
      for (std::size_t i = 0; i < kAuthLength; ++i) {
        p[kLength + 4 * addresses.size() + i] = password[i];
      }
    }
    std::uint64_t sum = sum_bytes(out);
    if (version == 3) {
      sum += pseudo_header_sum(src, dst, static_cast<std::uint8_t>(IpProto::kVrrp), out.size());
    }
    store_be16(p + 6, checksum_of(sum));
  }
  bool operator==(const VrrpRepr&) const = default;
};

}  // namespace lvslab
