// The connection table: which client connection belongs to which real server, in which state, and
// until when. One entry is 80 bytes and one hash slot, so that a director holds millions.
//
// Left out: the kernel's table has 4096 buckets by default; that number is only displayed.
// Source: net/netfilter/ipvs/ip_vs_conn.c, ip_vs_proto_tcp.c, ip_vs_proto_udp.c; of SCTP:
// sim/ipvs/sctp_states.h.
#pragma once

#include <array>
#include <cstdint>

#include "sim/base/index_table.h"
#include "sim/base/prng.h"
#include "sim/base/slab.h"
#include "sim/base/tables.h"
#include "sim/core/timers.h"
#include "sim/ipvs/ftp.h"
#include "sim/ipvs/sctp_states.h"
#include "sim/wire/ipv4.h"

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

/// The protocol number (reserved by IANA) of a slot of the table that holds no connection.
inline constexpr std::uint8_t kFree = 255;

struct Conn {
  static constexpr std::uint32_t kUnbound = 0xffff'ffffU;

  Ipv4Addr client, virt, dest_addr;
  std::uint16_t client_port = 0, virt_port = 0, dest_port = 0;
  std::uint8_t protocol = kFree;  ///< IPPROTO_IP (0) for templates of a firewall mark
  IpvsConnState state = IpvsConnState::kNone;
  IpvsConnState told_state = IpvsConnState::kNone;  ///< cp->old_state: what backups know
  IpvsForward forward = IpvsForward::kRoute;
  bool inactive : 1 = true;          ///< IP_VS_CONN_F_INACTIVE: counted in inactconns
  bool no_output : 1 = true;         ///< IP_VS_CONN_F_NOOUTPUT: only the client is seen
  bool is_template : 1 = false;      ///< IP_VS_CONN_F_TEMPLATE: where a client's connections go
  bool one_packet : 1 = false;       ///< IP_VS_CONN_F_ONE_PACKET: gone after its datagram
  bool bypass : 1 = false;           ///< IP_VS_CONN_F_BYPASS: to the address that the client named
  bool conntrack : 1 = false;        ///< IP_VS_CONN_F_NFCT: connection tracking knows of it
  bool looked_again : 1 = false;     ///< a template's timer came up, and was put off once
  bool listed : 1 = false;           ///< IP_VS_CONN_F_HASHED: packets find it
  bool synced : 1 = false;           ///< IP_VS_CONN_F_SYNC: learned from a master
  bool any_client_port : 1 = false;  ///< IP_VS_CONN_F_NO_CPORT: announced, not begun yet
  bool ftp_helper : 1 = false;       ///< cp->app: the FTP helper reads its packets
  FtpMode ftp_mode : 2 = FtpMode::kActive;
  std::uint32_t dest = kUnbound;     ///< none with `bypass`, or if no server here fits
  std::uint32_t timeout_ms = 3'000;  ///< what the timer is set to at every packet
  std::uint32_t in_packets = 0;      ///< of a template: how often it was looked at for backups
  std::uint32_t control = kUnbound;  ///< the template, or FTP control connection, that it hangs on
  std::uint32_t controls = 0;        ///< how many hang on this one
  std::uint32_t fwmark = 0;          ///< of the packet that it began with
  std::uint32_t sync_end = 0;        ///< when backups forget it, in ticks; see sim/ipvs/sync.h
  SimTime expires;  ///< what listings count down to; the timer may run a little later
  LazyTimer timer;

  bool bound() const { return dest != kUnbound; }
  ConnKey key() const { return {protocol, client, client_port, virt, virt_port}; }
};

class ConnTable {
 public:
  static constexpr std::uint32_t kNone = IndexTable::kNone;

  std::uint32_t find(const ConnKey& key) const {
    return index_.find(hash(key), [&](std::uint32_t i) { return conns_[i].key() == key; });
  }
  /// The same of a client's connection alone: one that was announced without a port (FTP) will do
  /// (ip_vs_conn_in_get()).
  std::uint32_t find_request(const ConnKey& key) const {
    const std::uint32_t exact = find(key);
    if (exact != kNone || announced_ == 0) [[likely]]
      return exact;
    ConnKey any = key;
    any.client_port = 0;
    return index_.find(hash(any), [&](std::uint32_t i) {
      return conns_[i].any_client_port && conns_[i].key() == any;
    });
  }
  /// Where a client's connections go (ip_vs_ct_in_get()).
  std::uint32_t find_template(const ConnKey& key) const {
    return index_.find(hash(key), [&](std::uint32_t i) {
      return conns_[i].is_template && conns_[i].key() == key;
    });
  }
  /// The entry of an answer that comes from `from` and goes to a client: from the real server with
  /// NAT, else from the virtual address (ip_vs_conn_out_get()).
  std::uint32_t find_answer(std::uint8_t protocol, Ipv4Addr client, std::uint16_t client_port,
                            Ipv4Addr from, std::uint16_t from_port) const {
    return index_.find(hash(protocol, client, client_port), [&](std::uint32_t i) {
      const Conn& conn = conns_[i];
      const bool masq = conn.forward == IpvsForward::kMasq;
      return conn.client_port == client_port && conn.client == client &&
             (masq ? conn.dest_port : conn.virt_port) == from_port &&
             (masq ? conn.dest_addr : conn.virt) == from && conn.protocol == protocol &&
             !conn.is_template;
    });
  }
  /// Which of `buckets` (a power of two) an entry lies in.
  std::uint32_t bucket_of(std::uint32_t conn, std::uint32_t buckets) const {
    return static_cast<std::uint32_t>(hash(conns_[conn].key())) & (buckets - 1);
  }
  /// Adds an entry; the caller made sure that there is none with this key.
  std::uint32_t add(const ConnKey& key);
  /// Adds an entry that no packet finds: for one packet only.
  std::uint32_t add_hidden(const ConnKey& key);
  void remove(std::uint32_t conn);
  /// Packets do not find it any more.
  void hide(std::uint32_t conn);
  /// Changes what packets find the entry by; fresh.client_port may differ, too.
  void rename(std::uint32_t conn, const ConnKey& fresh);
  /// The entry is for any port of its client, until the first packet tells.
  void announce(std::uint32_t conn);
  void know_client_port(std::uint32_t conn, std::uint16_t port);

  Conn& operator[](std::uint32_t conn) { return conns_[conn]; }
  const Conn& operator[](std::uint32_t conn) const { return conns_[conn]; }
  /// Entries lie below this index; those with protocol kFree are free.
  std::uint32_t limit() const { return conns_.limit(); }
  std::size_t size() const { return index_.size(); }

 private:
  // As in the kernel, by the client's side alone: it is the same in both directions.
  static std::uint64_t hash(std::uint8_t protocol, Ipv4Addr client, std::uint16_t client_port) {
    return mix64(static_cast<std::uint64_t>(client.bits) << 32 |
                 static_cast<std::uint64_t>(client_port) << 8 | protocol);
  }
  static std::uint64_t hash(const ConnKey& key) {
    return hash(key.protocol, key.client, key.client_port);
  }
  Slab<Conn, 64> conns_;
  IndexTable index_;
  std::uint32_t announced_ = 0;  ///< ip_vs_conn_no_cport_cnt
};

/// The next state of a TCP connection (ip_vs_proto_tcp.c: tcp_states[]); `flags` is the flags byte
/// of the TCP header. A segment without SYN, FIN, ACK and RST closes the entry. `strict`: by the
/// table of secure_tcp.
IpvsConnState next_tcp_state(IpvsConnState from, ConnDirection direction, std::uint8_t flags,
                             bool strict = false);

/// True if a connection in this state counts as active (ip_vs_proto_tcp.c: tcp_state_active();
/// ip_vs_proto_sctp.c: set_sctp_state()). None of UDP does.
bool is_active_state(IpProto protocol, IpvsConnState state);

/// Seconds an entry lasts in each state, changed by `ipvsadm --set`.
struct Timeouts {
  std::array<std::uint32_t, 11> tcp_s = {2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120};
  std::uint32_t udp_s = 300;

  /// The three numbers of `ipvsadm --timeout`: TCP sessions, TCP after FIN, UDP.
  std::uint32_t tcp() const { return tcp_s[1]; }
  std::uint32_t tcp_fin() const { return tcp_s[4]; }
  std::uint32_t of(IpProto protocol, IpvsConnState state) const {
    if (protocol == IpProto::kSctp) return sctp_timeout_s(state);
    return protocol == IpProto::kUdp ? udp_s : tcp_s[static_cast<std::size_t>(state)];
  }
  bool operator==(const Timeouts&) const = default;
};

}  // namespace lvslab::ipvs
