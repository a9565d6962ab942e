// How the protocol rooms reach each other without knowing each other: narrow interfaces that
// sim/host implements for one host. The rooms are state and functions; the host is the wiring.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <vector>

#include "sim/base/addr.h"
#include "sim/base/ids.h"
#include "sim/base/time.h"
#include "sim/core/frame_pool.h"
#include "sim/core/step.h"
#include "sim/wire/ipv4.h"

namespace lvslab {

/// What connection tracking says of a packet (enum ip_conntrack_info).
enum class Tracking : std::uint8_t {
  kNone,       ///< not looked at; if tracking is on: INVALID
  kUntracked,  ///< taken out of tracking on purpose
  kNew,
  kEstablished,
  kEstablishedReply,
  kRelated,
  kRelatedReply
};

/// An entry of a host's connection tracking. It names nothing any more once the entry is gone.
struct FlowId {
  static constexpr std::uint32_t kNone = 0xffff'ffffU;
  std::uint32_t index = kNone;
  std::uint32_t born = 0;  ///< tells entries that had the same place from each other
  constexpr bool valid() const { return index != kNone; }
  constexpr bool operator==(const FlowId&) const = default;
};

/// An IPv4 packet on its way through a host. `frame` begins with the IPv4 header (the Ethernet
/// header was pulled) and is held once by whoever has the Packet.
struct Packet {
  FrameRef frame;
  Ipv4Repr ip;     ///< the parsed header, kept equal to the bytes
  IfIndex in_dev;  ///< 0 for packets of the host itself
  std::uint32_t mark = 0;
  MacAddr source_mac;           ///< of the Ethernet header it came with
  bool link_broadcast = false;  ///< it came as a link-layer broadcast or multicast
  bool ipvs_property = false;   ///< IPVS has dealt with it: its hooks pass it by
  Tracking tracking = Tracking::kNone;
  FlowId flow;  ///< nf_ct_get()
};

/// Linux errno values that reach programs; printed by strerror.
enum class Errno : std::uint8_t {
  kNone = 0,
  kPerm = 1,
  kNoEnt = 2,
  kSrch = 3,
  kAgain = 11,
  kAcces = 13,
  kExist = 17,
  kNoDev = 19,
  kInval = 22,
  kPipe = 32,
  kRange = 34,
  kNoNet = 64,
  kProto = 71,
  kMsgSize = 90,
  kNoProtoOpt = 92,
  kOpNotSupp = 95,
  kAddrInUse = 98,
  kAddrNotAvail = 99,
  kNetDown = 100,
  kNetUnreach = 101,
  kConnReset = 104,
  kNoBufs = 105,
  kNotConn = 107,
  kTimedOut = 110,
  kConnRefused = 111,
  kHostDown = 112,
  kHostUnreach = 113
};

// --- what IP offers to those above it ----------------------------------------------------------

/// What a local sender asks for (struct flowi4 and the socket's IP options).
struct IpSend {
  Ipv4Addr src;  ///< any: chosen by the route
  Ipv4Addr dst;
  IpProto protocol{};
  std::uint8_t tos = 0;
  std::uint8_t ttl = 0;  ///< 0: net.ipv4.ip_default_ttl
  bool dont_fragment = true;
  IfIndex oif;  ///< bound device (SO_BINDTODEVICE, ping -I eth0), 0 for any
  std::uint32_t mark = 0;
  std::uint16_t id = 0;   ///< IP id where the sender keeps its own counter (TCP); see below
  bool id_given = false;  ///< else 0 for DF without a socket, or the host's generator
  FlowId flow;            ///< of the packet that an error is about: nf_ct_attach()
  Tracking tracking = Tracking::kNone;

  /// An error about `packet` belongs to its flow, in the other direction.
  void attach_to(const Packet& packet) {
    if (!packet.flow.valid()) return;
    flow = packet.flow;
    const bool reply = packet.tracking == Tracking::kEstablishedReply ||
                       packet.tracking == Tracking::kRelatedReply;
    tracking = reply ? Tracking::kRelated : Tracking::kRelatedReply;
  }
};

struct RouteAnswer {
  Ipv4Addr src;  ///< the source address that the route prefers
  Ipv4Addr next_hop;
  IfIndex dev;
  std::uint32_t mtu = 1500;  ///< of the path, as far as it is known
  bool local = false;        ///< the destination is this host
  /// Since when the next hop is INCOMPLETE: packets sent since then still wait here.
  SimTime pending_since = SimTime::never();
};

class IpOutput {
 public:
  virtual ~IpOutput() = default;
  /// ip_route_output_flow(): the errors are those that connect(2) and sendto(2) return.
  virtual std::expected<RouteAnswer, Errno> route(Step& step, const IpSend& want) = 0;
  /// ip_queue_xmit(): `segment` begins with the transport header, checksum included; it is taken.
  virtual Errno send(Step& step, const IpSend& how, FrameRef segment) = 0;
  /// A higher layer made progress with `peer`: dst_confirm_neigh().
  virtual void confirm(Step& step, Ipv4Addr peer) = 0;
  /// True if `addr` is an address of this host (any device).
  virtual bool is_local(Ipv4Addr addr) const = 0;
  /// The IPv4 addresses of all devices, up or down.
  virtual std::vector<Ipv4Addr> addresses() const = 0;
};

// --- what a device offers to IP ----------------------------------------------------------------

class DeviceOutput {
 public:
  virtual ~DeviceOutput() = default;
  /// dev_queue_xmit(): `frame` begins with the Ethernet header; it is taken. On lo it comes back
  /// to the same host as a received frame.
  virtual void transmit(Step& step, IfIndex dev, FrameRef frame) = 0;
};

// --- what sockets offer to programs ------------------------------------------------------------

/// A socket of one host. Ids of closed sockets are reused, with another generation.
struct SocketId {
  static constexpr std::uint32_t kNone = 0xffff'ffffU;
  std::uint32_t value = kNone;
  constexpr bool valid() const { return value != kNone; }
  constexpr bool operator==(const SocketId&) const = default;
};

/// Who hears of a socket: an application of this host (index into sim/host's table).
struct AppId {
  static constexpr std::uint32_t kNone = 0xffff'ffffU;
  std::uint32_t value = kNone;
  constexpr bool valid() const { return value != kNone; }
  constexpr bool operator==(const AppId&) const = default;
};

enum class SocketEventKind : std::uint8_t {
  kConnected,   ///< connect(2) succeeded
  kAccepted,    ///< a connection is established on a listener: `socket` is new, `listener` old
  kData,        ///< `data` arrived in order; valid during the call only
  kWritable,    ///< room in the send buffer after it had been full
  kPeerClosed,  ///< read(2) returned 0: the peer sent FIN
  kFinAcked,    ///< close_and_wait() is over
  kError        ///< `error`: reset, refused, timed out, unreachable; the socket is gone
};

struct SocketEvent {
  SocketEventKind kind = SocketEventKind::kConnected;
  SocketId socket;
  SocketId listener;         ///< kAccepted only
  std::uint32_t cookie = 0;  ///< the word that the application keeps with the socket
  std::span<const std::uint8_t> data;
  Errno error = Errno::kNone;
};

/// An address and a port.
struct Endpoint {
  Ipv4Addr addr;
  std::uint16_t port = 0;
  constexpr auto operator<=>(const Endpoint&) const = default;
};

/// TCP for applications. Calls never call back into the application before they return.
class TcpSockets {
 public:
  virtual ~TcpSockets() = default;
  virtual std::expected<SocketId, Errno> listen(Step& step, AppId owner, Endpoint local,
                                                std::uint32_t backlog) = 0;
  /// Non-blocking connect(2): kConnected or kError follows. local.port 0: an ephemeral one.
  virtual std::expected<SocketId, Errno> connect(Step& step, AppId owner, Endpoint local,
                                                 Endpoint remote, IfIndex bound_dev) = 0;
  /// The same after bind(2) to `local` with SO_REUSEADDR: other connections may have its port, only
  /// a listener or this very connection is in the way.
  virtual std::expected<SocketId, Errno> connect_sharing_port(Step& step, AppId owner,
                                                              Endpoint local, Endpoint remote) {
    return connect(step, owner, local, remote, {});
  }
  /// Copies what fits into the send buffer; the number of bytes taken.
  virtual std::size_t send(Step& step, SocketId socket, std::span<const std::uint8_t> data) = 0;
  /// close(2): FIN after the unsent data, or RST if unread data is lost.
  virtual void close(Step& step, SocketId socket) = 0;
  /// Begins a close(2) with SO_LINGER: FIN after the unsent data. kFinAcked or kError follows;
  /// then, or when the program's patience is at its end, close() finishes it. False: it is over at
  /// once.
  virtual bool close_and_wait(Step& step, SocketId socket) = 0;
  /// shutdown(SHUT_WR).
  virtual void shutdown_write(Step& step, SocketId socket) = 0;
  /// TCP_NODELAY, which is on at first; off means Nagle's algorithm.
  virtual void set_nodelay(Step& step, SocketId socket, bool on) = 0;
  /// IP_TOS: IPTOS_THROUGHPUT in all that the socket sends from now on.
  virtual void prefer_throughput(SocketId /*socket*/) {}
  /// Close with SO_LINGER 0: RST.
  virtual void abort(Step& step, SocketId socket) = 0;
  virtual void set_cookie(SocketId socket, std::uint32_t cookie) = 0;
  virtual Endpoint local(SocketId socket) const = 0;
  virtual Endpoint remote(SocketId socket) const = 0;
};

/// SCTP for applications: one-to-one sockets (SOCK_STREAM), whose events are those of TCP. Calls
/// never call back into the application before they return.
class SctpSockets {
 public:
  virtual ~SctpSockets() = default;
  virtual std::expected<SocketId, Errno> sctp_listen(Step& step, AppId owner, Endpoint local) = 0;
  /// Non-blocking connect(2): kConnected or kError follows. local.port 0: an ephemeral one.
  virtual std::expected<SocketId, Errno> sctp_connect(Step& step, AppId owner, Endpoint local,
                                                      Endpoint remote) = 0;
  /// One message on stream 0; false if it is no more taken.
  virtual bool sctp_send(Step& step, SocketId socket, std::span<const std::uint8_t> message) = 0;
  /// close(2): SHUTDOWN after the unsent data, or ABORT if unread data is lost.
  virtual void sctp_close(Step& step, SocketId socket) = 0;
  /// shutdown(SHUT_WR): there is no half-closed association, so the other side may not go on.
  virtual void sctp_shutdown(Step& step, SocketId socket) = 0;
  virtual Endpoint sctp_local(SocketId socket) const = 0;
  virtual Endpoint sctp_remote(SocketId socket) const = 0;
};

/// Who hears what TCP and SCTP have to say; sim/host hands it on to the application `owner`.
class SocketEvents {
 public:
  virtual ~SocketEvents() = default;
  virtual void on_socket(Step& step, AppId owner, const SocketEvent& event) = 0;
};

}  // namespace lvslab
