// One frame as one line, in the words of tcpdump 4.99 (print-*.c): what students compare with a
// real terminal. The caller puts the time stamp in front.
//
// Modelled: Ethernet, ARP, IPv4, IPv6, ICMP of both with neighbour discovery, UDP, SCTP, TCP with
// its options, HTTP on ports 80 and 8080. Left out: other payloads by port number (DNS, SSH, ...),
// IGMP, VRRP, IPIP and GRE (their protocol number is printed), VLAN tags, IPv4 option texts, data
// of an RST under -v, WebDAV methods, port names (always numeric), and the hex dump of what has no
// printer: the line ends before it.
#pragma once

#include <compare>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "sim/base/ip_addr.h"
#include "sim/wire/bytes.h"

namespace lvslab {

/// A name that replaces an address, as reverse DNS or /etc/hosts would give it.
struct AddrName {
  IpAddr addr;
  std::string_view name;
};

struct TcpdumpStyle {
  bool link_header = false;           ///< -e
  bool absolute_sequence = false;     ///< -S
  int verbose = 0;                    ///< number of -v: 0 or 1
  std::span<const AddrName> names{};  ///< empty: -n
};

/// The first sequence numbers of every conversation seen so far: tcpdump prints later ones
/// relative to them. One tracker belongs to one listing, frames in order.
class TcpSequenceTracker {
 public:
  struct Segment {
    IpAddr src, dst;
    std::uint16_t src_port = 0, dst_port = 0;
    std::uint32_t seq = 0, ack = 0;
    bool syn = false;
  };
  /// What to subtract: from the sequence number, and from acknowledgment and SACK numbers.
  struct Base {
    std::uint32_t seq = 0, ack = 0;
    std::uint32_t sack = 0;
  };
  /// For a segment with ACK; others stay absolute. Opens a conversation if it is new or on SYN.
  /// Source: tcp_print(), print-tcp.c
  Base base_of(const Segment& segment);

 private:
  struct Key {
    IpAddr low, high;
    std::uint16_t low_port = 0, high_port = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Start {
    std::uint32_t low = 0, high = 0;
  };
  std::map<Key, Start> conversations_;
};

/// The line without a newline at its end; with -v it has newlines inside, as tcpdump prints them.
/// Any bytes are accepted; what is cut short ends in " [|ip]" and the like.
std::string tcpdump_line(Bytes frame, const TcpdumpStyle& style, TcpSequenceTracker& tracker);

}  // namespace lvslab
