// One IP packet on several links: which frames carry it, and what was rewritten between two hops.
#pragma once

#include <string>
#include <vector>

#include "sim/wire/bytes.h"

namespace lvslab {

/// True if both frames carry the same IPv4 packet: equal bytes but for TTL and header checksum.
/// Packets with rewritten addresses (NAT) are not recognised.
bool same_packet(Bytes a, Bytes b);
bool is_ipv4(Bytes frame);
bool is_arp(Bytes frame);

/// One field that differs between two hops.
struct Rewrite {
  enum class Field { kDstMac, kSrcMac, kTtl };
  Field field = Field::kDstMac;
  std::string before, after;
  bool operator==(const Rewrite&) const = default;
};
/// What changed from `before` to `after`, for frames of the same packet.
std::vector<Rewrite> rewrites(Bytes before, Bytes after);

}  // namespace lvslab
