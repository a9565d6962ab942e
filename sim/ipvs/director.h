// IPVS of one host: the hook at LOCAL_IN and LOCAL_OUT, the services, the connection table.
//
// Modelled: TCP and UDP services in direct routing (and local-node destinations), the schedulers of
// scheduler.h, connection states and timeouts, counters and rates, revival of deleted servers,
// ICMP errors about known connections.
// Left out: NAT and tunnels, persistence, firewall marks, one-packet scheduling, thresholds'
// feedback to other hosts, the sync daemon, and defence levels (drop_entry, drop_packet).
//
// Source: net/netfilter/ipvs/ip_vs_core.c: ip_vs_in_hook(); ip_vs_ctl.c; ip_vs_conn.c.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/tables.h"
#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/ipvs/connection.h"
#include "sim/ipvs/scheduler.h"
#include "sim/ipvs/service.h"

namespace lvslab::ipvs {

/// What the hook decided about a packet. The host carries it out; the packet is still its own.
enum class VerdictKind : std::uint8_t {
  kAccept,           ///< go on as if IPVS were not there
  kDrop,             ///< silently
  kPortUnreachable,  ///< ICMP port unreachable to the sender, then drop
  kDirectRoute,      ///< send to `next` at layer 2, as ip_vs_dr_xmit() does
};

struct Verdict {
  VerdictKind kind = VerdictKind::kAccept;
  Ipv4Addr next;                  ///< the real server, for kDirectRoute
  Reason reason = Reason::kNone;  ///< why, for kDrop and kPortUnreachable
};

/// net.ipv4.vs.*: those that change what is modelled here.
struct VsSysctls {
  std::int32_t conn_reuse_mode = 1;
  std::int32_t expire_nodest_conn = 0;
  std::int32_t sloppy_tcp = 0;
  std::int32_t lblc_expiration_s = 86'400;
  std::int32_t lblcr_expiration_s = 86'400;
};

struct DestOptions {
  Ipv4Addr addr;
  std::uint16_t port = 0;
  IpvsForward forward = IpvsForward::kRoute;
  std::int32_t weight = 1;
  std::uint32_t upper = 0, lower = 0;
};

class Director {
 public:
  // --- ipvsadm; the errors are those of the kernel's socket options -----------------------------
  /// kExist: the service is there. kSrch: it is not.
  Errno add_service(Step& step, const IpvsServiceKey& key, const ServiceOptions& options);
  Errno edit_service(Step& step, const IpvsServiceKey& key, const ServiceOptions& options);
  Errno delete_service(Step& step, const IpvsServiceKey& key);
  /// Deletes all services; connection entries stay (KERNEL-visible: they expire by themselves).
  void flush(Step& step);
  /// kSrch: no such service. kExist: the server is there (its forwarding method stays as it was).
  /// kNoEnt: no such server.
  Errno add_dest(Step& step, const IpvsServiceKey& key, const DestOptions& options);
  Errno edit_dest(Step& step, const IpvsServiceKey& key, const DestOptions& options);
  Errno delete_dest(Step& step, const IpvsServiceKey& key, Ipv4Addr addr, std::uint16_t port);
  /// `ipvsadm -Z`, of one service or of all.
  Errno zero(SimTime now, const std::optional<IpvsServiceKey>& key);
  /// `ipvsadm --set`, in seconds; 0 leaves a value as it is. Entries change at their next packet.
  void set_timeouts(std::uint32_t tcp_s, std::uint32_t tcp_fin_s, std::uint32_t udp_s);
  const Timeouts& timeouts() const { return timeouts_; }
  VsSysctls& sysctls() { return sysctls_; }
  const VsSysctls& sysctls() const { return sysctls_; }

  // --- the packet path ---------------------------------------------------------------------------
  /// False while no service was ever added and no connection is left: the hook costs nothing then.
  bool enabled() const { return !services_.empty(); }
  /// ip_vs_in_hook(): for a packet addressed to this host (LOCAL_IN) or sent by it (LOCAL_OUT,
  /// packet.in_dev 0). Counts it, moves the connection's state, restarts its timer.
  Verdict on_packet(Step& step, const Packet& packet);
  /// ip_vs_out_hook() at LOCAL_OUT and FORWARD: an answer that passes the director after all (a
  /// local-node server's, or an ICMP error that the director sends itself). Only counts and moves
  /// the state in direct routing; the packet goes on untouched.
  void on_reply(Step& step, const Packet& packet);
  void on_timer(Step& step, std::uint32_t conn);

  // --- reading -----------------------------------------------------------------------------------
  /// Services, destinations and connections, in the order of the kernel's lists. `now` brings the
  /// counters up to the estimator's last tick.
  void append_tables(SimTime now, HostTables& tables);
  std::size_t connections() const { return conns_.size(); }

 private:
  Service* find_service(const IpvsServiceKey& key);
  const Service* find_service(const IpvsServiceKey& key) const;
  /// The service that a packet without an entry is for: ip_vs_service_find().
  Service* service_for(std::uint32_t mark, const ConnKey& key);
  std::uint32_t find_dest(const Service& service, Ipv4Addr addr, std::uint16_t port) const;
  std::uint32_t take_from_trash(const IpvsServiceKey& key, Ipv4Addr addr, std::uint16_t port,
                                SimTime now);
  void unlink_dest(Step& step, Service& service, std::uint32_t dest);
  void apply(Dest& dest, const DestOptions& options, bool add);
  void purge_trash(SimTime now);

  std::uint32_t schedule(Step& step, Service& service, const ConnKey& key);
  Verdict admit(Step& step, const Packet& packet, const ConnKey& key, std::uint8_t tcp_flags,
                std::uint32_t& conn);
  Verdict pass(Step& step, const Packet& packet, std::uint32_t conn, std::uint8_t tcp_flags);
  Verdict on_icmp(Step& step, const Packet& packet);
  std::uint32_t find_quoted(Bytes quote, bool answers) const;
  void move_state(Step& step, Conn& conn, ConnDirection direction, std::uint8_t tcp_flags);
  void count_out(Step& step, const Conn& conn, const Packet& packet);
  void restart_timer(Step& step, std::uint32_t conn);
  void expire(Step& step, std::uint32_t conn);
  void update_overload(Dest& dest);

  IpvsDestRow dest_row(std::uint32_t dest) const;
  IpvsConnRow conn_row(std::uint32_t conn) const;
  IpvsServiceRow service_row(const Service& service) const;

  std::vector<Service> services_;
  Dests dests_;
  std::vector<std::uint32_t> trash_;
  ConnTable conns_;
  Timeouts timeouts_;
  VsSysctls sysctls_;
};

}  // namespace lvslab::ipvs
