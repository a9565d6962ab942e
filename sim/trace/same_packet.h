// One IP packet on several links: which frames carry it, and what was rewritten between two hops.
#pragma once

#include <string>
#include <vector>

#include "sim/wire/bytes.h"

namespace lvslab {

/// True if both frames carry the same IP packet: equal bytes but for TTL and header checksum, or
/// the hop limit. Packets with rewritten addresses (NAT) are not recognised.
bool same_packet(Bytes a, Bytes b);
/// An IPv4 or IPv6 packet, but for neighbour discovery.
bool is_ip_packet(Bytes frame);
/// ARP, or neighbour discovery: about the way to the next host, not on its way there.
bool seeks_neighbour(Bytes frame);

/// One field that differs between two hops.
struct Rewrite {
  enum class Field { kDstMac, kSrcMac, kTtl, kHopLimit };
  Field field = Field::kDstMac;
  std::string before, after;
  bool operator==(const Rewrite&) const = default;
};
/// What changed from `before` to `after`, for frames of the same packet.
std::vector<Rewrite> rewrites(Bytes before, Bytes after);

}  // namespace lvslab
