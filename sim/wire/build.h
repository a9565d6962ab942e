// Whole Ethernet frames with right lengths and checksums, for tests and examples: one call, one
// vector. The simulator itself emits into pooled frames instead.
#pragma once

#include <string_view>
#include <vector>

#include "sim/wire/arp.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/sctp.h"
#include "sim/wire/tcp.h"
#include "sim/wire/udp.h"

namespace lvslab {

/// From whom to whom a frame goes, on the link and end to end.
struct FramePath {
  MacAddr src_mac;
  MacAddr dst_mac;
  Ipv4Addr src;
  Ipv4Addr dst;
};

inline Bytes text_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Broadcast "who has target_ip?"; the target MAC is zero, as Linux sends it.
std::vector<std::uint8_t> arp_request(MacAddr sender_mac, Ipv4Addr sender_ip, Ipv4Addr target_ip);
/// Unicast "sender_ip is at sender_mac".
std::vector<std::uint8_t> arp_reply(MacAddr sender_mac, Ipv4Addr sender_ip, MacAddr target_mac,
                                    Ipv4Addr target_ip);
/// Any ARP message in a frame from `sender_mac` to `dst_mac`.
std::vector<std::uint8_t> arp_frame(MacAddr dst_mac, const ArpRepr& arp);

/// `ip.payload_length` is set from `payload`.
std::vector<std::uint8_t> ipv4_packet(MacAddr dst_mac, MacAddr src_mac, Ipv4Repr ip, Bytes payload);
/// An ICMP message with TTL 64; echo requests have DF, as from ping(8).
std::vector<std::uint8_t> icmp_message(const FramePath& path, const IcmpRepr& icmp,
                                       Bytes payload = {});
std::vector<std::uint8_t> icmp_echo(const FramePath& path, IcmpType type, std::uint16_t id,
                                    std::uint16_t sequence, Bytes payload = {});
std::vector<std::uint8_t> udp_datagram(const FramePath& path, std::uint16_t src_port,
                                       std::uint16_t dst_port, Bytes payload = {});
/// TTL 64, DF, id 0.
std::vector<std::uint8_t> tcp_segment(const FramePath& path, const TcpRepr& tcp,
                                      Bytes payload = {});
/// TTL 64, DF, id 0.
std::vector<std::uint8_t> sctp_packet(const FramePath& path, const SctpRepr& sctp,
                                      Bytes chunks = {});

}  // namespace lvslab
