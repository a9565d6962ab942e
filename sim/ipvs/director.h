// IPVS of one host: the hooks at LOCAL_IN, FORWARD and LOCAL_OUT, the services, the connection
// table.
//
// Modelled: TCP, UDP, SCTP and firewall-mark services; NAT, tunnels, direct routing and local-node
// destinations; the schedulers of scheduler.h; persistence, one-packet scheduling, thresholds;
// connection states and timeouts, counters and rates, revival of deleted servers; ICMP errors about
// known connections; the sync daemons (sync.h); the FTP helper (ftp.h).
// Left out: persistence engines (SIP), the random part of the defence levels (drop_entry=3).
//
// Source: net/netfilter/ipvs/ip_vs_core.c: ip_vs_in_hook(), ip_vs_out_hook(); ip_vs_ctl.c;
// ip_vs_conn.c.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/tables.h"
#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/ipvs/connection.h"
#include "sim/ipvs/scheduler.h"
#include "sim/ipvs/service.h"
#include "sim/ipvs/sync.h"

namespace lvslab::ipvs {

/// What the hook decided about a packet. The host carries it out; the packet is still its own.
enum class VerdictKind : std::uint8_t {
  kAccept,           ///< go on as if IPVS were not there
  kDrop,             ///< silently
  kPortUnreachable,  ///< ICMP port unreachable to the sender, then drop
  kDirectRoute,      ///< send to `next` at layer 2, as ip_vs_dr_xmit() does
  kMasquerade,       ///< rewrite the destination to `next`:`port`, as ip_vs_nat_xmit() does
  kTunnel,           ///< pack it up for `next`, as ip_vs_tunnel_xmit() does
  kBypass,           ///< send it where it wanted to go: ip_vs_bypass_xmit()
  kTunnelError       ///< an ICMP error about a tunnelled packet: pass it on to the client
};

struct Verdict {
  VerdictKind kind = VerdictKind::kAccept;
  Ipv4Addr next;                  ///< the real server
  Reason reason = Reason::kNone;  ///< why, for kDrop and kPortUnreachable
  std::uint16_t port = 0;         ///< the real server's, for kMasquerade
  IpvsTunnel tunnel;              ///< for kTunnel
  std::uint16_t inner_at = 0;     ///< for kTunnelError: where the client's packet starts
  bool conntrack = false;         ///< connection tracking keeps the packet (vs.conntrack=1)
  bool one_packet = false;        ///< nobody waits for an answer
};

/// What became of a packet that may be an answer.
enum class AnswerVerdict : std::uint8_t {
  kPass,             ///< nothing was changed
  kRewritten,        ///< its source is the virtual address now
  kPortUnreachable,  ///< nat_icmp_send: tell the real server that nobody waits for this
  kDrop              ///< an ICMPv6 error that IPVS takes for broken, or `reason`
};

struct Answer {
  AnswerVerdict verdict = AnswerVerdict::kPass;
  bool known = false;             ///< it belongs to a connection
  bool conntrack = false;         ///< ... which connection tracking knows of
  Endpoint virt;                  ///< ... of this service
  Reason reason = Reason::kNone;  ///< of kDrop
  /// The FTP helper made the segment so much longer, whose number is `sequence`: those of all that
  /// follow have to be shifted.
  std::int32_t grown = 0;
  std::uint32_t sequence = 0;
};

/// What the host knows of a packet that comes to the hook.
struct PacketContext {
  /// Its destination is an address of another host, brought here by a routing rule.
  bool foreign = false;
  /// Connection tracking knows its flow from before (nf_ct_is_confirmed()).
  bool tracked_before = false;
};

/// net.ipv4.vs.*: those that change what is modelled here.
struct VsSysctls : SyncSysctls {
  static constexpr std::int32_t kAlways = 3;  ///< of the defence levels

  std::int32_t conn_reuse_mode = 1;
  std::int32_t conntrack = 0;
  std::int32_t expire_nodest_conn = 0;
  std::int32_t expire_quiescent_template = 0;
  std::int32_t sloppy_tcp = 0;
  std::int32_t sloppy_sctp = 0;
  std::int32_t lblc_expiration_s = 86'400;
  std::int32_t lblcr_expiration_s = 86'400;
  std::int32_t snat_reroute = 1;
  std::int32_t nat_icmp_send = 0;
  std::int32_t schedule_icmp = 0;
  std::int32_t cache_bypass = 0;
  std::int32_t pmtu_disc = 1;
  std::int32_t drop_entry = 0;
  std::int32_t secure_tcp = 0;
  std::int32_t drop_packet = 0;
  std::int32_t am_droprate = 10;
  std::int32_t backup_only = 0;
  std::int32_t run_estimation = 1;
  std::int32_t debug_level = 0;      ///< kept: its messages go to the kernel's own log
  std::int32_t amemthresh = 1'024;   ///< pages; memory is never short here
  std::int32_t ignore_tunneled = 0;  ///< kept: the kernel forgets the mark when it unpacks
};

struct DestOptions {
  Ipv4Addr addr;
  std::uint16_t port = 0;
  IpvsForward forward = IpvsForward::kRoute;
  std::int32_t weight = 1;
  std::uint32_t upper = 0, lower = 0;
  IpvsTunnel tunnel;
};

class Director {
 public:
  // --- ipvsadm; the errors are those of the kernel's socket options -----------------------------
  /// kExist: the service is there. kSrch: it is not.
  Errno add_service(Step& step, const ServiceKey& key, const ServiceOptions& options);
  Errno edit_service(Step& step, const ServiceKey& key, const ServiceOptions& options);
  Errno delete_service(Step& step, const ServiceKey& key);
  /// Deletes all services; connection entries stay (KERNEL-visible: they expire by themselves).
  void flush(Step& step);
  /// kSrch: no such service. kExist: the server is there (its forwarding method stays as it was).
  /// kNoEnt: no such server.
  Errno add_dest(Step& step, const ServiceKey& key, const DestOptions& options);
  Errno edit_dest(Step& step, const ServiceKey& key, const DestOptions& options);
  Errno delete_dest(Step& step, const ServiceKey& key, Ipv4Addr addr, std::uint16_t port);
  /// `ipvsadm -Z`, of one service or of all.
  Errno zero(SimTime now, const std::optional<ServiceKey>& key);
  /// `ipvsadm --set`, in seconds; 0 leaves a value as it is. Entries change at their next packet.
  void set_timeouts(std::uint32_t tcp_s, std::uint32_t tcp_fin_s, std::uint32_t udp_s);
  const Timeouts& timeouts() const { return timeouts_; }
  VsSysctls& sysctls() { return sysctls_; }
  const VsSysctls& sysctls() const { return sysctls_; }

  // --- the packet path ---------------------------------------------------------------------------
  /// False while there is no service of IPv4: the hook costs nothing then.
  bool enabled() const { return services_.size() != services6_; }
  /// The same for IPv6.
  bool enabled6() const { return services6_ != 0; }
  /// ip_vs_in_hook(): for a packet addressed to this host (LOCAL_IN) or sent by it (LOCAL_OUT,
  /// packet.in_dev 0). Counts it, moves the connection's state, restarts its timer.
  Verdict on_packet(Step& step, const Packet& packet, PacketContext context = {});
  /// ip_vs_out_hook() at LOCAL_IN, FORWARD and LOCAL_OUT: an answer that passes the director. With
  /// NAT its source becomes the virtual address; else (a local-node server's answer, one to a
  /// client on the director, or an ICMP error that the director sends itself) it is only counted
  /// and moves the state.
  Answer on_reply(Step& step, Packet& packet);
  /// ip_vs_forward_icmp(): an ICMP message that passes through.
  Verdict on_forwarded_icmp(Step& step, const Packet& packet);
  /// True while answers may have to be rewritten: only then a forwarded fragment matters.
  bool masquerades() const { return masq_conns_ != 0; }
  void on_timer(Step& step, std::uint32_t conn);

  // --- the FTP helper (sim/ipvs/director_ftp.cpp) ------------------------------------------------
  /// The module ip_vs_ftp was loaded: connections from now on have it.
  void load_ftp_helper() { ftp_helper_ = true; }
  bool has_ftp_helper() const { return ftp_helper_; }
  std::size_t helped_connections() const;
  /// A service of port 21 has a server by NAT: ip_vs_register_conntrack().
  bool wants_conntrack() const;

  // --- defence against too many entries (sim/ipvs/director_defence.cpp) --------------------------
  /// To be called when drop_entry was set: with 3 some entries are dropped every second.
  void set_guard(Step& step);
  /// A due timer of kind kIpvsDefence.
  void on_defence_timer(Step& step);

  // --- the sync daemons (sim/ipvs/director_sync.cpp) ---------------------------------------------
  /// kExist: it runs.
  Errno start_sync(Step& step, SyncRole role, const SyncDaemon& daemon);
  /// kSrch: it does not run. What the master had collected is lost.
  Errno stop_sync(SyncRole role);
  /// How many threads, with a port each, a daemon has that starts now.
  std::uint32_t sync_threads() const;
  /// Whose timer it is.
  static std::uint32_t sync_thread_of(std::uint32_t timer) { return timer / SyncMaster::kTimers; }
  /// nullptr: it does not run.
  const SyncDaemon* sync_daemon(SyncRole role) const;
  /// A due timer of kind kIpvsSync: what the master sends now.
  std::vector<SyncMaster::Message> on_sync_timer(Step& step, std::uint32_t id);
  /// What came to the backup's socket: entries are added, changed, bound to servers.
  void receive_sync(Step& step, Bytes message);

  /// To be called when run_estimation was set.
  void set_estimation(SimTime now);

  // --- reading -----------------------------------------------------------------------------------
  /// Services, destinations and connections, in the order of the kernel's lists. `now` brings the
  /// counters up to the estimator's last tick.
  void append_tables(const AddressNames& names, SimTime now, HostTables& tables);
  std::size_t connections() const { return conns_.size(); }
  /// How many services have this scheduler.
  std::uint32_t services_with(std::string_view scheduler) const;
  /// Connections that ended since the last call and that connection tracking shall forget, too
  /// (ip_vs_conn_drop_conntrack()).
  std::vector<ConnKey> take_ended_flows() { return std::exchange(ended_flows_, {}); }

 private:
  Service* find_service(const ServiceKey& key);
  const Service* find_service(const ServiceKey& key) const;
  /// The service that a packet without an entry is for: ip_vs_service_find().
  Service* service_for(std::uint32_t mark, const ConnKey& key);
  std::uint32_t find_dest(const Service& service, Ipv4Addr addr, std::uint16_t port) const;
  std::uint32_t take_from_trash(const ServiceKey& key, Ipv4Addr addr, std::uint16_t port,
                                SimTime now);
  void unlink_dest(Step& step, Service& service, std::uint32_t dest);
  /// With expire_nodest_conn, entries go with their server.
  void expire_orphans(Step& step);
  static void apply(Service& service, Dest& dest, const DestOptions& options, bool add);
  void purge_trash(SimTime now);

  /// What a packet says to IPVS.
  struct Parsed {
    ConnKey key;
    std::uint8_t tcp_flags = 0;
    std::optional<SctpSign> sctp;
    bool foreign = false;

    /// Asks for a connection of its own: is_new_conn().
    bool begins() const;
    /// An RST, or an ABORT.
    bool breaks_off() const;
  };
  static std::optional<Parsed> parse(Step& step, const Packet& packet);
  bool is_reused(const Conn& conn) const;
  bool ends_old_flow(Step& step, const Packet& packet, std::uint32_t conn,
                     const PacketContext& context);
  static Verdict old_flow_verdict();
  /// New entries: a verdict if there is none. `conn` is then ConnTable::kNone.
  Verdict admit(Step& step, const Packet& packet, const Parsed& parsed, std::uint32_t& conn);
  Verdict refuse(Step& step, const Packet& packet, const Service& service, const Parsed& parsed,
                 std::uint32_t& conn);
  std::uint32_t schedule(Step& step, Service& service, const ConnKey& key, std::uint32_t mark);
  std::uint32_t schedule_persistent(Step& step, Service& service, const ConnKey& key,
                                    std::uint32_t mark);
  std::uint32_t choose(Step& step, Service& service, const ConnKey& key);
  bool template_holds(Step& step, std::uint32_t tmpl);
  void bind_dest(Conn& conn, std::uint32_t dest, std::uint16_t dest_port);
  std::uint32_t new_conn(Step& step, const Service& service, const ConnKey& key, std::uint32_t dest,
                         std::uint16_t dest_port);
  // FTP.
  struct FtpAnswer {
    std::int32_t grown = 0;
    std::uint32_t sequence = 0;
    bool drop = false;
  };
  void bind_helper(Conn& conn) const;
  void learn_client_port(Step& step, const Packet& packet, std::uint32_t conn);
  void read_ftp_request(Step& step, const Packet& packet, std::uint32_t conn);
  FtpAnswer rewrite_ftp_answer(Step& step, Packet& packet, std::uint32_t conn);
  std::uint32_t new_data_conn(Step& step, std::uint32_t control, const ConnKey& key,
                              Endpoint server);
  void await_data(Step& step, std::uint32_t conn, std::uint32_t mark);
  // Sync.
  std::uint32_t sync_threshold() const {
    return static_cast<std::uint32_t>(sysctls_.sync_threshold);
  }
  bool steps_aside() const { return sysctls_.backup_only != 0 && sync_backup_.has_value(); }
  void tell_backups(Step& step, std::uint32_t conn, std::uint32_t packets);
  void learn(Step& step, const IpvsSyncEntry& entry);
  bool is_outdated(Step& step, const IpvsSyncEntry& entry, std::uint32_t& conn);
  std::uint32_t new_learned(Step& step, const IpvsSyncEntry& entry);
  void update_learned(Step& step, Conn& conn, const IpvsSyncEntry& entry);
  std::uint32_t dest_of(const IpvsSyncEntry& entry);
  void bind_learned(Step& step, Conn& conn, std::uint32_t dest);
  std::uint32_t new_template(Step& step, const Service& service, const ConnKey& key,
                             std::uint32_t dest, std::uint16_t dest_port);
  void count_connection(Step& step, Service& service, std::uint32_t conn);
  bool sheds_load();
  bool may_begin(Step& step, const Packet& packet, const Parsed& parsed) const;
  Verdict pass(Step& step, const Packet& packet, std::uint32_t conn, const Parsed& parsed);
  Verdict transmit(const Conn& conn) const;
  Verdict on_icmp(Step& step, const Packet& packet);
  Verdict on_tunnel_error(Step& step, const Packet& packet, Bytes message);
  Answer on_icmp_reply(Step& step, Packet& packet, Bytes message);
  bool is_real_server(const Packet& packet, std::uint16_t port) const;
  IpvsConnState next_state(const Conn& conn, ConnDirection direction, const Parsed& parsed) const;
  void move_state(Step& step, Conn& conn, ConnDirection direction, const Parsed& parsed);
  void count_in(Step& step, const Conn& conn, std::size_t bytes);
  void count_out(Step& step, const Conn& conn, std::size_t length);
  void restart_timer(Step& step, std::uint32_t conn);
  void wait_for_controlled(Step& step, std::uint32_t conn);
  void expire(Step& step, std::uint32_t conn);
  void update_overload(Dest& dest);
  bool drops_idle(SimTime now, const Conn& conn);
  bool may_drop(SimTime now, const Conn& conn);
  void drop_entry(Step& step, std::uint32_t conn);

  // Rows show addresses, which are names here.
  IpvsDestRow dest_row(const AddressNames& names, std::uint32_t dest) const;
  IpvsConnRow conn_row(const AddressNames& names, std::uint32_t conn) const;
  static IpvsServiceRow service_row(const AddressNames& names, const Service& service);
  IpvsDestRow dest_row(Step& step, std::uint32_t dest) const {
    return dest_row(step.world().names, dest);
  }
  IpvsConnRow conn_row(Step& step, std::uint32_t conn) const {
    return conn_row(step.world().names, conn);
  }
  static IpvsServiceRow service_row(Step& step, const Service& service) {
    return service_row(step.world().names, service);
  }

  std::vector<Service> services_;
  std::size_t services6_ = 0;  ///< of them: those of IPv6
  Dests dests_;
  std::vector<std::uint32_t> trash_;
  ConnTable conns_;
  std::vector<ConnKey> ended_flows_;
  Timeouts timeouts_;
  VsSysctls sysctls_;
  std::uint32_t masq_conns_ = 0;
  std::optional<SyncDaemon> sync_master_, sync_backup_;
  std::vector<SyncMaster> sync_threads_;
  std::uint32_t service_serial_ = 0;
  std::int32_t drop_counter_ = 0;  ///< ipvs->drop_counter
  bool ftp_helper_ = false;
  LazyTimer defence_;
  std::array<std::int8_t, 9> idle_counters_{};  ///< todrop_counter[], by packets seen
};

}  // namespace lvslab::ipvs
