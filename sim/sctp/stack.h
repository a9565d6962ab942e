// SCTP of one host, as a peer of Linux 6.1 sees it, with one-to-one sockets (RFC 9260;
// net/sctp/*.c).
//
// Modelled: the handshake with its stateless INIT ACK and cookie, their retransmission; DATA on
// stream 0 with fragments, SACKs with Linux's delay and gap blocks, congestion control, fast
// retransmission, Nagle's algorithm; heartbeats and path failure; the shutdown sequence, ABORT, the
// rules for packets out of the blue; ECT(0) on all packets. Left out: several addresses of one side
// (an association has one each), several streams, unordered data, restart of an association by a
// new INIT, stale cookies' ERROR, AUTH, ASCONF, FORWARD TSN, ECN chunks, probing for the path MTU.
// A program reads at once.
//
// The host calls in; SCTP calls out through Ports. Events of sockets come at the end of what
// caused them, and their receiver may call any operation here.
#pragma once

#include <expected>
#include <vector>

#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/sctp/association.h"

namespace lvslab::sctp {

/// State of one host; a plain value. Without sockets it owns no memory.
struct Stack {
  std::uint64_t secret = 1;    ///< signs cookies
  std::vector<Tables> tables;  ///< none until the first socket, then one
};

struct Ports {
  IpOutput& ip;
  SocketEvents& events;
};

/// A packet that IP delivers to this host; takes the frame. Source: sctp_rcv().
void receive(Step& step, Stack& stack, Ports ports, const Packet& packet);
/// A timer of TimerKind::kSctp came up.
void on_timer(Step& step, Stack& stack, Ports ports, std::uint32_t id);
/// What an ICMP error says of a packet that this host sent: `quoted` begins with the IPv4 header.
/// `mtu`: of the next hop, if fragmentation was needed; else 0. Source: sctp_v4_err().
struct IcmpError {
  Bytes quoted;
  bool protocol_unreachable = false;
  std::uint16_t next_hop_mtu = 0;
};
void icmp_error(Step& step, Stack& stack, Ports ports, const IcmpError& error);

// From programs: see SctpSockets.
std::expected<SocketId, Errno> listen(Step& step, Stack& stack, Ports ports, AppId owner,
                                      Endpoint local);
std::expected<SocketId, Errno> connect(Step& step, Stack& stack, Ports ports, AppId owner,
                                       Endpoint local, Endpoint remote);
bool send(Step& step, Stack& stack, Ports ports, SocketId socket, Bytes message);
void close(Step& step, Stack& stack, Ports ports, SocketId socket);
void shutdown_write(Step& step, Stack& stack, Ports ports, SocketId socket);
Endpoint local(const Stack& stack, SocketId socket);
Endpoint remote(const Stack& stack, SocketId socket);
/// All sockets that a program has.
std::vector<SocketId> sockets_of(const Stack& stack, AppId owner);

}  // namespace lvslab::sctp
