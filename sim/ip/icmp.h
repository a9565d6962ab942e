// ICMP of a host: echo, errors about packets, errors from others, redirects, and the limits on
// them. Left out: timestamp replies, parameter problems caused by options, RFC 8335 probes. Source:
// net/ipv4/icmp.c; net/ipv4/route.c: ip_rt_send_redirect(), ip_error(); net/ipv4/inetpeer.c.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/ip/route.h"
#include "sim/wire/icmpv4.h"

namespace lvslab::ip {

/// In the quote of a packet that never left: TCP leaves its checksum to the device, so it is that
/// of the pseudo header alone (tcp_v4_send_check(), CHECKSUM_PARTIAL); but IP sums up the RST that
/// answers for nobody itself (ip_send_unicast_reply()).
void leave_checksum_to_device(MutBytes segment, std::uint64_t pseudo_header);

/// struct inet_peer: one state for redirects and rate-limited errors to the same address, which is
/// why a redirect can use up the credit of a time-exceeded.
struct Peer {
  Ipv4Addr addr;
  std::uint32_t redirects = 0;  ///< n_redirects
  SimDuration tokens;
  SimTime last{INT64_MIN / 4};  ///< rate_last; "long ago" for a new one
};

/// An ICMP message that someone above is waiting for. `quoted*` and `payload` point into the
/// packet.
struct IcmpEvent {
  enum class Kind : std::uint8_t { kNone, kEchoReply, kError, kRedirect };
  Kind kind = Kind::kNone;
  IcmpRepr message;
  Ipv4Addr from, to;  ///< of the ICMP packet itself
  std::uint8_t ttl = 0;
  std::uint16_t size = 0;      ///< bytes of the whole ICMP message
  Bytes payload;               ///< kEchoReply: after the eight bytes of ICMP
  Ipv4Repr quoted;             ///< kError, kRedirect: header of the packet that it is about
  Bytes quoted_data;           ///< what follows that header, at least 8 bytes
  Errno error = Errno::kNone;  ///< icmp_err_convert[]
  bool fatal = false;          ///< icmp_err_convert[].fatal: reaches a connected TCP at once
};

/// icmp_rcv(): answers echo requests, learns from frag-needed and redirects (TCP's redirects only
/// through apply_redirect(): the host asks its TCP for the socket first). Hands errors for UDP to
/// its sockets. The packet stays the caller's, who releases it after using the event.
IcmpEvent icmp_receive(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                       const Route& route);

/// icmp_send(): an error about `packet`, if all its rules allow one. The packet stays the caller's.
/// `route`: how `packet` was routed. Returns whether an error left.
bool icmp_send_error(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                     const Route& route, const IcmpRepr& what);
/// ip_rt_send_redirect(): at most one per 20 ms << n and sender.
void send_redirect(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                   const Route& route);
/// ip_error(): the ICMP error for a packet without a route, where forwarding is on.
void send_no_route_error(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                         const Route& route, Errno error);

// Limits, which errors of IPv6 share.

/// inet_peer_xrlim_allow(): a bucket of six errors to `addr`, one more every `cost`.
bool peer_allows(Step& step, Stack& stack, Ipv4Addr addr, SimDuration cost);
/// icmp_global_allow(): icmp_msgs_per_sec for the whole host, icmp_msgs_burst at once. The kernel
/// takes up to two more from the bucket by chance, to blur it; this does not.
bool host_allows(Step& step, Stack& stack);

}  // namespace lvslab::ip
