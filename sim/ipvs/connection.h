// The connection table: which client connection belongs to which real server, in which state, and
// until when. One entry is 72 bytes and one hash slot, so that a director holds millions.
//
// Left out: the kernel's table has 4096 buckets by default; that number is only displayed.
// Source: net/netfilter/ipvs/ip_vs_conn.c, ip_vs_proto_tcp.c, ip_vs_proto_udp.c.
#pragma once

#include <array>
#include <cstdint>

#include "sim/base/index_table.h"
#include "sim/base/prng.h"
#include "sim/base/slab.h"
#include "sim/base/tables.h"
#include "sim/core/timers.h"

namespace lvslab::ipvs {

/// What a packet of a connection looks like: client → virtual service.
struct ConnKey {
  std::uint8_t protocol = 6;
  Ipv4Addr client;
  std::uint16_t client_port = 0;
  Ipv4Addr virt;
  std::uint16_t virt_port = 0;
  bool operator==(const ConnKey&) const = default;
};

struct Conn {
  Ipv4Addr client, virt, dest_addr;
  std::uint16_t client_port = 0, virt_port = 0, dest_port = 0;
  std::uint8_t protocol = 0;  ///< 0: this slot of the table is free
  IpvsConnState state = IpvsConnState::kNone;
  IpvsForward forward = IpvsForward::kRoute;
  bool inactive = true;   ///< IP_VS_CONN_F_INACTIVE: counted in inactconns
  bool no_output = true;  ///< IP_VS_CONN_F_NOOUTPUT: only the client is seen
  std::uint32_t dest = 0xffff'ffffU;
  std::uint32_t timeout_ms = 3'000;  ///< what the timer is set to at every packet
  std::uint32_t in_packets = 0;
  LazyTimer timer;

  ConnKey key() const { return {protocol, client, client_port, virt, virt_port}; }
};

class ConnTable {
 public:
  static constexpr std::uint32_t kNone = IndexTable::kNone;

  std::uint32_t find(const ConnKey& key) const {
    return index_.find(hash(key), [&](std::uint32_t i) { return conns_[i].key() == key; });
  }
  /// Adds an entry; the caller made sure that there is none with this key.
  std::uint32_t add(const ConnKey& key);
  void remove(std::uint32_t conn);

  Conn& operator[](std::uint32_t conn) { return conns_[conn]; }
  const Conn& operator[](std::uint32_t conn) const { return conns_[conn]; }
  /// Entries lie below this index; those with protocol 0 are free.
  std::uint32_t limit() const { return conns_.limit(); }
  std::size_t size() const { return index_.size(); }

 private:
  static std::uint64_t hash(const ConnKey& key) {
    const std::uint64_t addrs = static_cast<std::uint64_t>(key.client.bits) << 32 | key.virt.bits;
    const std::uint64_t ports = static_cast<std::uint64_t>(key.client_port) << 24 |
                                static_cast<std::uint64_t>(key.virt_port) << 8 | key.protocol;
    return mix64(addrs ^ mix64(ports));
  }
  Slab<Conn, 64> conns_;
  IndexTable index_;
};

/// The direction in which a packet passes the director, as the state tables know it.
enum class ConnDirection : std::uint8_t { kInput = 0, kOutput = 1, kInputOnly = 2 };

/// The next state of a TCP connection (ip_vs_proto_tcp.c: tcp_states[]); `flags` is the flags byte
/// of the TCP header. A segment without SYN, FIN, ACK and RST closes the entry.
IpvsConnState next_tcp_state(IpvsConnState from, ConnDirection direction, std::uint8_t flags);

/// True if a connection in this state counts as active (ip_vs_proto_tcp.c: tcp_state_active()).
bool is_active_state(IpvsConnState state);

/// Seconds an entry lasts in each state, changed by `ipvsadm --set`.
struct Timeouts {
  std::array<std::uint32_t, 11> tcp_s = {2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120};
  std::uint32_t udp_s = 300;

  /// The three numbers of `ipvsadm --timeout`: TCP sessions, TCP after FIN, UDP.
  std::uint32_t tcp() const { return tcp_s[1]; }
  std::uint32_t tcp_fin() const { return tcp_s[4]; }
  std::uint32_t of(IpvsConnState state) const {
    return state == IpvsConnState::kUdp ? udp_s : tcp_s[static_cast<std::size_t>(state)];
  }
  bool operator==(const Timeouts&) const = default;
};

}  // namespace lvslab::ipvs
