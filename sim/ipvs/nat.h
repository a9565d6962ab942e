// Rewriting of addresses and ports in flight, with checksums updated incrementally (RFC 1624), as
// VS/NAT does it. A frame that others hold is copied first.
//
// Left out: SCTP, and payloads that carry addresses (FTP).
// Source: net/netfilter/ipvs/ip_vs_core.c: handle_response(), ip_vs_nat_icmp();
//         ip_vs_proto_tcp.c: tcp_snat_handler(); ip_vs_proto_udp.c: udp_dnat_handler().
#pragma once

#include "sim/core/frame_pool.h"
#include "sim/core/ports.h"

namespace lvslab::ipvs {

/// Which end of a packet is rewritten.
enum class NatEnd : std::uint8_t { kSource, kDestination };

/// A whole TCP or UDP packet. A UDP checksum of 0 (none) stays 0.
void rewrite(FramePool& frames, Packet& packet, NatEnd end, Endpoint to);
/// An ICMP error: the outer header's end, and in the packet that it quotes the opposite end.
void rewrite_icmp_error(FramePool& frames, Packet& packet, NatEnd end, Endpoint to);

}  // namespace lvslab::ipvs
