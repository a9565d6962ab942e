// One host in motion, for the length of one event: what its rooms ask of each other is answered
// here, in the order of the kernel's hooks. Made on the stack, never kept.
//
//   frame → Ethernet → ARP
//                    → PREROUTING: conntrack, mangle, nat
//                    → IPv4 input → LOCAL_IN: mangle, filter, ipvs, nat, confirm
//                                     → ICMP, UDP, TCP, SCTP → programs
//                                 → FORWARD: mangle, filter, ipvs (answers) → POSTROUTING
//   programs → TCP, SCTP, UDP, ICMP → IPv4 output
//                    → LOCAL_OUT: conntrack, mangle, nat, ipvs, filter → POSTROUTING
//   POSTROUTING: mangle, nat, confirm
//
// Source of the hook order: net/netfilter/ipvs/ip_vs_core.c: ip_vs_ops4[];
// include/uapi/linux/netfilter_ipv4.h: enum nf_ip_hook_priorities.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/names.h"
#include "sim/command/timeout.h"
#include "sim/host/host.h"
#include "sim/host/network.h"

namespace lvslab::host {

class Wiring final : public ip::Ports,
                     public IpOutput,
                     public TcpSockets,
                     public SctpSockets,
                     public SocketEvents,
                     public tcp::SocketOwners,
                     public ShellHost {
 public:
  Wiring(Network& network, NodeId id) : network_(network), host_(network.host(id)), id_(id) {}

  Host& host() { return host_; }
  const Host& host() const { return host_; }
  Network& network() { return network_; }
  const Network& network() const { return network_; }
  NodeId id() const { return id_; }

  // --- what happens to a host -------------------------------------------------------------------
  void receive_frame(Step& step, IfIndex dev, FrameRef frame);
  void run_due_timers(Step& step);
  /// Takes note of programs that exited, and lets the shells that waited for them go on. At the end
  /// of everything that may run programs.
  void settle(Step& step);

  JobId type_line(Step& step, std::string_view line);
  void interrupt(Step& step, JobId job);
  /// timeout(1): the program gets a signal when its time is up.
  void limit_program(Step& step, std::uint32_t pid, const command::TimeoutCommand& how);
  /// Starts a program; `command_line` and `name` are what ps shows.
  std::uint32_t start_program(Step& step, JobId job, apps::App app, std::string command_line,
                              ShortName name);
  void signal_program(Step& step, Process& process, int signal);
  /// modprobe: devices that come with a module. False if there is no such module here.
  bool load_module(Step& step, std::string_view module);
  /// Starts an installed service ("httpd"); at boot, or by systemctl.
  void start_service(Step& step, std::string_view name);
  /// keepalived in a process of its own; `job` 0: as a service.
  struct KeepalivedStart {
    std::string conf_path{keepalived::kDefaultConfPath};
    std::string command_line = "/usr/sbin/keepalived -D";
    bool detail = true;
    bool stays = false;
    bool log_console = false;
  };
  std::uint32_t start_keepalived(Step& step, JobId job, const KeepalivedStart& how);
  /// nginx as a service; false if it takes not its settings, or a port is taken.
  bool start_nginx(Step& step);
  void reload_nginx(Step& step, Process& process);
  /// To be called when services or servers of IPVS came or went: those of FTP need connection
  /// tracking.
  void ipvs_changed();
  /// The IPVS sync daemons: kNoDev, kExist and kSrch as the kernel has them, or what its sockets
  /// return.
  Errno start_sync(Step& step, ipvs::SyncRole role, ipvs::SyncConfig config);
  Errno stop_sync(Step& step, ipvs::SyncRole role);
  /// A signal to whatever process has that pid; false if there is none.
  bool signal_pid(Step& step, std::uint32_t pid, int signal);
  /// Runs a command line for keepalived, which hears of its end.
  void run_script(Step& step, std::uint32_t app, std::string_view line,
                  keepalived::ScriptTicket ticket);
  /// Runs a command line for another program, in root's home.
  void run_for_program(Step& step, std::uint32_t app, std::uint32_t ticket, std::string_view line);
  /// Ends such a command with SIGTERM; keepalived hears of it as of any end.
  void kill_script(Step& step, std::uint32_t app, keepalived::ScriptTicket ticket);
  bool has_background_jobs() const;
  /// The host loses its power: no daemon is to notice how it falls apart.
  void silence_keepalived();
  std::uint32_t app_of(std::uint32_t pid);
  HostTables tables() const;

  // --- ip::Ports
  // ----------------------------------------------------------------------------------
  void transmit(Step& step, IfIndex dev, FrameRef frame) override;
  ip::HookVerdict local_out(Step& step, Packet& packet, ip::Route& route) override;
  bool local_out6(Step& step, Packet& packet, ip::Route6& route) override;
  bool forwarded6(Step& step, Packet& packet, ip::Route6& route) override;
  void on_udp(Step& step, const ip::UdpEvent& event) override;
  void on_link(Step& step, IfIndex dev, bool running) override;

  /// RTM_DELADDR of those that a command took away.
  void tell_removed_addresses(Step& step, const std::vector<ip::InAddr>& before);

  // --- IpOutput
  // -----------------------------------------------------------------------------------
  std::expected<RouteAnswer, Errno> route(Step& step, const IpSend& want) override;
  Errno send(Step& step, const IpSend& how, FrameRef segment) override;
  void confirm(Step& step, Ipv4Addr peer) override;
  bool is_local(Ipv4Addr addr) const override;
  std::vector<Ipv4Addr> addresses() const override;

  // --- TcpSockets
  // ---------------------------------------------------------------------------------
  std::expected<SocketId, Errno> listen(Step& step, AppId owner, Endpoint local,
                                        std::uint32_t backlog) override;
  std::expected<SocketId, Errno> connect(Step& step, AppId owner, Endpoint local, Endpoint remote,
                                         IfIndex bound_dev) override;
  std::size_t send(Step& step, SocketId socket, std::span<const std::uint8_t> data) override;
  void close(Step& step, SocketId socket) override;
  bool close_and_wait(Step& step, SocketId socket) override;
  void shutdown_write(Step& step, SocketId socket) override;
  std::expected<SocketId, Errno> connect_sharing_port(Step& step, AppId owner, Endpoint local,
                                                      Endpoint remote) override;
  void prefer_throughput(SocketId socket) override;
  void set_nodelay(Step& step, SocketId socket, bool on) override;
  void abort(Step& step, SocketId socket) override;
  void set_cookie(SocketId socket, std::uint32_t cookie) override;
  Endpoint local(SocketId socket) const override;
  Endpoint remote(SocketId socket) const override;

  // --- SctpSockets
  // --------------------------------------------------------------------------------
  std::expected<SocketId, Errno> sctp_listen(Step& step, AppId owner, Endpoint local) override;
  std::expected<SocketId, Errno> sctp_connect(Step& step, AppId owner, Endpoint local,
                                              Endpoint remote) override;
  bool sctp_send(Step& step, SocketId socket, std::span<const std::uint8_t> message) override;
  void sctp_close(Step& step, SocketId socket) override;
  void sctp_shutdown(Step& step, SocketId socket) override;
  Endpoint sctp_local(SocketId socket) const override;
  Endpoint sctp_remote(SocketId socket) const override;

  void on_socket(Step& step, AppId owner, const SocketEvent& event) override;
  void fill(AppId owner, SocketRow& row) const override;
  IpAddr shown(Ipv4Addr addr) const override { return network_.world_.names.shown(addr); }

  // --- ShellHost
  // ----------------------------------------------------------------------------------
  CommandOutcome run_command(Step& step, JobId job, const std::vector<std::string>& args,
                             std::string* input) override;
  std::optional<std::string> read_file(std::string_view path) const override;
  std::optional<std::string> cannot_write(std::string_view path) const override;
  bool takes_pieces(std::string_view path) const override;
  void tell_of_background(Step& step, JobId parent);
  std::optional<std::string> write_redirected(Step& step, std::string_view path,
                                              std::string_view text, bool append) override;
  void start_background(Step& step, JobId job, const command::Script& script,
                        command::NodeIndex list, std::uint32_t child) override;
  void terminal(Step& step, JobId job, int fd, std::string_view text) override;

  // --- for commands and programs
  // ------------------------------------------------------------------
  tcp::Ports tcp_ports() { return {*this, *this, this}; }
  sctp::Ports sctp_ports() { return {*this, *this}; }
  Userland& user() { return host_.user.get(); }
  const Userland& user() const { return *host_.user.peek(); }
  Job& job(JobId id) { return user().jobs[id - 1]; }
  /// An absolute path for what was typed.
  std::string path_of(std::string_view typed) const;
  /// Names and addresses of /etc/hosts, in file order.
  std::vector<command::HostName> host_names() const;
  void program_exits(std::uint32_t app, int status);
  void program_prints(Step& step, std::uint32_t app, int fd, std::string_view text);
  void tap(Process& process, IfIndex dev);
  /// Asks a name server for `name`, if no file has it and /etc/nsswitch.conf says so, and tells the
  /// program when it knows; false if there is nothing to wait for.
  bool look_up(Step& step, std::uint32_t app, std::string_view name,
               apps::Resolver::Families families, LookupFor whom);
  /// A line of the system log; `sender` as "dnsmasq[1001]".
  void write_log(Step& step, std::string_view sender, std::string_view text);

 private:
  void handle_ipv4(Step& step, Packet packet);
  void handle_ipv6(Step& step, Packet packet);
  void route_in(Step& step, Packet& packet);
  void local_in(Step& step, Packet packet, const ip::Route& route);
  void finish_local_in(Step& step, Packet& packet, const ip::Route& route);
  void deliver_up(Step& step, Packet packet, const ip::Route& route);
  /// ipip_rcv() and gre_rcv(): unpacks a packet that a tunnel brought, and takes it in again.
  void unpack(Step& step, Packet packet, const ip::Route& route);
  /// The tables of iptables at one hook, in the kernel's order: false if the packet ended here.
  bool filtered(Step& step, NfHook hook, Packet& packet, const ip::Route& route) {
    return host_.netfilter.peek() == nullptr || walk_tables(step, hook, packet, route);
  }
  bool walk_tables(Step& step, NfHook hook, Packet& packet, const ip::Route& route);
  netfilter::Devices devices_at(NfHook hook, const Packet& packet, const ip::Route& route) const;
  bool walk_table(Step& step, netfilter::TableId table, NfHook hook, Packet& packet,
                  const ip::Route& route);
  // Connection tracking and nat; each false if the packet ended here.
  netfilter::Conntrack* conntrack();  ///< nullptr while no rule needs it
  bool track(Step& step, Packet& packet);
  bool prerouting(Step& step, Packet& packet);
  bool nat_hook(Step& step, NfHook hook, Packet& packet, const ip::Route& route);
  bool map_flow(Step& step, NfHook hook, Packet& packet, const ip::Route& route);
  Ipv4Addr first_address(IfIndex dev) const;
  bool confirm_flow(Step& step, Packet& packet);
  ip::HookVerdict output_hooks(Step& step, Packet& packet, ip::Route& route);
  Ipv4Addr own_source(const Packet& packet) const;
  bool route_again(Step& step, const Packet& packet, Ipv4Addr src, ip::Route& route);
  bool postrouting(Step& step, Packet& packet, const ip::Route& route);
  /// What IPVS tells connection tracking of a packet that it sends on, and of its ended flows.
  void keep_or_untrack(Step& step, Packet& packet, bool keeps);
  void forget_ended_flows(SimTime now);
  void reject(Step& step, const Packet& packet, const ip::Route& route, NfReject how);
  /// LOCAL_OUT for what IPVS sends, then POSTROUTING and out.
  void send_on(Step& step, Packet& packet, ip::Route& way);
  // IPVS: sim/host/ipvs_path.cpp
  /// Does what IPVS decided; false if the packet goes on its way through this host.
  bool carry_out(Step& step, Packet& packet, const ipvs::Verdict& verdict,
                 const ip::Route& came_by);
  bool find_way(Step& step, Packet& packet, const ip::Route& came_by, const ipvs::Verdict& verdict,
                ip::Route& way);
  bool masquerade(Step& step, Packet& packet, const ipvs::Verdict& verdict, ip::Route& way);
  bool tunnel(Step& step, Packet& packet, const ipvs::Verdict& verdict, const ip::Route& way);
  void relay_tunnel_error(Step& step, Packet& packet, const ipvs::Verdict& verdict);
  void forward_hooks(Step& step, Packet& packet, ip::Route& route);
  ip::HookVerdict ipvs_local_out(Step& step, Packet& packet, ip::Route& route);
  bool ipvs_forward(Step& step, Packet& packet, ip::Route& route);
  bool answer_hook(Step& step, Packet& packet, ip::Route& route);
  ip::HookVerdict request_hook(Step& step, Packet& packet, const ip::Route& route, bool foreign);
  // The same for IPv6: sim/host/ipvs6_path.cpp
  bool ipvs_local_in6(Step& step, Packet& packet);
  bool request_hook6(Step& step, Packet& packet);
  bool answer_hook6(Step& step, Packet& packet, ip::Route6& route);
  bool carry_out6(Step& step, Packet& packet, const ipvs::Verdict& verdict);
  std::optional<ip::Route6> find_way6(Step& step, Packet& packet, const ipvs::Verdict& verdict);
  /// ip6_tnl_rcv(): unpacks a packet that a tunnel brought, and takes it in again.
  void unpack6(Step& step, Packet packet);
  void run_sync_timer(Step& step, std::uint32_t id);
  void receive_sync(Step& step, const ip::UdpEvent& event);
  void on_icmp_event(Step& step, const Packet& packet, const ip::IcmpEvent& event);
  void tell_sctp(Step& step, const Packet& packet, const ip::IcmpEvent& event);
  void learn_for_tcp(Step& step, const Packet& packet, const ip::IcmpEvent& event);
  std::optional<AppId> owner_of_udp_port(std::uint16_t port) const;
  /// Hands news to a program, with the port through which it may act.
  template <class News>
  void tell(std::uint32_t app, News&& news);
  void run_program_timer(Step& step, std::uint32_t app);
  bool asks_name_servers() const;
  /// True if the program waits for the name of its target, or cannot have it and has ended.
  bool look_up_first(Step& step, std::uint32_t app);
  /// True if the news was for the resolver.
  bool tell_lookup(Step& step, std::uint32_t app, const apps::UdpNews& news);
  void run_lookup_timer(Step& step, std::uint32_t app);
  void go_on_with_name(Step& step, std::uint32_t app);
  void end_program_in_time(Step& step, std::uint32_t app);
  /// An echo reply for a checker of keepalived.
  void tell_ping(Step& step, std::uint32_t app, std::uint16_t identifier);
  void tell_icmp(Step& step, std::uint32_t app, const apps::IcmpNews& news);
  /// Hands news to every keepalived that runs; false if none does.
  template <class News>
  bool tell_keepalived(News&& news);
  bool deliver_vrrp(Step& step, const Packet& packet);
  std::uint32_t index_of(const Process& process) const;
  void flush_pending(Step& step, JobId job);
  void show_taps(Step& step, IfIndex dev, bool outgoing, FrameRef frame);
  void run_line(Step& step, JobId job, std::string_view line);
  void run_job(Step& step, JobId job);
  void worker_died(Step& step, Process& process, int signal);
  void script_ended(Step& step, const ScriptOrder& order);
  void finish_job(Step& step, Job& job);
  void end_waits();
  void reap(Step& step, std::uint32_t app);
  void end_awaiting(Step& step, std::uint32_t pid);
  void close_sockets_of(Step& step, AppId owner);

  /// What a program printed before the shell that starts it knew that it has to wait for it.
  struct PendingOutput {
    int fd = 1;
    std::string text;
  };

  Network& network_;
  Host& host_;
  NodeId id_;
  std::vector<PendingOutput> pending_output_;
};

}  // namespace lvslab::host
