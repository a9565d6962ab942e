// TCP of one host, as a peer of Linux 6.1 sees it (RFC 9293, 7323, 2018, 2883, 5961, 6298, 8985;
// net/ipv4/tcp*.c, net/ipv4/inet_*.c).
//
// Modelled: the whole state machine with half close, simultaneous open and close, TIME_WAIT and its
// reuse; MSS, window scale, timestamps with PAWS, SACK and D-SACK; SYN and SYN-ACK retransmission;
// RTO, RACK loss detection, tail loss probe, zero-window probes; CUBIC in integers with PRR;
// delayed ACKs with quick and interactive mode; Nagle; round-trip times remembered of peers;
// receive window tuning; challenge ACKs; RST rules; ICMP errors. Left out: SYN cookies (a full
// backlog drops the SYN), Fast Open, ECN, urgent data, keepalive probes, HyStart, F-RTO and undo of
// false recoveries, SACK compression, pacing and TSO (segments leave one by one). Programs accept
// at once, so the accept queue is always empty. Times are exact nanoseconds; only TCP timestamps
// are in ms.
//
// The host calls in; TCP calls out through Ports. IpOutput::send must not come back into receive()
// before it returns (lo queues). SocketEvents::on_socket may call any operation here.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <vector>

#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/tcp/socket.h"
#include "sim/tcp/sysctl.h"

namespace lvslab::tcp {

/// State of one host; a plain value. Without sockets it owns no memory.
struct Stack {
  /// The source of ISNs, ports and timestamp offsets: give each host its own.
  std::uint64_t secret = 1;
  std::vector<Tables> tables;   ///< none until the first socket, then one
  std::vector<Config> changed;  ///< none while all sysctls are at their defaults, then one

  const Config& config() const;
};

/// Completes a socket's row with the process that owns it: pid, program, fd.
class SocketOwners {
 public:
  virtual ~SocketOwners() = default;
  virtual void fill(AppId owner, SocketRow& row) const = 0;
  /// What an address stands for that may be the name of an IPv6 address.
  virtual IpAddr shown(Ipv4Addr addr) const { return addr; }
};

/// The ways out of TCP. `owners` may be null: rows then name no process.
struct Ports {
  IpOutput& ip;
  SocketEvents& events;
  const SocketOwners* owners = nullptr;
};

// --- from below -------------------------------------------------------------------------------

/// A segment that IP delivers to this host; takes the frame. Source: tcp_v4_rcv().
void receive(Step& step, Stack& stack, Ports ports, Packet packet);

/// A timer of TimerKind::kTcp came up.
void on_timer(Step& step, Stack& stack, Ports ports, std::uint32_t id);

/// What an ICMP error says of a packet that this host sent. Source: tcp_v4_err().
struct IcmpError {
  Bytes quoted;  ///< IPv4 header and at least 8 bytes of TCP
  /// IPv6: its header, with addresses by name; `quoted` then begins behind it.
  std::optional<Ipv4Repr> header;
  Errno error = Errno::kNone;
  bool hard = false;               ///< icmp_err_convert[].fatal: port or protocol unreachable
  std::uint16_t next_hop_mtu = 0;  ///< fragmentation needed: the MTU; else 0
};
void icmp_error(Step& step, Stack& stack, Ports ports, const IcmpError& error);

/// The neighbour of a packet that this host itself sent did not answer: the ICMP host unreachable
/// that ipv4_link_failure() sends to itself. `packet` begins with the IPv4 header.
void neighbour_failed(Step& step, Stack& stack, Ports ports, Bytes packet);

// --- from programs: see TcpSockets ------------------------------------------------------------

/// Errors: kAddrInUse, kAddrNotAvail (not an address of this host).
std::expected<SocketId, Errno> listen(Step& step, Stack& stack, Ports ports, AppId owner,
                                      Endpoint local, std::uint32_t backlog);
/// Errors: those of the route, kAddrInUse (local port given), kAddrNotAvail (no free port, or
/// `local.addr` is not ours). Programs start with TCP_NODELAY on, as curl, ab and httpd set it.
enum class PortUse : std::uint8_t { kExclusive, kShared };  ///< kShared: SO_REUSEADDR
std::expected<SocketId, Errno> connect(Step& step, Stack& stack, Ports ports, AppId owner,
                                       Endpoint local, Endpoint remote, IfIndex bound_dev,
                                       PortUse use = PortUse::kExclusive);
/// 0 if the socket cannot send (any more) or its buffer is full: kWritable follows then.
std::size_t send(Step& step, Stack& stack, Ports ports, SocketId socket,
                 std::span<const std::uint8_t> data);
void close(Step& step, Stack& stack, Ports ports, SocketId socket);
/// SO_LINGER with a time: see TcpSockets. Source: net/ipv4/tcp.c: tcp_close(),
/// sk_stream_wait_close().
bool close_and_wait(Step& step, Stack& stack, Ports ports, SocketId socket);
void shutdown_write(Step& step, Stack& stack, Ports ports, SocketId socket);
void abort(Step& step, Stack& stack, Ports ports, SocketId socket);
/// TCP_NODELAY; off means Nagle's algorithm (RFC 9293 §3.7.4).
void set_nodelay(Step& step, Stack& stack, Ports ports, SocketId socket, bool on);

/// IP_TOS: IPTOS_THROUGHPUT.
void prefer_throughput(Stack& stack, SocketId socket);
void set_cookie(Stack& stack, SocketId socket, std::uint32_t cookie);
Endpoint local(const Stack& stack, SocketId socket);
Endpoint remote(const Stack& stack, SocketId socket);
/// Invalid for sockets that no program owns (any more).
AppId owner(const Stack& stack, SocketId socket);

// --- for listings -----------------------------------------------------------------------------

/// All sockets in the order of /proc/net/tcp: listeners first, then the rest. Row ids are SocketIds
/// of listeners and connections, and unique for requests and TIME_WAIT.
void append_sockets(const Stack& stack, const SocketOwners* owners, std::vector<SocketRow>& out);

/// Bytes of memory that the stack owns beyond sizeof(Stack).
std::size_t memory_bytes(const Stack& stack);

}  // namespace lvslab::tcp
