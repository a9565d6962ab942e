// UDP sockets of a host (RFC 768). Datagrams reach their owner through Ports::on_datagram().
// Left out: socket buffers (a datagram is handed over at once), which socket joined which group, a
// host's own multicast looped back, UDP-Lite, GSO.
// Source: net/ipv4/udp.c: __udp4_lib_rcv(), udp_sendmsg(), udp_lib_get_port().
#pragma once

#include <cstdint>
#include <expected>
#include <vector>

#include "sim/base/index_table.h"
#include "sim/base/slab.h"
#include "sim/ip/icmp.h"

namespace lvslab::ip {

/// The process that listings name.
struct UdpProgram {
  std::uint32_t pid = 0;  ///< 0: the kernel's own
  ShortName name;
};

struct UdpSocket {
  Endpoint local;   ///< addr any: all addresses
  Endpoint remote;  ///< port 0: not connected
  AppId owner;
  UdpProgram program;
  IfIndex dev;  ///< SO_BINDTODEVICE
  bool live = false;
  bool broadcast = false;   ///< SO_BROADCAST
  bool never_df = false;    ///< IP_PMTUDISC_DONT
  bool all_errors = false;  ///< IP_RECVERR
  std::uint8_t multicast_ttl = 1;
  IfIndex multicast_dev;  ///< IP_MULTICAST_IF
};

struct UdpTable {
  Slab<UdpSocket, 8> sockets;
  IndexTable by_port;
};

/// A datagram that arrived, or an ICMP error about one that was sent. `data` is valid during the
/// call.
struct UdpEvent {
  SocketId socket;
  AppId owner;
  Endpoint from, to;
  IfIndex in_dev;
  Bytes data;
  Errno error = Errno::kNone;  ///< an error: `from` is then the destination it is about
  bool unreachable = false;    ///< an error: the message said "destination unreachable"
};

/// bind(2): port 0 chooses an ephemeral one. kAddrInUse; kAddrNotAvail unless `local` is an address
/// of this host or ip_nonlocal_bind is set.
std::expected<SocketId, Errno> udp_bind(Step& step, Stack& stack, AppId owner, Endpoint local,
                                        IfIndex dev = {}, UdpProgram program = {});
/// The row of a listing.
SocketRow socket_row(const AddressNames& names, const UdpSocket& socket, std::uint32_t id);
/// connect(2): fixes the peer and, by the route, the source. The errors of route_output().
Errno udp_connect(Step& step, Stack& stack, SocketId socket, Endpoint remote);
/// sendto(2). kMsgSize above 65507 bytes; kAcces for a broadcast without leave; those of the route.
/// `ttl` 0: ip_default_ttl. `from`: the source of this datagram (IP_PKTINFO); any: the socket's.
Errno udp_send(Step& step, Stack& stack, Ports& ports, SocketId socket, Endpoint to, Bytes data,
               std::uint8_t ttl = 0, Ipv4Addr from = {});
/// IP_RECVERR: the socket hears of every error, not of the fatal ones alone.
void udp_hear_all_errors(Stack& stack, SocketId socket);
/// IP_MTU_DISCOVER: routers may fragment what the socket sends.
void udp_never_df(Stack& stack, SocketId socket);
/// IP_MULTICAST_IF and IP_MULTICAST_TTL.
void udp_set_multicast(Stack& stack, SocketId socket, IfIndex dev, std::uint8_t ttl);
void udp_set_broadcast(Stack& stack, SocketId socket, bool allowed);
void udp_close(Step& step, Stack& stack, SocketId socket);
/// __udp4_lib_rcv(): hands the datagram to its socket, or answers port unreachable. Takes the
/// packet.
void udp_receive(Step& step, Stack& stack, Ports& ports, Packet packet, const Route& route);
/// __udp4_lib_err(): called by icmp_receive() for what came on `in_dev`.
void udp_error(Step& step, Stack& stack, Ports& ports, const IcmpEvent& event, IfIndex in_dev);
const UdpSocket* udp_socket(const Stack& stack, SocketId socket);

}  // namespace lvslab::ip
