// Packing a client's packet for a real server: what stands between the outer IPv4 header and it.
//
// Source: net/netfilter/ipvs/ip_vs_xmit.c: ip_vs_tunnel_xmit(), ip_vs_gre_encap(),
//         ip_vs_gue_encap(). Left out: remote checksum offload (sent without, as the kernel does
//         for packets whose checksum is complete).
#pragma once

#include "sim/core/frame_pool.h"
#include "sim/core/ports.h"

namespace lvslab::ipvs {

/// The protocol of the outer header.
IpProto outer_protocol(const IpvsTunnel& tunnel);
/// Bytes that the tunnel adds, with the outer IPv4 header.
std::uint32_t tunnel_overhead(const IpvsTunnel& tunnel);
/// Puts what goes between outer header and packet in front of the frame, which nobody else holds.
/// `source_port`: of GUE.
void push_tunnel_header(FramePool& frames, FrameRef frame, const IpvsTunnel& tunnel, Ipv4Addr src,
                        Ipv4Addr dst, std::uint16_t source_port);

}  // namespace lvslab::ipvs
