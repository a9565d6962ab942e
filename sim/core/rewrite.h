// Rewriting of addresses and ports in flight, with checksums updated incrementally (RFC 1624), as
// VS/NAT and the table nat do it; that of SCTP is summed up anew. A frame that others hold is
// copied first.
//
// Source: net/netfilter/ipvs/ip_vs_core.c: handle_response(), ip_vs_nat_icmp();
//         ip_vs_proto_tcp.c: tcp_snat_handler(); ip_vs_proto_udp.c: udp_dnat_handler();
//         ip_vs_proto_sctp.c: sctp_nat_csum();
//         net/netfilter/nf_nat_proto.c: nf_nat_manip_pkt(), nf_nat_icmp_reply_translation().
#pragma once

#include <string_view>

#include "sim/core/address_names.h"
#include "sim/core/frame_pool.h"
#include "sim/core/ports.h"

namespace lvslab {

/// Which end of a packet is rewritten.
enum class NatEnd : std::uint8_t { kSource, kDestination };
/// Where the port of that end stands in a TCP, UDP or SCTP header.
constexpr std::size_t port_at(NatEnd end) { return end == NatEnd::kSource ? 0 : 2; }

/// A whole TCP, UDP or SCTP packet. A UDP checksum of 0 (none) stays 0.
void rewrite(FramePool& frames, Packet& packet, NatEnd end, Endpoint to);
/// The same for any protocol: with ICMP echoes to.port is the identifier, with protocols without
/// ports the address alone changes.
void rewrite_flow(FramePool& frames, Packet& packet, NatEnd end, Endpoint to);

/// Of a packet from the common header on; none if that is cut off.
void renew_sctp_checksum(MutBytes packet);
/// Puts `text` in the place of `length` bytes from byte `at` of what a TCP segment carries; the
/// lengths and checksums are those of the new packet (nf_nat_mangle_tcp_packet()).
void replace_tcp_data(FramePool& frames, Packet& packet, std::size_t at, std::size_t length,
                      std::string_view text);

/// How a checksum that stands for `from` (a sum of words) becomes one that stands for `to`: in
/// place, in TCP and UDP alone.
void move_checksum(MutBytes transport, IpProto protocol, std::uint64_t from, std::uint64_t to);
/// rewrite() for IPv6, with a packet as it is on the wire: its checksum is over addresses, while
/// packet.ip and `to` have their names.
void rewrite6(FramePool& frames, const AddressNames& names, Packet& packet, NatEnd end,
              Endpoint to);
/// An ICMPv6 error: the outer header's end, and in its quote the opposite one. The checksum of
/// what is quoted stays as it is (ip_vs_nat_icmp_v6()).
void rewrite_icmp6_error(FramePool& frames, const AddressNames& names, Packet& packet, NatEnd end,
                         Endpoint to);

/// What becomes of the checksum of the packet that an ICMP error quotes.
enum class QuotedChecksum : std::uint8_t {
  kKept,    ///< IPVS: only the addresses and ports change
  kUpdated  ///< nf_nat: as far as the quote reaches
};
/// An ICMP error: the outer header's end, and in the packet that it quotes the opposite end.
void rewrite_icmp_error(FramePool& frames, Packet& packet, NatEnd end, Endpoint to,
                        QuotedChecksum quoted);

}  // namespace lvslab
