// What names one direction of a flow: struct nf_conntrack_tuple.
//
// TCP and UDP have two ports, an ICMP query has an identifier and its type and code; any other
// protocol has addresses alone.
// Source: net/netfilter/nf_conntrack_core.c: nf_ct_get_tuple(), nf_ct_invert_tuple();
//         nf_conntrack_proto_icmp.c: icmp_pkt_to_tuple().
#pragma once

#include <optional>

#include "sim/base/prng.h"
#include "sim/core/ports.h"

namespace lvslab::netfilter {

struct Tuple {
  Endpoint src, dst;  ///< ICMP: src.port is the identifier, dst.port is type and code
  IpProto protocol{};

  bool has_ports() const { return protocol == IpProto::kTcp || protocol == IpProto::kUdp; }
  bool operator==(const Tuple&) const = default;
  std::uint64_t hash() const {
    const std::uint64_t addresses = std::uint64_t{src.addr.bits} << 32 | dst.addr.bits;
    const std::uint64_t rest = std::uint64_t{src.port} << 32 | std::uint64_t{dst.port} << 8 |
                               static_cast<std::uint64_t>(protocol);
    return mix64(addresses ^ mix64(rest));
  }
};

/// The tuple of a packet whose transport header (or what a quote kept of it) is `transport`.
/// Nothing if too little of it is there.
std::optional<Tuple> tuple_of(const Ipv4Repr& ip, Bytes transport);
/// The tuple of an answer. Nothing for ICMP messages that have none.
std::optional<Tuple> inverse(const Tuple& tuple);
/// Of the socket that a flow began at (hash_by_src()).
inline std::uint64_t source_hash(const Tuple& original) {
  return mix64(std::uint64_t{original.src.addr.bits} << 24 | std::uint64_t{original.src.port} << 8 |
               static_cast<std::uint64_t>(original.protocol));
}

}  // namespace lvslab::netfilter
