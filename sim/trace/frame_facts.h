// What a viewer shows of a frame at a glance: protocol, ends, a label of a few characters.
//
// Models: Ethernet, ARP, IPv4 and IPv6 with ICMP, TCP, UDP, SCTP, VRRP, and one packet inside
// another (IPIP, GRE). Leaves out: everything that the packet inspector shows (sim/wire/dissect.h).
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/ip_addr.h"
#include "sim/wire/bytes.h"

namespace lvslab {

/// What a packet is drawn as. Tunnels are no kind of their own, but a ring around the inner kind.
enum class Protocol : std::uint8_t { kArp, kIcmp, kTcp, kUdp, kSctp, kVrrp, kOther };

/// A tunnel around a packet.
enum class Envelope : std::uint8_t { kNone, kIpip, kGre, kGue };

struct FrameFacts {
  Protocol protocol = Protocol::kOther;
  Envelope envelope = Envelope::kNone;
  MacAddr src_mac, dst_mac;
  bool has_ip = false;
  IpAddr src, dst;              ///< of the innermost packet; for ARP sender and target
  IpAddr outer_src, outer_dst;  ///< of the envelope
  std::uint16_t src_port = 0, dst_port = 0;
  std::uint16_t icmp_id = 0;
  std::uint32_t tcp_seq = 0;
  std::uint32_t payload = 0;  ///< bytes of TCP or UDP payload
  bool syn = false, ack = false, fin = false, rst = false;
  bool arp_reply = false;
  bool error = false;  ///< an ICMP error
  std::string label;   ///< "SYN,ACK", "who-has .150", "HTTP 200"

  bool broadcast() const { return dst_mac.is_multicast(); }
};

/// Accepts any bytes.
FrameFacts facts_of(Bytes frame);

/// "ARP", "TCP", "IPIP/TCP".
std::string protocol_name(const FrameFacts& facts);

/// True if both belong to one conversation: the client's end is the same, whoever the other end is
/// (a director rewrites it); for ARP, the same address is asked for.
bool same_conversation(const FrameFacts& a, const FrameFacts& b);

}  // namespace lvslab
